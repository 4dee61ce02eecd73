"""A person's own images: every layout, and every kind of file that a folder may hold."""

import io
import os
import stat
import struct
import tarfile
import threading
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ssllab.data.catalogue import load
from ssllab.data.images.folder import arrange, hold_out
from ssllab.data.images.pictures import UnusablePicture, decode
from ssllab.data.kind import amount
from ssllab.storage.errors import DataError
from ssllab.storage.progress import Cancelled

SHARED = Path(__file__).resolve().parents[3] / ".." / "shared" / "data"


def picture(value: int = 0, size: tuple[int, int] = (20, 16)) -> Image.Image:
    image = Image.new("RGB", size, (value % 256, 40, 200))
    image.putpixel((value % size[0], 3), (255, 255, 255))
    return image


def fill(folder: Path, count: int, start: int = 0, suffix: str = "png") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(start, start + count):
        picture(i).save(folder / f"{i:03}.{suffix}")


def decoded(image: Image.Image, kind: str = "PNG", size: int = 32, **options) -> np.ndarray:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    buffer.seek(0)
    return decode(buffer, size)


def refused(path: Path, match: str) -> str:
    with pytest.raises(DataError, match=match) as caught:
        load(str(path))
    assert "\n" not in str(caught.value)
    return str(caught.value)


# Layouts


def test_class_subfolders_give_labels_and_a_fifth_is_held_out(tmp_path):
    fill(tmp_path / "cat", 20)
    fill(tmp_path / "dog", 10, 50)
    data = load(str(tmp_path))
    assert data.class_names == ("cat", "dog")
    assert torch.bincount(data.test.labels).tolist() == [4, 2]
    assert torch.bincount(data.train.labels).tolist() == [16, 8]
    assert data.image_size == 32
    assert data.skipped == ()
    again = load(str(tmp_path))
    assert torch.equal(data.train.images, again.train.images)
    assert torch.equal(data.test.images, again.test.images)


def test_a_flat_folder_has_no_labels(tmp_path):
    fill(tmp_path, 20, suffix="jpg")
    (tmp_path / "notes.txt").write_text("not an image")
    data = load(str(tmp_path), options={"image_size": 16})
    assert data.train.labels is None
    assert data.class_names == ()
    assert (len(data.train), len(data.test)) == (16, 4)
    assert data.train.images.shape[1:] == (3, 16, 16)


@pytest.mark.parametrize("test", ["val", "test", "Validation"])
def test_train_beside_test_is_kept_as_it_is(tmp_path, test):
    for label, start in (("a", 0), ("b", 40)):
        fill(tmp_path / "train" / label, 10, start)
        fill(tmp_path / test / label, 3, start + 20)
    data = load(str(tmp_path))
    assert (len(data.train), len(data.test)) == (20, 6)
    assert data.class_names == ("a", "b")
    # The red channel carries the file's number.
    assert set(data.test.images[:, 0, 0, 0].tolist()) == {20, 21, 22, 60, 61, 62}


def test_a_zip_or_tar_of_a_folder_reads_like_the_folder(tmp_path):
    fill(tmp_path / "x" / "a", 12)
    fill(tmp_path / "x" / "b", 8, 30)
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for path in sorted((tmp_path / "x").rglob("*.png")):
            archive.write(path, path.relative_to(tmp_path).as_posix())
            archive.writestr("__MACOSX/" + path.name, b"resource fork")
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz") as tar:
        for path in sorted((tmp_path / "x").rglob("*.png")):
            tar.add(path, path.relative_to(tmp_path).as_posix())
    before = sorted(tmp_path.rglob("*"))
    plain = load(str(tmp_path / "x"))
    for name in ("x.zip", "x.tar.gz"):
        packed = load(str(tmp_path / name))
        assert torch.equal(packed.train.images, plain.train.images)
        assert torch.equal(packed.train.labels, plain.train.labels)
        assert packed.class_names == ("a", "b")
        assert packed.title == "x"
    assert sorted(tmp_path.rglob("*")) == before


def test_arrange_ignores_folders_around_everything():
    layout = arrange(["data/set/a/1.png", "data/set/b/deep/2.png", "data/set/3.png"])
    assert [(p.name, p.label) for p in layout.train] == [
        ("data/set/a/1.png", "a"),
        ("data/set/b/deep/2.png", "b"),
    ]
    assert [s.reason for s in layout.skipped] == ["in no class folder"]
    assert layout.test is None


def test_hold_out_takes_from_every_class_and_loses_nothing():
    labels = torch.tensor([0] * 10 + [1] * 2 + [2])
    train, test = hold_out(labels)
    assert sorted([*train.tolist(), *test.tolist()]) == list(range(13))
    assert torch.bincount(labels[test], minlength=3).tolist() == [2, 1, 0]
    train, test = hold_out(torch.arange(20))
    assert len(test) == 4


# Refusals


def test_an_empty_folder(tmp_path):
    refused(tmp_path, "holds no images: choose a folder of PNG, JPEG")


def test_a_folder_of_other_files(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    refused(tmp_path, "holds no images")


def test_a_text_file(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    refused(tmp_path / "a.txt", "not a folder of images or a .zip")


def test_a_single_image(tmp_path):
    picture().save(tmp_path / "a.png")
    refused(tmp_path / "a.png", "is one image: choose a folder")


def test_a_missing_path(tmp_path):
    refused(tmp_path / "gone", "no such folder or .zip file")


def test_too_few_images(tmp_path):
    fill(tmp_path, 15)
    (tmp_path / "z.png").write_bytes(b"nothing")
    assert "z.png" in refused(tmp_path, "holds 15 usable images .1 skipped.*expected at least 16")


def test_too_few_images_in_the_training_part(tmp_path):
    fill(tmp_path / "train" / "a", 1)
    fill(tmp_path / "val" / "a", 19, 20)
    refused(tmp_path, "too few images to train on: 1 in its training part.*at least 8")


def test_a_broken_zip(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"PK\3\4 and then nothing")
    refused(tmp_path / "a.zip", "not a folder of images or a .zip")
    (tmp_path / "b.zip").write_bytes(b"x" * 100 + b"PK\5\6" + b"\xff" * 18)
    refused(tmp_path / "b.zip", "b.zip")


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    refused(tmp_path / "pipe", "neither a folder nor a file")


# Skipped and counted


def test_what_cannot_be_used_is_skipped_with_its_reason(tmp_path):
    fill(tmp_path / "good", 20)
    bad = tmp_path / "bad"
    bad.mkdir()
    picture().save(bad / "whole.png")
    (bad / "empty.png").write_bytes(b"")
    (bad / "text.jpg").write_text("this is text")
    (bad / "page.jpg").write_text("<!DOCTYPE html><html>404</html>")
    (bad / "lfs.png").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    (bad / "phone.jpg").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    (bad / "cut.png").write_bytes((tmp_path / "good" / "001.png").read_bytes()[:60])
    Image.new("RGB", (1, 1)).save(bad / "dot.png")
    Image.new("RGB", (7, 400)).save(bad / "thin.png")
    os.mkfifo(bad / "pipe.png")
    (bad / "dangling.png").symlink_to("nowhere.png")
    (bad / "loop").symlink_to(tmp_path)
    data = load(str(tmp_path))
    reasons = {Path(entry.path).name: entry.reason for entry in data.skipped}
    pictures = {"empty.png", "text.jpg", "page.jpg", "lfs.png", "phone.jpg", "cut.png", "dot.png", "thin.png"}
    assert reasons.keys() == pictures | {"pipe.png", "dangling.png", "loop"}
    assert reasons["empty.png"] == "empty"
    assert "web page" in reasons["page.jpg"]
    assert "git lfs pull" in reasons["lfs.png"]
    assert "HEIC" in reasons["phone.jpg"]
    assert reasons["dot.png"] == reasons["thin.png"] == "smaller than 8 pixels"
    assert reasons["pipe.png"] == "not a regular file"
    assert reasons["loop"] == "a link back to a folder that it lies in"
    assert len(data.train) + len(data.test) == 21
    assert "11 skipped" in data.about
    assert amount(data).endswith("11 skipped")


def test_unsafe_and_encrypted_members_of_a_zip_are_skipped(tmp_path):
    png = io.BytesIO()
    picture().save(png, "PNG")
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(20):
            archive.writestr(f"a/{i}.png", png.getvalue())
        archive.writestr("../../escaped.png", png.getvalue())
        archive.writestr("/absolute.png", png.getvalue())
        archive.writestr("a/secret.png", png.getvalue())
        link = zipfile.ZipInfo("a/link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    raw = bytearray(path.read_bytes())
    at = raw.rindex(b"a/secret.png")
    raw[at - 46 + 8] |= 1  # the flag of the central directory
    path.write_bytes(raw)
    data = load(str(path))
    reasons = {entry.path: entry.reason for entry in data.skipped}
    assert reasons["../../escaped.png"] == reasons["/absolute.png"] == "an unsafe path"
    assert reasons["a/secret.png"] == "encrypted"
    assert reasons["a/link.png"] == "a link inside an archive"
    assert len(data.train) + len(data.test) == 20
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.zip"]


def test_a_tar_in_any_order_reads_like_the_folder_without_its_broken_images(tmp_path):
    fill(tmp_path / "x", 20)
    (tmp_path / "x" / "005.png").write_bytes(b"broken")
    (tmp_path / "x" / "011.png").write_bytes(b"")
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        for path in sorted((tmp_path / "x").rglob("*.png"), reverse=True):
            tar.add(path, path.name)
    plain, packed = load(str(tmp_path / "x")), load(str(tmp_path / "x.tar"))
    assert torch.equal(packed.train.images, plain.train.images)
    assert torch.equal(packed.test.images, plain.test.images)
    assert packed.skipped == plain.skipped
    assert [entry.path for entry in packed.skipped] == ["005.png", "011.png"]


def test_a_tar_of_something_else_is_refused(tmp_path):
    (tmp_path / "x.tar").write_bytes(b"no tar at all")
    refused(tmp_path / "x.tar", "is a broken archive")


def test_a_zip_bomb_is_bounded(tmp_path, monkeypatch):
    from ssllab.data.images import folder

    monkeypatch.setattr(folder, "_MAX_MEMBER", 100_000)
    png = io.BytesIO()
    picture().save(png, "PNG")
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(20):
            archive.writestr(f"{i}.png", png.getvalue())
        archive.writestr("bomb.png", bytes(10_000_000))
    data = load(str(tmp_path / "x.zip"))
    assert [entry.path for entry in data.skipped] == ["bomb.png"]
    assert "larger than" in data.skipped[0].reason


def test_a_picture_that_claims_a_gigantic_size_is_refused_unread():
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    for side in (12_500, 100_000):
        head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000)))
        with pytest.raises(UnusablePicture, match="more than 150 megapixels"):
            decode(io.BytesIO(bomb), 32)


def test_more_images_than_memory_is_refused(tmp_path, monkeypatch):
    from ssllab.data.images import folder

    monkeypatch.setattr(folder, "_MAX_BYTES", 3 * 32 * 32 * 10)
    fill(tmp_path, 20)
    refused(tmp_path, "too many for the memory at 32 pixels: expected at most 10")


# Pixels


def test_sixteen_bits_are_scaled_not_clipped():
    ramp = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (64, 1))
    grey = decoded(Image.fromarray(ramp), size=64)[32, :, 0].astype(int)
    assert np.abs(grey - np.linspace(0, 255, 64)).max() <= 2
    assert grey[32] == pytest.approx(129, abs=2)


@pytest.mark.parametrize("top", [1.0, 255.0, 65535.0])
def test_numbers_with_a_point_are_scaled(top):
    ramp = np.tile(np.linspace(0, top, 64, dtype=np.float32), (64, 1))
    grey = decoded(Image.fromarray(ramp), "TIFF", size=64)[32, :, 0].astype(int)
    assert np.abs(grey - np.linspace(0, 255, 64)).max() <= 2


def test_cmyk_becomes_rgb():
    red = Image.new("CMYK", (32, 32), (0, 255, 255, 0))
    pixel = decoded(red, "JPEG", quality=95)[16, 16].astype(int)
    assert pixel[0] > 200
    assert pixel[1:].max() < 60


def test_alpha_lies_over_grey():
    clear = Image.new("RGBA", (32, 32), (255, 0, 0, 0))
    assert decoded(clear)[5, 5].tolist() == [128, 128, 128]
    half = decoded(Image.new("RGBA", (32, 32), (255, 0, 0, 128)))[5, 5].astype(int)
    assert np.abs(half - [192, 64, 64]).max() <= 2
    palette = Image.new("P", (32, 32), 0)
    palette.putpalette([0, 255, 0])
    assert decoded(palette, "GIF", transparency=0)[5, 5].tolist() == [128, 128, 128]


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_an_animation_gives_its_first_frame(kind):
    red, blue = Image.new("RGB", (32, 32), "red"), Image.new("RGB", (32, 32), "blue")
    options = {"lossless": True} if kind == "WEBP" else {}
    frame = decoded(red, kind, save_all=True, append_images=[blue, blue], **options)
    assert frame[16, 16, 0] > 250
    assert frame[16, 16, 2] < 5


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_honoured(orientation):
    """Equal to Pillow's own transposition, also for a picture that is not square."""
    from PIL import ImageOps

    rng = np.random.default_rng(0)
    blocks = rng.integers(0, 255, (2, 3, 3), dtype=np.uint8).repeat(32, 0).repeat(32, 1)
    image = Image.fromarray(blocks)
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    image.save(buffer, "PNG", exif=exif)
    expected = decoded(ImageOps.exif_transpose(Image.open(io.BytesIO(buffer.getvalue()))))
    got = decode(io.BytesIO(buffer.getvalue()), 32)
    assert np.abs(got.astype(int) - expected.astype(int)).max() <= 1


def test_the_centre_square_is_kept():
    wide = np.zeros((32, 96, 3), np.uint8)
    wide[:, 32:64] = 255
    assert decoded(Image.fromarray(wide)).min() > 240


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "RGB"), ("PNG", "L"), ("TIFF", "I;16")])
def test_a_photograph_of_8000_pixels(kind, mode):
    if mode == "I;16":
        large = Image.fromarray(np.full((8000, 8000), 0x8000, np.uint16))
    else:
        large = Image.new(mode, (8000, 8000), "grey")
    assert np.abs(decoded(large, kind).astype(int) - 128).max() <= 1


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I", "F", "YCbCr", "LAB", "CMYK", "RGBA", "RGB"])
def test_every_mode_gives_rgb_bytes(mode):
    kind = "PNG" if mode in ("P", "LA") else "TIFF"
    result = decoded(Image.new(mode, (40, 30)), kind)
    assert result.shape == (32, 32, 3)
    assert result.dtype == np.uint8


# Progress, cancel


def test_progress_rises_to_one_and_cancel_stops(tmp_path):
    fill(tmp_path, 150)
    seen = []
    load(str(tmp_path), progress=lambda fraction, text: seen.append((fraction, text)))
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    assert seen[-1] == (1.0, "Reading images: 150 of 150")
    stop = threading.Event()
    with pytest.raises(Cancelled):
        load(
            str(tmp_path),
            progress=lambda fraction, text: fraction > 0.3 and stop.set(),
            cancelled=stop.is_set,
        )


# Real data


@pytest.mark.skipif(not SHARED.is_dir(), reason="no ../shared/data beside the repository")
def test_real_archives():
    cifar = load(str(SHARED / "images_cifar10_jpeg" / "cifar10_jpeg_val500x10.zip"))
    assert len(cifar.class_names) == 10
    assert "airplane" in cifar.class_names
    assert (len(cifar.train), len(cifar.test)) == (4000, 1000)
    assert torch.bincount(cifar.test.labels).tolist() == [100] * 10
    assert cifar.skipped == ()
    omniglot = load(str(SHARED / "images_omniglot_small" / "images_background_small1.zip"))
    assert len(omniglot.class_names) == 5
    assert len(omniglot.train) + len(omniglot.test) == 2720
