"""The Language lab: what comes next. Its panels and their first arrangement."""

from __future__ import annotations

from functools import partial

from ssllab.ui.bench import Bench
from ssllab.ui.lab_page import Column, LabPage, Place
from ssllab.ui.panels.curves import CurvesPanel
from ssllab.ui.panels.doctor import DoctorPanel
from ssllab.ui.panels.lessons import LessonsPanel

curves = partial(CurvesPanel, panels=("loss", "held_out", "accuracy"))
PANELS = (
    partial(curves, id="loss", title="Loss"),
    partial(curves, id="held_out", title="Held-out loss"),
    partial(curves, id="accuracy", title="Accuracy"),
    LessonsPanel,
    DoctorPanel,
)

_COLUMNS = (
    Column(560, (Place(("loss",), 680),)),
    Column(420, (Place(("lessons", "doctor"), 340), Place(("held_out", "accuracy"), 340))),
)


def page(bench: Bench) -> LabPage:
    """The page, with every panel on ``bench``."""
    return LabPage(bench, [panel(bench) for panel in PANELS], _COLUMNS)
