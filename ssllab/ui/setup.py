"""What a person has chosen on a bench, and what one gesture made of it: plain values, so that it can be taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from ssllab.controls import Config, Value
from ssllab.ui.control_words import control_words
from ssllab.ui.plots.markers import change_text, written

FEW_CONTROLS = 2  # that a button names; more of them stand beside it


@dataclass(frozen=True)
class Setup:
    """``run``: the stored run on the bench, None where none has made a step. ``lesson``: the controls that a lesson
    set, which do not go along to another method or other data. ``options``: what the data is loaded with, where it is
    not as usual."""

    method: str
    settings: Mapping[str, Value]
    data: str
    seed: int
    device: str
    run: str | None = None
    lesson: Mapping[str, Value] = field(default_factory=dict)
    options: Mapping[str, int] = field(default_factory=dict)

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


def short_name(data: str) -> str:
    """A path by its last part."""
    return Path(data).name or data


def settings_words(settings: Mapping[str, Value]) -> str:
    """``learning rate 0.002, flip on``."""
    return ", ".join(f"{control_words(key)} {written(key, value)}" for key, value in settings.items())


def remedy_words(changes: Mapping[str, Value], rewind_to: int | None, anew: bool) -> str:
    """What applying a remedy does: ``Rewind to step 50 and set learning rate 0.002``.

    More than two controls are only counted: they are listed where there is room.
    """
    sets = settings_words(changes) if len(changes) <= FEW_CONTROLS else f"{len(changes)} controls"
    if anew:
        return f"Begin anew with {sets}"
    if rewind_to is None:
        return f"Set {sets}"
    return f"Rewind to step {rewind_to:,} and set {sets}" if sets else f"Rewind to step {rewind_to:,}"
