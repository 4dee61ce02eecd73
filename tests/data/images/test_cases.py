"""The cases of ../shared/cases/images that concern folders of pictures: each gives its right answer, or one line."""

import os
import subprocess
import tarfile
from pathlib import Path

import pytest
import torch

from ssllab.data.catalogue import load
from ssllab.data.images.pictures import decode
from ssllab.data.images.types import ImageData
from ssllab.data.skipped import in_words, left_out
from ssllab.storage.errors import DataError

CASES = Path(__file__).resolve().parents[3] / ".." / "shared" / "cases" / "images"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="no ../shared/cases beside the repository")


def unpacked(case: str, place: Path) -> Path:
    with tarfile.open(CASES / f"{case}.tar.gz") as tar:
        tar.extractall(place, filter="fully_trusted")
    return place


def count(data: ImageData) -> tuple[int, int, int]:
    return len(data.train) + len(data.test), len(data.class_names), left_out(data.skipped)


def test_01_a_tiff_of_any_orientation_is_upright():
    upright = decode((CASES / "01-tiff-orientation/png/1.png").open("rb"), 32)
    for number in range(1, 9):
        for kind, suffix in (("tiff", "tif"), ("png", "png")):
            with (CASES / f"01-tiff-orientation/{kind}/{number}.{suffix}").open("rb") as file:
                assert (decode(file, 32) == upright).all()


def test_02_hidden_folders_of_a_zip_are_no_class():
    data = load(str(CASES / "02-ipynb-checkpoints.zip"))
    assert count(data) == (20, 2, 0)


def test_03_thumbnails_of_a_synology_are_no_pictures():
    assert count(load(str(CASES / "03-synology-eadir"))) == (20, 0, 0)


def test_05_flat_pictures_beside_a_subfolder_are_all_used_and_it_is_said():
    data = load(str(CASES / "05-flat-and-a-subfolder"))
    assert count(data) == (31, 0, 0)
    assert data.train.labels is None
    assert "30 pictures lie in no folder, 1 in 1 folder" in in_words(data.skipped, 3)[0]


def test_06_a_name_that_is_no_text_can_be_shown(tmp_path):
    unpacked("06-latin1-folder-name", tmp_path)
    (place,) = (name for name in os.listdir(tmp_path) if name.startswith("caf"))
    data = load(str(tmp_path / place))
    assert count(data) == (20, 2, 0)
    assert data.title == r"caf\xe9"
    assert data.name == str(tmp_path / place)


def test_07_links_out_of_a_folder_are_followed_and_counted(tmp_path):
    unpacked("07-symlinked-data-sets", tmp_path)
    real, linked, hub = (load(str(tmp_path / name)) for name in ("real", "linked", "hub/snapshots/abc"))
    for data, links in ((linked, 2), (hub, 20)):
        assert count(data) == (20, 2, 0)
        assert torch.equal(data.train.images, real.train.images)
        assert torch.equal(data.train.labels, real.train.labels)
        assert in_words(data.skipped, 3)[0].endswith(f"{links} links out of the folder followed")


def test_08_a_name_cannot_write_lines_of_its_own(tmp_path):
    unpacked("08-control-characters-in-names", tmp_path)
    data = load(str(tmp_path / "d"))
    (line,) = in_words(data.skipped, 3)
    assert r"a\nssllab: " in line
    assert r"\x1b[31m" in line
    assert line.isprintable()


def test_09_a_deep_tree_is_read(tmp_path):
    unpacked("09-deep-tree", tmp_path)
    try:
        assert count(load(str(tmp_path / "deep"))) == (20, 0, 0)
    finally:
        subprocess.run(["rm", "-rf", tmp_path / "deep"], check=True)  # too deep for pytest's own


def test_11_twelve_bits_in_sixteen_keep_their_contrast():
    data = load(str(CASES / "11-12-bit-in-16-bit"))
    assert count(data) == (16, 0, 0)
    assert all(image.max() > 240 and len(image.unique()) > 64 for image in data.train.images)
    assert in_words(data.skipped, 3) == ["16 images: 12 bits in more: 0 to 4,095 is black to white"]


def test_15_a_long_text_does_not_spoil_a_picture():
    assert count(load(str(CASES / "15-png-long-text"))) == (19, 0, 0)


def test_16_a_jpeg_of_thousands_of_scans_is_left_out():
    data = load(str(CASES / "16-jpeg-many-scans"))
    assert count(data) == (16, 0, 1)
    assert in_words(data.skipped, 3) == ["scans.jpg: a JPEG of more than 100 scans"]


def test_17_one_training_image_is_too_few():
    with pytest.raises(DataError, match="too few images to train on: 1 in its training part, beside 19"):
        load(str(CASES / "17-one-training-image"))
