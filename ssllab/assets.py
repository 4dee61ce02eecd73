"""Files that ship with ssllab (``resources/`` in the source tree), found wherever it is installed."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

SEQUENCE_MODELS = ("everyday-causal", "everyday-masked", "books-bpe")  # of the Language lab, in models/


def asset(*parts: str) -> Traversable:
    """The shipped file or folder, as ``asset("lessons", "contrast", "01-no-colour.md")``."""
    return files("ssllab.resources").joinpath(*parts)
