"""The Contrast lab: what attracts and what repels. Its panels and their first arrangement."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from ssllab.ui.bench import Bench
from ssllab.ui.labs.lab import LabPage, Place
from ssllab.ui.panels.ablation import AblationPanel
from ssllab.ui.panels.accuracy import AccuracyPanel
from ssllab.ui.panels.alignment_uniformity import AlignmentUniformityPanel
from ssllab.ui.panels.augmentations import AugmentationsPanel
from ssllab.ui.panels.doctor import DoctorPanel
from ssllab.ui.panels.embedding_map import EmbeddingMap
from ssllab.ui.panels.factors import FactorsPanel
from ssllab.ui.panels.forces import ForcesPanel
from ssllab.ui.panels.lessons import LessonsPanel
from ssllab.ui.panels.loss import LossPanel
from ssllab.ui.panels.microscope import Microscope
from ssllab.ui.panels.probes import ProbesPanel
from ssllab.ui.panels.similarity import SimilarityPanel
from ssllab.ui.panels.spectrum import SpectrumPanel

PANELS = (
    EmbeddingMap,
    Microscope,
    AugmentationsPanel,
    AblationPanel,
    LossPanel,
    AccuracyPanel,
    ProbesPanel,
    FactorsPanel,
    SpectrumPanel,
    SimilarityPanel,
    ForcesPanel,
    AlignmentUniformityPanel,
    LessonsPanel,
    DoctorPanel,
)

_LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
_PLACES = (
    Place(("map", "microscope", "augmentations", "ablation"), _LEFT, 560, 430),
    Place(("lessons", "doctor"), _LEFT, 420, 230),
    Place(("loss", "accuracy"), _LEFT, 420, 230),
    Place(("similarity", "forces", "alignment"), _LEFT, 560, 250),
    Place(("probes", "factors", "spectrum"), _LEFT, 420, 230),
)
_ACROSS, _DOWN = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
_SPLITS = (
    ("controls", "map", _ACROSS),
    ("map", "lessons", _ACROSS),
    ("map", "similarity", _DOWN),
    ("lessons", "loss", _DOWN),
    ("loss", "probes", _DOWN),
)


def contrast_lab(bench: Bench, controls: QWidget) -> LabPage:
    """The page, with every panel on ``bench``."""
    return LabPage([panel(bench) for panel in PANELS], _PLACES, controls, _SPLITS)
