"""Frames as numbers, in .npy and .npz."""

import io
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ssllab.data.video import arrays
from ssllab.storage.errors import DataError
from tests.data.video.conftest import levels

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"


def ramp(*shape: int, steps: int = 6, dtype=np.uint8) -> np.ndarray:
    """``(steps, *shape)``: frame i is all 10 * i."""
    result = np.zeros((steps, *shape), dtype)
    result[:] = 10 * np.arange(steps).reshape(-1, *[1] * len(shape))
    return result


def saved(path: Path, array: np.ndarray, packed: bool = True, name: str = "frames") -> Path:
    if path.suffix == ".npy":
        np.save(path, array)
    else:
        (np.savez_compressed if packed else np.savez)(path, **{name: array})
    return path


GREY, COLOUR = ramp(20, 24), ramp(20, 24, 3)
TEN = [10 * step for step in range(6)]


@pytest.mark.parametrize("ending", ["npy", "npz"])
@pytest.mark.parametrize(
    ("array", "clips", "wanted"),
    [
        (GREY, 1, TEN),
        (COLOUR, 1, TEN),
        (ramp(20, 24, 1), 1, TEN),
        (np.stack([GREY, GREY + 100]), 2, [*TEN, *(level + 100 for level in TEN)]),
        (np.stack([COLOUR, COLOUR + 100]), 2, [*TEN, *(level + 100 for level in TEN)]),
        (np.concatenate([COLOUR, np.full((6, 20, 24, 1), 255, np.uint8)], -1), 1, TEN),
        (np.stack([np.concatenate([COLOUR, np.full((6, 20, 24, 1), 255, np.uint8)], -1)] * 2), 2, TEN * 2),
        (ramp(1, 1), 1, TEN),
    ],
    ids=["thw", "thw3", "thw1", "nthw", "nthw3", "thw4", "nthw4", "one pixel"],
)
def test_the_axes_of_an_array_say_what_it_is(tmp_path, video, ending, array, clips, wanted):
    data = video(saved(tmp_path / f"a.{ending}", array))
    assert levels(data) == wanted
    assert data.about.endswith(f"in {clips} clip{'s' * (clips > 1)}.")
    assert data.title == "a"


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_an_array_in_fortrans_order_is_the_same(tmp_path, video, ending, packed):
    noise = np.random.default_rng(0).integers(0, 255, (4, 16, 16, 3), np.uint8)
    data = video(saved(tmp_path / f"a.{ending}", np.asfortranarray(noise), packed))
    assert np.array_equal(data.train.frames.numpy(), noise)


@pytest.mark.parametrize(
    ("array", "wanted", "words"),
    [
        (GREY.astype(">u2"), TEN, "whole numbers of 8 bits"),
        (GREY.astype(np.int64), TEN, ""),
        (GREY.astype(np.uint16) * 5 * 257, [5 * level for level in TEN], "16 bits: 0 to 65,535"),
        (GREY.astype(np.int32) * 16, [level * 16 * 255 / 1023 for level in TEN], "10 bits: 0 to 1,023"),
        (GREY > 20, [0, 0, 0, 255, 255, 255], ""),
        ((GREY > 20).astype(np.uint8), [0, 0, 0, 255, 255, 255], "1 bit: 0 to 1"),
        (GREY / 255, TEN, "with a point: 0 to 1 is"),
        ((GREY / 255).astype(np.float16), TEN, "with a point: 0 to 1 is"),
        (GREY / 127.5 - 1, TEN, "with a point: -1 to 1 is"),
        (GREY.astype(np.float32), TEN, "with a point: 0 to 255 is"),
        (GREY / 50 * 1.04 - 0.02, [0, 48, 101, 154, 207, 255], "with a point: 0 to 1 is"),
    ],
    ids=["big end", "int64", "uint16", "10 bits", "bool", "mask", "0..1", "half", "-1..1", "0..255", "over"],
)  # fmt: skip
def test_what_is_black_and_white_is_known_by_the_numbers_and_said(tmp_path, video, array, wanted, words):
    data = video(saved(tmp_path / "a.npz", array))
    assert levels(data) == pytest.approx(wanted, abs=1)
    said = " ".join(entry.reason for entry in data.skipped)
    assert words in said if words and "8 bits" not in words else not said


def holding(value: float) -> np.ndarray:
    array = GREY / 255
    array[-1, -1, -1] = value
    return array


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (holding(np.nan), r"NaN or infinite\): replace them, as with numpy.nan_to_num"),
        (holding(np.inf), "NaN or infinite"),
        (holding(-3), r"numbers from -3 to 0.1961: expected 0 to 255, or 0 to 1"),
        (GREY.astype(np.int16) - 5, "numbers from -5 to 45: expected 0 to 255"),
        (GREY * 1e6, r"numbers from 0 to 5e\+07"),
        (np.random.default_rng(0).normal(0, 1e307, (6, 24, 24)), "expected 0 to 255, or 0 to 1"),
        (GREY.astype(np.complex64), "holds complex64, not brightness"),
        (GREY.astype("U3"), "holds str.*, not brightness"),
        (np.array([GREY, None], object), r"holds Python objects \(pickled\), which are never loaded"),
        (np.zeros((0, 24, 24), np.uint8), r"shape \(0, 24, 24\), which holds nothing"),
        (np.zeros((5, 0, 24), np.uint8), "holds nothing"),
        (np.zeros((1, 24, 24), np.uint8), r"of one frame a clip: expected .* T at least 2"),
        (np.zeros((6, 1, 24, 24, 3), np.uint8), "of one frame a clip"),
        (
            np.zeros((24, 24), np.uint8),
            r"an array of shape \(24, 24\): expected \(T, H, W\), \(T, H, W, 3\), \(N, T",
        ),
        (np.uint8(3), r"an array of shape \(\)"),
        (np.zeros((2, 6, 3, 24, 24), np.uint8), r"colour comes last: numpy.moveaxis\(frames, 2, -1\)"),
        (np.zeros((1, 2, 6, 24, 24, 3), np.uint8), r"shape \(1, 2, 6, 24, 24, 3\): expected"),
    ],
)
@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_what_cannot_be_frames_gets_one_line(tmp_path, video, array, words, ending):
    with pytest.raises(DataError, match=rf"^'.*a.{ending}' cannot be used: .*{words}.*\.$") as raised:
        video(saved(tmp_path / f"a.{ending}", np.asarray(array)))
    assert "\n" not in str(raised.value)


def test_colour_before_height_and_width_looks_as_clips_and_that_is_said(tmp_path, video):
    data = video(saved(tmp_path / "a.npy", np.zeros((6, 3, 24, 24), np.uint8)))
    assert data.about == "18 frames in 6 clips."
    assert "read as 6 clips of 3 grey frames: colour would stand last" in data.skipped[0].reason


@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_time_before_the_clips_as_in_moving_mnists_own_file_is_seen(tmp_path, video, ending):
    """``(20, 10000, 64, 64)``: read as it stands, neighbouring frames would have nothing to do with each other."""
    ball = np.zeros((24, 24), np.uint8)
    ball[8:14, 8:14] = 150
    shades = np.random.default_rng(0).permutation(30) * 3
    clips = np.stack([[np.roll(ball, step, 1) + shade for step in range(8)] for shade in shades]).astype(
        np.uint8
    )
    turned = video(saved(tmp_path / f"a.{ending}", clips.swapaxes(0, 1)), 24)
    plain = video(saved(tmp_path / f"b.{ending}", clips), 24)
    assert turned.about == plain.about == "240 frames in 30 clips."
    assert np.array_equal(turned.train.frames.numpy(), plain.train.frames.numpy())
    assert "time is its first axis by what it shows: read as 30 clips of 8 frames" in turned.skipped[0].reason
    assert not plain.skipped


def test_episodes_that_begin_alike_are_clips_all_the_same(tmp_path, video):
    noise = np.random.default_rng(0).integers(0, 255, (5, 20, 24, 24), np.uint8)
    noise[:, :2] = 30
    data = video(saved(tmp_path / "a.npy", noise))
    assert data.about == "100 frames in 5 clips."
    assert not data.skipped


def test_of_several_arrays_the_one_that_fits_is_read(tmp_path, video):
    np.savez(tmp_path / "a.npz", labels=np.arange(6), seen=COLOUR, box=np.zeros((6, 4)))
    assert levels(video(tmp_path / "a.npz")) == TEN
    np.savez(tmp_path / "b.npz", mask=GREY > 3, frames=COLOUR)
    assert levels(video(tmp_path / "b.npz")) == TEN
    np.savez(tmp_path / "c.npz", one=GREY, two=COLOUR)
    with pytest.raises(
        DataError, match=r"holds 2 arrays of frames \(one, two\): call the one to read 'frames'"
    ):
        video(tmp_path / "c.npz")
    np.savez(tmp_path / "d.npz", x=np.arange(3), y=np.arange(4))
    with pytest.raises(
        DataError, match=r"none of its arrays \(x, y\) is one of frames: expected \(T, H, W\)"
    ):
        video(tmp_path / "d.npz")
    np.savez(tmp_path / "e.npz", labels=np.array([{}], object), frames=COLOUR)  # pickled, and left alone
    assert levels(video(tmp_path / "e.npz")) == TEN


def test_an_array_that_breaks_off_is_read_as_far_as_it_goes_and_that_is_said(tmp_path, video):
    path = saved(tmp_path / "a.npy", COLOUR)
    content = path.read_bytes()
    path.write_bytes(content[: -20 * 24 * 3 - 5])
    data = video(path)
    assert levels(data) == TEN[:4]
    assert data.skipped[0].reason == "breaks off after 4 of 6 frames"


@pytest.mark.parametrize("where", [6, 40, -40, -16, 0.5])
def test_a_damaged_npz_gets_one_line(tmp_path, video, where):
    path = saved(tmp_path / "a.npz", np.random.default_rng(0).integers(0, 255, (6, 24, 24), np.uint8))
    content = bytearray(path.read_bytes())
    at = int(where * len(content)) if isinstance(where, float) else where
    content[at : at + 30] = bytes(30)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"^'.*a.npz' cannot be used: .*$") as raised:
        video(path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "header",
    [b"{'descr': '|u1', 'fortran_order': False, 'shape': (-5, 24, 24), }",
     b"{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999, 9999999, 9999999), }",
     b"{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (6, 24, 24), }",
     b"{'descr': '|V0', 'fortran_order': False, 'shape': (6, 24, 24), }",
     b"{'descr': '|u1', 'fortran_order': True, 'shape': (99999, 9999, 9999), }",
     b"__import__('os').system('true')", b"\xff\xfe", b""],
)  # fmt: skip
def test_a_header_that_lies_gets_one_line(tmp_path, video, header):
    content = b"\x93NUMPY\1\0" + len(header + b"\n").to_bytes(2, "little") + header + b"\n" + bytes(1000)
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(DataError, match=r"^'.*a.npy' cannot be used: .*$") as raised:
        video(tmp_path / "a.npy")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_memory_stays_flat_however_long_an_array_is(tmp_path, video, ending, monkeypatch):
    """64 MB of float64 in a file."""
    monkeypatch.setattr(arrays, "_AT_ONCE", 2**18)
    path = saved(tmp_path / f"a.{ending}", np.zeros((2000, 64, 64)), packed=False)
    tracemalloc.start()
    try:
        video(path)
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    finally:
        tracemalloc.stop()


def test_a_zip_of_something_else_that_is_called_npz_gets_one_line(tmp_path, video):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as file:
        file.writestr("a.txt", "x")
    with pytest.raises(
        DataError, match=r"holds no array of numpy's: expected frames saved with numpy\.savez"
    ):
        video(tmp_path / "a.npz")


def test_arrays_in_a_folder_are_clips_beside_videos(tmp_path, video):
    saved(tmp_path / "10.npz", np.stack([GREY, GREY + 100]))
    saved(tmp_path / "2.npy", COLOUR)
    (tmp_path / "3.npy").write_bytes(b"x")
    data = video(tmp_path)
    assert levels(data) == [*TEN, *TEN, *(level + 100 for level in TEN)]
    assert [entry.path for entry in data.skipped] == ["3.npy"]


def test_moving_mnist_is_its_clips_also_with_time_before_them(tmp_path, video):
    path = SHARED / "video_moving_mnist" / "moving_mnist_400x16x64x64.npz"
    if not path.exists():
        pytest.skip("needs ../shared/data")
    data = video(path, 64)
    assert (len(data.train), len(data.test), data.train.longest) == (320, 80, 16)
    frames = np.load(path)["frames"]
    assert np.array_equal(data.train.frames[..., 0].numpy(), frames.reshape(-1, 64, 64))
    turned = video(saved(tmp_path / "turned.npy", frames[:100].swapaxes(0, 1)), 64)
    assert np.array_equal(turned.train.frames[..., 0].numpy(), frames[:100].reshape(-1, 64, 64))


def test_content_decides_not_the_ending(tmp_path, video):
    buffer = io.BytesIO()
    np.save(buffer, COLOUR)
    (tmp_path / "a.mp4").write_bytes(buffer.getvalue())
    assert levels(video(tmp_path / "a.mp4")) == TEN
