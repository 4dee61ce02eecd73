"""What may flicker is drawn anew at most three times a second: faster flashes can cause seizures (WCAG 2.2, 2.3.1)."""

from __future__ import annotations

import time
from collections.abc import Callable

PER_SECOND = 3.0


class AtMostASecond:
    """Says when a picture may change, at most so many times in any second::

    if self._calm.due():  # a panel whose clip goes on at the speed of the run
        self._show(frame)
    """

    def __init__(self, times: float = PER_SECOND, clock: Callable[[], float] = time.monotonic) -> None:
        self._gap, self._clock = 1.0 / times, clock
        self._next = float("-inf")

    def due(self) -> bool:
        """Whether it may change now; if so, the next change has to wait."""
        now = self._clock()
        if now < self._next:
            return False
        self._next = now + self._gap
        return True
