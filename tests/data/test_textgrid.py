"""Praat's TextGrids: what is written is read again, tiers are told by name, and bad files are one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from ssllab.data.speech.textgrid import Grid, read, write
from ssllab.data.speech.types import Span
from ssllab.storage.errors import DataError

WORDS = (Span(0.1, 0.4, "käse"), Span(0.4, 0.9, 'say "ah"'))
PHONES = (Span(0.1, 0.25, "K"), Span(0.25, 0.4, "ɛ"))


def test_what_is_written_is_read_again_in_every_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.TextGrid"
    write(path, {"words": WORDS, "phones": PHONES, "codes 1": (Span(0.0, 5.0, "7"),)}, 1.0)
    assert read(path) == Grid(1.0, WORDS, PHONES, ("codes 1",))
    text = path.read_text("utf-8")
    path.write_bytes(text.encode("utf-16"))
    assert read(path).phones == PHONES
    path.write_bytes(text.replace("ɛ", "E").replace("\n", "\r\n").encode("latin-1"))
    assert read(path).words == WORDS


@pytest.mark.parametrize(
    ("names", "words", "phones"),
    [
        (("phones", "words"), "second", "first"),
        (("Anna - phones", "Anna - words"), "second", "first"),
        (("ORT-MAU", "MAU"), "first", "second"),
        (("one", "two"), "first", "second"),
    ],
)
def test_tiers_are_told_by_their_names_or_by_their_order(tmp_path: Path, names, words, phones) -> None:
    path = tmp_path / "a.TextGrid"
    write(path, dict(zip(names, ([Span(0, 1, "first")], [Span(0, 1, "second")]), strict=True)), 1.0)
    found = read(path)
    assert [span.label for span in found.words] == [words]
    assert [span.label for span in found.phones] == [phones]


def test_praats_short_text_is_read(tmp_path: Path) -> None:
    path = tmp_path / "short.TextGrid"
    path.write_text(
        'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n1.5\n<exists>\n1\n'
        '"IntervalTier"\n"words"\n0\n1.5\n2\n0\n0.5\n""\n0.5\n1.5\n"hello"\n'
    )
    assert read(path) == Grid(1.5, (Span(0.5, 1.5, "hello"),))


def test_a_file_that_is_no_good_textgrid_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.TextGrid"
    write(path, {"words": WORDS}, 1.0)
    good = path.read_text("utf-8")
    bad = [
        b"",
        b"hello",
        b"{}",
        b"[]",
        b"ooBinaryFile\x08TextGrid\x00\x01",
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b'{"TextGrid": 1}',
        b'File type = "ooTextFile"\nObject class = "TextGrid"\n',
        good[:200].encode(),
        good[:-40].encode(),
        good.replace("xmax = 0.4", "xmax = 0.05").encode(),
        good.replace("xmin = 0.1", "xmin = nan").encode(),
        good.replace("xmax = 0.9", "xmax = 1e999").encode(),
        good.replace("xmin = 0.4", "xmin = 0.3").encode(),
        good.replace("xmin = 0.4", "xmin = word").encode(),
        good.replace("käse", "").replace('say ""ah""', "").encode(),
        good.replace("IntervalTier", "TextTier").encode(),
    ]
    for content in bad:
        path.write_bytes(content)
        with pytest.raises(DataError) as refusal:
            read(path)
        assert str(path) in str(refusal.value)
        assert "\n" not in str(refusal.value)
    with pytest.raises(DataError):
        read(tmp_path / "absent.TextGrid")
