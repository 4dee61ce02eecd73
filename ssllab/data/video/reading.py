"""What the readers of video have in common: how far they are, and how frames come at an even rate."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice, pairwise

import numpy as np

from ssllab.data.images.ranges import Note

#: One after another, ``(size, size, 3)`` uint8; None where a clip ends and another one begins.
Frames = Iterator[np.ndarray | None]

#: Seconds without a frame, or back, after which another clip begins.
_PAUSE, _BACK = 10.0, 1.0
_STILL = 4  # frames of slow video, as of one a minute, that a pause has at least
_MEASURED = 32  # frames that tell the rate
_ENOUGH = 8  # steps between them that are believed more than what is said
_JITTER = 0.002  # seconds: containers keep times in whole milliseconds
_USUAL = 25.0
_NOTED = 0.1  # share of frames repeated or left out that is worth a word


@dataclass(frozen=True)
class Reading:
    """How a file is to be read: to squares of ``size`` pixels. ``note`` is told what a person should know; ``at`` is told
    now and then what share of the file is done, and raises :class:`ssllab.storage.progress.Cancelled`."""

    size: int
    note: Note
    at: Callable[[float], None]


def evenly(timed: Iterable[tuple[float | None, np.ndarray]], rate: float | None, note: Note) -> Frames:
    """Frames with their times in seconds -> frames at an even ``rate`` a second: each goes to the tick next to its time; a
    tick without one shows the last one again, of two at one tick the first is taken.

    ``rate`` None, or far from the steps between the first few where those are all alike: theirs (a container may say any
    rate). A frame without a time follows the last one. A long pause, or a jump back, begins another clip.
    """
    timed = iter(timed)
    first = list(islice(timed, _MEASURED))
    times = [time for time, _ in first if time is not None]
    steps = [after - before for before, after in pairwise(times) if after > before]
    usual = statistics.median(steps) if steps else 1 / _USUAL
    steady = all(abs(step - usual) <= max(_JITTER, 0.1 * usual) for step in steps)
    if rate is None or (len(steps) >= _ENOUGH and steady and not 0.9 < rate * usual < 1.1):
        rate = 1 / usual
    begin, tick, last = None, 0, None
    came = changed = 0
    for time, frame in chain(first, timed):
        came += 1
        ahead = 1
        if last is not None and time is not None and begin is not None:
            ahead = round((time - begin) * rate) - tick
            if not -_BACK <= ahead / rate <= max(_PAUSE, _STILL / rate):
                yield None
                begin, last = None, None
        if last is None:
            begin, tick, ahead = time, 0, 0
            yield frame
        else:
            changed += abs(ahead - 1)
            for _ in range(ahead - 1):
                yield last
            if ahead < 1:
                continue
            yield frame
        tick, last = tick + ahead, frame
    if changed > _NOTED * came:
        note(f"its frames come at uneven times: brought to {rate:.3g} a second")
