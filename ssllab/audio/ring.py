"""A preallocated ring between the sound card's thread and ours: copying is all that its writer has to do."""

from __future__ import annotations

import numpy as np


class RingBuffer:
    """``(frames, channels)`` float32 for one writing and one reading thread, without a lock.

    Each side owns one ever growing counter and only reads the other's, so neither ever waits. When the reader is
    late the newest frames are dropped and counted; what is inside stays in order.
    """

    def __init__(self, seconds: float, rate: int, channels: int) -> None:
        self._frames = np.zeros((max(1, round(seconds * rate)), channels), np.float32)
        self._written = 0
        self._taken = 0
        self._dropped = 0

    @property
    def capacity(self) -> int:
        """Frames that it can hold."""
        return len(self._frames)

    @property
    def waiting(self) -> int:
        """Frames written and not yet read."""
        return self._written - self._taken

    @property
    def taken(self) -> int:
        """Frames read up to now."""
        return self._taken

    @property
    def dropped(self) -> int:
        """Frames lost up to now."""
        return self._dropped

    def write(self, block: np.ndarray) -> int:
        """Copy ``block (n, channels)`` in; returns how many of its frames had no room."""
        room = min(len(block), self.capacity - self.waiting)
        at = self._written % self.capacity
        first = min(room, self.capacity - at)
        self._frames[at : at + first] = block[:first]
        self._frames[: room - first] = block[first:room]
        self._written += room  # last: the reader may take the frames from here on
        self._dropped += len(block) - room
        return len(block) - room

    def lost(self, frames: int) -> None:
        """Count frames that were lost before they came here. For the writer."""
        self._dropped += frames

    def read(self) -> np.ndarray:
        """All that waits, as a copy ``(n, channels)``."""
        out = np.empty((self.waiting, self._frames.shape[1]), np.float32)
        self.read_into(out)
        return out

    def read_into(self, out: np.ndarray) -> int:
        """Fill the beginning of ``out (n, channels)`` with what waits; returns the number of frames."""
        count = min(len(out), self.waiting)
        at = self._taken % self.capacity
        first = min(count, self.capacity - at)
        out[:first] = self._frames[at : at + first]
        out[first:count] = self._frames[: count - first]
        self._taken += count
        return count
