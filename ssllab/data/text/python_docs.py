"""Python's own documentation, which comes with every Python: real prose without a download."""

from __future__ import annotations

from ssllab.data.text.corpus import parted
from ssllab.data.text.types import TextData


def python_docs(holdout: int) -> TextData:
    """The topics of the standard library's help; every tenth or so is held out."""
    from pydoc_data.topics import topics

    train, test = parted([topics[name] for name in sorted(topics)], holdout)
    return TextData("python_docs", "Python's documentation", train, test, options={"holdout": holdout})
