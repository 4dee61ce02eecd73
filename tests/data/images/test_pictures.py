"""Single pictures that are good files and easily read wrong: turned, dim, of other numbers, costly, or not for us."""

import io
import logging
import struct
import threading
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFile, PngImagePlugin, TiffImagePlugin

from ssllab.data.catalogue import load
from ssllab.data.images import folder as reader
from ssllab.data.images import unread
from ssllab.data.images.hush import hush
from ssllab.data.images.jpeg import scans
from ssllab.data.images.pictures import MOST_SCANS, UnusablePicture, decode
from ssllab.storage.progress import Cancelled

RAMP = np.tile(np.linspace(0, 1, 64), (64, 1))


def written(image: Image.Image | np.ndarray, kind: str = "TIFF", **options) -> io.BytesIO:
    buffer = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(buffer, kind, **options)
    buffer.seek(0)
    return buffer


def read(image: Image.Image | np.ndarray, kind: str = "TIFF", **options) -> tuple[np.ndarray, list[str]]:
    """The grey values of the middle row as they are read, and what was said."""
    notes: list[str] = []
    return decode(written(image, kind, **options), 64, notes.append)[32, :, 0].astype(int), notes


def is_ramp(grey: np.ndarray, within: int = 3) -> bool:
    return bool(np.abs(grey - np.linspace(0, 255, 64)).max() <= within)


# Orientation


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
def test_a_tiff_is_turned_once(orientation, compression):
    """Pillow turns a TIFF when it loads it, other formats it does not turn."""
    blocks = np.random.default_rng(0).integers(0, 255, (2, 3, 3), dtype=np.uint8).repeat(32, 0).repeat(32, 1)
    exif = Image.Exif()
    exif[0x0112] = orientation
    tiff = written(Image.fromarray(blocks), exif=exif, compression=compression)
    png = written(Image.fromarray(blocks), "PNG", exif=exif)
    assert np.abs(decode(tiff, 32).astype(int) - decode(png, 32)).max() <= 1


# Numbers of more than 8 bits


@pytest.mark.parametrize(("bits", "kind"), [(10, "PNG"), (12, "PNG"), (12, "TIFF"), (14, "TIFF")])
def test_the_bits_of_a_camera_are_the_range_of_its_pictures(bits, kind):
    top = 2**bits - 1
    grey, notes = read((RAMP * top).astype(np.uint16), kind)
    assert is_ramp(grey)
    assert notes == [f"{bits} bits in more: 0 to {top:,} is black to white"]
    dim, _ = read((RAMP * top * 0.3).astype(np.uint16), kind)
    assert dim.max() == pytest.approx(0.3 * 255, abs=2) or bits == 10  # 0.3 of 10 bits is 8.3 bits


def test_usual_ranges_are_kept_without_a_word():
    assert read((RAMP * 65535).astype(np.uint16))[1] == []
    for top in (1.0, 255.0, 65535.0):
        grey, notes = read((RAMP * top).astype(np.float32))
        assert is_ramp(grey)
        assert notes == []
    half, _ = read((RAMP * 0.5).astype(np.float32))
    assert half.max() == pytest.approx(128, abs=2)


@pytest.mark.parametrize(
    "numbers",
    [
        (RAMP * 800 + 7200).astype(np.uint16),  # a thermal camera
        (RAMP * 25).astype(np.uint16),
        (RAMP * 0.01).astype(np.float32),
        (RAMP * 500 - 250).astype(np.float32),
        (RAMP * 3e6).astype(np.int32),
    ],
    ids=["thermal", "few levels", "small numbers", "with a sign", "large numbers"],
)
def test_contrast_is_kept_where_a_range_is_hardly_used(numbers):
    grey, notes = read(numbers)
    assert is_ramp(grey, 11)  # 25 levels
    assert notes == ["the lowest to the highest number of each picture is black to white"]


@pytest.mark.parametrize("absent", [-9999.0, 3.4e38, -3.4e38, float("nan"), float("inf"), -5000.0, 1e6])
def test_one_pixel_without_data_does_not_cost_the_others_their_contrast(absent):
    numbers = RAMP.astype(np.float32)
    numbers[5, 5] = absent
    grey, notes = read(numbers)
    assert is_ramp(grey)
    assert len(notes) == 1
    hot = (RAMP * 3000).astype(np.uint16)
    hot[5, 5] = 65535
    assert read(hot)[0].max() == pytest.approx(3000 / 4095 * 255, abs=3)


def test_many_pixels_without_data_are_black_whether_the_file_names_their_value_or_it_is_usual():
    numbers = (RAMP * 200 + 7000).astype(np.float32)
    for value, tags in ((-9999.0, {}), (7.0, {42113: "7"})):
        numbers[:20] = value
        notes: list[str] = []
        info = TiffImagePlugin.ImageFileDirectory_v2()
        for tag, text in tags.items():
            info[tag] = text
        pixels = decode(written(numbers, tiffinfo=info), 64, notes.append)
        assert pixels[:18].max() == 0
        assert is_ramp(pixels[40, :, 0].astype(int))
        assert "pixels without data are black" in notes


def test_a_picture_of_one_value_is_that_value():
    assert read(np.full((64, 64), 0.5, np.float32))[0].tolist() == [128] * 64
    assert read(np.full((64, 64), 32768, np.uint16))[0].tolist() == [128] * 64
    assert read(np.full((64, 64), np.nan, np.float32))[0].max() == 0


def test_white_is_zero_is_turned_in_16_bits_as_in_8():
    grey, notes = read((RAMP * 65535).astype(np.uint16), tiffinfo={262: 0})
    assert is_ramp(255 - grey)
    assert notes == ["white is zero: turned"]


def test_dark_colour_of_16_bits_is_made_bright_and_said():
    colour = np.repeat(
        (RAMP * 4095).astype(">u2")[..., None], 3, 2
    )  # 12 bits in 16: Pillow leaves the upper 8
    head = struct.pack(">IIBBBBB", 64, 64, 16, 2, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in colour)
    png = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
    notes: list[str] = []
    pixels = decode(io.BytesIO(png), 64, notes.append)
    assert pixels.max() > 240
    assert "16 levels are left" in notes[0]


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


# Files that decoders refuse though their pixels are good


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt", b"iCCP"])
def test_a_long_text_or_profile_in_a_png_costs_nothing(kind):
    long = b"x" * (PngImagePlugin.MAX_TEXT_CHUNK + 10)
    bodies = {
        b"tEXt": b"key\0" + long,
        b"zTXt": b"key\0\0" + zlib.compress(long),
        b"iTXt": b"key\0\1\0\0\0" + zlib.compress(long),
        b"iCCP": b"key\0\0" + zlib.compress(long),
    }
    png = written(Image.new("RGB", (32, 32), (10, 200, 30)), "PNG").getvalue()
    packed = png[:33] + chunk(kind, bodies[kind]) + png[33:]
    assert decode(io.BytesIO(packed), 32)[5, 5].tolist() == [10, 200, 30]


@pytest.mark.parametrize(
    ("bits", "form", "channels", "words"),
    [
        (16, 1, 5, "a TIFF of 5 channels of 16 bits is not read"),
        (64, 3, 1, "a TIFF of 1 channel of 64 bits with a point is not read"),
    ],
)
def test_a_tiff_that_is_good_but_not_for_us_is_called_so(bits, form, channels, words):
    tags = [(256, 16), (257, 16), (258, bits), (259, 1), (262, 1), (273, 200), (277, channels), (278, 16)]
    tags += [(279, 256 * channels * bits // 8), (339, form)]
    if channels > 1:
        tags = [(tag, value) for tag, value in tags if tag != 258]
    entries = b"".join(
        struct.pack("<HHII", tag, 4 if tag in (273, 279) else 3, 1, value) for tag, value in tags
    )
    count = len(tags)
    if channels > 1:
        place = 8 + 2 + 12 * (count + 1) + 4
        entries = entries[:24] + struct.pack("<HHII", 258, 3, channels, place) + entries[24:]
        count += 1
    head = b"II*\0" + struct.pack("<IH", 8, count) + entries + struct.pack("<I", 0)
    head += struct.pack("<H", bits) * channels
    whole = head.ljust(200, b"\0") + bytes(256 * channels * bits // 8)
    with pytest.raises(UnusablePicture, match=words):
        decode(io.BytesIO(whole), 32)
    with pytest.raises(UnusablePicture, match="not a picture, or broken"):
        decode(io.BytesIO(whole[:300]), 32)


def test_what_is_no_picture_to_us_is_known_by_its_name():
    for name in (
        "a/IMG_1.HEIC",
        "x.cr2",
        "x.svg",
        "x.dcm",
        "clip.mov",
        "x.jpg_large",
        "x.PNG.1",
        "x.jpg~",
        "x.jpeg?w=3",
    ):
        assert unread.by_name(name), name
    for name in ("a.png", "notes.txt", "x.jpg.txt", "x.jpg.json", "no ending", "x.py"):
        assert not unread.by_name(name), name


# Work


def progressive(count: int) -> bytes:
    """A JPEG whose last scan is there ``count`` times."""
    jpeg = written(Image.new("RGB", (64, 64), "grey"), "JPEG", progressive=True).getvalue()
    last = jpeg.rindex(b"\xff\xda")
    return jpeg[:last] + jpeg[last:-2] * count + jpeg[-2:]


def test_scans_are_counted_of_the_picture_and_of_nothing_else_in_the_file():
    plain = written(Image.effect_noise((64, 64), 90), "JPEG").getvalue()
    assert scans(plain, 100) == 1
    assert scans(plain + b"\xff\xda\0\2" * 500, 100) == 1  # behind its end, as a video of a phone
    thumbnail = b"\xff\xe1" + struct.pack(">H", 2 + len(plain)) + plain
    assert scans(plain[:2] + thumbnail + plain[2:], 100) == 1
    usual = scans(progressive(1), 100)
    assert 5 < usual < 20
    assert scans(progressive(31), 100) == usual + 30


def test_a_jpeg_of_thousands_of_scans_is_refused_before_anything_is_decoded(monkeypatch):
    decode(io.BytesIO(progressive(50)), 32)
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda picture: pytest.fail("decoded"))
    with pytest.raises(UnusablePicture, match=f"more than {MOST_SCANS} scans"):
        decode(io.BytesIO(progressive(5000)), 32)


def test_a_picture_that_takes_its_time_holds_up_nobody(tmp_path, monkeypatch):
    for number in range(20):
        (tmp_path / f"{number}.png").write_bytes(b"x")
    working, free = threading.Event(), threading.Event()

    def slow(*arguments):
        working.set()
        free.wait(60)

    monkeypatch.setattr(reader, "decode", slow)
    try:
        with pytest.raises(Cancelled):
            load(str(tmp_path), cancelled=working.is_set)
        assert not free.is_set()
    finally:
        free.set()


# Words of libraries


def test_what_pillow_warns_of_and_logs_reaches_no_terminal(capfd):
    """A warning of Pillow's is given for its modules; its logger has somewhere to go."""
    apng = written(Image.new("RGB", (32, 32)), "PNG").getvalue()
    two = chunk(b"acTL", struct.pack(">II", 1, 0))
    broken = io.BytesIO(apng[:33] + two + two + apng[33:])
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        hush()
        decode(broken, 32)
        logging.getLogger("PIL.TiffImagePlugin").error("More samples per pixel than can be decoded")
        lzw = bytearray(written(Image.effect_noise((64, 64), 90), compression="tiff_lzw").getvalue())
        lzw[20:60] = bytes(range(40))  # libtiff, in C: "Using code not yet in table."
        with pytest.raises(UnusablePicture, match="broken"):
            decode(io.BytesIO(lzw), 32)
    assert capfd.readouterr() == ("", "")
