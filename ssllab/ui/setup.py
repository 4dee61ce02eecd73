"""What a person has chosen on a bench, and what one gesture made of it: plain values, so that it can be taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

from ssllab.controls import Config, Value
from ssllab.ui.plots.markers import change_text


@dataclass(frozen=True)
class Setup:
    """``run``: the stored run on the bench, None where none has made a step. ``lesson``: the controls that a lesson
    set, which do not go along to another method or other data."""

    method: str
    settings: Mapping[str, Value]
    data: str
    seed: int
    device: str
    run: str | None = None
    lesson: Mapping[str, Value] = field(default_factory=dict)

    def own(self, usual: Config) -> dict[str, Value]:
        """The controls that the person set themselves; ``usual`` are the defaults of the method."""
        defaults, nothing = usual.model_dump(), object()
        return {
            key: value
            for key, value in self.settings.items()
            if value != defaults.get(key, nothing) and value != self.lesson.get(key, nothing)
        }


@dataclass(frozen=True)
class Gesture:
    """One thing that a person did. Those with an equal ``drag`` are one: the moves of one pull at a slider."""

    words: str
    before: Setup
    after: Setup
    drag: object = None


def carried(old: Setup, new: Setup, present: Setup) -> Setup:
    """``present`` with what differs between ``old`` and ``new`` as it is in ``new``; the rest stays as it is now."""
    changed = {
        f.name: getattr(new, f.name) for f in fields(Setup) if getattr(old, f.name) != getattr(new, f.name)
    }
    if "settings" in changed and old.method == new.method:
        moved = {key: value for key, value in new.settings.items() if old.settings.get(key) != value}
        changed["settings"] = {**present.settings, **moved}
    return replace(present, **changed)


def said(before: Setup, after: Setup) -> str:
    """A gesture that changed settings, in words: ``temperature 0.5 → 0.02``."""
    moved = [key for key, value in after.settings.items() if before.settings.get(key) != value]
    return ", ".join(change_text(key, before.settings.get(key), after.settings[key]) for key in moved)
