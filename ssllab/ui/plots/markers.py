"""From recorded events to the vertical lines of a plot: one line for one drag of a slider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ssllab.training.changes import gestures
from ssllab.ui.control_words import control_value, control_words

if TYPE_CHECKING:
    from ssllab.training.run_record import Event

_LONGEST_LABEL = 44


@dataclass(frozen=True)
class Marker:
    """What was changed at a step: ``label`` says every control, ``short`` as much of it as a plot has room for.
    ``first`` is the event that began it."""

    step: int
    label: str
    short: str
    first: Event


def markers(events: Sequence[Event]) -> list[Marker]:
    """A marker for every step at which something was changed; changes of one control in quick succession are one.

    The marker of a drag stands at its last step and tells the value before and the value after it. A drag
    that ends where it began leaves none.
    """
    drags = gestures(events)
    drags.sort(key=lambda drag: drag[-1].step)
    found = []
    for step, of_step in groupby(drags, key=lambda drag: int(drag[-1].step)):
        together = list(of_step)
        texts = [change_text(drag[0].key, drag[0].old, drag[-1].new) for drag in together]
        found.append(
            Marker(
                step,
                ", ".join(texts),
                _short(together, texts),
                min((drag[0] for drag in together), key=events.index),
            )
        )
    return found


def _short(drags: Sequence[Sequence[Event]], texts: Sequence[str]) -> str:
    """The whole where there is room for it, else the names of the controls, else how many there are."""
    names = ", ".join(control_words(drag[0].key) for drag in drags)
    room = [text for text in (", ".join(texts), names) if len(text) <= _LONGEST_LABEL]
    if room or len(drags) == 1:
        return room[0] if room else texts[0][:_LONGEST_LABEL] + "…"
    return f"{len(drags)} controls"


def change_text(key: str, old: Any, new: Any) -> str:
    """``temperature 0.5 → 0.1``."""
    return f"{control_words(str(key))} {written(str(key), old)} → {written(str(key), new)}"


def written(key: str, value: Any) -> str:
    """The value of a control as a person reads it."""
    if isinstance(value, float):
        return f"{value:.3g}"
    return control_value(key, value)
