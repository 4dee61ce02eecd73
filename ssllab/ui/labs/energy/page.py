"""The Energy lab: what fits together. Its panels and their first arrangement."""

from __future__ import annotations

from functools import partial

from ssllab.ui.bench import Bench
from ssllab.ui.embedding.anchor import Anchor
from ssllab.ui.lab_page import Column, LabPage, Place
from ssllab.ui.labs.energy.adjacent import AdjacentPanel
from ssllab.ui.labs.energy.background import BACKGROUND
from ssllab.ui.labs.energy.collapse import CollapseMonitor
from ssllab.ui.labs.energy.cost import CostPanel
from ssllab.ui.labs.energy.horizon import HorizonPanel
from ssllab.ui.labs.energy.landscape import LandscapePanel
from ssllab.ui.labs.energy.latent_map import LatentMap
from ssllab.ui.labs.energy.predictions import PredictionsPanel
from ssllab.ui.labs.energy.race import RACE
from ssllab.ui.labs.energy.surprise import SurprisePanel
from ssllab.ui.labs.energy.widgets.asking import ClipModels
from ssllab.ui.panels.code import CodePanel
from ssllab.ui.panels.curves import CurvesPanel
from ssllab.ui.panels.doctor import DoctorPanel
from ssllab.ui.panels.lessons import LessonsPanel
from ssllab.ui.panels.sweep import SweepPanel

curves = partial(CurvesPanel, panels=("loss", "probes", "alive", "valley"))
PANELS = (
    partial(curves, id="probes", title="What is known"),
    partial(curves, id="alive", title="Alive"),
    partial(curves, id="valley", title="Valley"),
    partial(curves, id="loss", title="Loss"),
    CollapseMonitor,
    partial(SweepPanel, sweep=RACE),
    partial(SweepPanel, sweep=BACKGROUND),
    LessonsPanel,
    DoctorPanel,
    CodePanel,
)
FACES = (  # what a film of a run shows: the first that suits its method
    LandscapePanel,
    lambda bench: LatentMap(bench, Anchor(bench)),
)
ASKING = (SurprisePanel, AdjacentPanel, HorizonPanel, PredictionsPanel, CostPanel)

_COLUMNS = (
    Column(
        560,
        (
            Place(("landscape", "map", "race", "background", "code"), 430),
            Place(("surprise", "adjacent", "horizon", "predictions", "cost", "spectrum"), 280),
        ),
    ),
    Column(
        420,
        (
            Place(("lessons", "doctor"), 290),
            Place(("probes", "valley"), 205),
            Place(("alive", "loss"), 195),
        ),
    ),
)


def page(bench: Bench) -> LabPage:
    """The page, with every panel on ``bench``; those that ask a model share its copy."""
    models = ClipModels(bench)
    faces = [LandscapePanel(bench, models), LatentMap(bench, Anchor(bench))]
    panels = [*faces, *(panel(bench) for panel in PANELS)]
    return LabPage(bench, [*panels, *(panel(models) for panel in ASKING)], _COLUMNS)
