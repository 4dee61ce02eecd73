"""The Language lab: what comes next. Its panels and their first arrangement."""

from __future__ import annotations

from functools import partial

from ssllab.ui.bench import Bench
from ssllab.ui.lab_page import Column, LabPage, Place
from ssllab.ui.labs.language.attention import AttentionPanel
from ssllab.ui.labs.language.babble import BabblePanel
from ssllab.ui.labs.language.board import BoardPanel
from ssllab.ui.labs.language.context import ContextPanel
from ssllab.ui.labs.language.layers import LayersPanel
from ssllab.ui.labs.language.merges import MergesPanel
from ssllab.ui.labs.language.nearest import NearestPanel
from ssllab.ui.labs.language.pins import PinsPanel
from ssllab.ui.labs.language.text_amount import TEXT_AMOUNT
from ssllab.ui.labs.language.texts import TextsPanel
from ssllab.ui.labs.language.widgets.desk import Desk
from ssllab.ui.labs.language.word_map import WordMapPanel
from ssllab.ui.panels.code import CodePanel
from ssllab.ui.panels.curves import CurvesPanel
from ssllab.ui.panels.doctor import DoctorPanel
from ssllab.ui.panels.lessons import LessonsPanel
from ssllab.ui.panels.sweep import SweepPanel

curves = partial(CurvesPanel, panels=("loss", "held_out", "accuracy", "knowledge"))
PANELS = (
    partial(curves, id="loss", title="Loss"),
    partial(curves, id="held_out", title="Held-out loss"),
    partial(curves, id="accuracy", title="Accuracy"),
    partial(curves, id="knowledge", title="What it knows"),
    LessonsPanel,
    DoctorPanel,
    CodePanel,
    BabblePanel,
    partial(SweepPanel, sweep=TEXT_AMOUNT),
)
FACES = (BabblePanel,)  # what a film of a run shows: the first that suits its method

_AROUND = (
    BoardPanel,
    PinsPanel,
    LayersPanel,
    AttentionPanel,
    TextsPanel,
    MergesPanel,
    WordMapPanel,
    NearestPanel,
    ContextPanel,
)
_COLUMNS = (
    Column(
        600, (Place(("board",), 400), Place(("pins", "layers", "attention", "texts", "merges", "code"), 280))
    ),
    Column(
        380,
        (
            Place(("lessons", "doctor"), 200),
            Place(("loss", "held_out", "accuracy", "knowledge", "amount"), 260),
            Place(("babble", "map", "nearest", "context"), 220),
        ),
    ),
)


def page(bench: Bench) -> LabPage:
    """The page, with every panel on ``bench``; one desk is shared by those that ask a model."""
    desk = Desk(bench)
    return LabPage(
        bench, [*(panel(desk) for panel in _AROUND), *(panel(bench) for panel in PANELS)], _COLUMNS
    )
