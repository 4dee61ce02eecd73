"""Files whose header is wrong or silent about half of the sound: what can be decoded is used, losses are said."""

import io
import socket
import struct
import threading
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from ssllab.audio import packets
from ssllab.audio.errors import AudioError
from ssllab.audio.files import info, read, stream, write
from ssllab.audio.formats import container_of

RATE = 16_000


def heard(path, **options):
    """The samples of a file and what was told of it."""
    notes: list[str] = []
    return read(path, note=notes.append, **options), notes


def by_ffmpeg(path, container: str) -> np.ndarray:
    """All that FFmpeg itself decodes, brought to 16 kHz mono by its own resampler."""
    with path.open("rb") as file, av.open(file, format=container) as opened:
        resampler = av.AudioResampler("fltp", "mono", RATE)
        frames = [out for frame in opened.decode(audio=0) for out in resampler.resample(frame)]
        frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray()[0] for frame in frames])


def alike(first: np.ndarray, second: np.ndarray) -> float:
    """Correlation over the shorter of the two."""
    length = min(len(first), len(second))
    return float(np.corrcoef(first[:length], second[:length])[0, 1])


def encode(path, samples: np.ndarray, codec: str, container: str, rate: int = RATE):
    """Write ``(n,)`` float32 with one of FFmpeg's encoders."""
    with av.open(str(path), "w", format=container) as opened:
        track = opened.add_stream(codec, rate=rate, layout="mono")
        track.bit_rate = 64_000
        frame = av.AudioFrame.from_ndarray(samples[None].astype(np.float32), "fltp", "mono")
        frame.sample_rate = rate
        resampler = av.AudioResampler(track.format, "mono", rate, track.codec_context.frame_size or 1024)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            opened.mux(track.encode(piece))
        opened.mux(track.encode(None))
    return path


def encoded(samples: np.ndarray, rate: int = RATE, **options) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, **options)
    return buffer.getvalue()


# The cases


@pytest.mark.parametrize(
    ("name", "container", "seconds"),
    [
        ("gsm.wav", "wav", 3.8),
        ("x_vbr_noxing.mp3", "mp3", 1.98),
        ("chained_x_opus.ogg", "ogg", 3.8),
        ("chained_x_vorbis.ogg", "ogg", 3.82),
        ("flac_total0.flac", "flac", 1.9),
        ("x_oggflac.oga", "ogg", 1.9),
        ("stream_zero.wav", "wav", 1.9),
    ],
)
def test_a_file_whose_header_misleads_gives_all_that_ffmpeg_decodes(cases, name, container, seconds):
    samples, notes = heard(cases / name)
    assert len(samples) / RATE == pytest.approx(seconds, abs=0.01)
    assert info(cases / name).seconds == pytest.approx(seconds, abs=0.06)
    assert notes == []
    assert alike(samples, by_ffmpeg(cases / name, container)) > 0.999


@pytest.mark.parametrize("name", ["chained_x_opus.ogg", "chained_x_vorbis.ogg"])
def test_every_link_of_a_chained_file_is_the_recording(cases, likeness, name):
    sound, samples = read(cases / "ref.wav"), read(cases / name)
    half = len(samples) // 2
    for link in (samples[:half], samples[half:]):
        assert likeness(link, sound[2000:-2000])[0] > 0.97


def test_what_is_left_around_a_hole_in_a_flac_is_used_and_the_hole_is_measured(cases):
    sound, (samples, notes) = read(cases / "ref.wav"), heard(cases / "flac_hole.flac")
    # One frame of 4,096 samples is hit, its neighbours are not.
    np.testing.assert_array_equal(samples, np.delete(sound, slice(12_288, 16_384)))
    assert notes == ["flac_hole.flac is damaged: 0.26 of 1.9 seconds cannot be decoded and are left out."]


def test_of_channels_that_cancel_each_other_one_is_used_and_it_is_said(cases):
    samples, notes = heard(cases / "antiphase.wav")
    left = soundfile.read(cases / "antiphase.wav", dtype="float32")[0][:, 0]
    np.testing.assert_array_equal(samples, left)
    assert notes == ["antiphase.wav: its channels cancel each other out, so only one of them is used."]


# The same kinds, made here


def test_channels_that_differ_are_averaged_without_a_word(tmp_path, sweep):
    generator = np.random.default_rng(0)
    for number, right in enumerate(
        (0 * sweep(1, RATE), generator.normal(0, 0.1, RATE), -0.5 * sweep(1, RATE))
    ):
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, np.stack((sweep(1, RATE), right), 1), RATE, "FLOAT")
        samples, notes = heard(path)
        np.testing.assert_allclose(samples, (sweep(1, RATE) + right) / 2, atol=1e-6)
        assert notes == []


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_files_put_end_to_end_are_read_to_the_last(tmp_path, sweep, likeness, suffix):
    first, second = sweep(2, RATE), sweep(3, RATE, 3000, 500)
    path = tmp_path / f"joined.{suffix}"
    path.write_bytes(encoded(first, format=suffix) + encoded(second, format=suffix))
    samples, notes = heard(path)
    assert len(samples) / RATE == pytest.approx(5, abs=0.2)
    assert info(path).seconds == pytest.approx(5, abs=0.25)
    assert notes == []
    for sound, part in ((first, samples[: len(samples) // 2]), (second, samples[int(1.5 * RATE) :])):
        assert likeness(part, sound[1000:-1000])[0] > 0.95


def test_files_of_two_rates_put_end_to_end_keep_their_pitch(tmp_path, sweep, likeness):
    path = tmp_path / "joined.flac"
    path.write_bytes(
        encoded(sweep(2, 44_100), 44_100, format="FLAC") + encoded(sweep(2, 8_000), 8_000, format="FLAC")
    )
    samples, notes = heard(path)
    assert len(samples) == pytest.approx(4 * RATE, abs=10)
    for half in (samples[: 2 * RATE], samples[2 * RATE :]):
        assert likeness(half, sweep(2, RATE)[1000:-1000])[0] > 0.99
    part = read(path, start=3.0)
    np.testing.assert_allclose(part[:-100], samples[3 * RATE : 3 * RATE + len(part) - 100], atol=1e-3)
    assert notes == []


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_more_files_may_be_joined_than_a_process_may_open(tmp_path, suffix):
    path = tmp_path / f"corpus.{suffix}"
    path.write_bytes(encoded(np.full(100, 0.25), format=suffix) * 1100)
    samples, notes = heard(path)
    np.testing.assert_array_equal(samples, np.full(110_000, 0.25, np.float32))
    assert (info(path).seconds, notes) == (pytest.approx(110_000 / RATE), [])


def test_a_part_of_a_joined_file_that_cannot_be_read_is_said(tmp_path, sweep):
    path = tmp_path / "joined.wav"
    damaged = bytearray(encoded(sweep(1, RATE), format="WAV"))
    damaged[20:22] = b"\xaa\xaa"  # an unknown codec
    path.write_bytes(encoded(sweep(2, RATE), format="WAV") + damaged)
    samples, notes = heard(path)
    assert len(samples) == 2 * RATE
    assert notes == ["joined.wav was joined of 2 files; 1 of them cannot be read."]


@pytest.mark.parametrize("kind", ["VORBIS", "OPUS"])
def test_what_is_lost_of_an_ogg_is_said_by_its_place(tmp_path, sweep, kind):
    whole = encoded(sweep(20, RATE), format="OGG", subtype=kind)
    middle = len(whole) // 2
    (tmp_path / "hole.ogg").write_bytes(whole[:middle] + bytes(400) + whole[middle + 400 :])
    samples, notes = heard(tmp_path / "hole.ogg")
    assert notes == [
        f"hole.ogg is damaged: {20 - len(samples) / RATE:,.2f} of 20.0 seconds cannot be decoded and are left out."
    ]
    (tmp_path / "cut.ogg").write_bytes(whole[:middle])
    samples, notes = heard(tmp_path / "cut.ogg")
    assert notes == [
        f"cut.ogg has no end mark: it may have gone on after {len(samples) / RATE:,.1f} seconds."
    ]


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFF000, 36])
def test_a_wav_whose_size_was_never_written_is_read_to_its_end(tmp_path, sweep, size):
    content = bytearray(encoded(sweep(2, RATE), format="WAV"))
    content[4:8] = struct.pack("<I", size)
    content[40:44] = struct.pack("<I", 0 if size == 36 else size)
    path = tmp_path / "cut.wav"
    path.write_bytes(content)
    samples, notes = heard(path)
    assert len(samples) == pytest.approx(2 * RATE, abs=20)
    assert alike(samples, sweep(2, RATE)) > 0.999
    assert notes == []


def test_a_wav_that_truly_holds_nothing_is_refused_though_words_follow(tmp_path):
    content = bytearray(encoded(np.zeros(0), format="WAV")) + b"LIST\x1a\0\0\0INFOIART" + bytes(18)
    content[4:8] = struct.pack("<I", len(content) - 8)
    (tmp_path / "nothing.wav").write_bytes(content)
    with pytest.raises(AudioError, match=r"nothing.wav holds no sound"):
        read(tmp_path / "nothing.wav")


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3"])
def test_the_length_of_a_missing_end_is_said(tmp_path, sweep, suffix):
    whole = encoded(sweep(20, RATE), format=suffix)
    path = tmp_path / f"cut.{suffix}"
    path.write_bytes(whole[: len(whole) // 2])
    samples, notes = heard(path)
    assert notes == [f"cut.{suffix} breaks off: {len(samples) / RATE:,.1f} of 20.0 seconds could be read."]


def test_many_holes_in_a_flac_cost_the_frames_that_they_hit(tmp_path, sweep):
    sound = sweep(60, RATE)
    content = bytearray(encoded(sound, format="FLAC"))
    for hole in range(1, 6):
        at = len(content) * hole // 6
        content[at : at + 300] = bytes(300)
    path = tmp_path / "holes.flac"
    path.write_bytes(content)
    samples, notes = heard(path)
    lost = len(sound) - len(samples)
    assert 5 * 4096 <= lost <= 10 * 4096
    assert notes == [
        f"holes.flac is damaged: {lost / RATE:,.2f} of 60.0 seconds cannot be decoded and are left out."
    ]
    whole = np.clip(np.rint(sound * 32767) / 32768, -1, 1)
    np.testing.assert_allclose(samples[:RATE], whole[:RATE], atol=1e-4)
    np.testing.assert_allclose(samples[-RATE:], whole[-RATE:], atol=1e-4)


@pytest.mark.parametrize("kind", ["mp3", "m4a", "webm"])
@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_a_part_is_where_it_is_in_the_whole(tmp_path, sweep, kind, rate):
    path = tmp_path / f"sound.{kind}"
    if kind == "mp3":
        soundfile.write(path, sweep(6, rate), rate)
    else:
        encode(path, sweep(6, rate), *{"m4a": ("aac", "ipod"), "webm": ("libopus", "webm")}[kind], rate)
    whole, part = read(path), read(path, start=4.0, end=5.5)
    assert len(part) == pytest.approx(24_000, abs=1)
    np.testing.assert_allclose(part[:23_900], whole[64_000 : 64_000 + 23_900], atol=1e-3)


def test_to_get_into_a_long_mp3_only_what_is_near_is_decoded(tmp_path, sweep, monkeypatch):
    path = tmp_path / "sound.mp3"
    soundfile.write(path, np.tile(sweep(10, 8_000), 6), 8_000)
    whole, decoded = read(path), []
    seen = packets._samples
    monkeypatch.setattr(packets, "_samples", lambda *group: decoded.append(len(made := seen(*group))) or made)
    part = read(path, start=50.0, end=51.0)
    np.testing.assert_allclose(part[:-100], whole[800_000 : 816_000 - 100], atol=1e-3)
    assert sum(decoded) < 4 * 8_000


@pytest.mark.parametrize(
    ("name", "codec", "container", "rate"),
    [
        ("phone.m4a", "aac", "ipod", 44_100),
        ("lossless.m4a", "alac", "ipod", 44_100),
        ("phone.3gp", "aac", "3gp", 16_000),
        ("radio.aac", "aac", "adts", 44_100),
        ("browser.webm", "libopus", "webm", 48_000),
        ("voice.mka", "pcm_s16le", "matroska", 16_000),
        ("recorder.wma", "wmav2", "asf", 44_100),
        ("pack.wv", "wavpack", "wv", 16_000),
        ("true.tta", "tta", "tta", 16_000),
    ],
)
def test_what_phones_and_browsers_record_is_read(tmp_path, sweep, likeness, name, codec, container, rate):
    path = encode(tmp_path / name, sweep(3, rate), codec, container, rate)
    samples, notes = heard(path)
    assert len(samples) / RATE == pytest.approx(3, abs=0.1)
    assert info(path).seconds == pytest.approx(3, abs=0.15)
    assert likeness(samples, sweep(3, RATE)[1000:-1000])[0] > 0.9
    with path.open("rb") as file:
        assert alike(samples, by_ffmpeg(path, container_of(file))) > 0.999
    assert notes == []


def test_speex_in_ogg_is_read(likeness, sweep):
    """One second from 200 to 800 Hz, encoded once by libspeex 1.2: no wheel carries an encoder."""
    path = Path(__file__).parent / "rising_tone.spx"
    samples, notes = heard(path)
    assert len(samples) == RATE
    assert likeness(samples, sweep(1, RATE, 200, 800)[500:-500])[0] > 0.9
    assert (info(path).format, notes) == ("OGG speex", [])


def test_an_m4a_that_lost_its_index_is_named_with_the_cause(tmp_path, sweep):
    path = encode(tmp_path / "cut.m4a", sweep(3, RATE), "aac", "ipod")
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(AudioError, match=r"^cut.m4a .*its index is missing"):
        read(path)


def test_a_film_without_sound_is_refused(tmp_path):
    silent = tmp_path / "silent.m4a"
    with av.open(str(silent), "w", format="mp4") as opened:
        track = opened.add_stream("mpeg4", rate=10)
        track.width = track.height = 32
        track.pix_fmt = "yuv420p"
        for _ in range(5):
            opened.mux(track.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), "rgb24")))
        opened.mux(track.encode(None))
    with pytest.raises(AudioError, match=r"silent.m4a holds no sound"):
        read(silent)


# Nothing else is opened, nothing is written beside us


LISTINGS = {
    "m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\n{url}\n#EXTINF:9,\n{file}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{file}'\nfile '{url}'\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio {port} RTP/AVP 0\n",
    "dash": '<?xml version="1.0"?><MPD><Period><AdaptationSet><BaseURL>{url}</BaseURL></AdaptationSet></Period></MPD>',
    "pls": "[playlist]\nFile1={url}\nFile2={file}\nNumberOfEntries=2\n",
    "asx": '<asx version="3.0"><entry><ref href="{url}"/></entry></asx>',
    "smil": '<smil><body><audio src="{url}"/><audio src="{file}"/></body></smil>',
}


@pytest.mark.parametrize("before", [b"", b"ID3\x04\0\0\0\0\0\0", b"fLaC", b"\0\0\0\x18ftypM4A "])
@pytest.mark.parametrize("name", LISTINGS)
def test_a_listing_that_calls_itself_sound_reaches_no_other_file_and_no_network(
    tmp_path, sweep, name, before
):
    write(tmp_path / "other.wav", sweep(1, RATE))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        server.setblocking(False)
        content = LISTINGS[name].format(
            url=f"http://127.0.0.1:{port}/x.wav", file=tmp_path / "other.wav", port=port
        )
        for suffix in ("wav", "mp3", "m4a", "aac"):
            path = tmp_path / f"list.{suffix}"
            path.write_bytes(before + content.encode() * 20)
            with pytest.raises(AudioError):
                read(path)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_decoders_write_nothing_on_stderr(tmp_path, sweep, capfd):
    """libmpg123 and FFmpeg both have lines of their own for damaged files."""
    whole = encoded(sweep(10, RATE), format="MP3")
    content = {
        "cut.mp3": whole[: len(whole) // 2],
        "hole.mp3": whole[:9000] + whole[9700:],
        "noise.mp3": whole[:9000] + bytes(range(256)) * 8 + whole[9000:],
        "tag.mp3": whole + b"TAG" + bytes(125),
        "text.mp3": b"Once upon a time\n" * 200,
        "cut.ogg": encoded(sweep(10, RATE), format="OGG")[:9000],
        "cut.flac": encoded(sweep(10, RATE), format="FLAC")[:90_000],
    }
    for name, bytes_ in content.items():
        path = tmp_path / name
        path.write_bytes(bytes_)
        try:
            info(path)
            heard(path)
        except AudioError:
            assert name == "text.mp3"
    encode(tmp_path / "cut.m4a", sweep(3, RATE), "aac", "ipod")
    (tmp_path / "cut.m4a").write_bytes((tmp_path / "cut.m4a").read_bytes()[:-400])
    with pytest.raises(AudioError):
        heard(tmp_path / "cut.m4a")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("rate", [1, 855_654_016])
def test_a_rate_that_no_recorder_has_is_refused(tmp_path, rate):
    content = bytearray(encoded(np.zeros(1000), format="WAV"))
    content[24:28] = struct.pack("<I", rate)
    (tmp_path / "odd.wav").write_bytes(content)
    with pytest.raises(AudioError, match=rf"^odd.wav says {rate:,} samples a second; expected 1,000 to"):
        read(tmp_path / "odd.wav")


def test_threads_may_read_at_the_same_time(tmp_path, sweep):
    path = tmp_path / "sound.mp3"
    soundfile.write(path, sweep(5, RATE), RATE)
    expected, found = read(path), []
    threads = [threading.Thread(target=lambda: found.append(read(path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(samples, expected) for samples in found)
    assert len(found) == 4


def test_a_long_mp3_is_streamed_in_small_blocks(tmp_path, sweep):
    path = tmp_path / "long.mp3"
    soundfile.write(path, np.tile(sweep(10, 8_000), 12), 8_000)
    lengths = [len(block) for block in stream(path)]
    assert sum(lengths) == pytest.approx(120 * RATE, abs=RATE)
    assert max(lengths) <= 16 * RATE


@pytest.mark.parametrize("good", [0, 3])
def test_an_error_of_the_disk_while_reading_is_the_files_own(tmp_path, sweep, monkeypatch, capfd, good):
    path = tmp_path / "sound.mp3"
    soundfile.write(path, np.tile(sweep(10, 8_000), 6), 8_000)
    monkeypatch.setattr(packets, "_BUFFER", 1 << 14)
    monkeypatch.setattr(packets.OpenedFile, "read", failing_after(good))
    with pytest.raises(AudioError, match=r"sound.mp3 cannot be read \(Input/output error\)"):
        write(tmp_path / "copy.wav", stream(path))
    assert capfd.readouterr() == ("", "")


def failing_after(good: int):
    reads = iter(range(1000))

    class Failing(io.BytesIO):
        def read(self, *_) -> bytes:
            raise OSError(5, "Input/output error")

    seen = packets.OpenedFile.read

    def read_or_fail(source, count):
        if next(reads) >= good:
            source._file = Failing()
        return seen(source, count)

    return read_or_fail


def test_an_ogg_that_ends_in_its_head_is_one_line_of_words(tmp_path, sweep):
    whole, path = tmp_path / "whole.ogg", tmp_path / "cut.ogg"
    soundfile.write(whole, sweep(1, 16_000), 16_000)
    path.write_bytes(whole.read_bytes()[:300])
    with pytest.raises(AudioError, match=r"^cut.ogg breaks off before any sound"):
        list(stream(path))
