"""Every kind of file that a person may drop on the window: read, or refused in one clear line."""

import io
import tarfile

import numpy as np
import pytest
import soundfile

from ssllab.audio.errors import AudioError
from ssllab.audio.files import audio_files, info, read, stream, write


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (16_000, 2), (44_100, 2), (48_000, 1)])
def test_any_rate_and_format_becomes_16_khz_mono(tmp_path, sweep, likeness, suffix, rate, channels):
    path = tmp_path / f"sound.{suffix}"
    soundfile.write(path, np.repeat(sweep(2, rate)[:, None], channels, 1), rate)
    header = info(path)
    assert (header.rate, header.channels) == (rate, channels)
    assert header.seconds == pytest.approx(2, abs=0.06)  # MP3 pads to whole frames
    samples = read(path)
    assert samples.dtype == np.float32
    assert len(samples) == pytest.approx(32_000, abs=1000)
    similar, lag = likeness(samples, sweep(2, 16_000))
    assert similar > (0.95 if suffix == "mp3" else 0.99)  # MP3 delays by a fraction of a sample at 16 kHz
    assert abs(lag) < 16 * 5


def test_channels_are_averaged_at_96_khz_and_8_channels(tmp_path):
    path = tmp_path / "eight.wav"
    tone = np.sin(2 * np.pi * 440 * np.arange(96_000) / 96_000)
    soundfile.write(path, tone[:, None] * np.arange(8) / 8, 96_000, "FLOAT")
    samples = read(path)
    expected = 3.5 / 8 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    np.testing.assert_allclose(samples[400:-400], expected[400:-400], atol=2e-3)


def test_a_stream_is_the_file_in_pieces(tmp_path, sweep):
    path = tmp_path / "sound.flac"
    soundfile.write(path, sweep(3, 44_100), 44_100)
    whole = read(path)
    pieces = list(stream(path, block_seconds=0.25))
    assert len(pieces) >= 12
    np.testing.assert_allclose(np.concatenate(pieces), whole, atol=1e-6)


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3"])
def test_blocks_have_no_seams(tmp_path, sweep, suffix):
    path = tmp_path / f"sound.{suffix}"
    soundfile.write(path, sweep(30, 16_000) + sweep(30, 16_000, 100, 150), 16_000)
    whole = soundfile.read(path, dtype="float32")[0]
    np.testing.assert_allclose(np.concatenate(list(stream(path, block_seconds=0.5))), whole, atol=1e-5)


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_a_part_is_where_it_is_in_the_whole(tmp_path, sweep, rate):
    path = tmp_path / "sound.flac"
    soundfile.write(path, sweep(5, rate), rate)
    whole, part = read(path), read(path, start=2.0, end=3.5)
    assert len(part) == pytest.approx(24_000, abs=1)
    np.testing.assert_allclose(part[:23_900], whole[32_000 : 32_000 + 23_900], atol=1e-4)


def test_aliases_do_not_appear(tmp_path):
    path = tmp_path / "high.wav"
    soundfile.write(path, 0.5 * np.sin(2 * np.pi * 12_000 * np.arange(48_000) / 48_000), 48_000)
    assert np.abs(read(path)[400:-400]).max() < 1e-4  # 12 kHz has no place below 8 kHz


def write_bytes(path, content: bytes):
    path.write_bytes(content)
    return path


def encoded(suffix: str, frames: np.ndarray, rate: int = 16_000) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, frames, rate, format=suffix.upper())
    return buffer.getvalue()


REFUSED = {
    "empty.wav": (b"", "is empty"),
    "text.wav": (b"Once upon a time\n" * 200, "not audio"),
    "text.mp3": (b"Once upon a time\n" * 200, "not audio"),
    "headerless.raw": (bytes(1000), "not audio"),
    "noise.flac": (bytes(range(256)) * 40, "not audio"),
    "no samples.wav": (encoded("wav", np.zeros(0)), "no sound"),
    "header only.flac": (encoded("flac", np.zeros(4000))[:60], "not audio"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_audio_is_refused_in_one_line(tmp_path, name):
    content, words = REFUSED[name]
    path = write_bytes(tmp_path / name, content)
    for attempt in (info, read):
        with pytest.raises(AudioError, match=words) as refusal:
            attempt(path)
        assert name in str(refusal.value)
        assert "\n" not in str(refusal.value)


def test_missing_files_and_folders_are_named(tmp_path):
    with pytest.raises(AudioError, match="does not exist"):
        read(tmp_path / "nowhere.wav")
    with pytest.raises(AudioError, match="is a folder"):
        read(tmp_path)


def test_a_file_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    path = write_bytes(tmp_path / "secret.wav", encoded("wav", np.zeros(100)))

    def refuse(*arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(AudioError, match=r"secret.wav cannot be read \(Permission denied\)"):
        read(path)


def test_one_sample_is_read_and_less_than_one_is_refused(tmp_path):
    path = tmp_path / "one.wav"
    soundfile.write(path, np.full(1, 0.5), 16_000)
    np.testing.assert_allclose(read(path), [0.5], atol=1e-4)
    soundfile.write(path, np.full(1, 0.5), 96_000)
    with pytest.raises(AudioError, match="too short"):
        read(path)


def test_values_that_are_no_numbers_become_silence_and_are_told(tmp_path, sweep):
    path = tmp_path / "nan.wav"
    frames = sweep(1, 16_000)
    frames[100:110] = np.nan
    frames[200] = np.inf
    soundfile.write(path, frames, 16_000, "FLOAT")
    notes: list[str] = []
    samples = read(path, note=notes.append)
    assert np.isfinite(samples).all()
    assert not samples[100:110].any()
    assert notes == ["nan.wav: 11 samples were not numbers and became silence."]


@pytest.mark.parametrize("suffix", ["flac", "mp3", "ogg", "wav"])
def test_a_truncated_file_gives_what_is_there(tmp_path, sweep, suffix):
    whole = encoded(suffix, sweep(20, 16_000))
    path = write_bytes(tmp_path / f"cut.{suffix}", whole[: len(whole) // 2])
    notes: list[str] = []
    samples = read(path, note=notes.append)
    # A rising tone becomes dearer to encode, so half the bytes are not half the time.
    assert 4 * 16_000 < len(samples) < 19 * 16_000
    similar = np.corrcoef(samples[:48_000], sweep(20, 16_000)[:48_000])[0, 1]
    assert similar > 0.95
    if suffix in ("flac", "mp3"):  # the others' headers are believed by nobody, so there is nothing to miss
        assert len(notes) == 1
        assert "breaks off" in notes[0]


def test_silence_and_clipped_sound_come_through(tmp_path):
    path = tmp_path / "sound.wav"
    soundfile.write(path, np.zeros(16_000), 16_000)
    assert not read(path).any()
    square = np.sign(np.sin(2 * np.pi * 100 * np.arange(48_000) / 48_000) + 1e-9)
    soundfile.write(path, square, 48_000)
    samples = read(path)
    assert np.isfinite(samples).all()
    assert 0.99 < np.abs(samples).max() < 1.4  # the resampler overshoots at a corner


def test_two_hours_are_streamed_in_small_blocks(tmp_path):
    path = tmp_path / "long.flac"
    second = np.zeros((8_000, 1), np.int16)
    with soundfile.SoundFile(path, "w", 8_000, 1) as file:
        for _ in range(72):
            file.write(np.tile(second, (100, 1)))
    assert info(path).seconds == 7200
    count, largest = 0, 0
    for block in stream(path):
        count += len(block)
        largest = max(largest, len(block))
    assert count == 7200 * 16_000
    assert largest <= 16 * 16_000


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_what_was_written_is_read(tmp_path, sweep, likeness, suffix):
    path = tmp_path / f"out.{suffix}"
    write(path, (part for part in np.array_split(sweep(2, 16_000), 7)))
    assert likeness(read(path), sweep(2, 16_000))[0] > 0.99
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_long_sound_in_one_piece_is_written_as_ogg(tmp_path):
    # In one write libsndfile 1.2 dies of it with a segmentation fault.
    write(tmp_path / "long.ogg", np.zeros(16_000 * 600, np.float32))
    assert info(tmp_path / "long.ogg").seconds == 600


def test_an_unknown_suffix_and_a_broken_stream_leave_nothing(tmp_path):
    with pytest.raises(AudioError, match=r"\.txt"):
        write(tmp_path / "out.txt", np.zeros(10, np.float32))

    def broken():
        yield np.zeros(1000, np.float32)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write(tmp_path / "out.wav", broken())
    with pytest.raises(AudioError, match="nowhere"):
        write(tmp_path / "nowhere" / "out.wav", np.zeros(10, np.float32))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_lists_its_sounds(tmp_path):
    for name in ("b/2.FLAC", "a.wav", "notes.txt", ".hidden/3.wav", "b/.4.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert audio_files(tmp_path) == [tmp_path / "a.wav", tmp_path / "b" / "2.FLAC"]


def test_real_speech(tmp_path, shared_data):
    archive = shared_data / "speech_asterisk_en" / "asterisk_en_allison_16k_flac.tar"
    with tarfile.open(archive) as tar:
        members = [member for member in tar if member.name.endswith(".flac")][:20]
        for member in members:
            path = tmp_path / "speech.flac"
            path.write_bytes(tar.extractfile(member).read())
            samples = read(path)
            assert len(samples) == pytest.approx(info(path).seconds * 16_000, abs=1)
            assert 0.01 < np.abs(samples).max() <= 1
