"""The race and the sweep over backgrounds, by their real buttons."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from PySide6.QtCore import Qt

from ssllab.data.video.bouncing import bouncing
from ssllab.experiments import background, race
from ssllab.experiments.background import STRENGTHS, Cell
from ssllab.experiments.contenders import Contender
from ssllab.experiments.race import Course
from ssllab.labs import labs, methods_of
from ssllab.methods.registry import methods
from ssllab.training.run_store import Workspace
from ssllab.ui.bench import Bench
from ssllab.ui.labs.energy.background import BACKGROUND
from ssllab.ui.labs.energy.race import RACE
from ssllab.ui.main_toolbar import MainToolbar
from ssllab.ui.panels.curves import panel_charts
from ssllab.ui.panels.sweep import SweepPanel
from ssllab.ui.work import LongWork

SMALL = {"batch_size": 4, "width": 4, "dimension": 8, "predictor_width": 8}
NONE, EMA, PIXELS = Contender("jepa", "none"), Contender("jepa", "ema"), Contender("pixel_predictor")
COURSES = {
    EMA: Course((0, 50, 100), {"position_r2": (0.6, 0.8, 0.95), "std": (1.0, 0.9, 0.8), "rankme": (7, 6, 5)}),
    PIXELS: Course((0, 50), {"position_r2": (0.6, 0.7), "std": (1.0, 1.1)}),
}


@pytest.fixture
def bench(tmp_path, qapp, monkeypatch):
    monkeypatch.setattr("ssllab.methods.clips.EVALUATED", 32)
    made = Bench(Workspace(tmp_path / "w"), "energy", LongWork(), method="jepa", data="bouncing")
    made.methods = methods_of(labs()["energy"], methods())
    made.data = bouncing(16)
    made.config = methods()["jepa"].Config.make(SMALL)
    yield made
    made.close()


@pytest.fixture
def shown(bench, qtbot):
    def make(sweep) -> SweepPanel:
        panel = SweepPanel(bench, sweep)
        qtbot.addWidget(panel)
        panel.resize(620, 380)
        panel.show()
        return panel

    return make


def run(panel: SweepPanel, steps: int, qtbot) -> None:
    panel.steps.setValue(steps)
    qtbot.mouseClick(panel.run_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(panel.run_button.isEnabled, timeout=120_000)
    assert panel.runs.failure is None, panel.runs.failure


def test_the_six_remedies_race_by_default_and_others_can_be_chosen(shown):
    choice = shown(RACE).picture.choice
    assert [one.remedy for one in choice.chosen] == [
        "none", "stop_gradient", "ema", "contrastive", "vicreg", "sigreg",
    ]  # fmt: skip
    assert set(choice.all) - set(choice.chosen) == {PIXELS, Contender("cpc")}
    choice._boxes[PIXELS].click()
    assert PIXELS in choice.chosen
    assert choice.text().startswith("7 take part")


def test_on_images_the_methods_of_two_views_race(bench, shown, rich_images):
    picture = shown(RACE).picture
    bench.data = rich_images
    bench.data_loaded.emit()
    assert {one.method for one in picture.choice.chosen} == {
        "simclr", "simsiam", "byol", "vicreg", "barlow_twins", "sigreg",
    }  # fmt: skip


def test_a_race_runs_grows_and_is_kept_for_the_next_window(shown, qtbot, bench):
    panel = shown(RACE)
    for one in panel.picture.choice.chosen[2:]:
        panel.picture.choice._boxes[one].click()
    run(panel, 2, qtbot)
    courses = panel.picture._courses
    assert [one.remedy for one in courses] == ["none", "stop_gradient"]
    assert all(course.steps == (0, 1, 2) for course in courses.values())
    assert panel.note.text().startswith("2 of 2 runs, side by side")
    kept = json.loads(panel._file.read_bytes())
    assert race.from_plain(kept["results"]).keys() == courses.keys()
    again = shown(RACE)
    qtbot.waitUntil(lambda: again.picture._courses.keys() == courses.keys(), timeout=30_000)
    assert again.note.text().startswith("The last ones: 2 of 2 runs")
    assert again.picture.measure.currentData() == "position_r2"


def test_every_curve_stands_in_the_same_axes_with_its_value_at_the_end(shown):
    picture = shown(RACE).picture
    assert not picture.measure.isVisible()  # nothing to choose among yet
    picture.show_results(COURSES)
    assert picture.measure.isVisible()
    assert picture.values() == {"jepa ema": "95.0 %", "pixel_predictor": "70.0 %"}
    _, text, values, dots = picture.readout(48.0)
    assert text == "step 50"
    assert values == {"jepa ema": "80.0 %", "pixel_predictor": "70.0 %"}
    assert len({ink for *_, ink in dots}) == 2
    picture.measure.setCurrentIndex(picture.measure.findData("rankme"))
    picture._ask(0)
    assert picture.values() == {"jepa ema": "5", "pixel_predictor": ""}
    left = picture.view_state()
    other = shown(RACE).picture
    other.restore_view(left)
    other.show_results(COURSES)
    assert other.measure.currentData() == "rankme"


def test_a_contender_keeps_its_colour_whoever_else_takes_part(shown):
    picture = shown(RACE).picture
    picture.show_results(COURSES)
    colours = {entry.key: entry.colour for entry in picture.legend.entries()}
    picture.show_results({PIXELS: COURSES[PIXELS]})
    assert {entry.key: entry.colour for entry in picture.legend.entries()} == {
        "pixel_predictor": colours["pixel_predictor"]
    }


def test_the_races_table_has_a_row_a_step_and_a_column_for_each_curve(shown):
    picture = shown(RACE).picture
    assert picture.columns() == {}
    picture.show_results(COURSES)
    table = picture.columns()
    assert table["step"].tolist() == [0, 50, 100]
    assert table["jepa ema position_r2"].tolist() == [0.6, 0.8, 0.95]
    assert np.isnan(table["pixel_predictor std"][2])


def test_the_film_of_a_race_grows_in_the_axes_of_the_whole(shown):
    picture = shown(RACE).picture
    assert not picture.frames()
    picture.show_results(COURSES)
    frames = [call() for call in picture.frames()]
    assert len(frames) == 3
    assert len({frame.shape for frame in frames}) == 1
    assert np.any(frames[0] != frames[1])
    assert np.any(frames[1] != frames[2])
    assert [list(course.steps) for course in picture._unseen._courses.values()] == [[0, 50, 100], [0, 50]]
    unseen, span = picture._unseen, picture.view.viewRange()
    np.testing.assert_allclose(unseen.view.viewRange(), span, rtol=1e-3)
    frames[0] = picture.frames()[0]()
    np.testing.assert_allclose(unseen.view.viewRange(), span, rtol=1e-3)
    assert picture.tools.menu().actions()[3].text() == "Save film as GIF…"


def test_a_race_that_nobody_takes_part_in_says_so_and_does_not_begin(shown, qtbot, bench):
    panel, said = shown(RACE), []
    bench.message.connect(lambda level, text, detail: said.append(text))
    for one in panel.picture.choice.chosen:
        panel.picture.choice._boxes[one].click()
    qtbot.mouseClick(panel.run_button, Qt.MouseButton.LeftButton)
    assert said == ["Nobody takes part: choose some in the race's menu."]
    assert panel.run_button.isEnabled()


def test_the_table_of_backgrounds_has_each_remedy_and_the_pixel_model_and_a_click_sets_both(shown, bench):
    picture = shown(BACKGROUND).picture
    assert picture.rows[0] == "No remedy"
    assert picture.rows[-1] == "Pixel predictor"
    assert len(picture.rows) == 7
    assert list(picture.strengths) == list(STRENGTHS)
    picture.show_results({Cell(EMA, "flicker", 0.5): 0.93})
    assert picture.at(2, 2) == 0.93  # of the results, whatever is chosen for the next sweep
    assert picture.at(2, 1) is None
    picture.pick(2, 2)
    config = bench.config
    assert (bench.method_name, config.remedy) == ("jepa", "ema")
    assert (config.background, config.background_strength, config.width) == ("flicker", 0.5, 4)
    picture.pick(6, 3)
    assert bench.method_name == "pixel_predictor"
    assert (bench.config.background, bench.config.background_strength, bench.config.width) == (
        "flicker",
        1.0,
        4,
    )


def test_a_cell_is_picked_by_the_mouse(shown, bench, qtbot):
    picture = shown(BACKGROUND).picture
    picture.grab()
    place = picture._cell(4, 1).center().toPoint()
    qtbot.mouseClick(picture, Qt.MouseButton.LeftButton, pos=place)
    assert (bench.config.remedy, bench.config.background, bench.config.background_strength) == (
        "vicreg", "fixed", 0.25,
    )  # fmt: skip


def test_the_sweep_runs_before_the_chosen_background_and_is_kept(shown, qtbot, monkeypatch):
    monkeypatch.setattr(background, "STRENGTHS", (0.0, 1.0))
    panel = shown(BACKGROUND)
    panel.picture.offer([EMA, PIXELS])
    panel.picture.choice.setCurrentIndex(panel.picture.choice.findData("drift"))
    run(panel, 1, qtbot)
    assert len(panel.picture.results) == 4
    assert {cell.background for cell in panel.picture.results} == {"drift"}
    assert panel.note.text().startswith("4 of 4 runs, R² of the position (%), drift background")
    table = panel.picture.columns()
    assert table["strength"].tolist() == [0.0, 0.0, 1.0, 1.0]
    assert all(math.isfinite(r2) for r2 in table["position_r2"])
    assert background.from_plain(json.loads(panel._file.read_bytes())["results"]) == panel.picture.results


def test_the_sweep_over_backgrounds_is_offered_where_a_method_learns_from_clips(shown):
    panel = shown(BACKGROUND)
    offered = {name for name, method in methods().items() if panel.suits(method)}
    assert offered == {"jepa", "pixel_predictor", "cpc"}


def test_the_axes_span_all_steps_from_the_start_and_say_what_is_measured(shown):
    picture = shown(RACE).picture
    picture.steps = 300
    picture.show_results({EMA: Course((0, 15), {"position_r2": (0.6, 0.7)})})
    assert picture.view.viewRange()[0][1] >= 300
    assert picture._labels[1] == "Position, R² (%)"


def test_what_was_not_probed_leaves_no_hole_in_a_curve(shown):
    picture = shown(RACE).picture
    picture.show_results({EMA: Course((0, 5, 10), {"position_r2": (0.6, math.nan, 0.7)})})
    steps, values = picture._points(picture._courses[EMA])
    assert steps.tolist() == [0, 10]
    assert values.tolist() == [60, 70]
    assert picture.readout(5.5)[1] == "step 10"


def test_a_race_says_that_the_run_waits_in_which_world_it_is_and_when_it_was_cancelled(shown, qtbot, bench):
    said = []
    bench.message.connect(lambda level, text, detail: said.append(text))
    bench.set_many({"background": "fixed", "background_strength": 0.5})
    bench.start()
    qtbot.waitUntil(lambda: bench.session.state == "running", timeout=60_000)
    bench.poll()
    panel = shown(RACE)
    panel.steps.setValue(10_000)
    qtbot.mouseClick(panel.run_button, Qt.MouseButton.LeftButton)
    assert said == ["The run is paused while the race trains; it goes on afterwards."]
    qtbot.waitUntil(lambda: panel.runs is not None and bool(panel.runs.known), timeout=60_000)
    qtbot.waitUntil(lambda: bench.session.state == "paused", timeout=60_000)
    qtbot.mouseClick(panel.cancel_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(panel.run_button.isEnabled, timeout=60_000)
    assert panel.note.text().startswith(
        "cancelled after 0 of 6 runs, side by side, background Fixed for a clip"
    )
    assert panel.note.text().endswith(f"background strength 0.5, 10,000 steps on {bench.data.title}")
    qtbot.waitUntil(lambda: bench.session.state == "running", timeout=60_000)


def test_the_world_of_a_lesson_goes_along_to_another_method_and_its_remedy_does_not(bench):
    said = []
    bench.message.connect(lambda level, text, detail: said.append(text))
    lesson = {"background": "fixed", "remedy": "none", "learning_rate": 0.01}
    bench.config = bench.config.changed(lesson)
    bench._lesson = lesson
    bench.set_method("pixel_predictor")
    assert (bench.config.background, bench.config.learning_rate) == ("fixed", 1e-3)
    assert said == ["The lesson is over: remedy, learning rate are back at the default."]
    bench.set_method("jepa")
    assert (bench.config.background, bench.config.remedy) == ("fixed", "vicreg")


def test_a_video_of_the_persons_own_is_asked_for_beside_a_folder_and_long_names_keep_their_ends(bench, qtbot):
    toolbar = MainToolbar(bench)
    qtbot.addWidget(toolbar)
    box = toolbar.data_box
    assert [box.itemText(i) for i in range(box.count())][-2:] == ["Your folder…", "Your video…"]
    with qtbot.waitSignal(toolbar.file_wanted):
        box.setCurrentIndex(box.count() - 1)
        box.activated.emit(box.count() - 1)
    bench.data_name = "/somewhere/" + "a very long name of a film " * 4 + "7.mp4"
    toolbar.show_data()
    assert box.currentData() == bench.data_name
    assert box.itemText(box.count() - 1) == "Your video…"
    box.resize(160, box.sizeHint().height())
    one = box.grab().toImage()
    box.setItemText(box.currentIndex(), box.currentText().replace("7.mp4", "8.mp4"))
    assert box.grab().toImage() != one  # the end is seen


def test_methods_of_two_views_show_whether_they_are_alive():
    charts = panel_charts(
        "alive",
        ("probes", "alive", "loss"),
        *[getattr(methods()["simsiam"], n) for n in ("series", "charts")],
    )
    assert [chart.name for chart in charts] == ["Alive", "Rank"]
