"""A text of any size becomes the symbols that it becomes at once, and little of it is in memory."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from ssllab.data.text import types
from ssllab.data.text.types import split_of
from ssllab.methods import symbol_stream
from ssllab.methods.symbol_stream import stream, units_of
from ssllab.storage.progress import Cancelled, heard
from ssllab.text.units import END, Units, learn

PROSE = [
    "The calico cat sits on the sunny ledge.\n\n  She isn't alone: 1,024 bicycles… were old. " * 7,
    "Käse, 😀👍🏽 und שלום — noe\u0301l.\r\n\tdone " * 9,
    "short",
]
DNA = ["ACGTNACGGTTAACC" * 11, "acgtt" * 13]


def whole(documents: list[str], units: Units) -> list[int]:
    """Every document encoded at once."""
    found = [END]
    for document in documents:
        found += [*units.encode(document), END]
    return found


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(types, "_PIECE", 64)
    monkeypatch.setattr(types, "_SEAM_WITHIN", 48)


@pytest.mark.parametrize(
    ("unit", "documents"),
    [("word", PROSE), ("char", PROSE), ("byte", PROSE), ("bpe", PROSE), ("char", DNA), ("kmer", DNA)],
)
@pytest.mark.usefixtures("small_pieces")
def test_pieces_become_the_same_symbols_as_the_whole(unit: str, documents: list[str]) -> None:
    split = split_of(documents)
    assert len(list(split.pieces(0))) > 2
    assert ["".join(split.pieces(i)) for i in range(len(split))] == documents
    units = units_of(split, unit, 4 if unit == "kmer" else 300)
    assert units == learn(unit, documents, 300, 4)
    assert stream(split, units).tolist() == whole(documents, units)


@pytest.mark.usefixtures("small_pieces")
def test_many_symbols_lie_in_a_file_that_is_no_longer_to_be_seen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(symbol_stream, "IN_MEMORY", 100)
    monkeypatch.setattr(symbol_stream, "cache_directory", lambda: tmp_path)
    (tmp_path / "symbols").mkdir()
    left = tmp_path / "symbols/1234-5.1234.part"  # of a crash, two days ago
    left.write_bytes(b"old")
    os.utime(left, (0, 0))
    split = split_of(PROSE)
    units = learn("byte", PROSE)
    assert stream(split, units).tolist() == whole(PROSE, units)
    assert not left.exists()
    if os.name == "posix":
        assert not list((tmp_path / "symbols").iterdir())


def test_a_full_disk_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(symbol_stream, "IN_MEMORY", 0)
    (tmp_path / "symbols").write_text("a file where a folder is wanted")
    monkeypatch.setattr(symbol_stream, "cache_directory", lambda: tmp_path)
    with pytest.raises(ValueError, match="free some space"):
        stream(split_of(PROSE), learn("byte", PROSE))


def test_merges_are_learnt_from_a_sample_that_is_spread_over_the_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(symbol_stream, "SAMPLE", 1000)
    documents = [f"{letter * 3} " * 25 for letter in "abcdefghijklmnopqrst"] * 2  # 100 bytes each
    split = split_of(documents)
    taken = list(symbol_stream._pieces(split, 1000))
    assert 900 <= sum(map(len, taken)) <= 1000
    places = [documents.index(piece) for piece in taken]
    assert np.ptp(places[:5]) >= 12
    assert list(symbol_stream._pieces(split, split.size)) == documents
    learnt = units_of(split, "bpe", 300)
    assert len(learnt.encode("aaa aaa")) > 2 or len(learnt.encode("bbb bbb")) > 2  # not all of them was read


@pytest.mark.usefixtures("small_pieces")
def test_cutting_says_how_far_it_is_and_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(symbol_stream, "_OFTEN", 0)
    split, told = split_of(PROSE), []
    listening = heard(lambda fraction, text: told.append((fraction, text)), lambda: len(told) > 4)
    with listening, pytest.raises(Cancelled):
        stream(split, learn("byte", PROSE))
    assert len(told) == 5
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert 0 == fractions[0] < fractions[-1] < 1
