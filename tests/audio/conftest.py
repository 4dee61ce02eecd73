"""Sounds to test with, and a source that feeds a recorder in place of a microphone."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from ssllab.audio.ring import RingBuffer


class Feed:
    """Gives ``frames (n, channels)`` to a recorder as fast as it takes them, or at ``pace`` times the real speed.

    Stays silent but alive afterwards, unless it ``dies``.
    """

    name = "Test microphone"

    def __init__(
        self, frames: np.ndarray, rate: int, *, pace: float | None = None, dies: bool = False
    ) -> None:
        self.rate, self.channels = rate, frames.shape[1]
        self.finished = threading.Event()
        self._frames, self._pace, self._dies = frames, pace, dies
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, ring: RingBuffer) -> None:
        self._thread = threading.Thread(target=self._run, args=(ring,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    @property
    def alive(self) -> bool:
        return not (self._dies and self.finished.is_set())

    def _run(self, ring: RingBuffer) -> None:
        size = self.rate // 50
        for start in range(0, len(self._frames), size):
            while ring.capacity - ring.waiting < size and not self._stopped.is_set():
                time.sleep(0.001)
            if self._stopped.is_set():
                return
            ring.write(self._frames[start : start + size])
            if self._pace:
                time.sleep(size / self.rate / self._pace)
        self.finished.set()


@pytest.fixture
def feed() -> type[Feed]:
    return Feed


def sweep(seconds: float, rate: int, low: float = 200.0, high: float = 3000.0) -> np.ndarray:
    """A rising tone ``(n,)`` float32 of amplitude 0.5: like itself at no other lag."""
    t = np.arange(round(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * (low * t + (high - low) / (2 * seconds) * t**2))).astype(np.float32)


@pytest.fixture(name="sweep")
def sweep_fixture():
    return sweep


def likeness(heard: np.ndarray, played: np.ndarray) -> tuple[float, int]:
    """Largest normalised cross-correlation, and the sample of ``heard`` at which ``played`` begins there."""
    length = 1 << (len(heard) + len(played)).bit_length()
    products = np.fft.irfft(np.fft.rfft(heard, length) * np.conj(np.fft.rfft(played, length)), length)
    lag = int(products[: len(heard)].argmax())
    part = heard[lag : lag + len(played)]
    return float(products[lag] / (np.linalg.norm(part) * np.linalg.norm(played) + 1e-12)), lag


@pytest.fixture(name="likeness")
def likeness_fixture():
    return likeness


@pytest.fixture(scope="session")
def shared_data() -> Path:
    folder = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
    if not folder.exists():
        pytest.skip(f"no real speech here: {folder} is missing")
    return folder


@pytest.fixture(scope="session")
def cases() -> Path:
    """Audio files on which something went wrong once; their README says what is right."""
    folder = Path(__file__).resolve().parents[2] / ".." / "shared" / "cases" / "speech" / "files"
    if not folder.exists():
        pytest.skip(f"no cases here: {folder} is missing")
    return folder
