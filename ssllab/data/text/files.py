"""A person's own text: a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ssllab.data.kind import Request
from ssllab.data.skipped import Skipped
from ssllab.data.text.types import TextData, TextSplit, split_of
from ssllab.storage.errors import DataError
from ssllab.text.encoding import NotText, decoded


def files(path: Path, request: Request) -> TextData:
    """The text at ``path``. Raises DataError."""
    holdout = request.options["holdout"]
    try:
        text = decoded(path.read_bytes())
    except NotText as error:
        raise DataError(f"{path.name} {error}.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error
    if not text.letters.strip():
        raise DataError(f"{path.name} is empty: expected text to learn from.")
    train, test = parted([text.letters], holdout)
    remarks = (Skipped(path.name, text.guess, "remark"),) if text.guess else ()
    return TextData(str(path), path.stem, train, test, skipped=remarks, options=dict(request.options))


def parted(documents: Sequence[str], holdout: int) -> tuple[TextSplit, TextSplit]:
    """What is learned from and what is held out, ``holdout`` hundredths: of many documents whole ones, evenly spread; a
    single one is cut once, and its end held out."""
    if holdout == 0:
        return split_of(documents), split_of(())
    if len(documents) == 1:
        cut = len(documents[0]) * (100 - holdout) // 100
        return split_of([documents[0][:cut]]), split_of([documents[0][cut:]])
    chosen = {i for i in range(len(documents)) if (i + 1) * holdout // 100 > i * holdout // 100}
    if not chosen:
        chosen = {len(documents) - 1}
    return (
        split_of(document for i, document in enumerate(documents) if i not in chosen),
        split_of(document for i, document in enumerate(documents) if i in chosen),
    )
