"""How long work says how far it is, and how it is stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: Called as ``progress(fraction, text)``, fraction in 0..1, from the thread that works.
Progress = Callable[[float, str], None]
#: Asked now and then; True stops the work with :class:`Cancelled`.
CancelQuestion = Callable[[], bool]


class Cancelled(Exception):
    """The person stopped the work. What was downloaded so far is kept and continued the next time."""


_listener: ContextVar[tuple[Progress, CancelQuestion] | None] = ContextVar("listener", default=None)


@contextmanager
def heard(progress: Progress, cancelled: CancelQuestion) -> Iterator[None]:
    """What :func:`tell` says in this thread meanwhile goes to ``progress``."""
    token = _listener.set((progress, cancelled))
    try:
        yield
    finally:
        _listener.reset(token)


def tell(fraction: float, text: str) -> None:
    """Say how far work is that has no listener of its own, as the building of a model. Raises :class:`Cancelled`."""
    if listener := _listener.get():
        progress, cancelled = listener
        if cancelled():
            raise Cancelled
        progress(fraction, text)
