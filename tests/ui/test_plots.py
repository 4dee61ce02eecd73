"""The plots over steps: what they compute, and what a person does with them."""

from __future__ import annotations

import csv
import os
import sys
from contextlib import ExitStack
from types import SimpleNamespace

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor

from ssllab.training.metrics import MetricsLog
from ssllab.ui.plots.axis import tick_text, value_text
from ssllab.ui.plots.chart import colour
from ssllab.ui.plots.chart_panel import arrangement
from ssllab.ui.plots.curves import stairs
from ssllab.ui.plots.decimation import Pyramid
from ssllab.ui.plots.export import picture, save_table
from ssllab.ui.plots.markers import markers
from ssllab.ui.plots.smoothing import ema
from ssllab.ui.plots.stroke import folds
from ssllab.ui.plots.time_plot import Curve, Level, TimePlot
from ssllab.ui.scene import Band, Overlay, Scene
from tests.ui.count_of_none import count_of_none


def weighted_mean(steps, values, window):
    """The definition, one sample at a time."""
    out = np.full(len(values), np.nan)
    for i in range(len(values)):
        weight = np.exp(-(steps[i] - steps[: i + 1]) / window) * np.isfinite(values[: i + 1])
        if np.isfinite(values[i]):
            out[i] = np.nansum(weight * values[: i + 1]) / weight.sum()
    return out


@pytest.mark.parametrize("n", [1, 2, 511, 513, 1100])
def test_average_is_the_weighted_mean_of_all_earlier_samples(n):
    rng = np.random.default_rng(n)
    steps = np.cumsum(rng.integers(0, 4, n))
    values = rng.normal(size=n)
    values[rng.random(n) < 0.1] = np.nan
    smooth, _ = ema(steps, values, 20)
    np.testing.assert_allclose(smooth, weighted_mean(steps, values, 20), rtol=1e-5, atol=1e-6)


def test_average_starts_at_the_first_sample_and_keeps_a_constant():
    smooth, _ = ema(np.arange(5), np.array([4.0, 4, 4, 4, 4]), 1000)
    np.testing.assert_allclose(smooth, 4.0)


def test_average_does_not_depend_on_where_the_curve_is_cut():
    steps, values = np.arange(3000), np.random.default_rng(0).normal(size=3000)
    whole, _ = ema(steps, values, 50)
    first, carry = ema(steps[:700], values[:700], 50)
    rest, _ = ema(steps[700:], values[700:], 50, carry)
    np.testing.assert_allclose(np.concatenate((first, rest)), whole, rtol=1e-5, atol=1e-6)


def test_nan_stays_nan_and_spoils_nothing_else():
    smooth, _ = ema(np.arange(4), np.array([1.0, np.nan, np.inf, 1.0]), 10)
    assert np.isnan(smooth).tolist() == [False, True, True, False]
    assert smooth[3] == 1.0


@settings(max_examples=60)
@given(
    st.integers(1, 5000), st.floats(0, 1), st.floats(0, 1), st.integers(8, 300), st.integers(0, 9), st.data()
)
def test_envelope_keeps_every_extreme_of_what_it_covers(n, a, b, blocks, seed, data):
    values = np.random.default_rng(seed).normal(size=n).astype(np.float32)
    pyramid = Pyramid()
    for stop in [*sorted(data.draw(st.lists(st.integers(0, n), max_size=4))), n]:
        pyramid.extend(values[:stop])
    start, stop = sorted((int(a * n), int(b * n)))
    index, y = pyramid.envelope(values, start, stop, blocks)
    assert len(index) == len(y) <= 2 * blocks + 4
    assert np.all(np.diff(index) >= 0)
    if stop > start:
        assert index[0] <= start
        assert index[-1] == stop - 1
        covered = values[index[0] : index[-1] + 1]
        assert y.min() == covered.min()
        assert y.max() == covered.max()


def event(step, key, old, new, time, kind="set"):
    return SimpleNamespace(step=step, time=time, kind=kind, key=key, old=old, new=new, text="")


def test_a_drag_of_a_slider_is_one_marker():
    drag = [event(100 + i, "temperature", 0.5 - i * 0.01, 0.49 - i * 0.01, 10 + 0.1 * i) for i in range(30)]
    other = [
        event(140, "learning_rate", 0.001, 0.01, 13.0),
        event(150, "", None, None, 14, kind="checkpoint"),
    ]
    later = [event(400, "temperature", 0.2, 0.1, 60.0)]
    found = markers([*drag, *other, *later])
    assert [(m.step, m.label) for m in found] == [
        (129, "temperature 0.5 → 0.2"),
        (140, "learning rate 0.001 → 0.01"),
        (400, "temperature 0.2 → 0.1"),
    ]


def test_a_drag_there_and_back_leaves_no_marker():
    assert markers([event(1, "temperature", 0.5, 0.6, 0.0), event(2, "temperature", 0.6, 0.5, 0.2)]) == []


@pytest.mark.parametrize(
    ("value", "spacing", "text"),
    [
        (0.0, 1, "0"),
        (2.5, 0.5, "2.5"),
        (0.003, 0.001, "0.003"),
        (20000, 5000, "20k"),
        (1e6, 5e5, "1M"),
        (3e-6, 1e-6, "3×10⁻⁶"),
    ],
)
def test_ticks_show_the_numbers_themselves(value, spacing, text):
    assert tick_text(value, spacing) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(5.5413, "5.541"), (0.00119, "0.00119"), (float("nan"), "–"), (0.0, "0"), (1.2e-5, "1.2×10⁻⁵")],
)
def test_readouts_have_about_four_digits(value, text):
    assert value_text(value) == text


def test_charts_share_the_room_as_its_shape_allows():
    assert arrangement(320, 200, 2, 16) is None
    assert arrangement(900, 240, 2, 16) == (2, 1)
    assert arrangement(320, 500, 2, 16) == (1, 2)
    assert arrangement(700, 500, 3, 16) == (2, 2)


def log_of(n, **columns):
    log = MetricsLog()
    log.extend(np.arange(n), columns or {"loss": 5 - np.arange(n) / n, "chance_loss": np.full(n, 6.0)})
    return log


@pytest.fixture
def plot(qtbot):
    curves = [Curve("loss", "loss", "0"), Curve("chance_loss", "chance", "muted", dash=True, primary=False)]
    level = Level("limit", lambda scene: scene.constants.get("limit"))
    widget = TimePlot(curves, y_label="loss", unit="nats", hint="Press Start", levels=[level])
    qtbot.addWidget(widget)
    widget.resize(400, 280)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def scene(log, **more):
    return Scene("running", metrics=log, **more)


def drawn(plot, key="loss"):
    return plot._live[key].main.getData()


def test_an_empty_plot_says_what_will_come_and_a_drawn_one_does_not(plot):
    plot.draw(Scene("ready"))
    assert plot.notes.hint == "Press Start"
    plot.draw(scene(log_of(100)))
    assert plot.notes.hint == ""
    plot.reset()
    assert plot.notes.hint == "Press Start"


def test_a_million_steps_become_some_points_per_pixel_and_keep_their_extremes(plot):
    n = 1_000_000
    loss = np.full(n, 3.0, np.float32)
    loss[777_777] = 9.0
    plot.draw(scene(log_of(n, loss=loss, chance_loss=loss)))
    x, y = drawn(plot)
    assert len(x) < 2500
    assert y.max() == 9.0
    plot.view.setXRange(777_700, 777_800, padding=0)
    x, y = drawn(plot)
    assert x[np.argmax(y)] == 777_777


@pytest.mark.parametrize(
    ("values", "times"),
    [([0.0, 5.0], 0), ([0.0, 1.0, 2.0], 1), ([0.0, 1.0, 0.0, 1.0], 3), ([3.0, 3.0, 3.0], 0)],
)
def test_folds_are_the_times_a_curve_runs_over_its_height(values, times):
    assert folds(np.array(values)) == times


def test_random_numbers_fold_a_third_of_their_number():
    assert folds(np.random.default_rng(0).random(30_000)) == pytest.approx(10_000, rel=0.02)


def costly(plot):
    """Curves Qt would outline in one long path: many folds with a pen wider than a pixel."""
    strokes = [stroke for items in plot._items.values() for stroke in items if stroke.xData is not None]
    return [
        stroke
        for stroke in strokes
        if stroke.opts["pen"] is not None
        and stroke.opts["pen"].widthF() > 1
        and stroke.opts["segmentedLineMode"] == "off"
        and max(folds(stroke.xData), folds(stroke.yData)) > 40
    ]


@pytest.mark.parametrize("window", [0, 5, 1000])
@pytest.mark.parametrize("log", [(False, False), (True, True)])
def test_a_noisy_million_is_never_one_path_of_a_wide_pen(plot, window, log):
    n = 1_000_000
    noise = np.random.default_rng(0).random(n).astype(np.float32)
    run = log_of(n, loss=noise, chance_loss=noise)
    plot.set_smoothing(window)
    plot.set_log(*log)
    plot.draw(scene(run, overlays=[Overlay("again", run, MetricsLog(), "#e69f00")]))
    assert not costly(plot)
    plot.set_log(x=False)
    for start in (0, 123_456, 800_000):
        plot.view.setXRange(start, start + 200_000, padding=0)
        assert not costly(plot)
    with ExitStack() as dense:  # a screen of two pixels per unit
        for live in plot._live.values():
            for stroke in filter(None, (live.main, live.raw)):
                dense.enter_context(stroke.for_a_file(2.0, lines=False))
        assert not costly(plot)


def test_a_short_curve_keeps_its_two_pixels_and_a_flat_line_its_dashes(plot):
    n = 500
    noise = np.random.default_rng(0).normal(0, 0.1, n)
    plot.draw(scene(log_of(n, loss=6 - 3 * np.arange(n) / n + noise, chance_loss=np.full(n, 6.0))))
    loss, chance = plot._live["loss"].main, plot._live["chance_loss"].main
    assert loss.opts["pen"].widthF() == 2.0
    assert loss.opts["antialias"]
    assert chance.opts["pen"].style() == Qt.PenStyle.CustomDashLine


def test_a_value_that_stays_needs_no_points(plot):
    x, y = stairs(np.arange(6), np.array([2.0, 2, 2, 5, 5, 5]))
    assert list(zip(x, y, strict=True)) == [(0, 2), (3, 2), (3, 5), (5, 5)]


def test_sick_bands_differ_in_colour_and_edge(plot):
    steps = np.arange(3)
    bands = [
        Band(name, name == "healthy", {"loss": (steps, np.ones(3), np.full(3, 2.0))})
        for name in ("shortcut", "healthy", "too fast")
    ]
    plot.draw(scene(log_of(100), bands=bands))
    looks = [(e.colour, e.style) for e in plot.legend.entries() if e.key.startswith("band")]
    assert len({ink for ink, _ in looks}) == 3
    assert looks[0][1] != looks[2][1]
    inks = [item.opts["brush"].color().name() for *_, item in plot._band_items]
    assert inks == [ink for ink, _ in looks]  # the legend shows what the plot draws


def test_of_several_curves_the_first_alone_has_sick_bands_and_no_words_are_written_over_them(qtbot):
    made = TimePlot(
        [Curve("spread", "spread", "0"), Curve("cosine", "cosine", "3")], y_label="value", hint="Press Start"
    )
    qtbot.addWidget(made)
    at = np.arange(3), np.ones(3), np.full(3, 2.0)
    both = {"spread": at, "cosine": at}
    bands = [Band("healthy", True, both), Band("collapsed", False, both)]
    assert made.notes.hint == "Press Start"
    made.draw(scene(None, bands=bands))
    assert made.notes.hint == ""
    assert [(band.name, metric) for band, metric, *_ in made._band_items] == [
        ("healthy", "spread"), ("healthy", "cosine"), ("collapsed", "spread"),
    ]  # fmt: skip
    inks = [item.opts["brush"].color().name() for *_, item in made._band_items]
    assert inks[1] == QColor(colour("3")).name()
    assert len(set(inks)) == 3


def test_the_view_follows_the_run_until_the_user_zooms_and_again_on_follow(plot, qtbot):
    log = log_of(100)
    plot.draw(scene(log))
    plot.view.setXRange(10, 20, padding=0)
    plot.view.sigRangeChangedManually.emit([True, False])
    assert not plot.following
    assert plot._follow_button.isVisible()
    log.extend(np.arange(100, 5000), {"loss": np.ones(4900)})
    plot.draw(scene(log))
    assert plot.view.viewRange()[0] == [10, 20]
    qtbot.mouseClick(plot._follow_button, Qt.MouseButton.LeftButton)
    assert plot.following
    assert plot.view.viewRange()[0][1] >= 4999


def test_a_click_on_the_legend_hides_a_curve_and_fits_the_rest(plot, qtbot):
    plot.draw(scene(log_of(100)))
    box = next(box for box, entry in plot.legend._boxes if entry.key == "chance_loss")
    qtbot.mouseClick(plot.legend, Qt.MouseButton.LeftButton, pos=box.center())
    assert plot.hidden() == {"chance_loss"}
    assert not plot._live["chance_loss"].main.isVisible()
    assert plot.view.viewRange()[1][1] < 6.0
    qtbot.mouseClick(plot.legend, Qt.MouseButton.LeftButton, pos=box.center())
    assert plot._live["chance_loss"].main.isVisible()


def test_the_crosshair_reads_all_curves_at_the_hovered_step(plot):
    plot.draw(scene(log_of(100)))
    plot._mouse_x = 50.3
    plot.show_values()
    assert plot.notes.cross_text == "step 50"
    assert plot.legend._values["loss"] == "4.500"
    assert plot.legend._values["chance_loss"] == "6.000"
    plot.mouse_left()
    assert plot.notes.cross_x is None
    assert plot.legend._values["loss"] == "4.010"


def test_smoothing_does_not_depend_on_zoom_and_leaves_the_raw_curve(plot):
    n = 2000
    loss = np.random.default_rng(0).normal(3, 1, n)
    plot.draw(scene(log_of(n, loss=loss)))
    plot.set_smoothing(100)
    want = weighted_mean(np.arange(n), loss, 100)
    for low, high in ((0, 60), (1500, 1600)):
        plot.view.setXRange(low, high, padding=0)
        x, y = drawn(plot)
        np.testing.assert_allclose(y, want[x.astype(int)], rtol=1e-4)
        assert len(plot._live["loss"].raw.getData()[0]) == len(x)
    plot.set_smoothing(0)
    assert not len(
        plot._live["loss"].raw.getData()[0] if plot._live["loss"].raw.getData()[0] is not None else []
    )


def test_logarithmic_axes_show_powers_and_leave_out_what_has_no_logarithm(plot):
    plot.draw(scene(log_of(101, loss=np.concatenate(([0.0], 10.0 ** np.linspace(-3, 2, 100))))))
    plot.set_log(x=True, y=True)
    x, y = drawn(plot)
    assert np.all(np.isfinite(x))
    assert y.min() == pytest.approx(-3, abs=1e-5)
    assert y.max() == pytest.approx(2, abs=1e-5)


def test_a_run_cut_back_is_drawn_as_cut(plot):
    log = log_of(500)
    plot.draw(scene(log))
    log.truncate(99)
    plot.draw(scene(log))
    assert drawn(plot)[0].max() == 99


def test_other_runs_and_bands_come_and_go(plot):
    band = Band("healthy", True, {"loss": (np.arange(3), np.ones(3), np.full(3, 2.0))})
    other = Overlay("seed 1", log_of(50), MetricsLog(), "#e69f00")
    plot.draw(scene(log_of(100), overlays=[other], bands=[band]))
    assert [e.name for e in plot.legend.entries()] == ["loss", "chance", "seed 1", "healthy"]
    assert len(plot._others) == 2
    plot.draw(scene(log_of(100)))
    assert [e.name for e in plot.legend.entries()] == ["loss", "chance"]
    assert not plot._others


def test_two_runs_of_one_name_are_two_curves_and_two_columns(plot):
    runs = [Overlay("again", log_of(n), MetricsLog(), "#e69f00") for n in (50, 60)]
    plot.draw(scene(log_of(100), overlays=runs))
    ends = sorted(other.main.getData()[0].max() for (_, n), other in plot._others.items() if n == 0)
    assert ends == [49, 59]
    assert {"again: loss", "again (2): loss"} <= set(plot.columns())


def test_a_level_appears_once_its_value_is_known(plot):
    plot.draw(scene(log_of(10)))
    assert "limit" not in [e.name for e in plot.legend.entries()]
    plot.draw(scene(log_of(10), constants={"limit": 7.0}))
    assert "limit" in [e.name for e in plot.legend.entries()]
    assert plot.view.viewRange()[1][1] > 7.0


def test_growth_too_small_to_see_still_reaches_the_readout(plot):
    log = log_of(100_000)
    plot.draw(scene(log))
    before = len(drawn(plot)[0])
    log.append(100_000, {"loss": 2.5})
    plot.draw(scene(log))
    assert plot.legend._values["loss"] == "2.500"
    assert len(drawn(plot)[0]) == before


def test_a_diverged_loss_ends_the_curve_and_breaks_nothing(plot):
    log = log_of(100)
    log.extend(np.arange(100, 200), {"loss": np.full(100, np.nan)})
    log.append(200, {"loss": float("inf")})
    plot.draw(scene(log))
    x, y = drawn(plot)
    assert x.max() == 99
    assert np.all(np.isfinite(y))


def test_pictures_and_numbers_are_saved(plot, tmp_path):
    plot.draw(scene(log_of(20)))
    png = plot.tools.save(tmp_path / "a.png")
    assert png.read_bytes()[:4] == b"\x89PNG"
    svg = plot.tools.save(tmp_path / "a.svg").read_text()
    assert "loss" in svg
    assert "<image" not in svg  # lines and text, not a photograph of them
    noisy = np.random.default_rng(0).normal(6, 0.2, 500) - np.linspace(0, 3, 500)
    plot.draw(scene(log_of(500, loss=noisy)))
    assert plot._live["loss"].main.opts["segmentedLineMode"] == "on"
    whole = plot.tools.save(tmp_path / "b.svg").read_text()
    assert whole.count("<polyline") < svg.count("<polyline") + 50  # a curve is one line of the file
    assert plot._live["loss"].main.opts["segmentedLineMode"] == "on"
    plot.draw(scene(log_of(20)))
    with save_table(plot.columns(), tmp_path / "a.csv").open() as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["step", "loss", "chance_loss"]
    assert len(rows) == 21
    assert float(rows[11][1]) == pytest.approx(4.5)
    with pytest.raises(OSError, match="Cannot write"):
        plot.tools.save(tmp_path / "missing" / "a.png")


def test_a_picture_has_lines_as_thick_as_the_window_and_no_buttons(plot):
    plot.draw(scene(log_of(20, loss=np.full(20, 3.0), chance_loss=np.full(20, np.nan))))

    def ink(image):
        """The thickness of the loss in pixels of the window."""
        ratio = image.devicePixelRatioF()
        view = plot.view.sceneBoundingRect()
        at = plot.plot.mapTo(plot, plot.plot.mapFromScene(view.center()))
        x = round((at.x() - 0.2 * view.width()) * ratio)
        column = [image.pixelColor(x, y) for y in range(image.height())]
        return sum(c.blue() - c.red() > 100 for c in column) / ratio

    shown, saved = plot.grab().toImage(), picture(plot).toImage()
    assert saved.devicePixelRatioF() == 2 * shown.devicePixelRatioF()
    assert ink(shown) == pytest.approx(2, abs=0.6)
    assert ink(saved) == pytest.approx(2, abs=0.6)
    button = plot._menu_button.geometry()
    corner = saved.copy(2 * button.x(), 2 * button.y(), 2 * button.width(), 2 * button.height())
    colours = {corner.pixel(x, y) for x in range(corner.width()) for y in range(corner.height())}
    assert len(colours) == 1


def test_the_menu_offers_smoothing_axes_copy_and_save(plot):
    plot.draw(scene(log_of(20)))
    names = [action.text() for action in plot.menu().actions() if action.text()]
    assert names == [
        "Copy image",
        "Save image…",
        "Save data as CSV…",
        "Logarithmic y axis",
        "Logarithmic x axis",
        "Full view",
    ]


def test_a_curve_of_one_point_is_seen(plot):
    """The first probe, or the first step: a line that leads nowhere is no line."""
    plot.draw(scene(log_of(1, loss=np.array([3.0]), chance_loss=np.array([6.0]))))
    ink = plot._live["loss"].main.opts["pen"].color().rgb()
    area = plot.view.sceneBoundingRect().toRect()
    image = plot.plot.grab(area).toImage()
    seen = sum(image.pixel(x, y) == ink for x in range(image.width()) for y in range(image.height()))
    assert seen > 8


def test_hovering_a_marker_and_leaving_paints_without_error(plot, qtbot):
    events = [event(50, "temperature", 0.5, 0.1, 1.0), event(52, "momentum", 0.9, 0.99, 9.0)]
    plot.draw(scene(log_of(100), events=events))
    assert [label for _, label in plot.notes.marks] == ["temperature 0.5 → 0.1", "momentum 0.9 → 0.99"]
    area = plot.view.sceneBoundingRect()
    for share in (0.1, 0.47, 0.9):
        plot._mouse_moved(QPointF(area.left() + share * area.width(), area.center().y()))
        plot.grab()


def test_a_new_marker_draws_the_whole_line_of_labels_anew(plot, qtbot):
    """Otherwise the end of an older label stands behind the beginning of the newer one."""
    log = log_of(100)
    first = event(50, "temperature", 0.5, 0.1, 1.0)
    plot.draw(scene(log, events=[first]))
    plot.show()
    qtbot.wait(50)
    redrawn = []
    plot.notes.scene().changed.connect(redrawn.extend)
    plot.changes.show([first, event(98, "momentum", 0.9, 0.99, 9.0)], plot.map_x)
    top = plot.notes.mapRectToScene(plot.notes.boundingRect()).adjusted(1, 1, -1, -1)
    qtbot.waitUntil(lambda: any(area.contains(top) for area in redrawn), timeout=2_000)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal from Python 3.12 on")
def test_redraws_leave_the_count_of_none_alone(plot, qtbot):
    log = log_of(200)
    plot.draw(scene(log))
    plot.grab()
    before = count_of_none()
    for step in range(200, 500):
        log.append(step, {"loss": 3.0})
        plot.draw(scene(log))
        plot.grab()
    assert abs(count_of_none() - before) < 150


def test_markers_and_names_of_runs_have_peoples_words_for_controls_and_choices():
    from ssllab.ui.control_words import control_value, control_words
    from ssllab.ui.plots.markers import change_text

    assert change_text("loss", "nt_xent", "info_nce") == "loss NT-Xent → InfoNCE"
    assert change_text("grayscale", True, False) == "colour drop on → off"
    assert change_text("grayscale_probability", 0.2, 0.5) == "colour drop: probability 0.2 → 0.5"
    assert control_value("unit", "code") == "Units of sound"  # of a language model too
    assert (control_words("blur"), control_words("my_own_rate")) == ("Gaussian blur", "my own rate")
    assert control_value("schedule", "tri_stage") == "Rise, hold, fall"
    assert change_text("remedy", "vicreg", "none") == "remedy VICReg → None"
    assert control_words("sigreg_weight") == "SIGReg weight"


def test_every_title_of_a_shipped_control_or_choice_is_known_where_only_its_name_is():
    from ssllab.methods.registry import ours
    from ssllab.ui.control_words import control_value, control_words

    for method in ours().values():
        for key, spec in method.Config.controls().items():
            if spec.control.title:
                assert control_words(key).lower().endswith(spec.title.lower())
            for choice, title in zip(spec.choices, spec.control.choice_titles, strict=False):
                assert control_value(key, choice) == title


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("ready", "Press Start: the loss"),
        ("loading", "Loading. Then press Start: the loss"),
        ("running", "In a moment: the loss"),
        ("paused", "Start goes on: the loss"),
        ("failed", "The run failed"),
    ],
)
def test_an_empty_plot_says_what_is_true_in_the_state_of_the_run(qtbot, state, said):
    widget = TimePlot([Curve("loss", "loss", "0")], y_label="loss", hint="Press Start: the loss")
    qtbot.addWidget(widget)
    widget.follow_state(state)
    assert said in widget.notes.hint


def test_a_plot_whose_curves_are_all_hidden_says_so(qtbot):
    widget = TimePlot([Curve("loss", "loss", "0")], y_label="loss", hint="Press Start: the loss")
    qtbot.addWidget(widget)
    widget.draw(scene(log_of(20, loss=np.linspace(3, 1, 20))))
    assert widget.notes.hint == ""
    widget.toggle("loss")
    assert "Hidden" in widget.notes.hint


def test_the_button_of_a_plot_over_steps_smooths_it_and_says_how_far(plot):
    assert plot.smooth_button.isVisible()
    plot.set_smoothing(50)
    assert plot.smooth_button.text() == "≈ 50"


def test_probes_which_are_few_and_exact_have_no_button_that_smooths(qtbot):
    probes = TimePlot([Curve("knn", "kNN", "1", primary=False)], y_label="accuracy", hint="Press Start")
    qtbot.addWidget(probes)
    assert probes.smooth_button.isHidden()
