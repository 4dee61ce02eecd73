"""DNA in FASTA files: sequences of A, C, G and T, each below a line that begins with ``>``."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from ssllab.data.containers import Unusable
from ssllab.data.spool import Spool
from ssllab.data.text.corpus import IN_MEMORY
from ssllab.data.text.types import TextSplit

SUFFIXES = (".fa", ".fasta", ".fna", ".ffn", ".frn", ".fas", ".fsa", ".faa")
_BASES, _ONE_OF_THESE = b"ACGTN", b"RYSWKMBDHVX"
_BLOCK = 2**20  # bases
_PROTEIN = frozenset("EFILPQ")
_BLANKS = bytes(range(33)) + b"-.*"  # and gaps of an alignment, and the end of a protein
_LETTERS = frozenset("ACGTUNacgtun")


def _to_bases() -> bytes:
    """Upper case; U is T; what is no base stays what it is."""
    table = bytearray(range(256))
    for letter in range(ord("a"), ord("z") + 1):
        table[letter] = letter - 32
    for letter in b"Uu":
        table[letter] = ord("T")
    return bytes(table)


_TO_BASES = _to_bases()
_AS_N = bytes(b if b in _BASES else ord("N") for b in range(256))
_COMPLEMENT = bytes.maketrans(b"ACGT", b"TGCA")


def looks_like_dna(beginning: str) -> bool:
    """Whether a text begins as FASTA, or with bases only ("aaaaaaaa" is no DNA).

    >>> looks_like_dna(">phage\\nACGTTGCAACGTTGCAACGT\\n"), looks_like_dna("> a quotation\\nand so on")
    (True, False)
    """
    lines = [line for line in beginning.splitlines() if not line.startswith(">")]
    letters = "".join("".join(lines).split())
    bases = sum(letter in _LETTERS for letter in letters)
    return len(letters) >= 20 and bases > 0.95 * len(letters) and len(_LETTERS & set(letters)) > 2


def complement(bases: bytes) -> bytes:
    """The other strand, read in its own direction.

    >>> complement(b"AACGN")
    b'NCGTT'
    """
    return bases.translate(_COMPLEMENT)[::-1]


def both_strands(split: TextSplit, path: Path | None = None) -> TextSplit:
    """Every sequence, and behind it the other strand, read in its own direction.

    What outgrows the memory goes into the file ``path``. Raises OSError for a full disk.
    """
    spool, ends = Spool(path or Path(), np.uint8, IN_MEMORY if path else sys.maxsize), [0]
    try:
        for first, last in zip(split.starts.tolist(), split.ends.tolist(), strict=True):
            blocks = [split.text[place : min(place + _BLOCK, last)] for place in range(first, last, _BLOCK)]
            for block in blocks:
                spool.add(block.numpy())
            ends.append(spool.length)
            for block in reversed(blocks):
                spool.add(np.frombuffer(complement(block.numpy().tobytes()), np.uint8))
            ends.append(spool.length)
        places = torch.tensor(ends)
        return TextSplit(spool.values(), places[:-1], places[1:])
    finally:
        spool.discard()


class Fasta:
    """Reads one file; afterwards ``remarks`` say how."""

    def __init__(self) -> None:
        self._counts = np.zeros(256, np.int64)

    def records(self, pieces: Iterator[str]) -> Iterator[bytes | None]:
        """Bases as they come; None where a sequence ends. Raises :class:`Unusable` for what is no DNA."""
        at_start, in_title = True, False
        for piece in pieces:
            place = 0
            while place < len(piece):
                if in_title:
                    end = piece.find("\n", place) + 1
                    at_start, in_title, place = bool(end), not end, end or len(piece)
                    continue
                end = place if at_start and piece[place] == ">" else piece.find("\n>", place) + 1
                in_title = bool(end) or (at_start and piece[place] == ">")
                if in_title:
                    yield self._bases(piece[place:end])
                    yield None
                    place = end
                else:
                    yield self._bases(piece[place:])
                    at_start, place = piece.endswith("\n"), len(piece)
        self._check()
        yield None

    def _bases(self, line: str) -> bytes:
        letters = line.encode("ascii", "replace").translate(None, _BLANKS)
        self._counts += np.bincount(np.frombuffer(letters, np.uint8), minlength=256)
        if len(letters) > 1000:
            self._check()
        return letters.translate(_TO_BASES).translate(_AS_N)

    def _check(self) -> None:
        counts = self._counts
        letters = counts.sum()
        bases = sum(counts[ord(letter)] for letter in _LETTERS)
        codes = sum(counts[code] + counts[code + 32] for code in _ONE_OF_THESE)
        if letters - bases - codes > 0.01 * letters or bases < 0.5 * letters:
            others = [chr(code) for code in np.argsort(-counts) if counts[code] and chr(code) not in _LETTERS]
            perhaps = " but perhaps protein" if any(letter.upper() in _PROTEIN for letter in others) else ""
            raise Unusable(f"is no DNA{perhaps} (it has {', '.join(others[:4])}): expected A, C, G, T and N")

    @property
    def remarks(self) -> list[str]:
        """What was made of letters other than A, C, G and T."""
        counts, told = self._counts, []
        if lower := counts[ord("a") : ord("z") + 1].sum():
            told.append(f"lower case, which often marks repeats, is read as upper case ({lower:,} letters)")
        if rna := counts[ord("U")] + counts[ord("u")]:
            told.append(f"U of RNA is read as T ({rna:,} letters)")
        known = sum(counts[ord(letter)] for letter in _LETTERS)
        if others := counts.sum() - known:
            told.append(f"letters for one of several bases are read as N ({others:,} letters)")
        if unknown := counts[ord("N")] + counts[ord("n")] + others:
            told.append(
                f"N, a base that nobody knows, is kept ({100 * unknown / counts.sum():.2g} % of the letters)"
            )
        return told


def is_fasta(name: str) -> bool:
    """By its ending, also of a compressed one."""
    return re.sub(r"\.gz$", "", name.lower()).endswith(SUFFIXES)
