"""How long work says how far it is, and how it is stopped."""

from __future__ import annotations

from collections.abc import Callable

#: Called as ``progress(fraction, text)``, fraction in 0..1, from the thread that works.
Progress = Callable[[float, str], None]
#: Asked now and then; True stops the work with :class:`Cancelled`.
CancelQuestion = Callable[[], bool]


class Cancelled(Exception):
    """The person stopped the work. What was downloaded so far is kept and continued the next time."""
