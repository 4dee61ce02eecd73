"""The Speech lab: what a model hears in speech without being told. Its panels and their first arrangement."""

from __future__ import annotations

from functools import partial

from PySide6.QtGui import QKeySequence, QShortcut

from ssllab.ui.bench import Bench
from ssllab.ui.lab_page import Column, LabPage, Place
from ssllab.ui.labs.speech.code_usage import CodeUsagePanel
from ssllab.ui.labs.speech.joint_usage import JointUsagePanel
from ssllab.ui.labs.speech.label_efficiency import LABEL_EFFICIENCY
from ssllab.ui.labs.speech.lanes import LanesPanel
from ssllab.ui.labs.speech.occurrences import OccurrencesPanel
from ssllab.ui.labs.speech.phone_table import PhoneTablePanel
from ssllab.ui.labs.speech.recorder import KEYS, RecorderPanel
from ssllab.ui.labs.speech.takes import TakesPanel
from ssllab.ui.labs.speech.transcription import TranscriptionPanel
from ssllab.ui.labs.speech.widgets.desk import Desk
from ssllab.ui.labs.speech.widgets.models import RUN
from ssllab.ui.labs.speech.widgets.take_shelf import TakeShelf
from ssllab.ui.panels.code import CodePanel
from ssllab.ui.panels.curves import CurvesPanel
from ssllab.ui.panels.doctor import DoctorPanel
from ssllab.ui.panels.lessons import LessonsPanel
from ssllab.ui.panels.sweep import SweepPanel

curves = partial(CurvesPanel, panels=("loss", "perplexity", "probes"))
PANELS = (
    LessonsPanel,
    DoctorPanel,
    CodePanel,
    partial(curves, id="loss", title="Loss and task"),
    partial(curves, id="perplexity", title="Code perplexity"),
    JointUsagePanel,
    PhoneTablePanel,
    partial(curves, id="probes", title="Probes"),
    partial(SweepPanel, sweep=LABEL_EFFICIENCY),
)
FACES = (CodeUsagePanel,)  # what a film of a run shows: the first that suits its method

_COLUMNS = (
    Column(
        620,
        (
            Place(("lanes", "code"), 480),
            Place(("recorder", "takes", "occurrences", "transcription"), 220),
        ),
    ),
    Column(
        380,
        (
            Place(("lessons", "doctor"), 230),
            Place(("loss", "perplexity", "probes", "efficiency"), 230),
            Place(("usage", "joint", "phones"), 230),
        ),
    ),
)


def page(bench: Bench) -> LabPage:
    """The page, with every panel on ``bench``; one desk is shared by those that show or play a recording."""
    desk = Desk(bench, TakeShelf(bench))
    recorder, takes, usage = RecorderPanel(desk), TakesPanel(desk), CodeUsagePanel(bench)
    around = [panel(desk) for panel in (LanesPanel, OccurrencesPanel, TranscriptionPanel)]
    page = LabPage(bench, [recorder, takes, *around, usage, *(panel(bench) for panel in PANELS)], _COLUMNS)

    def show_code(picked: tuple[int, int]) -> None:
        desk.models.choose(RUN)  # the tile is a code of the live run, not of the shipped model
        desk.pick(picked)

    def record() -> None:
        page.show_panel(recorder.id)
        recorder.record_or_stop()

    QShortcut(QKeySequence(KEYS), page, record)
    takes.record_wanted.connect(record)
    usage.code_picked.connect(show_code)
    recorder.import_wanted.connect(takes.ask_import)
    return page
