"""What a landscape says, in words: pure functions of what was measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ssllab.data.video.settings import WorldSettings
from ssllab.looks import EnergyAtHand, Landscape, ShapeEnergies
from ssllab.training.run_record import Event
from ssllab.ui.labs.energy.widgets.energy_map import FLAT
from ssllab.ui.plots.axis import value_text

COPIES = (
    1.5  # pixels: a valley nearer to the last place than that is there, and as much nearer as to the truth
)
SHARP = 2.0  # of the untrained model's range: a flatter valley is not said to be a copy
AMISS = 0.5  # of that range: as much worse, at least, does the truth fit one who copies


def landscape_words(part: Landscape, step: int) -> str:
    """Where the valley is, or that there is none."""
    if step and part.relief < FLAT:
        return (
            f"{when(step)}: <b>flat</b>, {_times(part.relief)} of the untrained model's range. "
            "Every place fits like any other: the model tells nothing of where the object is."
        )
    unit = "px" if part.over == "position" else "px a frame"
    last = "the last place" if part.over == "position" else "rest"
    words = (
        f"{when(step)}: valley <b>{part.to_truth:.1f} {unit}</b> from the truth, {part.to_last:.1f} from {last}"
        f"{_range(part.relief, step)}."
    )
    if step and copies(part):
        words += " The valley is where the object was: it copies the last frame."
    return words


def shape_words(part: ShapeEnergies, step: int) -> str:
    """Which shape fits best."""
    best = int(part.energies.argmin())
    fits, own = (
        f"no. {name}" if name.isdigit() else name for name in (part.names[best], part.names[part.truth])
    )
    said = "its own" if best == part.truth else f"its own is {own}"
    relief = float(part.energies.max() - part.energies.min()) / max(part.high - part.low, 1e-12)
    return f"{when(step)}: <b>{fits}</b> fits best, {said}{_range(relief, step)}."


def hand_words(hand: EnergyAtHand, part: Landscape) -> str:
    """The energy at the place that a person chose, beside the valley's."""
    lowest = value_text(float(part.energies.min()))
    at = f"{hand.place[0]:.1f}, {hand.place[1]:.1f}"
    return f"<b>Yours</b> at {at}: energy <b>{value_text(hand.energy)}</b>; in the valley {lowest}."


def copies(part: Landscape) -> bool:
    """Whether a valley stands so clearly where the object was that the model may be said to copy the last frame."""
    column, row = (int(np.abs(part.places - at).argmin()) for at in part.truth)
    worse = float(part.energies[row, column] - part.energies.min())
    return (
        part.over == "position"
        and part.relief > SHARP
        and worse > AMISS * (part.high - part.low)
        and part.to_last < COPIES
        and part.to_truth - part.to_last > COPIES
    )


def world_changed(events: Sequence[Event]) -> bool:
    """Whether a control of the world was changed in a run, and not changed back."""
    first: dict[str, object] = {}
    last: dict[str, object] = {}
    for event in events:
        if event.kind == "set" and event.key in WorldSettings.model_fields:
            first.setdefault(event.key, event.old)
            last[event.key] = event.new
    return first != last


def when(step: int) -> str:
    """The step; before the first one the model is untrained."""
    return f"step {step:,}" if step else "untrained"


def _range(relief: float, step: int) -> str:
    """Of a trained model: the untrained one's own says nothing."""
    return f"; range {_times(relief)} × untrained" if step else ""


def _times(ratio: float) -> str:
    """A multiple in two or three digits."""
    return f"{ratio:.1f}" if ratio >= 1 else f"{ratio:.2g}"
