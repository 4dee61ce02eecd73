"""Sound: memory over an hour of recording, how soon an hour-long file is on the screen, and what the rest costs.

    python tests/benchmarks/bench_audio.py [--minutes 60]

The recording runs through the recorder from a simulated sound card (48 kHz, stereo), as fast as the disk takes it.
"Times real" is seconds of sound a second, "cpu s" what an idle machine would need. The last two
columns of the second table are what reading the whole file at once takes.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import soundfile

from ssllab.audio.files import info, read, stream
from ssllab.audio.log_mel import log_mel
from ssllab.audio.peaks import Peaks
from ssllab.audio.recorder import Recorder
from ssllab.audio.ring import RingBuffer
from ssllab.audio.stretch import stretch

COLUMNS = 1500  # of a waveform on the screen


class SoundCard:
    """48 kHz stereo, in blocks of 10 ms, waiting whenever the ring is full."""

    name, rate, channels = "Simulated sound card", 48_000, 2

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._block = np.random.default_rng(0).normal(0, 0.1, (480, 2)).astype(np.float32)
        self._stopped = False

    def start(self, ring: RingBuffer) -> None:
        """Begin."""
        self._ring = ring
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopped = True
        self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether more may come."""
        return self._thread.is_alive()

    def _run(self) -> None:
        for _ in range(self._seconds * 100):
            while self._ring.capacity - self._ring.waiting < 480 and not self._stopped:
                time.sleep(0.001)
            self._ring.write(self._block)


def resident() -> float:
    """MB of this process in memory now; the peak where the system does not tell the present value."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (1e6 if sys.platform == "darwin" else 1e3)


def recording(folder: Path, seconds: int) -> None:
    """Memory while an hour passes through the recorder, looked at as the window does."""
    recorder = Recorder(folder, source=SoundCard(seconds))
    print(f"{'recorded min':>14}{'resident MB':>14}{'dropped':>10}{'times real':>12}")
    seen: list[tuple[float, float]] = []
    began = time.perf_counter()
    recorder.start()
    while recorder.state == "recording":
        time.sleep(0.02)
        recorder.new_samples()
        if recorder.seconds >= seconds / 10 * (len(seen) + 1) - 0.1:
            gc.collect()
            seen.append((recorder.seconds, resident()))
            speed = recorder.seconds / (time.perf_counter() - began)
            print(
                f"{recorder.seconds / 60:>14.1f}{resident():>14.1f}{recorder.dropped:>10}{speed:>12.0f}",
                flush=True,
            )
    slope = np.polyfit([at for at, _ in seen[1:]], [mb for _, mb in seen[1:]], 1)[0] * 3600
    kept = info(recorder.stop()).seconds
    print(
        f"after the first tenth: {slope:+.1f} MB an hour; {kept / 60:.1f} of {seconds / 60:.1f} minutes kept\n"
    )


def buzz(seconds: int, rate: int) -> np.ndarray:
    """A voice-like sound ``(n,)``: harmonics of a wavering tone, in syllables."""
    t = np.arange(seconds * rate) / rate
    pitch = 2 * np.pi * 120 * t * (1 + 0.02 * np.sin(np.pi * t))
    tone = sum((np.sin(k * pitch) / k for k in range(1, 12)), np.zeros_like(t))
    return (0.1 * tone * np.abs(np.sin(4 * np.pi * t))).astype(np.float32)


def files(folder: Path, seconds: int) -> Path:
    """Header, waveform and the first screen of long files of several kinds."""
    print(
        f"{'file':>22}{'header ms':>11}{'10 s + mel ms':>15}{'waveform s':>12}{'all s':>8}{'cpu s':>8}"
        f"{'times real':>12}{'+MB':>7}{'whole +MB':>11}{'whole s':>9}"
    )
    first = None
    for suffix, rate, channels in (
        ("wav", 16_000, 1),
        ("flac", 16_000, 1),
        ("mp3", 16_000, 1),
        ("flac", 44_100, 2),
        ("mp3", 44_100, 2),
    ):
        path = folder / f"long.{suffix}"
        minute = np.repeat(buzz(60, rate)[:, None], channels, 1)
        with soundfile.SoundFile(path, "w", rate, channels) as file:
            for _ in range(seconds // 60):
                file.write(minute)
        first = first or path
        gc.collect()
        before, work = resident(), time.process_time()
        times = [time.perf_counter()]
        info(path)
        times.append(time.perf_counter())
        log_mel(read(path, end=10.0))
        times.append(time.perf_counter())
        peaks = Peaks(stream(path))
        peaks.between(0, peaks.samples, COLUMNS)
        times.append(time.perf_counter())
        grown, work = resident() - before, time.process_time() - work
        header, screen, waveform = np.diff(times)
        began = time.perf_counter()
        whole = read(path)
        took, whole_grown = time.perf_counter() - began, resident() - before
        del whole, peaks
        print(
            f"{f'{suffix} {rate} Hz x {channels}':>22}{header * 1e3:>11.1f}{screen * 1e3:>15.0f}{waveform:>12.2f}"
            f"{times[-1] - times[0]:>8.2f}{work:>8.2f}{seconds / (times[-1] - times[0]):>12.0f}"
            f"{grown:>7.0f}{whole_grown:>11.0f}{took:>9.2f}",
            flush=True,
        )
    return first


def looking(path: Path) -> None:
    """Panning and zooming through it, the spectrogram and slow speech."""
    peaks = Peaks(stream(path))
    looks = []
    for zoom in (1, 4, 30, 300):
        for position in np.linspace(0, 1 - 1 / zoom, 50):
            began = time.perf_counter()
            peaks.between(position * peaks.samples, (position + 1 / zoom) * peaks.samples, COLUMNS)
            looks.append((time.perf_counter() - began) * 1e3)
    print(
        f"\nwaveform of {COLUMNS} columns: {statistics.median(looks):.2f} ms, p99 {np.percentile(looks, 99):.2f} ms"
    )
    minute = read(path, end=60.0)
    for name, work in (("spectrogram", log_mel), ("half speed", lambda x: stretch(x, 0.5, 16_000))):
        began = time.perf_counter()
        work(minute)
        print(f"{name}: {60 / (time.perf_counter() - began):.0f} times real")


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser()
    options.add_argument("--minutes", type=int, default=60)
    seconds = options.parse_args().minutes * 60
    with tempfile.TemporaryDirectory() as folder:
        recording(Path(folder) / "takes", seconds)
        looking(files(Path(folder), seconds))


if __name__ == "__main__":
    main()
