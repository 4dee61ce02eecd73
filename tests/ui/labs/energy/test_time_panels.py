"""The panels of the Energy lab that ask a model about clips, with real widgets and real small models."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
import torch
from PIL import Image
from PySide6.QtCore import Qt

from ssllab.data.video.bouncing import bouncing
from ssllab.data.video.types import Clips, VideoData
from ssllab.looks import AdjacentEnergies, PredictionCost
from ssllab.methods.jepa import JEPAConfig
from ssllab.methods.registry import methods
from ssllab.training.run_record import RunSettings
from ssllab.training.run_store import Workspace
from ssllab.training.session import Session
from ssllab.training.stored_clips import untrained
from ssllab.ui import theme
from ssllab.ui.bench import Bench
from ssllab.ui.labs.energy.adjacent import AdjacentMap, AdjacentPanel
from ssllab.ui.labs.energy.cost import CostPanel, described, table
from ssllab.ui.labs.energy.horizon import HorizonPanel
from ssllab.ui.labs.energy.page import page
from ssllab.ui.labs.energy.predictions import PredictionsPanel, errors
from ssllab.ui.labs.energy.surprise import SurprisePanel
from ssllab.ui.labs.energy.widgets.asking import ClipModels
from ssllab.ui.live_model import Copied
from ssllab.ui.plots.export import draw_film, save_plot
from ssllab.ui.scene import Scene
from ssllab.ui.work import LongWork

DATA = bouncing(16)
PANELS = (SurprisePanel, AdjacentPanel, HorizonPanel, PredictionsPanel, CostPanel)


class Filmed:
    """A source of clips of which nothing is known."""

    longest = 20

    def clips(self, count, length, settings, generator) -> Clips:
        return Clips(DATA.test.clips(count, length, settings, generator).frames)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def bench(qtbot, tmp_path):
    """With data and settings, and no run."""
    found = Bench(Workspace(tmp_path), "energy", LongWork())
    found.methods, found.data = methods(), DATA
    found.config = JEPAConfig.make({"batch_size": 4})
    yield found
    found.close()


@pytest.fixture
def models(bench, monkeypatch):
    monkeypatch.setattr("ssllab.ui.labs.energy.predictions.LEARNT", 20)  # or the decoder learns on and on
    return ClipModels(bench)


def answer_with(models, method="jepa", step=7, **config) -> None:
    """The live run's model as it would be copied."""
    model = untrained(method, {"batch_size": 4, "dimension": 8, **config}, DATA).eval()
    models.bench.config, models.bench.method_name = model.config, method
    models.live.copied = Copied(model, 1, step)
    models.live.changed.emit()


@pytest.fixture
def show(qtbot, models):
    """A panel that is seen, and asked once."""

    def make(kind):
        panel = kind(models)
        qtbot.addWidget(panel)
        panel.resize(560, 300)
        panel.show()
        panel.draw(Scene("ready"))
        qtbot.waitUntil(lambda: not panel.asking, timeout=60_000)
        return panel

    return make


def settled(qtbot, panel) -> None:
    qtbot.waitUntil(lambda: not panel.asking, timeout=60_000)


@pytest.mark.parametrize("kind", PANELS)
def test_before_a_run_a_panel_says_to_press_start_and_afterwards_it_shows_something(
    qtbot, models, show, kind
) -> None:
    panel = show(kind)
    models.bench._enter("ready")
    panel.draw(Scene("ready"))
    hint = (
        panel.table.hint
        if hasattr(panel, "table")
        else (panel.chart if hasattr(panel, "chart") else panel.map).notes.hint
    )
    assert hint.startswith("Press Start: ")
    empty = panel.grab().toImage()
    answer_with(models)
    settled(qtbot, panel)
    assert panel.note.text()
    assert panel.grab().toImage() != empty


@pytest.mark.parametrize("kind", PANELS)
def test_panels_are_drawn_in_both_themes_saved_and_tell_how_to_be_read(
    qtbot, models, show, kind, tmp_path
) -> None:
    answer_with(models)
    panel = show(kind)
    for help_has in ("How to read it", "LeCun" if kind is not PredictionsPanel else "Bordes"):
        assert help_has in panel.help
    light = panel.grab().toImage()
    try:
        theme.apply("dark", 10.0)
        panel.restyle()
        assert panel.grab().toImage() != light
    finally:
        theme.apply("light", 10.0)
        panel.restyle()
    picture = panel.table if hasattr(panel, "table") else panel
    assert save_plot(picture, tmp_path / "panel.png").stat().st_size > 500


def test_the_moment_is_framed_and_the_cursor_goes_from_the_curve_to_the_frames_and_back(
    qtbot, models, show
) -> None:
    answer_with(models)
    panel = show(SurprisePanel)
    found = panel.chart.found
    assert found.at in panel.view.strip._shown()
    panel.chart.point(10)
    assert panel.view.strip._cursors == (10,)
    panel.view.strip.setFocus()
    qtbot.keyClick(panel.view.strip, Qt.Key.Key_Right)
    assert panel.chart.notes.cross_text == "frame 11"
    assert panel.view.strip._cursors == (11,)
    qtbot.mouseMove(panel.view.strip, panel.view.strip.rect().center())
    columns = panel.chart.columns()
    assert list(np.flatnonzero(columns["surprise"])) == [found.at]
    assert len(columns["energy"]) == len(found.frames)


def test_only_what_the_world_has_room_for_is_offered(qtbot, models, show) -> None:
    answer_with(models)
    panel = show(SurprisePanel)
    names = [panel.choice.itemData(i) for i in range(panel.choice.count())]
    assert "in_front" not in names
    panel.restore_view({"what": "in_front", "clip": 3})
    assert panel.what == "teleport"
    answer_with(models, wall=True)
    settled(qtbot, panel)
    names = [panel.choice.itemData(i) for i in range(panel.choice.count())]
    assert "in_front" in names
    assert panel.what == "in_front"
    settled(qtbot, panel)
    assert panel.view_state()["what"] == "in_front"
    assert panel.view_state()["clip"] == 3


def test_a_film_of_ones_own_has_surprises_and_neighbours_and_no_horizon(qtbot, models, show) -> None:
    models.bench.data = VideoData("film", "A film", Filmed(), Filmed(), 16)
    answer_with(models)
    surprise, adjacent, horizon = show(SurprisePanel), show(AdjacentPanel), show(HorizonPanel)
    assert surprise.what == "cut"
    assert surprise.chart.found.at == 10
    assert adjacent.map.found.energies.shape == (17, 20)
    assert "not known of what was filmed" in horizon.note.text()


def test_a_cell_of_neighbours_points_at_both_frames_and_says_how_badly_they_fit(qtbot, models, show) -> None:
    answer_with(models)
    panel = show(AdjacentPanel)
    panel.map._cell = (3, 10)
    panel.map.show_values()
    assert panel.strip._cursors == (10, 13)
    assert panel.map.describe(3, 10).startswith("frame 13 after frame 10: ")
    columns = panel.map.columns()
    assert len(columns["energy"]) == np.isfinite(panel.map.found.energies).sum()


def test_strong_is_what_fits_and_a_short_clip_ends_where_it_does(qtbot) -> None:
    energies = np.full((5, 4), np.nan)
    energies[:3] = [[2.0, 2.0, 2.0, 2.0], [0.5, 0.5, 0.5, np.nan], [3.0, 4.0, np.nan, np.nan]]
    chart = AdjacentMap()
    qtbot.addWidget(chart)
    chart.show_energies(AdjacentEnergies(energies, np.zeros((4, 8, 8, 3), np.uint8)))
    assert np.nanargmax(chart._levels) // 4 == 1
    assert chart._levels[2, 1] == 0
    assert "3.500 2 after" in chart.scale.caption


def test_another_clip_is_asked_for_at_once(qtbot, models, show) -> None:
    answer_with(models)
    panel = show(AdjacentPanel)
    before = panel.map.found.frames
    qtbot.mouseClick(panel.another, Qt.MouseButton.LeftButton)
    settled(qtbot, panel)
    assert (panel.map.found.frames != before).any()


def test_the_decoder_learns_on_while_one_looks_and_rests_when_it_has(
    qtbot, models, show, monkeypatch
) -> None:
    monkeypatch.setattr("ssllab.ui.labs.energy.predictions.LEARNT", 140)
    answer_with(models)
    panel = show(PredictionsPanel)
    qtbot.waitUntil(
        lambda: panel.found is not None and panel.found.learnt == 140 and not panel.asking, timeout=60_000
    )
    assert "Decoder, 140 steps" in panel.note.text()
    assert set(errors(panel.found)) == {"frames ahead", "nearest", "expected", "came, from its latent"}
    answer_with(models, step=8)  # it has learnt since
    qtbot.waitUntil(lambda: panel.found.learnt == 280 and not panel.asking, timeout=60_000)


@pytest.mark.parametrize(("method", "rows"), [("pixel_predictor", 2), ("cpc", 3), ("jepa", 4)])
def test_a_model_shows_what_it_expects_as_far_as_that_can_be_drawn(qtbot, models, show, method, rows) -> None:
    answer_with(models, method)
    panel = show(PredictionsPanel)
    qtbot.waitUntil(lambda: panel.found is not None and not panel.asking, timeout=60_000)
    assert panel.table._least == rows + (method == "pixel_predictor")


def test_the_cost_of_the_other_method_is_that_of_its_newest_run_here(qtbot, models, show) -> None:
    workspace = models.bench.workspace
    settings = RunSettings(
        method="pixel_predictor", config={"batch_size": 4, "dimension": 8}, data="bouncing", steps=2
    )
    session = Session(settings, DATA, workspace.create(settings))
    session.start()
    assert session.wait(120)
    assert session.failure is None
    answer_with(models)
    panel = show(CostPanel)
    jepa, pixel = panel.table.costs
    assert (jepa.method, pixel.method) == ("JEPA", "Pixel predictor")
    assert 0 < pixel.background < 1
    assert table(panel.table.costs)[-1][1][0] == "nothing is painted"
    assert "of the pixel loss" in panel.note.text()
    assert list(panel._columns()["numbers predicted"]) == [8, 3 * 16 * 16]


@pytest.mark.parametrize(("kind", "length"), [(SurprisePanel, 48), (PredictionsPanel, 8)])
def test_what_goes_on_in_time_is_saved_as_a_film_that_does_not_flicker(
    qtbot, models, show, tmp_path, kind, length
) -> None:
    answer_with(models)
    panel = show(kind)
    tools = panel.chart.tools if kind is SurprisePanel else panel.tools
    frames = tools._frames()
    assert len(frames) == length
    assert tools._per_second <= 3
    assert any((frames[0]() != frames[i]()).any() for i in (3, 5))
    path = draw_film(frames[:6], tmp_path / "film.gif")
    with Image.open(path) as film:
        assert film.n_frames == 6


def test_a_panel_behind_another_tab_asks_nothing(qtbot, bench) -> None:
    lab = page(bench)
    qtbot.addWidget(lab)
    lab.resize(1280, 760)
    lab.show()
    lab.show_panel("surprise")
    models = next(panel.models for panel in lab.panels if panel.id == "surprise")
    qtbot.waitUntil(lambda: lab.docks["surprise"].on_top)
    answer_with(models)
    seen = {panel.id: panel.seen for panel in lab.panels if isinstance(panel, PANELS)}
    assert seen == {
        "surprise": True,
        "adjacent": False,
        "horizon": False,
        "predictions": False,
        "cost": False,
    }
    asked = [panel for panel in lab.panels if isinstance(panel, PANELS) and panel._asked is not None]
    assert [panel.id for panel in asked] == ["surprise"]
    settled(qtbot, asked[0])


def test_what_is_measured_is_said_while_the_first_answer_is_awaited_and_an_answer_stays(
    qtbot, models, show
) -> None:
    panel = show(SurprisePanel)
    answer_with(models)
    assert panel.asking
    assert panel.note.text() == "Measuring the energy of each frame of a clip: some seconds."
    settled(qtbot, panel)
    said = panel.note.text()
    assert said.startswith("Frame")
    panel.another.click()
    assert panel.asking
    assert panel.note.text() == said
    settled(qtbot, panel)


def test_costs_lead_with_their_ratio_and_say_what_to_do_for_what_is_missing() -> None:
    jepa = PredictionCost("JEPA", 10, 0.2, 32, None, None)
    pixel = PredictionCost("Pixel predictor", 20, 0.3, 768, None, 0.1)
    assert dict(table([jepa, pixel]))["A step"] == ["1 × (200 ms)", "1.5 × (300 ms)"]
    assert "train the method Pixel predictor for a while, then come back" in described([jepa, pixel])
