"""Text: what there is of it, and who reads which."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ssllab.data.kind import Kind, Option, Request, SourceInfo, Words

if TYPE_CHECKING:
    from ssllab.data.text.types import TextData

SUFFIXES = (".txt", ".md", ".rst", ".text")


def _load(name: str, request: Request) -> TextData:
    match name:
        case "everyday":
            from ssllab.data.text.everyday.source import everyday_english

            return everyday_english(request.seed, request.options["holdout"])
        case "python_docs":
            from ssllab.data.text.python_docs import python_docs

            return python_docs(request.options["holdout"])
    from ssllab.data.text.files import files

    return files(Path(name).expanduser(), request)


def _amount(data: TextData) -> str:
    train, test = data.train, data.test
    many = f"{len(train):,} documents, " if len(train) > 1 else ""
    return f"{many}{_size(train.size)} to learn from, {_size(test.size)} held out"


def _size(size: int) -> str:
    return f"{size / 1000:,.0f} kB" if size < 1_000_000 else f"{size / 1e6:,.1f} MB"


KIND = Kind(
    name="text",
    title="Text",
    item="symbols",
    own="texts",
    default="everyday",
    load=_load,
    formats=SUFFIXES,
    amount=_amount,
    options=(Option("holdout", "Held out", "--holdout", 0, 50, 10, "hundredths of the text", "{} %"),),
    words=Words(
        "The text that is learned from",
        "Open a folder of texts…",
        "A folder of text files",
        "Open a text…",
        f"Texts ({' '.join(f'*{suffix}' for suffix in SUFFIXES)});;Every file (*)",
    ),
    sources=(
        SourceInfo(
            "everyday",
            "Everyday English",
            "Sentences about people, animals, colours, places and the weather, from a grammar of our own: the true "
            "probability of every next word is known, so the loss has a floor and every prediction can be judged.",
            "Drawn from the program's own grammar; MIT licence.",
        ),
        SourceInfo(
            "python_docs",
            "Python's documentation",
            "The help texts of Python's standard library: a small piece of real prose that is always there.",
            "pydoc_data.topics of the Python that runs the program; PSF licence.",
        ),
    ),
)
