"""Changes of controls in mid-run, put together as a person made them: pure functions of a run's events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ssllab.training.run_record import PLANNED, Event

_SAME_DRAG_SECONDS = 1.5
_LISTED = 3


def gestures(events: Sequence[Event]) -> list[list[Event]]:
    """The "set" events; changes of one control in quick succession are one drag. One that ends where it began is left
    out."""
    drags: list[list[Event]] = []
    for event in events:
        if event.kind != "set":
            continue
        last = drags[-1][-1] if drags and event.text != PLANNED else None
        if last and last.key == event.key and 0 <= event.time - last.time <= _SAME_DRAG_SECONDS:
            drags[-1].append(event)
        else:
            drags.append([event])
    return [drag for drag in drags if len(drag) == 1 or drag[0].old != drag[-1].new]


def courses(
    events: Sequence[Event],
    *,
    steps: bool = True,
    say: Callable[[str, Any], str] = lambda key, value: value_text(value),
) -> dict[str, str]:
    """Control -> its values over the run, for those that changed: ``0.1 → 0.5 at step 300``, or without the steps.

    ``say`` writes the value of a control.
    """
    by_key: dict[str, list[list[Event]]] = {}
    for drag in gestures(events):
        by_key.setdefault(drag[0].key, []).append(drag)
    return {key: _course(drags, steps, partial(say, key)) for key, drags in by_key.items()}


def _course(drags: Sequence[Sequence[Event]], steps: bool, say: Callable[[Any], str]) -> str:
    first, last = drags[0][0], drags[-1][-1]
    if len(drags) > _LISTED:
        where = f", the last at step {last.step}" if steps else ""
        return f"{say(first.old)} → {say(last.new)} ({len(drags)} changes{where})"
    new = (f"{say(drag[-1].new)} at step {drag[-1].step}" if steps else say(drag[-1].new) for drag in drags)
    return " → ".join([say(first.old), *new])


def value_text(value: Any) -> str:
    """A setting's value as a person writes it."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)
