"""Through PortAudio to a real (virtual) microphone and loudspeaker and back."""

import itertools
import tarfile
import time

import numpy as np
import pytest

from ssllab.audio import devices
from ssllab.audio.errors import AudioError
from ssllab.audio.files import read, write
from ssllab.audio.player import Player
from ssllab.audio.portaudio import refresh
from ssllab.audio.recorder import Recorder


def wait_until(question, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def record(recorder: Recorder, play, seconds: float) -> np.ndarray:
    recorder.start()
    wait_until(lambda: recorder.seconds > 0)
    play()
    time.sleep(seconds)
    return read(recorder.stop())


@pytest.fixture
def speech(tmp_path, shared_data) -> np.ndarray:
    with tarfile.open(shared_data / "speech_asterisk_en" / "asterisk_en_allison_16k_flac.tar") as tar:
        member = max((m for m in tar if m.name.endswith(".flac") and m.size < 60_000), key=lambda m: m.size)
        path = tmp_path / "speech.flac"
        path.write_bytes(tar.extractfile(member).read())
    return read(path)


def test_the_recorder_hears_what_is_played(virtual_microphone, tmp_path, sweep, likeness):
    sound = sweep(2, 16_000)
    write(tmp_path / "played.wav", sound)
    recorder = Recorder(tmp_path / "takes")
    heard = record(recorder, lambda: virtual_microphone.play(tmp_path / "played.wav"), 3)
    similar, lag = likeness(heard, sound)
    assert similar > 0.9
    assert 0 <= lag < 16_000
    assert recorder.dropped == 0
    assert np.abs(heard).max() == pytest.approx(0.5, abs=0.05)


def test_the_recorder_hears_real_speech(virtual_microphone, tmp_path, speech, likeness):
    write(tmp_path / "played.wav", speech)
    recorder = Recorder(tmp_path / "takes")
    seconds = len(speech) / 16_000
    heard = record(recorder, lambda: virtual_microphone.play(tmp_path / "played.wav"), seconds + 1)
    assert likeness(heard, speech)[0] > 0.9


def test_level_and_live_samples_follow_the_microphone(virtual_microphone, tmp_path, sweep):
    write(tmp_path / "played.wav", sweep(3, 16_000))
    recorder = Recorder(tmp_path / "takes")
    recorder.listen()
    assert recorder.level.peak == 0
    virtual_microphone.play(tmp_path / "played.wav")
    wait_until(lambda: recorder.level.rms > 0.3)
    recorder.start()
    wait_until(lambda: recorder.seconds > 0.5)
    assert 0.45 < recorder.level.held_peak < 0.55
    live = recorder.new_samples()
    saved = read(recorder.stop())
    np.testing.assert_allclose(saved[: len(live)], live, atol=1e-4)


def test_the_player_is_heard_and_its_cursor_is_where_the_sound_is(
    virtual_microphone, tmp_path, sweep, likeness
):
    sound = sweep(2, 16_000)
    recorder, player = Recorder(tmp_path), Player()
    cursor: list[tuple[float, float]] = []

    def play():
        player.play(sound, 16_000)
        while (position := player.position) is not None:
            cursor.append((recorder.seconds, position))
            time.sleep(0.02)

    heard = record(recorder, play, 0.3)
    assert player.problem is None
    # In pieces: a loudspeaker that starves for an instant on a busy machine shifts what comes after.
    pieces = [likeness(heard, piece) for piece in np.array_split(sound, 10)]
    assert np.median([similar for similar, _ in pieces]) > 0.9
    lag = np.median([at - i * 3200 for i, (_, at) in enumerate(pieces)])
    positions = [position for _, position in cursor]
    assert positions == sorted(positions)
    assert positions[-1] == pytest.approx(2, abs=0.15)
    delays = [seconds - position for seconds, position in cursor[10:-10]]
    assert np.median(delays) == pytest.approx(lag / 16_000, abs=0.15)


def test_a_selection_loops_slowly_until_stopped(virtual_microphone, sweep):
    player = Player()
    player.play(sweep(2, 16_000), 16_000, start=0.5, end=0.7, loop=True, speed=0.5)
    seen = []
    for _ in range(60):
        seen.append(player.position)
        time.sleep(0.02)
    assert player.playing
    assert min(seen) >= 0.5
    assert max(seen) <= 0.7
    returns = sum(b < a for a, b in itertools.pairwise(seen))
    assert returns in (2, 3)  # 1.2 s hold three passes of 0.4 s
    player.stop()
    assert not player.playing
    assert player.position is None
    assert refresh()  # the stream is closed


def test_the_microphone_is_heard_only_when_asked_for(virtual_microphone, tmp_path):
    recorder = Recorder(tmp_path)
    recorder.listen()
    assert not recorder.monitoring
    assert "python" not in virtual_microphone.control("list", "sink-inputs")
    recorder.monitoring = True
    wait_until(lambda: "python" in virtual_microphone.control("list", "sink-inputs"))
    recorder.monitoring = False
    wait_until(lambda: "python" not in virtual_microphone.control("list", "sink-inputs"))
    recorder.close()


def test_devices_are_listed_again_only_while_nothing_is_open(virtual_microphone, tmp_path):
    first = devices.input_devices(refresh=True)
    assert first[0].channels > 0
    rate, channels = devices.negotiate(first[0])
    assert rate >= 16_000
    assert channels == 1
    recorder = Recorder(tmp_path, first[0])
    recorder.listen()
    assert not refresh()
    assert devices.input_devices(refresh=True) == first
    recorder.close()
    assert refresh()


def test_a_device_that_is_gone_is_named(virtual_microphone, tmp_path):
    gone = devices.Device(0, "Left at home", 1, 48_000, "ALSA")
    with pytest.raises(AudioError, match="Left at home"):
        Recorder(tmp_path, gone).start()
    with pytest.raises(AudioError, match="Left at home"):
        Player(gone).play(np.zeros(16_000, np.float32), 16_000)
    assert list(tmp_path.iterdir()) == []


def test_the_sound_system_goes_away_in_mid_recording(dying_microphone, tmp_path):
    recorder, player = Recorder(tmp_path), Player()
    recorder.start()
    player.play(np.zeros(160_000, np.float32), 16_000)
    wait_until(lambda: recorder.seconds > 0.3)
    dying_microphone.unplug()
    wait_until(lambda: recorder.problem and player.problem)
    assert "unplugged" in recorder.problem
    assert "unplugged" in player.problem
    assert len(read(recorder.stop())) > 0.3 * 16_000
    player.stop()
    with pytest.raises(AudioError, match="No microphone"):
        devices.input_devices(refresh=True)
