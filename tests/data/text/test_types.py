"""Documents that share one string of bytes."""

from __future__ import annotations

import pytest

from ssllab.data.text.types import split_of


@pytest.mark.parametrize(
    ("size", "found"),
    [
        (0, []),
        (1, ["a"]),
        (3, ["abc"]),
        (4, ["abc"]),  # half of the next letter is none
        (5, ["abc", "é"]),
        (6, ["abc", "é"]),
        (9, ["abc", "é“x"]),
        (10, ["abc", "é“x", "z"]),
        (1000, ["abc", "é“x", "z"]),
    ],
)
def test_the_beginning_of_a_text_ends_between_two_letters_and_is_not_copied(size, found):
    whole = split_of(["abc", "é“x", "z"])
    beginning = whole.beginning(size)
    assert [text for text in beginning.documents() if text] == found
    assert beginning.text is whole.text
    assert whole.size == 10
