"""Video files of a person's own, through FFmpeg's libraries."""

import os
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from ssllab.data.skipped import left_out
from ssllab.storage.errors import DataError
from ssllab.storage.progress import Cancelled
from tests.data.video.conftest import levels, plain, write_video

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
STEPS = [10 * number for number in range(1, 21)]


def steps(height: int = 24, width: int = 24) -> list[np.ndarray]:
    return [plain(level, height, width) for level in STEPS]


def test_every_frame_of_a_plain_video_is_there_once_in_order(tmp_path, video):
    data = video(write_video(tmp_path / "a.mkv", steps()))
    assert levels(data) == STEPS
    assert data.title == "a"
    assert data.kind == "video"
    assert data.options == {"frame_size": 16}


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [("a.mp4", "mpeg4", "yuv420p"), ("a.mov", "libx264", "yuv420p"), ("a.avi", "mpeg4", "yuv420p"),
     ("a.webm", "libvpx-vp9", "yuv420p"), ("a.ts", "libx264", "yuv420p"), ("a.mkv", "libx265", "yuv420p10le"),
     ("a.mpg", "mpeg2video", "yuv420p"), ("a.flv", "libx264", "yuv420p"), ("a.wmv", "wmv2", "yuv420p"),
     ("a.h264", "libx264", "yuv420p"), ("a.mp4", "libsvtav1", "yuv420p")],
)  # fmt: skip
def test_usual_containers_and_codecs_are_read(tmp_path, video, name, codec, pixels):
    pictures = [plain(level, 72, 96) for level in STEPS]
    data = video(write_video(tmp_path / name, pictures, codec=codec, pixels=pixels))
    assert len(data.train.frames) == pytest.approx(20, abs=1)
    assert np.abs(np.diff(levels(data)) - 10).max() <= 3
    assert not data.skipped


@pytest.mark.skipif(
    not hasattr(os, "sched_getscheduler"), reason="only Linux tells how a process is scheduled"
)
def test_to_write_av1_leaves_the_tests_their_usual_priority(tmp_path):
    before = os.sched_getscheduler(0), os.sched_getparam(0).sched_priority
    write_video(
        tmp_path / "a.mp4", [plain(level, 72, 96) for level in STEPS], codec="libsvtav1", pixels="yuv420p"
    )
    assert (os.sched_getscheduler(0), os.sched_getparam(0).sched_priority) == before


@pytest.mark.parametrize("pixels", ["gray", "gray10le", "yuv444p10le", "yuv422p16le", "bgra", "yuva420p"])
def test_grey_deep_and_transparent_pixels_are_read(tmp_path, video, pixels):
    data = video(write_video(tmp_path / "a.mkv", steps(), pixels=pixels))
    assert levels(data) == pytest.approx(STEPS, abs=4)


def test_what_is_transparent_lies_over_mid_grey(tmp_path, video):
    clear = np.dstack([plain(255), np.zeros((24, 24), np.uint8)])
    half = clear.copy()
    half[..., 3] = 128
    data = video(write_video(tmp_path / "a.mov", [clear, half] * 3, codec="qtrle", pixels="argb"))
    assert levels(data) == pytest.approx([128, 192] * 3, abs=2)


def test_frames_that_come_at_uneven_times_are_brought_to_an_even_rate(tmp_path, video):
    """A frame that stands for long is there several times: the speed of what moves stays what it was."""
    times = [0, 40, 80, 120, 280, 320, 360, 400, 560, 600]
    data = video(write_video(tmp_path / "a.mkv", steps()[:10], times=times))
    found = levels(data)
    assert sorted(set(found)) == STEPS[:10]
    assert found == sorted(found)
    assert found.count(STEPS[3]) >= 3
    assert any("uneven times" in entry.reason for entry in data.skipped)
    assert left_out(data.skipped) == 0


def test_times_that_are_rounded_repeat_and_drop_no_frame(tmp_path, video):
    """23.976 a second in whole milliseconds, as Matroska keeps them."""
    times = [round(1001 * number / 24) for number in range(200)]
    pictures = [plain(number) for number in range(200)]
    data = video(write_video(tmp_path / "a.mkv", pictures, times=times, rate=Fraction(24_000, 1001)))
    assert levels(data) == list(range(200))


@pytest.mark.parametrize("said", [1, 50, 90])
def test_a_rate_that_is_said_and_not_kept_is_not_believed(tmp_path, video, said):
    """Else each frame would be there several times, or most of them never."""
    times = [67 * number for number in range(20)]
    data = video(write_video(tmp_path / "a.mkv", steps(), times=times, rate=said))
    assert levels(data) == STEPS
    assert not data.skipped


def test_a_long_pause_parts_the_clip(tmp_path, video):
    """Nothing moves meanwhile, and no window goes across."""
    times = [40 * number for number in range(10)] + [60_000 + 40 * number for number in range(10)]
    data = video(write_video(tmp_path / "a.mkv", steps(), times=times, rate=25))
    assert len(data.train.frames) < 1000
    assert data.about.endswith("2 clips.")


@pytest.mark.parametrize(("degrees", "side"), [(0, 0), (90, 1), (180, 2), (-90, 3)])
def test_a_video_is_turned_as_it_says(tmp_path, video, degrees, side):
    """Against the clock, as FFmpeg counts: what is above goes to the left."""
    picture = plain(0, 24, 40)
    picture[:12, :, 0] = 255  # red above
    path = write_video(
        tmp_path / "a.mp4", [picture] * 4, codec="mpeg4", pixels="yuv420p",
        change=lambda stream: stream.set_display_rotation(degrees),
    )  # fmt: skip
    red = video(path).train.frames[0, :, :, 0].float()
    above, left, below, right = red[:8].mean(), red[:, :8].mean(), red[8:].mean(), red[:, 8:].mean()
    sides = torch.stack((above, left, below, right))
    assert int(sides.argmax()) == side
    assert sides.max() > 200 > 60 > sides.min()


@pytest.mark.parametrize("name", ["a.avi", "a.mkv", "a.mp4", "a.ts"])
def test_frames_that_lean_on_later_ones_come_in_the_order_in_which_they_are_shown(tmp_path, video, name):
    path = write_video(
        tmp_path / name, [plain(10 * number, 64, 64) for number in range(24)], codec="libx264", pixels="yuv420p",
        change=lambda stream: setattr(stream.codec_context, "max_b_frames", 2),
    )  # fmt: skip
    found = levels(video(path))
    assert len(found) == 24
    assert np.abs(np.array(found) - 10 * np.arange(24)).max() <= 4


@pytest.mark.parametrize("step", [15_000, 3_600_000])
def test_slow_video_is_one_clip(tmp_path, video, step):
    """A picture every quarter of a minute, or an hour."""
    data = video(write_video(tmp_path / "a.mkv", steps(), times=[step * number for number in range(20)]))
    assert levels(data) == STEPS
    assert data.about == "20 frames in 1 clip."


def test_the_centre_square_of_a_wide_picture_is_kept(tmp_path, video):
    picture = plain(200, 24, 60)
    picture[:, :18] = picture[:, 42:] = 0
    data = video(write_video(tmp_path / "a.mkv", [picture] * 4))
    assert levels(data) == pytest.approx([200] * 4, abs=1)


def test_pixels_that_are_not_square_are_made_so(tmp_path, video):
    """24 x 24 pixels, each twice as wide as high: a circle on the screen is an ellipse in the file."""
    picture = plain(0)
    picture[:, 6:18] = 220  # the square in the middle of a picture that is shown 48 wide
    data = video(
        write_video(tmp_path / "a.mp4", [picture] * 4, codec="mpeg4", pixels="yuv420p",
                    change=lambda stream: setattr(stream.codec_context, "sample_aspect_ratio", Fraction(2, 1)))
    )  # fmt: skip
    assert levels(data) == pytest.approx([220] * 4, abs=12)


@pytest.mark.parametrize(("height", "width"), [(17, 31), (2, 2), (1, 9), (31, 17)])
def test_odd_and_tiny_sizes_are_read(tmp_path, video, height, width):
    assert levels(video(write_video(tmp_path / "a.mkv", steps(height, width)))) == STEPS


def test_a_picture_that_is_a_line_is_said(tmp_path, video):
    with pytest.raises(
        DataError, match=r"'.*a.mkv' cannot be used: its picture is too narrow \(200x4\): cut it first\."
    ):
        video(write_video(tmp_path / "a.mkv", steps(4, 200)))


def test_fine_detail_becomes_grey_not_noise(tmp_path, video):
    """4K, and stripes of one pixel: what is smaller than a pixel of ours is averaged."""
    picture = plain(0, 2160, 3840)
    picture[:, ::2] = 255
    found = video(write_video(tmp_path / "a.mkv", [picture] * 2)).train.frames.float()
    assert found.mean() == pytest.approx(127.5, abs=4)
    assert found.std() < 3


def test_a_recording_has_no_pictures(tmp_path, video):
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(16_000))
    with pytest.raises(
        DataError, match=r"'.*a.wav' cannot be used: only sound, no pictures in it: choose a video\."
    ):
        video(tmp_path / "a.wav")


@pytest.mark.parametrize("cover", [False, True])
def test_sound_in_a_containers_of_video_has_none_and_a_cover_is_none(tmp_path, video, cover):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as file:
        sound = file.add_stream("aac", rate=16_000, layout="mono")
        if cover:
            from av.stream import Disposition

            picture = file.add_stream("mjpeg", rate=1)
            picture.width = picture.height = 64
            picture.pix_fmt = "yuvj420p"
            picture.disposition = Disposition.attached_pic
            file.mux(picture.encode(av.VideoFrame.from_ndarray(plain(100, 64, 64), format="rgb24")))
            file.mux(picture.encode())
        samples = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.float32), format="fltp", layout="mono")
        samples.sample_rate = 16_000
        file.mux(sound.encode(samples))
        file.mux(sound.encode())
    if cover:
        with av.open(str(path)) as file:
            assert len(file.streams.video) == 1
    with pytest.raises(DataError, match="only sound, no pictures"):
        video(path)


def cut(path: Path, share: float) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    return path


def noisy(count: int = 60) -> list[np.ndarray]:
    noise = np.random.default_rng(0)
    return [noise.integers(0, 255, (48, 48, 3), np.uint8) for _ in range(count)]


def test_what_breaks_off_is_read_as_far_as_it_goes_and_that_is_said(tmp_path, video, capfd):
    """An .mp4 that is told from its beginning what lies where, as from the web; the download stopped."""
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w", options={"movflags": "faststart"}) as file:
        stream = file.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 48
        stream.pix_fmt, stream.gop_size = "yuv420p", 5
        for picture in noisy():
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(stream.encode())
    data = video(cut(path, 0.5))
    assert 10 < len(data.train.frames) < 50
    (entry,) = data.skipped
    assert entry.reason.startswith("breaks off after ")
    assert entry.reason.endswith("of 6.0 seconds")
    assert capfd.readouterr() == ("", "")


def test_an_mp4_whose_end_is_missing_says_what_to_do(tmp_path, video, capfd):
    path = cut(write_video(tmp_path / "a.mp4", noisy(), codec="mpeg4", pixels="yuv420p"), 0.5)
    with pytest.raises(
        DataError, match="its index is missing or damaged, as of a recording that was cut off"
    ):
        video(path)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["a.mkv", "a.avi"])
def test_other_containers_that_break_off_keep_what_they_have(tmp_path, video, name):
    path = cut(write_video(tmp_path / name, noisy(), codec="mpeg4", pixels="yuv420p"), 0.6)
    data = video(path)
    assert 10 < len(data.train.frames) < 55
    assert data.skipped[-1].reason.startswith("breaks off after ")


@pytest.mark.parametrize("name", ["a.mkv", "a.webm", "a.mp4", "a.ts"])
def test_sound_that_is_longer_than_the_pictures_is_nothing_lost(tmp_path, video, name):
    with av.open(str(tmp_path / name), "w") as file:
        codec = "libvpx-vp9" if name.endswith("webm") else "mpeg4"
        stream = file.add_stream(codec, rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        sound = file.add_stream("libopus" if name.endswith("webm") else "aac", rate=48_000, layout="mono")
        for level in STEPS:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(plain(level, 64, 64), format="rgb24")))
        file.mux(stream.encode())
        form = sound.codec_context.format.name
        kind = np.int16 if form.startswith("s16") else np.float32
        samples = av.AudioFrame.from_ndarray(np.zeros((1, 8 * 48_000), kind), format=form, layout="mono")
        samples.sample_rate, samples.pts = 48_000, 0
        file.mux(sound.encode(samples))
        file.mux(sound.encode())
    data = video(tmp_path / name)
    assert len(data.train.frames) == 20
    assert not data.skipped


def test_damaged_bytes_in_the_middle_cost_some_frames_only(tmp_path, video, capfd):
    path = write_video(tmp_path / "a.mkv", noisy(), codec="mpeg4", pixels="yuv420p")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = os.urandom(3000)
    path.write_bytes(content)
    data = video(path)
    assert len(data.train.frames) > 20
    assert capfd.readouterr() == ("", "")


def test_one_frame_is_refused(tmp_path, video):
    with pytest.raises(DataError, match=r"cannot be used: of one frame only: expected at least 2\.$"):
        video(write_video(tmp_path / "a.mkv", steps()[:1]))


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", r"empty \(0 bytes\)"),
     (b"#EXTM3U\nhttp://127.0.0.1:9/secret.mp4\n", "not a video"),
     (b"ffconcat version 1.0\nfile /etc/passwd\n", "not a video"),
     (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
     (b"<!doctype html><title>404</title>", "a web page"),
     (os.urandom(4000), "not a video"),
     (b"\0\0\0\x18ftypmp42" + os.urandom(4000), "index is missing or damaged"),
     (b"\x1aE\xdf\xa3" + os.urandom(4000), "broken|breaks off"),
     (b"RIFF\xff\xff\0\0AVI LIST" + bytes(100), "broken|breaks off")],
)  # fmt: skip
def test_what_calls_itself_a_video_and_is_none_gets_one_line(tmp_path, video, content, words, capfd):
    """A playlist least of all: it would lead to other files, or into the network."""
    (tmp_path / "a.mp4").write_bytes(content)
    with pytest.raises(DataError, match=words) as raised:
        video(tmp_path / "a.mp4")
    assert "\n" not in str(raised.value)
    assert capfd.readouterr() == ("", "")


def test_it_is_said_how_far_it_is_and_it_can_be_stopped(tmp_path, video):
    path = write_video(tmp_path / "a.mkv", [plain(number % 200) for number in range(300)])
    said: list[tuple[float, str]] = []
    with pytest.raises(Cancelled):
        video(path, cancelled=lambda: len(said) > 100, said=said)
    shares = [share for share, _ in said]
    assert shares == sorted(shares)
    assert 0.1 < shares[-1] < 0.6
    assert said[-1][1].startswith("Reading video: ")
    assert not [file for file in video.root.rglob("*") if file.is_file()]
    assert len(video(path).train.frames) == 300


def test_big_buck_bunny_through_a_lossless_video_is_what_its_numbers_are(tmp_path, video):
    path = SHARED / "video_bigbuckbunny" / "bbb_first96_72x128.npz"
    if not path.exists():
        pytest.skip("needs ../shared/data")
    film = write_video(tmp_path / "a.mkv", np.load(path)["frames"])
    numbers, decoded = video(path, 32), video(film, 32)
    apart = (numbers.train.frames.float() - decoded.train.frames.float()).abs()
    assert numbers.train.frames.shape == decoded.train.frames.shape == (96, 32, 32, 3)
    assert apart.mean() < 1
    assert torch.equal(numbers.test.starts, decoded.test.starts)
