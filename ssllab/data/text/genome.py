"""DNA of our own making: genes written in codons on both strands, what lies between them, and repeats.

In a real genome of a few million bases the best n-gram is hardly better than chance. Here codons are as uneven as in the
busiest genes of a bacterium, genes are built from a few families of domains, and repeats are as frequent as in a plant:
there is something to be learnt in minutes, at several distances.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ssllab.data.kind import Request
from ssllab.data.text.corpus import parted
from ssllab.data.text.fasta import both_strands, complement
from ssllab.data.text.types import TextData

SEQUENCES, LENGTH = 40, 30_000
#: Of what is put together so many are genes, copies of repeats and stutters; the rest lies between.
_GENES, _COPIES, _STUTTERS = 0.6, 0.2, 0.05
_FAMILIES, _DOMAINS = 4, 8  # of repeats; of parts of genes
_MUTATED = 0.03  # share of the bases, or codons, that differ from copy to copy

# Amino acids with how often they come (in hundredths) and their codons, the usual one first.
_CODE = """
A 9.5 GCG GCC GCA GCT | R 5.5 CGT CGC CGG CGA AGA AGG | N 3.9 AAC AAT | D 5.1 GAT GAC | C 1.2 TGC TGT | Q 4.4 CAG CAA
E 5.8 GAA GAG | G 7.4 GGC GGT GGG GGA | H 2.3 CAT CAC | I 6.0 ATC ATT ATA | L 10.7 CTG TTA TTG CTC CTT CTA
K 4.4 AAA AAG | M 2.8 ATG | F 3.9 TTC TTT | P 4.4 CCG CCA CCT CCC | S 5.8 AGC TCT TCC TCA TCG AGT
T 5.4 ACC ACG ACA ACT | W 1.5 TGG | Y 2.8 TAC TAT | V 7.1 GTG GTT GTC GTA
"""
_UNEVEN = 0.15  # of an amino acid's codons each is so much as frequent as the one before
_BETWEEN = np.array([0.33, 0.17, 0.17, 0.33])  # A, C, G, T outside of genes
_BASES = np.frombuffer(b"ACGT", np.uint8)


def generated(request: Request) -> TextData:
    """Some sequences that differ in everything but codons and repeats; of them some are held out whole."""
    dice = np.random.default_rng(request.seed)
    families = [_between(dice, int(dice.integers(150, 400))) for _ in range(_FAMILIES)]
    domains = [_codons(dice, int(dice.integers(30, 70))) for _ in range(_DOMAINS)]
    sequences = [_sequence(dice, families, domains).decode("ascii") for _ in range(SEQUENCES)]
    train, test = parted(sequences, request.options["holdout"])
    if request.options["strands"] == 2:
        train = both_strands(train)
    return TextData("dna", "DNA", train, test, language="dna", options=dict(request.options))


@cache
def codons() -> tuple[list[bytes], NDArray[np.float64]]:
    """The 61 codons of amino acids and how often each comes in a gene."""
    names: list[bytes] = []
    shares: list[float] = []
    for entry in _CODE.replace("\n", "|").split("|"):
        if words := entry.split():
            weights = _UNEVEN ** np.arange(len(words) - 2)
            names += [codon.encode() for codon in words[2:]]
            shares += list(float(words[1]) * weights / weights.sum())
    return names, np.array(shares) / sum(shares)


def _sequence(dice: np.random.Generator, families: list[bytes], domains: list[NDArray[np.intp]]) -> bytes:
    parts: list[bytes] = []
    length = 0
    while length < LENGTH:
        place = dice.random()
        if place < _GENES:
            part = _gene(dice, domains)
        elif place < _GENES + _COPIES:
            part = _copy(dice, families[dice.integers(_FAMILIES)])
        elif place < _GENES + _COPIES + _STUTTERS:
            part = _between(dice, int(dice.integers(2, 7))) * int(dice.integers(20, 150))
        else:
            part = _between(dice, int(dice.integers(50, 900)))
        if dice.random() < 0.5:
            part = complement(part)
        parts.append(part)
        length += len(part)
    return b"".join(parts)[:LENGTH]


def _gene(dice: np.random.Generator, domains: list[NDArray[np.intp]]) -> bytes:
    """A place to begin at, ATG, domains with loose ends between them, a stop."""
    names, _ = codons()
    parts = [_codons(dice, int(dice.integers(5, 30)))]
    for number in dice.integers(_DOMAINS, size=int(dice.integers(1, 5))):
        domain = domains[number].copy()
        mutated = dice.random(len(domain)) < _MUTATED
        domain[mutated] = _codons(dice, int(mutated.sum()))
        parts += [domain, _codons(dice, int(dice.integers(5, 30)))]
    stop = (b"TAA", b"TGA", b"TAG")[dice.choice(3, p=[0.6, 0.3, 0.1])]
    return b"AGGAGG" + _between(dice, 7) + b"ATG" + b"".join(names[i] for i in np.concatenate(parts)) + stop


def _codons(dice: np.random.Generator, count: int) -> NDArray[np.intp]:
    names, shares = codons()
    return dice.choice(len(names), count, p=shares)


def _copy(dice: np.random.Generator, original: bytes) -> bytes:
    letters = np.frombuffer(original, np.uint8).copy()
    mutated = dice.random(len(letters)) < _MUTATED
    letters[mutated] = dice.choice(_BASES, int(mutated.sum()))
    return letters.tobytes()


def _between(dice: np.random.Generator, length: int) -> bytes:
    return dice.choice(_BASES, length, p=_BETWEEN).tobytes()
