"""The map and the collapse monitor of real runs on clips: a collapse is drawn as one, whatever was seen before."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from PySide6.QtCore import QObject, Signal

from ssllab.data.video.bouncing import bouncing
from ssllab.looks import Embedding, Landscape, Look, Spectrum
from ssllab.methods.registry import method_class
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer
from ssllab.ui.embedding.anchor import Anchor
from ssllab.ui.labs.energy.collapse import CollapseMonitor, Correlations
from ssllab.ui.labs.energy.latent_map import LatentMap
from ssllab.ui.scene import Scene

SMALL = {"batch_size": 16, "width": 8, "dimension": 8, "predictor_width": 32, "warmup_steps": 0}


class FakeBench(QObject):
    data_loaded = Signal()
    config = None


@pytest.fixture(scope="session")
def looks():
    """The look of an untrained model, and one of it after so many steps."""

    @cache
    def made(method: str, steps: int, **config) -> tuple[Look, Look]:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        settings = RunSettings(method=method, config=SMALL | config, data="bouncing")
        trainer = Trainer(settings, bouncing(16))
        first = trainer.look()
        for _ in range(steps):
            trainer.train_step()
        last = trainer.look()
        torch.set_num_threads(threads)
        return first, last

    return made


@pytest.fixture
def shown(qtbot):
    def make(panel):
        qtbot.addWidget(panel)
        panel.resize(600, 420)
        panel.show()
        return panel

    return make


def map_of(shown) -> LatentMap:
    bench = FakeBench()
    panel = shown(LatentMap(bench, Anchor(bench)))
    panel.kept = bench  # a panel does not own its bench
    panel.move_smoothly.setChecked(False)
    return panel


def width_of_cloud(panel: LatentMap) -> float:
    """As a share of the canvas' smaller side."""
    canvas = panel.canvas
    canvas.grab()
    pixels, _ = canvas.camera.pixels(canvas._shown)
    return float(np.ptp(pixels, axis=0).max()) / min(canvas.width(), canvas.height())


COLLAPSING = {"remedy": "none", "learning_rate": 0.02}


def test_a_model_that_becomes_one_vector_shrinks_to_a_point_on_the_map(shown, looks):
    panel, (first, last) = map_of(shown), looks("jepa", 60, **COLLAPSING)
    panel.draw(Scene("running", look=first))
    before = width_of_cloud(panel)
    assert before > 0.5
    panel.draw(Scene("running", look=last))
    assert width_of_cloud(panel) < 0.1 * before
    panel.reset_view.trigger()  # not even on request is it blown up
    assert width_of_cloud(panel) < 0.1 * before


def test_a_collapsed_run_that_is_opened_again_is_drawn_as_small(shown, looks):
    panel = map_of(shown)
    panel.draw(Scene("paused", look=looks("jepa", 60, **COLLAPSING)[1]))
    assert width_of_cloud(panel) < 0.1


@pytest.mark.parametrize("dimension", [2, 3])
def test_two_or_three_latents_are_drawn_as_they_are(shown, looks, dimension):
    panel, (first, last) = map_of(shown), looks("jepa", 60, dimension=dimension, **COLLAPSING)
    for look in (first, last):
        part = look.part(Embedding)
        assert part.kind == "latents"
        np.testing.assert_array_equal(part.points, part.z)
        panel.draw(Scene("running", look=look))
        np.testing.assert_allclose(panel.canvas._shown, part.z)
        if look is first:
            before = width_of_cloud(panel)
    assert width_of_cloud(panel) < 0.1 * before


def test_frames_are_coloured_by_what_is_known_of_them_and_joined_to_the_next(shown, looks):
    panel = map_of(shown)
    look = looks("jepa", 1, wall=True, shapes=4, background="fixed")[1]
    panel.draw(Scene("running", look=look))
    names = [panel.colouring.itemText(i) for i in range(panel.colouring.count())]
    assert names == ["x", "y", "hidden", "shape", "background"]
    part = look.part(Embedding)
    assert part.items == 128
    assert len(part.views) == len(part.z) == 256
    assert panel.canvas._in_pairs
    assert panel.legend.names[0] == "0 to 3 (left)"
    panel.colouring.setCurrentText("background")
    assert len(panel.legend.names) == 8
    facts = dict(panel._facts(0))
    assert facts.keys() == set(names)
    panel._hover(0)
    assert "next frame" in panel.card.text.text()


def test_what_a_colouring_says_is_where_the_object_is(looks):
    part = looks("jepa", 1)[1].part(Embedding)
    classes = {name: classes for name, classes, _, _ in part.colourings}
    assert classes.keys() == {"x", "y"}  # what is the same in every frame tells nothing
    lit = part.views[:128].max(axis=3) > 60
    columns = np.array([np.nonzero(picture)[1].mean() + 0.5 for picture in lit])
    assert np.abs(columns / (16 / 6) - 0.5 - classes["x"]).max() < 1.2


def test_other_frames_of_a_changed_world_are_pictured(shown, looks):
    panel = map_of(shown)
    panel.draw(Scene("running", look=looks("jepa", 1)[1]))
    dark = panel._pictures
    panel.draw(Scene("running", look=looks("jepa", 1, background="flicker")[1]))
    assert panel._pictures.mean() > 3 * dark.mean()


def test_a_collapsed_models_bars_stand_far_under_the_line_on_the_axis_of_before(shown, looks):
    panel, (first, last) = shown(CollapseMonitor(FakeBench())), looks("jepa", 60, **COLLAPSING)
    assert not panel.spread.legend.entries()
    for look in (first, last):
        panel.draw(Scene("running", look=look))
        if look is first:
            top = panel.spread.view.viewRange()[1][1]
    bars = panel.spread._bars.yData
    even = 8**-0.5
    assert bars.max() < 0.2 * even
    assert panel.spread.view.viewRange()[1][1] >= top  # not scaled to what is left
    words = [entry.name for entry in panel.spread.legend.entries()]
    assert words[:2] == ["z", "1/√8"]
    assert words[2].startswith("cosine of unrelated 0.9")


def test_the_monitor_shows_raw_spread_and_correlations_of_the_same_latents(shown, looks):
    panel, look = shown(CollapseMonitor(FakeBench())), looks("jepa", 3)[1]
    z = look.part(Embedding).z.astype(float)
    part = look.part(Spectrum)
    np.testing.assert_allclose(part.channel_std_z, z.std(0, ddof=1), rtol=1e-4)
    np.testing.assert_allclose(part.covariance, np.cov(z.T), rtol=1e-3, atol=1e-6)
    panel.draw(Scene("running", look=look))
    table = panel.correlations.columns()
    np.testing.assert_allclose(table["correlation"].reshape(8, 8), np.corrcoef(z.T), atol=1e-4)
    assert panel.correlations._levels[2, 5] == pytest.approx(abs(np.corrcoef(z.T)[2, 5]), abs=1e-4)
    assert np.isnan(np.diag(panel.correlations._levels)).all()
    assert panel.correlations.describe(2, 5).startswith("3 and 6: r ")


def test_a_dimension_without_spread_has_no_correlation(shown, looks):
    from dataclasses import replace

    part = looks("jepa", 3)[1].part(Spectrum)
    still = part.covariance.copy()
    still[3] = still[:, 3] = 0
    panel = shown(CollapseMonitor(FakeBench()))
    panel.draw(Scene("running", look=Look(1, (replace(part, covariance=still),))))
    assert panel.correlations.describe(3, 1) == "dimension 4 has no spread"
    assert np.isfinite(panel.correlations._r).all()


@pytest.mark.parametrize("method", ["jepa", "pixel_predictor", "cpc"])
def test_every_method_on_clips_has_a_map_and_a_spectrum(method, looks):
    look = looks(method, 1)[1]
    assert {type(part) for part in look.parts} >= {Embedding, Spectrum, Landscape}
    assert look.part(Embedding).extent > 0


@pytest.mark.parametrize(("method", "raw"), [("vicreg", True), ("simsiam", False), ("simclr", False)])
def test_a_method_whose_loss_sees_lengths_is_shown_by_vectors_as_they_are(method, raw, rich_images):
    config = {"batch_size": 8, "dimension": 8, "head_width": 16}
    trainer = Trainer(RunSettings(method=method, config=config, data=rich_images.name), rich_images)
    trainer.train_step()
    look = trainer.look()
    lengths = np.linalg.norm(look.part(Embedding).z, axis=1)
    assert look.part(Spectrum).raw == raw
    assert np.allclose(lengths, 1, atol=1e-4) != raw
    assert (look.part(Embedding).extent is None) == (method == "simclr")
    assert method_class(method).raw == raw


def test_neither_a_look_nor_what_it_measured_changes_training():
    torch.manual_seed(0)
    runs = [
        Trainer(RunSettings(method="jepa", config=SMALL, data="bouncing"), bouncing(16)) for _ in range(2)
    ]
    curves = []
    for trainer, watched in zip(runs, (True, False), strict=True):
        losses = []
        for _ in range(3):
            if watched:
                trainer.look()
            losses.append(trainer.train_step()["loss"])
        curves.append(losses)
    assert curves[0] == curves[1]


def test_correlations_are_a_square_with_round_numbers_beside_it(shown, looks, qtbot):
    chart = shown(Correlations())
    chart.resize(700, 260)
    chart.draw(Scene("running", look=looks("jepa", 1, dimension=32)[1]))
    qtbot.wait(50)
    width, height = chart.view.viewPixelSize()
    assert width == pytest.approx(height, rel=0.02)
    (x0, x1), (y0, y1) = chart.view.viewRange()
    assert x0 <= 0 < 32 <= x1
    assert y0 <= 0.01
    assert y1 >= 31.99
    for ticks in chart._named:
        numbers = [int(name) for _, name in ticks]
        assert 2 < len(numbers) < 20
        assert len(set(np.diff(numbers))) == 1
        assert numbers[0] % np.diff(numbers)[0] == 0
