"""Data for a command: progress on standard error while a person waits, and one count of what was used and what was not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm

from ssllab.data.batches import Data
from ssllab.data.catalogue import load, source
from ssllab.data.kind import amount
from ssllab.data.skipped import in_words
from ssllab.storage.progress import Progress

_REASONS = 8
_PATIENCE = 0.5  # seconds without a word


@contextmanager
def shown() -> Iterator[Progress]:
    """How far work is, on standard error, for the person who waits for it; gone when it is done."""
    form = "{desc} |{bar}| {percentage:3.0f}%"
    with tqdm(total=1.0, file=sys.stderr, leave=False, delay=_PATIENCE, bar_format=form) as bar:

        def progress(fraction: float, text: str) -> None:
            bar.set_description_str(text, refresh=False)
            bar.update(fraction - bar.n)

        yield progress


def read(name: str, **options: Any) -> Data:
    """:func:`ssllab.data.catalogue.load`, with progress."""
    with shown() as progress:
        return load(name, progress=progress, **options)


def count(data: Data) -> None:
    """Say how much of a person's own data is used, how much is skipped and why; nothing of a data set of ours."""
    if data.skipped or source(data.name) is None:
        print("\n  ".join([amount(data), *in_words(data.skipped, _REASONS)]), file=sys.stderr)
