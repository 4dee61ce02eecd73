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
        bytes(range(0x80, 0x100)) + b"\x81\x8d\xff",
    ],
)
def test_what_is_no_text_or_in_another_encoding_is_refused(content):
    with pytest.raises(NotText):
        decoded(content)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cp1251", "Кошка сидит на солнечном подоконнике и смотрит на птиц."),
        ("koi8_r", "Кошка сидит на солнечном подоконнике и смотрит на птиц."),
        (
            "cp1250",
            "Zażółć gęślą jaźń. Kot siedzi na słonecznym parapecie i patrzy na ptaki, które śpiewają.",
        ),
        ("cp1253", "Η γάτα κάθεται στο ηλιόλουστο περβάζι και κοιτάζει τα πουλιά."),
        ("cp1255", "החתול יושב על אדן החלון שטוף השמש ומסתכל על הציפורים."),
        ("shift_jis", "猫は日当たりのよい窓辺に座っています。カタカナもあります。今日は天気がいいですね。"),
        ("euc_jp", "猫は日当たりのよい窓辺に座っています。カタカナもあります。今日は天気がいいですね。"),
        ("gb18030", "猫坐在阳光明媚的窗台上，看着外面的鸟。今天天气很好。"),
        ("euc_kr", "고양이는 햇볕이 잘 드는 창가에 앉아 있습니다. 오늘 날씨가 좋네요."),
        ("cp1252", "Le chat est assis sur le rebord ensoleillé de la fenêtre, où il a été vu."),
        ("cp1252", "“Die Kätzchen” saßen über der Tür."),
        ("cp1252", "xmin = 0.1 text = käse"),
    ],
)
@pytest.mark.parametrize("times", [1, 4000])
def test_an_encoding_is_told_by_the_letters_it_would_have(name, text, times):
    lines = f"<p>plain</p>\n{text}\n" * times
    read = decoded(lines.encode(name))
    assert read.letters == lines
    assert "not UTF-8: read as" in read.guess


def test_nothing_is_an_empty_text():
    assert decoded(b"").letters == ""
