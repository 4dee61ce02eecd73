"""Folders of frames and of videos, archives, animated pictures, and what is kept in the cache."""

import errno
import json
import os
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from ssllab.data.skipped import left_out
from ssllab.data.spool import Spool
from ssllab.storage.errors import DataError
from ssllab.storage.progress import Cancelled
from tests.data.video.conftest import levels, plain, write_video


def pictures(folder: Path, count: int = 12, first: int = 0, name: str = "frame{}.png") -> Path:
    """Frames numbered without zeros; each is as bright as its number."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        Image.fromarray(plain(first + number)).save(folder / name.format(number))
    return folder


def test_the_frames_of_a_folder_come_as_a_person_counts(tmp_path, video):
    """frame2 before frame10, which sorting by letters has behind."""
    data = video(pictures(tmp_path / "walk"))
    assert levels(data) == list(range(12))
    assert (data.title, data.about) == ("walk", "12 frames in 1 clip.")


def test_each_folder_is_a_clip(tmp_path, video):
    for number in (2, 10, 1):
        pictures(tmp_path / f"clip{number}", 5, 10 * number)
    data = video(tmp_path)
    assert levels(data) == [*range(10, 15), *range(20, 25), *range(100, 105)]
    assert data.about == "15 frames in 3 clips."


def test_each_video_of_a_folder_is_a_clip_and_a_picture_beside_it_is_none_of_its_frames(tmp_path, video):
    for number in (2, 10):
        write_video(tmp_path / f"{number}.mkv", [plain(number + frame) for frame in range(6)])
    pictures(tmp_path, 3, 200, "poster{}.jpg")
    data = video(tmp_path)
    assert levels(data) == [*range(2, 8), *range(10, 16)]
    assert left_out(data.skipped) == 3
    assert {entry.reason for entry in data.skipped} == {"a picture beside videos"}


def test_frames_of_other_sizes_are_cropped_each(tmp_path, video):
    for number, (height, width) in enumerate([(24, 24), (30, 60), (100, 20)]):
        Image.fromarray(plain(50 * number, height, width)).save(tmp_path / f"{number}.png")
    assert levels(video(tmp_path)) == [0, 50, 100]


def test_files_that_are_no_frames_are_left_out_and_counted(tmp_path, video):
    pictures(tmp_path)
    (tmp_path / "frame3.png").write_bytes(b"no picture")
    (tmp_path / "notes.txt").write_text("seen")
    (tmp_path / "a.zip").write_bytes(b"PK")
    Image.fromarray(plain(99)).save(tmp_path / ".hidden.png")
    data = video(tmp_path)
    assert levels(data) == [0, 1, 2, *range(4, 12)]
    said = {entry.path: (entry.reason, entry.what) for entry in data.skipped}
    assert said["frame3.png"] == ("not a picture, or broken", "file")
    assert said[tmp_path.name] == ("1 file of other kinds not read (.txt)", "remark")
    assert said["a.zip"][0] == "an archive inside a folder is not opened"


def test_a_folder_without_anything_that_moves_gets_one_line(tmp_path, video):
    with pytest.raises(DataError, match=r"holds no video: choose a video, a folder of"):
        video(tmp_path)
    Image.fromarray(plain(0)).save(tmp_path / "a.png")
    with pytest.raises(
        DataError, match=r"holds no clip of at least 2 frames \(1 skipped: .*one picture only"
    ):
        video(tmp_path)
    with pytest.raises(
        DataError, match=r"a.png' cannot be used: one picture: choose a folder of frames, a video"
    ):
        video(tmp_path / "a.png")
    with pytest.raises(DataError, match="neither a folder nor a file"):
        video(tmp_path / "missing.mp4")


def packed(folder: Path, path: Path) -> Path:
    files = sorted((file for file in folder.rglob("*") if file.is_file()), reverse=True)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for file in files:
                archive.write(file, file.relative_to(folder))
    else:
        with tarfile.open(path, "w:gz" if path.suffix == ".tgz" else "w") as archive:
            for file in files:
                archive.add(file, file.relative_to(folder))
    return path


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tgz"])
def test_an_archive_is_what_the_folder_in_it_is(tmp_path, video, name):
    """Also a .tar that was packed backwards, which can be read in its own order only."""
    folder = pictures(tmp_path / "in" / "a")
    pictures(tmp_path / "in" / "b", 3, 100)
    write_video(tmp_path / "in" / "film.mkv", [plain(7)] * 4)
    (folder / "frame5.png").write_bytes(b"no picture")
    data = video(packed(tmp_path / "in", tmp_path / name))
    assert levels(data) == [7] * 4 + [0, 1, 2, 3, 4, *range(6, 12)] + [100, 101, 102]
    assert [entry.path for entry in data.skipped] == ["a/frame5.png"]
    assert not [
        file for file in video.root.rglob("*") if file.is_dir() and file.name.startswith(("tar-", "copy-"))
    ]


def test_a_broken_archive_gets_one_line(tmp_path, video):
    (tmp_path / "a.zip").write_bytes(b"PK\3\4" + os.urandom(100))
    with pytest.raises(DataError, match=r"a broken \.zip file"):
        video(tmp_path / "a.zip")


def animation(path: Path, count: int = 10, durations=40, **options) -> Path:
    every = [Image.fromarray(plain(20 * number)) for number in range(count)]
    every[0].save(path, save_all=True, append_images=every[1:], duration=durations, **options)
    return path


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.gif", {}),
        ("a.png", {}),
        ("a.apng", {}),
        ("a.webp", {"lossless": True}),
        ("a.tif", {}),
        ("a.avif", {"quality": 100}),
    ],
)
def test_a_picture_that_moves_is_a_clip(tmp_path, video, name, options):
    if name[2:] in ("webp", "avif") and not features.check(name[2:]):
        pytest.skip(f"this Pillow does not write {name[2:]}")
    data = video(animation(tmp_path / name, **options))
    assert levels(data) == pytest.approx([20 * number for number in range(10)], abs=3)
    assert left_out(data.skipped) == 0


def test_a_frame_of_an_animation_is_there_as_often_as_it_is_shown_long(tmp_path, video):
    data = video(animation(tmp_path / "a.gif", 6, [50, 50, 150, 50, 50, 50]))
    assert levels(data) == [0, 20, 40, 40, 40, 60, 80, 100]


def test_an_animation_that_draws_only_what_changes_is_whole_in_every_frame(tmp_path, video):
    """A GIF's frame may hold a part of the picture, see-through where nothing changed."""
    every = []
    for number in range(6):
        picture = Image.new("RGB", (32, 32), (200, 40, 40))
        picture.paste((40, 40, 200), (5 * number, 8, 5 * number + 6, 14))
        every.append(picture)
    every[0].save(tmp_path / "a.gif", save_all=True, append_images=every[1:], duration=40, optimize=True)
    frames = video(tmp_path / "a.gif", 32).train.frames.float()
    wanted = np.stack([np.asarray(picture) for picture in every])
    assert np.abs(frames.numpy() - wanted).mean() < 2


def test_an_animation_that_breaks_off_keeps_what_it_has(tmp_path, video):
    noise = np.random.default_rng(0)
    every = [Image.fromarray(noise.integers(0, 255, (64, 64), np.uint8)) for _ in range(10)]
    path = tmp_path / "a.gif"
    every[0].save(path, save_all=True, append_images=every[1:], duration=40)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    data = video(path)
    assert 2 <= len(data.train.frames) < 10


def test_animations_among_frames_are_clips_of_their_own(tmp_path, video):
    """And a .gif that does not move is a frame as any other."""
    pictures(tmp_path)
    animation(tmp_path / "frame5.gif", 4)
    Image.fromarray(plain(99)).save(tmp_path / "frame12.gif")
    data = video(tmp_path)
    assert levels(data) == [*range(12), 99, 0, 20, 40, 60]
    assert data.about == "17 frames in 2 clips."


def test_a_photograph_is_turned_as_its_camera_says(tmp_path, video):
    picture = plain(0)
    picture[:12] = 255
    exif = Image.Exif()
    exif[0x0112] = 3
    for number in range(3):
        Image.fromarray(picture).save(tmp_path / f"{number}.jpg", exif=exif)
    frames = video(tmp_path).train.frames.float()
    assert frames[:, 9:].mean() > 200 > 50 > frames[:, :7].mean()


# The cache


def test_what_is_decoded_is_found_again_while_nothing_changed(tmp_path, video, monkeypatch):
    folder = pictures(tmp_path / "in")
    (folder / "frame3.png").write_bytes(b"no picture")
    first = video(folder)
    (stored,) = video.root.rglob("*.rgb")
    assert stored.stat().st_size == 11 * 3 * 16 * 16
    written = Spool.add

    def never(self, values):
        raise AssertionError("decoded again")

    monkeypatch.setattr(Spool, "add", never)
    again = video(folder)
    assert levels(again) == levels(first)
    assert again.skipped == first.skipped
    monkeypatch.setattr(Spool, "add", written)
    Image.fromarray(plain(250)).save(folder / "frame3.png")
    assert levels(video(folder))[3] == 250
    assert len(list(video.root.rglob("*.rgb"))) == 1  # what is out of date is removed
    assert video(folder, 24).train.frames.shape[1:] == (24, 24, 3)
    assert video(folder, 16).train.frames.shape[1:] == (16, 16, 3)


@pytest.mark.parametrize(
    "note",
    [
        {},
        {"starts": [0]},
        {"starts": [0, 5]},
        {"starts": [0, 100, 12]},
        {"starts": "x"},
        {"starts": [0, 11.5, 12]},
        {"starts": [-1, 12]},
    ],
)
def test_a_note_in_the_cache_that_is_wrong_is_not_believed(tmp_path, video, note):
    folder = pictures(tmp_path / "in")
    video(folder)
    (file,) = video.root.rglob("*.json")
    told = json.loads(file.read_text())
    del told["starts"]
    file.write_text(json.dumps(told | note))
    assert levels(video(folder)) == list(range(12))


def test_a_full_disk_gets_one_line_and_leaves_nothing(tmp_path, video, monkeypatch):
    def full(self, values):
        self.move_to_disk()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Spool, "add", full)
    with pytest.raises(
        DataError, match=r"cannot keep the decoded video in the cache \(No space left on device\): free"
    ):
        video(pictures(tmp_path / "in"))
    assert not [file for file in video.root.rglob("*") if file.is_file()]


def test_reading_pictures_can_be_stopped(tmp_path, video):
    folder = pictures(tmp_path / "in", 30)
    said: list[tuple[float, str]] = []
    with pytest.raises(Cancelled):
        video(folder, said=said, cancelled=lambda: len(said) > 5)
    assert not [file for file in video.root.rglob("*") if file.is_file()]
