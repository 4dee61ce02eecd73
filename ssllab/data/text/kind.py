"""Text: what there is of it, and who reads which."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ssllab.data.kind import Kind, Option, Request, SourceInfo, Words, length
from ssllab.data.text.languages import UNITS
from ssllab.data.text.names import SUFFIXES
from ssllab.storage.errors import DataError

if TYPE_CHECKING:
    from ssllab.data.text.types import TextData

SECOND = 32_000  # bytes of sound
_SHOWN = (*SUFFIXES, ".gz", ".zip", ".tar", ".tgz")


def _load(name: str, request: Request) -> TextData:
    holdout, strands = request.options["holdout"], request.options["strands"]
    if strands == 2 and name in ("everyday", "python_docs", "tiny_shakespeare", "wikitext2", "sound_units"):
        raise DataError(f"'{name}' is no DNA and has no second strand: leave --strands out.")
    match name:
        case "everyday":
            from ssllab.data.text.everyday.source import everyday_english

            return everyday_english(request.seed, holdout)
        case "python_docs":
            from ssllab.data.text.python_docs import python_docs

            return python_docs(holdout)
        case "dna":
            from ssllab.data.text.genome import generated

            return generated(request)
        case "sound_units":
            from ssllab.data.text.sound import sound_units

            return sound_units(request)
        case "tiny_shakespeare" | "wikitext2":
            from ssllab.data.text import downloads

            return downloads.load(name, request)
    from ssllab.data.text.files import files

    return files(Path(name).expanduser(), request)


def _amount(data: TextData) -> str:
    train, test = data.train, data.test
    if data.language == "dna":
        many = f"{len(train):,} sequences, " if len(train) > 1 else ""
        return f"{many}{train.size:,} bases to learn from, {test.size:,} held out"
    if data.language == "sound":
        learned, held_out = (length(split.size / SECOND) for split in (train, test))
        return (
            f"{len(train):,} recording{'s' * (len(train) != 1)}, {learned} to learn from, {held_out} held out"
        )
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
    options=(
        Option("holdout", "Held out", "--holdout", 0, 50, 10, "hundredths of the text", "{} %"),
        Option("strands", "Strands", "--strands", 1, 2, 1, "strands of DNA to learn from", ""),
    ),
    words=Words(
        "The text that is learned from",
        "Open a folder of texts…",
        "A folder of text files, of DNA as FASTA, or of recordings",
        "Open a text…",
        f"Texts ({' '.join(f'*{suffix}' for suffix in _SHOWN)});;Every file (*)",
    ),
    sources=(
        SourceInfo(
            "everyday",
            "Everyday English",
            "Sentences about people, animals, colours, places and the weather, from a grammar of our own: the true "
            "probability of every next word is known, so the loss has a floor and every prediction can be judged.",
            "Drawn from the program's own grammar; MIT licence.",
            allows={"unit": UNITS["everyday"]},
        ),
        SourceInfo(
            "python_docs",
            "Python's documentation",
            "The help texts of Python's standard library: a small piece of real prose that is always there.",
            "pydoc_data.topics of the Python that runs the program; PSF licence.",
            allows={"unit": UNITS["prose"]},
        ),
        SourceInfo(
            "dna",
            "DNA",
            "Sequences of A, C, G and T with genes in codons on both strands and copies of a few repeats: unlike in a real "
            "genome of this size there is something to learn in minutes. Your own genomes: any FASTA file.",
            "Drawn by ssllab from the run's seed; MIT licence.",
            allows={"unit": UNITS["dna"]},
        ),
        SourceInfo(
            "sound_units",
            "Sound units",
            "The samples of the Speech lab and your own takes, cut into units that a speech model hears: a language model "
            "without words, whose babble can be listened to. Your own recordings: a folder or a file of sound.",
            "Spoken by espeak-ng from sentences of our own, MIT licence; your takes stay on this machine.",
            allows={"unit": UNITS["sound"]},
            grows=True,
        ),
        SourceInfo(
            "tiny_shakespeare",
            "Tiny Shakespeare",
            "Forty thousand lines of Shakespeare's plays: what character models are usually shown on.",
            "Karpathy, 2015, https://github.com/karpathy/char-rnn; the plays are in the public domain.",
            download_mb=1,
            allows={"unit": UNITS["prose"]},
        ),
        SourceInfo(
            "wikitext2",
            "WikiText-2",
            "Good articles of Wikipedia, two million words (raw): the standard benchmark of word models. Its validation "
            "part is held out, its test part is left alone.",
            "Merity, Xiong, Bradbury and Socher, 2016, https://arxiv.org/abs/1609.07843, CC BY-SA 3.0.",
            download_mb=5,
            allows={"unit": UNITS["prose"]},
        ),
    ),
)
