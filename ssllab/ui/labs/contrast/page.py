"""The Contrast lab: what attracts and what repels. Its panels and their first arrangement."""

from __future__ import annotations

from functools import partial

from ssllab.ui.bench import Bench
from ssllab.ui.embedding.anchor import Anchor
from ssllab.ui.lab_page import Column, LabPage, Place
from ssllab.ui.labs.contrast.ablation import ABLATION_GRID
from ssllab.ui.labs.contrast.alignment_uniformity import AlignmentUniformityPanel
from ssllab.ui.labs.contrast.augmentations import AugmentationsPanel
from ssllab.ui.labs.contrast.factors import FactorsPanel
from ssllab.ui.labs.contrast.forces import ForcesPanel
from ssllab.ui.labs.contrast.microscope import Microscope
from ssllab.ui.labs.contrast.similarity import SimilarityPanel
from ssllab.ui.panels.code import CodePanel
from ssllab.ui.panels.curves import CurvesPanel
from ssllab.ui.panels.doctor import DoctorPanel
from ssllab.ui.panels.embedding_map import EmbeddingMap
from ssllab.ui.panels.lessons import LessonsPanel
from ssllab.ui.panels.spectrum import SpectrumPanel
from ssllab.ui.panels.sweep import SweepPanel

curves = partial(CurvesPanel, panels=("loss", "accuracy", "probes"))
PANELS = (
    partial(SweepPanel, sweep=ABLATION_GRID),
    partial(curves, id="loss", title="Loss"),
    partial(curves, id="accuracy", title="Contrastive accuracy"),
    partial(curves, id="probes", title="Probes"),
    FactorsPanel,
    SpectrumPanel,
    SimilarityPanel,
    ForcesPanel,
    AlignmentUniformityPanel,
    LessonsPanel,
    DoctorPanel,
    CodePanel,
)
FACES = (
    lambda bench: EmbeddingMap(bench, Anchor(bench)),
)  # what a film of a run shows: the first that suits its method

_COLUMNS = (
    Column(
        560,
        (
            Place(("map", "microscope", "augmentations", "ablation", "code"), 430),
            Place(("similarity", "forces", "alignment"), 250),
        ),
    ),
    Column(
        420,
        (
            Place(("lessons", "doctor"), 230),
            Place(("loss", "accuracy"), 230),
            Place(("probes", "factors", "spectrum"), 230),
        ),
    ),
)


def page(bench: Bench) -> LabPage:
    """The page, with every panel on ``bench``."""
    anchor = Anchor(bench)
    around = [panel(bench, anchor) for panel in (EmbeddingMap, Microscope, AugmentationsPanel)]
    return LabPage(bench, [*around, *(panel(bench) for panel in PANELS)], _COLUMNS)
