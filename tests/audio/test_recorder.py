"""The recorder from a source to the file: whole, gap-free, and kept whatever happens."""

import os
import signal
import subprocess
import sys
import textwrap
import time
import wave

import numpy as np
import pytest
import soundfile

from ssllab.audio import recorder as recorder_module
from ssllab.audio.errors import AudioError
from ssllab.audio.files import read
from ssllab.audio.recorder import Recorder
from ssllab.audio.take_file import TakeFile
from ssllab.audio.takes import TakeStore


def wait_until(question, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def drained(recorder: Recorder, source) -> bool:
    return source.finished.is_set() and recorder._ring.waiting == 0


@pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (44_100, 2), (96_000, 8)])
def test_what_comes_from_the_device_is_in_the_file(tmp_path, feed, sweep, rate, channels):
    sound = sweep(4, rate)
    recorder = Recorder(tmp_path, source=(source := feed(np.repeat(sound[:, None], channels, 1), rate)))
    assert recorder.state == "idle"
    recorder.start()
    assert recorder.state == "recording"
    wait_until(lambda: drained(recorder, source))
    live = recorder.new_samples()
    path = recorder.stop()
    assert (recorder.state, recorder.dropped, recorder.problem) == ("idle", 0, None)
    header = soundfile.info(path)
    assert (header.samplerate, header.channels, header.subtype) == (16_000, 1, "PCM_16")
    samples = read(path)
    # From the first to the last sample: nothing is missing at the end that the resampler kept.
    np.testing.assert_allclose(samples[200:-200], sweep(4, 16_000)[200:-200], atol=5e-3)
    assert len(samples) == pytest.approx(64_000, abs=1)
    np.testing.assert_allclose(live, samples[: len(live)], atol=1e-4)


def test_gain_is_recorded_and_too_much_is_clipped_and_shown(tmp_path, feed):
    frames = np.full((32_000, 1), 0.3, np.float32)
    recorder = Recorder(tmp_path, gain=2.0, source=(source := feed(frames, 16_000)))
    recorder.start()
    wait_until(lambda: drained(recorder, source) and recorder.level.peak > 0)
    assert recorder.level.peak == pytest.approx(0.6, abs=0.01)
    assert not recorder.level.clipped
    np.testing.assert_allclose(read(recorder.stop())[1000:-1000], 0.6, atol=1e-3)

    recorder = Recorder(tmp_path, gain=5.0, source=(source := feed(frames, 16_000)))
    recorder.start()
    wait_until(lambda: drained(recorder, source) and recorder.level.clipped)
    samples = read(recorder.stop())
    assert samples.max() <= 1  # and did not wrap round to -1
    assert samples[1000:-1000].min() > 0.99


def test_a_pause_leaves_a_gap_in_time_and_none_in_the_file(tmp_path, feed):
    # Each moment has its own value, so the file tells what was left out.
    ramp = np.linspace(0, 0.9, 16_000 * 8, dtype=np.float32)[:, None]
    recorder = Recorder(tmp_path, source=feed(ramp, 16_000, pace=4))
    recorder.start()
    wait_until(lambda: recorder.seconds > 1)
    recorder.pause()
    assert recorder.state == "paused"
    time.sleep(0.1)
    paused_at, heard = recorder.seconds, recorder.level.peak
    time.sleep(0.3)
    assert recorder.seconds == paused_at
    assert recorder.level.peak > heard  # the meter lives
    recorder.resume()
    wait_until(lambda: recorder.seconds > paused_at + 1)
    samples = read(recorder.stop())
    steps = np.diff(samples)
    assert (steps > 0.02).sum() == 1
    assert int(steps.argmax()) == pytest.approx(paused_at * 16_000, abs=100)


def test_listening_shows_the_level_and_keeps_nothing(tmp_path, feed):
    recorder = Recorder(tmp_path, source=feed(np.full((160_000, 1), 0.25, np.float32), 16_000, pace=4))
    recorder.listen()
    assert recorder.state == "listening"
    wait_until(lambda: recorder.level.peak > 0.2)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(AudioError, match="start first"):
        recorder.stop()
    assert recorder.state == "idle"
    recorder.close()


def test_recording_after_listening_begins_at_the_button(tmp_path, feed):
    ramp = np.linspace(0, 0.9, 16_000 * 8, dtype=np.float32)[:, None]
    recorder = Recorder(tmp_path, source=feed(ramp, 16_000, pace=4))
    recorder.listen()
    wait_until(lambda: recorder.level.peak > 0.2)
    before = recorder.level.peak
    recorder.start()
    wait_until(lambda: recorder.seconds > 0.5)
    samples = read(recorder.stop())
    assert before - 0.02 < samples[0] < before + 0.2


def test_an_unplugged_device_is_told_and_the_recording_is_kept(tmp_path, feed, sweep):
    source = feed(sweep(2, 48_000)[:, None], 48_000, dies=True)
    recorder = Recorder(tmp_path, source=source)
    recorder.start()
    wait_until(lambda: recorder.problem)
    assert "Test microphone" in recorder.problem
    assert "unplugged" in recorder.problem
    assert "\n" not in recorder.problem
    assert recorder.state == "idle"
    assert recorder.seconds == pytest.approx(2, abs=0.01)
    np.testing.assert_allclose(read(recorder.stop())[200:31_800], sweep(2, 16_000)[200:31_800], atol=5e-3)


def test_a_device_that_hangs_is_told_and_does_not_hang_us(tmp_path, feed, monkeypatch):
    monkeypatch.setattr(recorder_module, "STALLED_SECONDS", 0.3)
    monkeypatch.setattr(recorder_module, "CLOSE_SECONDS", 0.1)
    source = feed(np.full((1600, 1), 0.1, np.float32), 16_000)
    source.stop = lambda: time.sleep(5)
    recorder = Recorder(tmp_path, source=source)
    recorder.start()
    wait_until(lambda: recorder.problem)
    began = time.monotonic()
    assert len(read(recorder.stop())) == 1600
    assert time.monotonic() - began < 2


def test_only_silence_is_a_hint_while_the_recording_goes_on(tmp_path, feed):
    frames = np.zeros((16_000 * 5, 1), np.float32)
    recorder = Recorder(tmp_path, source=feed(frames, 16_000))
    recorder.start()
    wait_until(lambda: recorder.problem)
    assert "silence" in recorder.problem
    assert recorder.state == "recording"
    recorder.stop()


def test_a_late_reader_loses_frames_that_are_counted(tmp_path, feed, monkeypatch):
    monkeypatch.setattr(recorder_module, "RING_SECONDS", 0.5)

    class Careless(feed):
        def _run(self, ring):
            for _ in range(100):
                ring.write(np.full((1600, 1), 0.1, np.float32))
            self.finished.set()

    recorder = Recorder(tmp_path, source=(source := Careless(np.zeros((0, 1)), 16_000)))
    recorder.start()
    wait_until(source.finished.is_set)
    path = recorder.stop()
    assert recorder.dropped > 0
    assert recorder.dropped + len(read(path)) == 160_000


def test_nothing_recorded_is_said_and_leaves_nothing(tmp_path, feed):
    recorder = Recorder(tmp_path, source=feed(np.zeros((0, 1), np.float32), 16_000))
    recorder.start()
    with pytest.raises(AudioError, match="already"):
        recorder.start()
    with pytest.raises(AudioError, match="before any sound"):
        recorder.stop()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_may_not_be_written_is_named(tmp_path, feed):
    (tmp_path / "file").touch()
    recorder = Recorder(tmp_path / "file" / "takes", source=feed(np.zeros((16_000, 1), np.float32), 16_000))
    with pytest.raises(AudioError, match="file"):
        recorder.start()
    assert recorder.state == "idle"


FULL_DISK = """
    import resource, signal, sys, time
    from pathlib import Path
    import numpy as np
    from ssllab.audio.recorder import Recorder

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    class Source:
        name, rate, channels, alive = "test", 16_000, 1, True
        def start(self, ring):
            for _ in range(5):
                ring.write(np.full((16_000, 1), 0.5, np.float32))
        def stop(self): pass

    recorder = Recorder(Path(sys.argv[1]), source=Source())
    recorder.listen()
    recorder.start()
    for _ in range(200):
        if recorder.problem: break
        recorder._ring.write(np.full((1600, 1), 0.5, np.float32))
        time.sleep(0.02)
    print(recorder.problem)
    print(recorder.stop())
"""


@pytest.mark.skipif(os.name == "nt", reason="file size limits are POSIX")
def test_a_full_disk_is_told_and_what_fitted_is_readable(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FULL_DISK), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    problem, path = done.stdout.splitlines()
    assert "too large" in problem
    samples = read(path)
    assert len(samples) > 16_000
    np.testing.assert_allclose(samples[:16_000], 0.5, atol=1e-3)


KILLED = """
    import sys, threading, time
    from pathlib import Path
    import numpy as np
    from ssllab.audio.recorder import Recorder

    class Source:
        name, rate, channels, alive = "test", 48_000, 2, True
        def start(self, ring):
            threading.Thread(target=self.run, args=(ring,), daemon=True).start()
        def run(self, ring):
            began, at = time.monotonic(), 0
            while True:
                t = np.arange(at, at + 480)
                ring.write(np.repeat((0.5 * np.sin(t * 2 * np.pi * 440 / 48_000)).astype("f4")[:, None], 2, 1))
                at += 480
                time.sleep(max(0, began + at / 48_000 - time.monotonic()))
        def stop(self): pass

    recorder = Recorder(Path(sys.argv[1]), source=Source())
    began = time.monotonic()
    recorder.start()
    while True:
        time.sleep(0.05)
        print(time.monotonic() - began, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is POSIX")
def test_kill_9_loses_the_last_second_at_most(tmp_path):
    store = TakeStore(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(store.recordings)],
        stdout=subprocess.PIPE,
        text=True,
    )
    seconds = 0.0
    while seconds < 2.5:
        seconds = float(process.stdout.readline())
    assert store.recover() == []  # somebody is still recording it
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()

    (path,) = store.recordings.glob("*/*.wav")
    with wave.open(str(path)) as strict:  # believes the header, unlike libsndfile
        assert strict.getframerate() == 16_000
        assert strict.getnframes() / 16_000 > seconds - 1
    samples = read(path)
    assert len(samples) / 16_000 > seconds - 1
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(len(samples)) / 16_000)
    np.testing.assert_allclose(samples[400:-400], expected[400:-400], atol=5e-3)

    (take,) = store.recover()
    assert take.seconds == len(samples) / 16_000
    assert [t.id for t in store.takes()] == [take.id]
    assert list(store.recordings.iterdir()) == []


def test_the_file_is_readable_after_every_block(tmp_path):
    file = TakeFile(tmp_path)
    for count in range(5):
        with wave.open(str(file.path)) as strict:
            assert strict.getnframes() == 160 * count
        file.write(np.full(160, 0.1 * count, np.float32))
    file.close()
    file.close()
    np.testing.assert_allclose(read(file.path)[::160], [0, 0.1, 0.2, 0.3, 0.4], atol=1e-4)


def test_a_window_that_does_not_look_costs_a_minute_of_memory(tmp_path, feed):
    frames = np.full((16_000 * 90, 1), 0.1, np.float32)
    recorder = Recorder(tmp_path, source=(source := feed(frames, 16_000)))
    recorder.start()
    wait_until(lambda: drained(recorder, source) and recorder.seconds == 90, 30)
    assert len(recorder.new_samples()) == 60 * 16_000
    assert len(recorder.new_samples()) == 0
    assert len(read(recorder.stop())) == 90 * 16_000
