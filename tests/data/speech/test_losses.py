"""What a folder says of recordings that are used, but not whole, and of those that no one file may end."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from ssllab.data.catalogue import load
from ssllab.data.skipped import in_words
from ssllab.data.speech import reel
from ssllab.storage.errors import DataError

CASES = Path(__file__).resolve().parents[3] / ".." / "shared" / "cases" / "speech"


def read(path, root=None):
    return load(str(path), kinds=("speech",), root=root)


def tone(seconds: float = 1.0) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * 200 * np.arange(round(seconds * 16_000)) / 16_000)


@pytest.fixture
def lossy(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(3):
        soundfile.write(folder / f"{number}.wav", tone(), 16_000)
    soundfile.write(folder / "cancels.wav", np.stack((tone(), -tone()), 1), 16_000)
    soundfile.write(folder / "hole.flac", np.random.default_rng(0).normal(0, 0.1, 64_000), 16_000)
    content = bytearray((folder / "hole.flac").read_bytes())
    middle = len(content) // 2
    content[middle : middle + 400] = bytes(400)
    (folder / "hole.flac").write_bytes(content)
    (folder / "text.wav").write_text("no sound")
    return folder


def test_what_is_lost_of_a_recording_is_a_remark_and_the_rest_is_used(lossy):
    data = read(lossy)
    assert len(data.train) + len(data.test) == 5
    assert "; 1 skipped." in data.about
    remarks = {entry.path: entry.reason for entry in data.skipped if entry.what == "remark"}
    assert remarks["cancels.wav"] == "its channels cancel each other out, so only one of them is used."
    assert remarks["hole.flac"].startswith("is damaged: 0.26 of 4.0 seconds cannot be decoded")
    assert [entry.path for entry in data.skipped if entry.what == "file"] == ["text.wav"]
    assert data.train.audio.abs().max() > 5000


def test_what_was_lost_is_still_known_when_the_reels_are_found_again(lossy, tmp_path, monkeypatch):
    monkeypatch.setattr(reel, "IN_MEMORY", 10_000)
    first, again = read(lossy, tmp_path / "cache"), read(lossy, tmp_path / "cache")
    assert again.skipped == first.skipped
    assert len(again.skipped) == 3


def test_a_recording_that_cannot_seek_does_not_end_its_folder():
    folder = CASES / "layouts" / "gsm_in_folder"
    if not folder.exists():
        pytest.skip(f"no cases here: {folder} is missing")
    data = read(folder)
    assert {*data.train.names, *data.test.names} == {"0", "1", "z_gsm"}
    assert data.skipped == ()


def test_endings_of_sound_that_are_not_read_are_counted_and_said(lossy):
    for name in ("film.mp4", "film.MP4", "song.dsf", "picture.png"):
        (lossy / name).write_bytes(b"x")
    data = read(lossy)
    assert "; 4 skipped." in data.about
    lines = in_words(data.skipped, 5)
    assert "film.MP4 and 1 more: .mp4 is not read: convert it to WAV or FLAC" in lines
    assert "song.dsf: .dsf is not read: convert it to WAV or FLAC" in lines
    assert not any("picture.png" in line for line in lines)


def test_a_folder_of_endings_that_are_not_read_says_what_lies_there(tmp_path):
    (tmp_path / "film.mp4").write_bytes(b"x")
    with pytest.raises(DataError, match=r"no usable recordings.*film.mp4, .mp4 is not read: convert it"):
        read(tmp_path)
