"""The panels of curves on real short runs of every kind of method, and on what a method of somebody's own declares."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from ssllab.doctor.verdict import Verdict
from ssllab.labs import lab_of
from ssllab.methods.registry import methods
from ssllab.scalars import Chart, Series
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_record import Event
from ssllab.ui import theme
from ssllab.ui.panels.curves import CurvesPanel, panel_charts
from ssllab.ui.scene import Overlay, Scene

PANELS = {"contrast": ("loss", "accuracy", "probes"), "speech": ("loss", "perplexity", "probes")}
# The charts of every method, panel by panel: window.ini knows them by these names.
CHARTS = {
    "simclr": {"loss": ["Loss"], "accuracy": ["Accuracy"], "probes": ["Probes"]},
    "wav2vec2": {
        "loss": ["Loss", "Accuracy", "Terms", "τ", "Gradient", "Mask", "Speed"],
        "perplexity": ["By group", "In all", "Together", "Dead"],
        "probes": ["Probes", "Codes", "Held-out loss", "Held-out codes", "Rank"],
    },
    "hubert": {
        "loss": ["Loss", "Accuracy", "Terms", "Gradient", "Mask", "Speed"],
        "perplexity": ["In all"],
        "probes": ["Probes", "Codes", "Held-out loss", "Held-out codes", "Rank"],
    },
    "ctc": {"loss": ["Loss", "Frames", "Gradient", "Mask", "Speed"], "perplexity": [], "probes": ["Errors"]},
}
EACH = [(name, panel) for name, panels in CHARTS.items() for panel in panels]


@pytest.fixture
def show(qtbot):
    def make(method, panel_id, width=640, height=420):
        cls = methods()[method]
        panel = CurvesPanel(None, panel_id, panel_id.capitalize(), PANELS[lab_of(cls).name])
        qtbot.addWidget(panel)
        panel.declare(cls.series, cls.charts, cls.title)
        panel.resize(width, height)
        panel.show()
        qtbot.waitExposed(panel)
        return panel

    yield make
    theme.apply("light")


def chart(panel, name):
    return dict(panel._charts)[name]


def listed(plot):
    return [entry.name for entry in plot.legend.entries()]


@pytest.mark.parametrize(("method", "panel_id"), EACH)
def test_a_panel_shows_the_charts_that_its_method_declares_and_explains_them(show, method, panel_id):
    panel = show(method, panel_id)
    assert [name for name, _ in panel._charts] == CHARTS[method][panel_id]
    if panel._charts:
        assert "How to read it" in panel.help
        assert "20" in panel.help.rsplit("<p>", 1)[1]  # the last paragraph names the paper and its year


@pytest.mark.parametrize(("method", "panel_id"), EACH)
@pytest.mark.parametrize(("width", "height"), [(300, 220), (1400, 900)])
def test_a_panel_invites_draws_restyles_and_forgets(show, scenes, method, panel_id, width, height):
    panel = show(method, panel_id, width, height)
    panel.draw(Scene("ready"))
    assert all(plot.notes.hint.startswith("Press Start") for plot in panel.charts())
    scene = scenes[method]
    panel.draw(replace(scene, overlays=[Overlay("other", scene.metrics, scene.probes, "#e69f00")]))
    panel.grab()
    shown = [plot for plot in panel.charts() if plot.isVisible()]
    assert bool(shown) == bool(CHARTS[method][panel_id])
    assert all(plot.notes.hint == "" for plot in shown)
    assert all(plot.columns() for plot in shown)
    for name in ("dark", "light"):
        theme.apply(name, 18)
        panel.restyle()
        panel.grab()
    panel.draw(Scene("running"))
    panel.reset()
    assert all(plot.notes.hint.startswith("Press Start") for plot in panel.charts())


@pytest.mark.parametrize(("method", "panel_id"), EACH)
def test_axes_may_be_switched_crosshairs_read_and_curves_hidden(show, scenes, method, panel_id):
    panel = show(method, panel_id, 1400, 900)
    panel.draw(scenes[method])
    for plot in panel.charts():
        for log in (True, False):
            plot.set_log(x=log, y=log)
            low, high = plot.view.viewRange()[0]
            for share in (-0.1, 0.0, 0.4, 1.0, 1.1):
                plot._mouse_x = low + share * (high - low)
                plot.show_values()
            plot.mouse_left()
        for entry in plot.legend.entries():
            plot.toggle(entry.key)
        panel.grab()


def test_every_declared_curve_of_a_run_is_drawn(show, scenes):
    """All but those that stand in a panel of their own kind have a line in some legend."""
    drawn = set()
    for panel_id in PANELS["speech"]:
        panel = show("wav2vec2", panel_id, 1400, 900)
        panel.draw(scenes["wav2vec2"])
        drawn |= {entry.key for plot in panel.charts() for entry in plot.legend.entries()}
    wanted = {
        name
        for log in (scenes["wav2vec2"].metrics, scenes["wav2vec2"].probes)
        for name in log.names
        if (series := methods()["wav2vec2"].series.get(name)) and series.chart
    }
    assert wanted <= drawn
    assert {"code_perplexity_1", "prob_perplexity_2"} <= drawn


def test_perplexities_are_listed_for_the_groups_that_there_are(show, scenes):
    panel = show("wav2vec2", "perplexity", 1400, 900)
    panel.draw(scenes["wav2vec2"])
    plot = chart(panel, "By group")
    groups = int(scenes["wav2vec2"].constants["groups"])
    names = [f"{kind} {group}" for group in range(1, groups + 1) for kind in ("hard", "soft")]
    assert listed(plot) == [*names, "floor 1", "ceiling V"]
    assert [plot.values()[key] for key in ("level 0", "level 1")] == ["1.000", "16.00"]
    assert listed(chart(panel, "In all"))[:2] == ["hard", "soft"]


def test_chance_is_what_a_guess_among_the_candidates_gives(show, scenes):
    panel = show("wav2vec2", "loss", 1400, 900)
    panel.draw(scenes["wav2vec2"])
    accuracy = chart(panel, "Accuracy")
    assert listed(accuracy) == ["true code first", "chance"]
    # A distractor that equals the positive does not count, so a guess is right at least as often as once in 1 + K.
    chance = scenes["wav2vec2"].metrics.last("contrastive_chance")
    assert accuracy.values()["contrastive_chance"] == f"{100 * chance:.1f}%"
    assert chance >= 1 / 11
    panel = show("simclr", "accuracy")
    panel.draw(scenes["simclr"])
    assert listed(panel.charts()[0]) == ["top-1", "top-5", "chance"]
    assert panel.charts()[0].values()["contrastive_chance"] == f"{100 / 31:.1f}%"


def test_chance_levels_are_those_of_the_labels_that_there_are(show, scenes):
    panel = show("wav2vec2", "probes", 1400, 900)
    panel.draw(scenes["wav2vec2"])
    probes = chart(panel, "Probes")
    assert listed(probes) == ["phone", "word", "speaker", "chance", "chance", "chance"]
    log = MetricsLog()
    log.append(0, {"word_top1": 0.3})
    panel.reset()
    panel.draw(Scene("running", probes=log, constants={"chance_word": 0.1}))
    assert listed(probes) == ["word", "chance"]
    assert probes.values()["word_top1"] == "30.0%"


def test_the_chance_line_of_the_loss_is_a_staircase(show):
    log = MetricsLog()
    log.append(0, {"loss": 5.0, "chance_loss": math.log(511)})
    log.append(10, {"loss": 4.0, "chance_loss": math.log(1023)})
    panel = show("simclr", "loss")
    panel.draw(Scene("running", metrics=log))
    x, y = panel.charts()[0]._live["chance_loss"].main.getData()
    np.testing.assert_allclose(x, [0, 10, 10])
    np.testing.assert_allclose(y, [math.log(511), math.log(511), math.log(1023)], rtol=1e-6)


def test_the_large_number_is_the_gain_over_the_untrained_encoder(show, scenes):
    panel = show("simclr", "probes")
    log = MetricsLog()
    for step, value in ((0, 0.40), (50, 0.60), (100, 0.71)):
        log.append(step, {"knn_top1": value})
    panel.draw(replace(scenes["simclr"], probes=log))
    assert panel._gain.number.text() == "+31"
    assert panel._gain.isVisible()
    assert theme.current().good in panel._gain.number.styleSheet()
    assert "untrained" in listed(panel.charts()[0])
    collapsed = Verdict("complete collapse", "One vector", ())
    panel.draw(replace(scenes["simclr"], probes=log, verdict=collapsed))
    assert panel._gain.number.text() == "+31"
    assert theme.current().good not in panel._gain.number.styleSheet()
    assert "complete collapse" in panel._gain.words.text()
    panel.reset()
    assert not panel._gain.isVisible()


def test_the_large_number_says_when_the_untrained_model_saw_another_world(qtbot):
    method = methods()["jepa"]
    panel = CurvesPanel(None, "probes", "Probes", ("loss", "probes", "alive", "valley"))
    qtbot.addWidget(panel)
    panel.declare(method.series, method.charts, method.title)
    panel.resize(800, 420)
    panel.show()
    log = MetricsLog()
    for step, value in ((0, 0.40), (50, 0.60)):
        log.append(step, {"position_r2": value})
    now = Scene("running", probes=log, config=method.Config.make())
    for key, there in (("remedy", False), ("background", True)):
        panel.draw(replace(now, events=(Event(20, 1.0, "set", key, "off", "fixed"),)))
        assert ("world" in panel._gain.words.text()) == there
        assert panel._gain.words.text().endswith(
            ", before the world was changed" if there else "untrained model"
        )


def test_the_large_number_needs_no_room_that_the_panel_had_not(show, scenes):
    panel = show("simclr", "probes", width=420)
    before = panel.minimumSizeHint().width()
    panel.draw(scenes["simclr"])
    assert panel._gain.isVisible()
    assert panel.minimumSizeHint().width() == before
    for width in (300, 420, 640):
        panel.resize(width, 420)
        panel.draw(replace(scenes["simclr"]))
        words = panel._gain.words
        assert words.fontMetrics().horizontalAdvance(words.text()) <= words.width()


def test_a_panel_whose_method_has_nothing_for_it_says_so(show):
    panel = show("ctc", "perplexity")
    assert panel._nothing.isVisible()
    assert "CTC to text measures nothing" in panel._nothing.text()


def test_a_method_of_somebody_s_own_is_drawn_from_one_line(qtbot):
    """Charts nobody declared are made; those of a panel that the lab lacks go to the first one."""
    declared = {
        "loss": Series("Loss", chart="Loss"),
        "variance": Series("Variance", chart="Terms"),
        "covariance": Series("Covariance", chart="Terms"),
        "rank": Series("Rank", measured="probe", chart="Terms"),
        "elsewhere": Series("Elsewhere", chart="Away"),
        "limit": Series("Limit", measured="once", line="reference", chart="Alone"),
    }
    charts = (Chart("Away", "no such panel"), Chart("Unused"))
    panels = PANELS["contrast"]
    assert [c.name for c in panel_charts("loss", panels, declared, charts)] == ["Away", "Loss", "Terms"]
    assert panel_charts("probes", panels, declared, charts) == []
    panel = CurvesPanel(None, "loss", "Loss", panels)
    qtbot.addWidget(panel)
    panel.declare(declared, charts)
    metrics, probes = MetricsLog(), MetricsLog()
    metrics.extend([1, 2], {"loss": [3.0, 2.0], "variance": [0.5, 0.6], "covariance": [0.1, 0.1]})
    probes.append(1, {"rank": 7.0})
    panel.resize(1400, 900)
    panel.show()
    panel.draw(Scene("running", metrics=metrics, probes=probes))
    assert [name for name, _ in panel._charts] == ["Away", "Loss", "Terms", "Terms, probes"]
    assert listed(chart(panel, "Terms")) == ["Variance", "Covariance"]
    assert chart(panel, "Terms, probes").values()["rank"] == "7.000"


def test_how_charts_are_looked_at_comes_back_with_their_method(qtbot):
    panel = CurvesPanel(None, "loss", "Loss", PANELS["speech"])
    qtbot.addWidget(panel)
    views = {
        "charts": {"Terms": {"log": [True, False], "hidden": ["diversity_loss"], "smoothing": 20}},
        "tab": 2,
    }
    panel.restore_view(views)  # before any method is known
    assert panel.view_state()["charts"]["Terms"] == views["charts"]["Terms"]
    ctc, wav2vec2 = methods()["ctc"], methods()["wav2vec2"]
    panel.declare(ctc.series, ctc.charts)
    panel.declare(wav2vec2.series, wav2vec2.charts)
    found = panel.view_state()
    assert found["charts"]["Terms"] == views["charts"]["Terms"]
    assert found["tab"] == 2
