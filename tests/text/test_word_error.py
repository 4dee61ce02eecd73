"""Error rates on counted examples, empty texts among them."""

from __future__ import annotations

import pytest

from ssllab.text.word_error import Piece, differences, error_rates


def test_errors_are_counted_over_all_texts_together() -> None:
    rates = error_rates(["the cat sat", "on a mat now"], ["the bat sat", "on mat now then"])
    # cat -> bat; a left out, then added.
    assert (rates.word_errors, rates.words) == (3, 7)
    assert rates.wer == pytest.approx(3 / 7)
    assert rates.characters == len("the cat sat") + len("on a mat now")
    assert rates.character_errors == 1 + 2 + 5


@pytest.mark.parametrize(
    ("references", "hypotheses", "wer", "cer"),
    [
        ([""], [""], 0, 0),
        ([""], ["oh no"], 1, 1),
        (["a b"], [""], 1, 1),
        (["a b", ""], ["a b", "c"], 1 / 2, 1 / 3),
        ([], [], 0, 0),
        (["a"], ["a b c"], 2, 4),
    ],
)
def test_empty_texts(references: list[str], hypotheses: list[str], wer: float, cer: float) -> None:
    rates = error_rates(references, hypotheses)
    assert (rates.wer, rates.cer) == pytest.approx((wer, cer))


def test_pieces_give_both_texts_back() -> None:
    pieces = differences("we had a fair cop", "he had fair  cop now")
    assert pieces == [
        Piece("substitute", "we", "he"),
        Piece("equal", "had", "had"),
        Piece("delete", "a", ""),
        Piece("equal", "fair cop", "fair cop"),
        Piece("insert", "", "now"),
    ]
    assert differences("", "a") == [Piece("insert", "", "a")]
    assert differences("", "") == []
    assert differences("a b", "") == [Piece("delete", "a b", "")]
