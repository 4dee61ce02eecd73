"""The panels of metrics, probes and looks: empty, full, restyled, and the numbers they show."""

from __future__ import annotations

import math
import os
from dataclasses import replace
from types import SimpleNamespace

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest

from ssllab.looks import Negatives, Spectrum
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_record import Event
from ssllab.ui import theme
from ssllab.ui.labs.contrast.alignment_uniformity import AlignmentUniformityPanel, uniform_on_sphere
from ssllab.ui.labs.contrast.factors import FactorsPanel
from ssllab.ui.labs.contrast.forces import ForcesPanel
from ssllab.ui.labs.contrast.similarity import SimilarityPanel
from ssllab.ui.panels.spectrum import SpectrumPanel
from ssllab.ui.scene import Overlay, Scene, Thumbnails

PANELS = [
    SimilarityPanel,
    AlignmentUniformityPanel,
    ForcesPanel,
    FactorsPanel,
    SpectrumPanel,
]
METRICS = [
    "loss",
    "chance_loss",
    "contrastive_chance",
    "contrastive_top1",
    "contrastive_top5",
    "positive_similarity",
    "negative_similarity",
    "positive_force",
    "negative_force",
    "effective_negatives",
]


def metrics(n=100):
    log = MetricsLog()
    log.extend(np.arange(n), {name: np.linspace(0.2, 0.8, n) for name in METRICS})
    return log


def probes():
    log = MetricsLog()
    for step, knn in ((0, 0.40), (50, 0.60), (100, 0.71)):
        log.append(
            step,
            {
                "knn_top1": knn,
                "linear_top1": knn + 0.1,
                "knn_top1_z": knn - 0.1,
                "linear_top1_z": knn,
                "alignment": 1 - knn,
                "uniformity": -4 * knn,
                "factor_shape": knn,
                "factor_shape_z": knn - 0.1,
                "factor_colour": 0.2,
                "factor_colour_z": 0.13,
                "rankme_h": 20.0,
                "rankme_z": 12.0,
            },
        )
    return log


CONSTANTS = {
    "chance_top1": 0.1,
    "chance_factor_shape": 0.2,
    "chance_factor_colour": 0.125,
    "dimension_z": 16.0,
}


@pytest.fixture
def full_scene(real_looks):
    """The looks are those of a real run of SimCLR: forty images, h of 128 dimensions, z of 16."""

    def make():
        other = Overlay("seed 1", metrics(50), probes(), "#e69f00")
        logs = {"metrics": metrics(), "probes": probes(), "constants": CONSTANTS}
        return real_looks("simclr").scene(overlays=[other], **logs)

    return make


@pytest.fixture
def show(qtbot):
    def make(panel_class, width=640, height=420):
        panel = panel_class(SimpleNamespace())
        qtbot.addWidget(panel)
        panel.resize(width, height)
        panel.show()
        qtbot.waitExposed(panel)
        return panel

    yield make
    theme.apply("light")


def test_every_panel_has_its_own_id_a_title_and_help_with_a_source():
    assert [panel.id for panel in PANELS] == [
        "similarity",
        "alignment",
        "forces",
        "factors",
        "spectrum",
    ]
    for panel in PANELS:
        assert panel.title
        assert "How to read it" in panel.help
        assert "20" in panel.help.rsplit("<p>", 1)[1]  # the last paragraph names the paper and its year


@pytest.mark.parametrize("panel_class", PANELS)
@pytest.mark.parametrize(("width", "height"), [(300, 220), (640, 420)])
def test_a_panel_invites_draws_restyles_and_forgets(show, panel_class, width, height, full_scene):
    panel = show(panel_class, width, height)
    panel.draw(Scene("ready"))
    hints = [chart.notes.hint for chart in panel.charts()]
    assert all(hint.startswith("Press Start") for hint in hints)
    panel.grab()
    scene = full_scene()
    panel.draw(scene)
    shown = [chart for chart in panel.charts() if chart.isVisible()]
    assert shown
    assert all(chart.notes.hint == "" for chart in shown)
    assert all(chart.columns() for chart in shown)
    for name in ("dark", "light"):
        theme.apply(name, 18)
        panel.restyle()
        panel.grab()
    panel.draw(Scene("running"))
    panel.reset()
    shown = [chart for chart in panel.charts() if chart.isVisible()]  # large text puts the others behind tabs
    assert shown
    assert all(chart.notes.hint.startswith("Press Start") for chart in shown)


@pytest.mark.parametrize("panel_class", PANELS)
def test_axes_may_be_switched_and_crosshairs_read_everywhere(show, panel_class, full_scene):
    panel = show(panel_class)
    panel.draw(full_scene())
    for chart in panel.charts():
        for log in (True, False):
            if chart._can_log == (True, True):
                chart.set_log(x=log, y=log)
            low, high = chart.view.viewRange()[0]
            for share in (-0.1, 0.0, 0.4, 1.0, 1.1):
                chart._mouse_x = low + share * (high - low)
                chart.show_values()
            chart.mouse_left()
        for entry in chart.legend.entries():
            chart.toggle(entry.key)
        panel.grab()
        for entry in chart.legend.entries():
            chart.toggle(entry.key)


def test_a_small_panel_shows_one_chart_and_its_tabs_the_others(show):
    panel = show(ForcesPanel, 300, 220)
    assert [chart.isVisible() for chart in panel.charts()] == [True, False, False]
    panel._tabs.setCurrentIndex(2)
    assert [chart.isVisible() for chart in panel.charts()] == [False, False, True]
    panel.resize(900, 600)
    assert all(chart.isVisible() for chart in panel.charts())


@pytest.mark.parametrize(("dimension", "value"), [(2, -1.573), (3, -2.079), (64, -3.875), (128, -3.938)])
def test_the_best_uniformity_is_that_of_the_uniform_distribution(dimension, value):
    assert uniform_on_sphere(dimension) == pytest.approx(value, abs=3e-3)


def test_the_best_uniformity_equals_a_sample_on_the_sphere():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 200_000, 8))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    y /= np.linalg.norm(y, axis=1, keepdims=True)
    sampled = math.log(np.exp(-2 * ((x - y) ** 2).sum(1)).mean())
    assert uniform_on_sphere(8) == pytest.approx(sampled, abs=0.01)


def test_data_without_factors_gets_a_hint_instead_of_bars(show):
    log = MetricsLog()
    log.append(0, {"knn_top1": 0.4})
    panel = show(FactorsPanel)
    panel.draw(Scene("running", probes=log, constants={"chance_top1": 0.1}))
    assert "no known factors" in panel.bars.notes.hint


def test_before_the_start_panels_say_what_the_data_lacks(show):
    from ssllab.methods.simclr import SimCLR
    from ssllab.ui.plots.declared_plot import DeclaredPlot

    bare = Scene("ready", thumbnails=Thumbnails(np.zeros((4, 8, 8, 3), np.uint8), {}))
    panel = show(FactorsPanel)
    panel.draw(bare)
    assert "no known factors" in panel.bars.notes.hint
    chart = next(chart for chart in SimCLR.charts if chart.name == "Probes")
    plot = DeclaredPlot(chart, SimCLR.series, "probe")
    plot.draw(bare)
    assert plot.notes.hint == "This needs labels, and the data has none."
    plot.deleteLater()


def test_after_a_change_the_accuracies_of_before_stand_beside_those_of_now(show):
    panel = show(FactorsPanel)
    chances = {"chance_factor_shape": 0.1, "chance_factor_colour": 0.125}
    panel.draw(Scene("running", probes=probes(), constants=chances))
    assert "h before" not in panel.bars.columns()
    change = [Event(60, 1.0, "set", key, True, False) for key in ("jitter", "grayscale")]
    panel.draw(Scene("running", probes=probes(), constants=chances, events=change))
    table = panel.bars.columns()
    np.testing.assert_allclose(table["h before"], [0.60, 0.20], rtol=1e-6)
    np.testing.assert_allclose(table["h"], [0.71, 0.20], rtol=1e-6)
    assert "before the change" in [entry.name for entry in panel.bars.legend.entries()]
    panel.resize(500, 400)
    assert "60 → 71" in [note.text for note in panel.bars.notes.notes]


def test_both_ranks_are_named_where_both_are_measured(show, full_scene):
    panel, log = show(SpectrumPanel), MetricsLog()
    log.append(1, {"rankme_z": 12.0, "effective_rank_z": 9.5})
    panel.draw(replace(full_scene(), probes=log))
    assert panel.spectrum.legend.entries()[-1].name == "g(h): RankMe 12.0, effective rank 9.5, of 16"


def test_the_spectrum_names_rankme_and_its_ceiling(show, full_scene):
    panel = show(SpectrumPanel)
    panel.draw(full_scene())
    names = [entry.name for entry in panel.spectrum.legend.entries()]
    assert names == ["h: RankMe 20.0 of 80", "g(h): RankMe 12.0 of 16"]  # of the views, of the dimensions
    panel.draw(replace(full_scene(), constants={"noise_rankme_h": 77.6}))
    assert panel.spectrum.legend.entries()[0].name == "h: RankMe 20.0 of 80 (noise 78)"


def test_the_spectrum_is_relative_to_its_largest_value_as_its_axis_says(show, full_scene):
    panel = show(SpectrumPanel)
    scene = full_scene()
    panel.draw(scene)
    h = panel.spectrum.columns()["h"]
    assert h[0] == 1.0
    largest = scene.part(Spectrum).singular_values_h.max()
    np.testing.assert_allclose(h * largest, scene.part(Spectrum).singular_values_h, rtol=1e-6)


def test_the_weights_tell_how_many_negatives_push(show, full_scene):
    panel = show(ForcesPanel)
    scene = full_scene()
    panel.draw(scene)
    effective = scene.part(Negatives).effective
    assert 1 < effective < 78
    assert panel.weights.notes.marks[0][1] == f"{effective:.0f} of 78 push"


def test_a_family_that_is_shown_on_demand_waits_in_the_legend_and_no_two_of_it_look_alike(qtbot):
    from ssllab.methods.sequence_scalars import SEQUENCE_CHARTS, SEQUENCE_SERIES
    from ssllab.ui.plots.declared_plot import DeclaredPlot

    chart = next(chart for chart in SEQUENCE_CHARTS if chart.name == "Minimal pairs")
    family = [f"pairs_case_{i}" for i in range(10)]

    def made():
        plot = DeclaredPlot(chart, SEQUENCE_SERIES, "probe")
        qtbot.addWidget(plot)
        plot.resize(300, 200)
        plot.show()
        return plot

    log = MetricsLog()
    for step in range(3):
        log.append(step, dict.fromkeys(["pairs_accuracy", *family], 0.5 + 0.1 * step))
    scene, plot = Scene("running", probes=log), made()
    old = plot.view_state()
    assert "shown" not in old
    plot.draw(scene)
    assert plot.hidden() == set(family)
    looks = [(entry.colour, entry.style) for entry in plot.legend.entries() if entry.valued]
    assert len(set(looks)) == len(looks) >= 11
    menu = plot.legend.menu_of_others()
    assert [a.text() for a in menu.actions()] == [entry.name for entry in plot.legend._left_out] != []
    last = menu.actions()[-2]
    asked = plot.legend._left_out[-2].key
    assert not last.isChecked()
    last.trigger()
    assert plot.hidden() == set(family) - {asked}
    again = made()
    again.restore_view(plot.view_state())
    again.draw(scene)
    assert again.hidden() == plot.hidden()
    earlier = made()
    earlier.draw(scene)
    earlier.restore_view(old)
    assert earlier.hidden() == set(family)
