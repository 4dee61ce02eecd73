"""From recorded events to the vertical lines of a plot: one line for one drag of a slider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ssllab.training.run_store import Event

_SAME_DRAG_SECONDS = 1.5


@dataclass(frozen=True)
class Marker:
    """A change of a control: where it took effect and what it says. ``first`` is the event that began it."""

    step: int
    label: str
    first: Event


def markers(events: Sequence[Event]) -> list[Marker]:
    """A marker for every "set" event; changes of one control in quick succession become one.

    The marker of a drag stands at its last step and tells the value before and the value after it. A drag
    that ends where it began leaves none.
    """
    drags: list[list[Event]] = []
    for event in events:
        if event.kind != "set":
            continue
        last = drags[-1][-1] if drags else None
        if last and last.key == event.key and 0 <= event.time - last.time <= _SAME_DRAG_SECONDS:
            drags[-1].append(event)
        else:
            drags.append([event])
    found = []
    for drag in drags:
        if len(drag) > 1 and drag[0].old == drag[-1].new:
            continue
        found.append(
            Marker(int(drag[-1].step), change_text(drag[-1].key, drag[0].old, drag[-1].new), drag[0])
        )
    return found


def change_text(key: str, old: Any, new: Any) -> str:
    """``temperature 0.5 → 0.1``."""
    return f"{str(key).replace('_', ' ')} {written(old)} → {written(new)}"


def written(value: Any) -> str:
    """A value as a person reads it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:.3g}"
    return str(value)
