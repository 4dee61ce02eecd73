"""Letters come from bytes as they were meant; a guess is said, and what is no text is refused."""

import pytest

from ssllab.text.encoding import NotText, decoded

GREETING = "Grüße aus Łódź\nпривет\n"


@pytest.mark.parametrize("name", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_every_unicode_form_is_told_with_or_without_a_mark(name):
    mark = "\ufeff" if name in ("utf-16-le", "utf-16-be") else ""
    assert decoded((mark + GREETING).encode(name)).letters == GREETING
    assert decoded(GREETING.encode(name)).guess == ""
    if name != "utf-32":
        assert decoded(GREETING.encode(name)).letters == GREETING


def test_latin_1_keeps_its_letters_and_the_guess_is_said():
    text = decoded("Grüße, señor".encode("latin-1"))
    assert text.letters == "Grüße, señor"
    assert "Windows-1252" in text.guess
    assert decoded("“Grüße”".encode("cp1252")).letters == "“Grüße”"


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04\x00\x00\x14\x00",
        b"PAR1\x15\x04\x15\x00\x00",
        b"\xff\xfea",
        "日本語の文。".encode("shift-jis"),
    ],
)
def test_what_is_no_text_or_in_another_encoding_is_refused(content):
    with pytest.raises(NotText):
        decoded(content)


def test_nothing_is_an_empty_text():
    assert decoded(b"").letters == ""
