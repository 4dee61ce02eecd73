"""The microscope's arithmetic against torch, and its buttons against a bench that records."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PySide6.QtCore import QObject, QPoint, Qt, Signal

from ssllab.ui.embedding.anchor import Anchor
from ssllab.ui.labs.contrast.microscope import Microscope
from ssllab.ui.labs.contrast.widgets.candidates import CandidateTable
from ssllab.ui.labs.contrast.widgets.contrast_arithmetic import (
    candidate_rows,
    contrast,
    effective_negatives,
    exponential_text,
)
from ssllab.ui.scene import Scene


class FakeBench(QObject):
    config_changed = Signal(str, object, object)
    data_loaded = Signal()

    def __init__(self, temperature=0.5):
        super().__init__()
        self.config = SimpleNamespace(temperature=temperature)

    def set(self, key, value):
        old, self.config = getattr(self.config, key), SimpleNamespace(**{key: value})
        self.config_changed.emit(key, old, value)


def microscope_on(bench):
    return Microscope(bench, Anchor(bench))


def embeddings(images, dimensions, seed=0):
    rng = np.random.default_rng(seed)
    first = rng.normal(size=(images, dimensions))
    z = np.concatenate([first, first + 0.5 * rng.normal(size=first.shape)])
    return (z / np.linalg.norm(z, axis=1, keepdims=True)).astype(np.float64)


@pytest.fixture
def scene(real_looks):
    """What a real run of SimCLR shows: forty images, two views each."""
    return lambda variant="nt_xent": real_looks("simclr", temperature=0.5, loss=variant).scene()


@pytest.mark.parametrize("variant", ["nt_xent", "info_nce"])
@pytest.mark.parametrize("temperature", [0.05, 0.5, 5.0])
def test_loss_and_forces_are_those_of_torchs_cross_entropy(variant, temperature):
    z, anchor, images = embeddings(10, 8), 3, 10
    logits = torch.tensor(z @ z[anchor] / temperature, requires_grad=True)
    if variant == "nt_xent":  # all but the anchor itself
        kept, target = [k for k in range(2 * images) if k != anchor], images + anchor - 1
    else:
        kept, target = list(range(images, 2 * images)), anchor
    loss = torch.nn.functional.cross_entropy(logits[kept], torch.tensor(target))
    loss.backward()
    by_similarity = logits.grad.numpy() / temperature  # d loss / d s

    seen = contrast(z, anchor, temperature, variant)
    assert seen.loss == pytest.approx(loss.item(), abs=1e-12)
    assert seen.rows[0] == images + anchor
    assert sorted(seen.rows) == kept
    np.testing.assert_allclose(seen.force[0], -by_similarity[images + anchor], atol=1e-12)
    np.testing.assert_allclose(seen.force[1:], by_similarity[seen.rows[1:]], atol=1e-12)
    assert (np.diff(seen.similarity[1:]) <= 0).all()


@pytest.mark.parametrize("temperature", [1e-6, 0.01, 100.0, 1e6])
def test_every_number_is_finite_and_pushes_equal_the_pull_at_extreme_temperatures(temperature):
    seen = contrast(embeddings(20, 4), 0, temperature)
    for numbers in (seen.probability, seen.force, seen.logits, seen.loss, seen.log_sum):
        assert np.isfinite(numbers).all()
    assert seen.probability.sum() == pytest.approx(1.0)
    assert seen.force[1:].sum() == pytest.approx(seen.force[0])


def test_collapsed_embeddings_give_the_chance_loss():
    z = np.tile([[1.0, 0.0]], (16, 1))
    assert contrast(z, 0, 0.5, "nt_xent").loss == pytest.approx(np.log(15))
    assert contrast(z, 0, 0.5, "info_nce").loss == pytest.approx(np.log(8))
    assert contrast(z, 0, 0.5, "nt_xent").effective_negatives == pytest.approx(14)


def test_loss_keeps_its_digits_when_the_positive_has_all_the_share():
    z = np.array([[1.0, 0.0], [-1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
    seen = contrast(z, 0, 0.05)  # two negatives at -1, the positive at 1
    assert seen.loss == pytest.approx(2 * np.exp(-40.0), rel=1e-9)
    assert seen.force[0] == pytest.approx(2 * np.exp(-40.0) / 0.05, rel=1e-9)


def test_effective_negatives_grow_with_temperature_from_one_to_all():
    similarity = np.linspace(-0.5, 0.9, 30)
    grown = effective_negatives(similarity, np.geomspace(0.001, 1000, 50))
    assert (np.diff(grown) >= -1e-9).all()
    assert grown[0] == pytest.approx(1.0)
    assert grown[-1] == pytest.approx(30.0, rel=1e-4)


def test_info_nce_candidates_are_the_second_views_alone():
    positive, negatives = candidate_rows(2, 5, "info_nce")
    assert positive == 7
    assert negatives.tolist() == [5, 6, 8, 9]


@pytest.mark.parametrize(
    ("exponent", "text"), [(0.0, "1"), (np.log(5.264), "5.26"), (100.0, "2.7×10⁴³"), (-50.0, "1.9×10⁻²²")]
)
def test_exponentials_are_written_without_being_formed(exponent, text):
    assert exponential_text(exponent) == text
    assert "10⁴³⁴²⁹⁴" in exponential_text(1e6)  # e^1000000 exceeds every float


@pytest.fixture
def panel(qtbot):
    bench = FakeBench()
    widget = microscope_on(bench)
    qtbot.addWidget(widget)
    widget.resize(900, 700)
    widget.show()
    return widget


def test_without_a_look_the_panel_invites(panel):
    panel.draw(Scene(state="ready"))
    assert panel.empty.isVisible()
    assert "Press Start" in panel.empty.text()


def test_the_what_if_leaves_training_alone_until_it_is_applied(panel, qtbot, scene):
    panel.draw(scene())
    assert not panel.apply_button.isEnabled()
    panel.slider.setValue(round(250 * np.log10(0.07 / 0.01)))
    assert panel.bench.config.temperature == 0.5
    assert panel._contrast.temperature == 0.07
    assert panel.apply_button.text() == "Use τ = 0.07 in training"
    with qtbot.waitSignal(panel.bench.config_changed) as changed:
        qtbot.mouseClick(panel.apply_button, Qt.MouseButton.LeftButton)
    assert changed.args == ["temperature", 0.5, 0.07]
    assert not panel.apply_button.isEnabled()
    panel.bench.set("temperature", 1.0)  # the run moves on and the panel follows
    assert panel._contrast.temperature == 1.0


def test_back_returns_to_the_runs_temperature(panel, qtbot, scene):
    panel.draw(scene())
    panel.slider.setValue(0)
    assert panel._contrast.temperature == 0.01
    qtbot.mouseClick(panel.back_button, Qt.MouseButton.LeftButton)
    assert panel._contrast.temperature == 0.5
    assert panel.bench.config.temperature == 0.5


def test_the_formula_states_the_loss_of_this_anchor(panel, scene):
    panel.draw(scene())
    assert f"<b>{panel._contrast.loss:.3g}</b>" in panel.formula.text()
    assert "other 79 views" in panel.note.text()
    assert "not the training batch" in panel.note.text()
    panel.draw(scene("info_nce"))
    assert panel._contrast.negatives == 39
    assert "second views" in panel.note.text()


def test_anchor_of_the_bench_is_followed_and_a_candidate_becomes_the_anchor(panel, qtbot, scene):
    panel.draw(scene())
    panel.anchor.set(5)
    assert panel._contrast.anchor == 5
    row = panel.table._row()
    expected = int(panel._contrast.rows[1]) % 40
    with qtbot.waitSignal(panel.anchor.changed) as changed:
        qtbot.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(60, round(2.5 * row)))
    assert changed.args == [expected]
    assert panel._contrast.anchor == expected


def test_a_narrow_table_keeps_similarity_and_share(panel, qtbot):
    table = CandidateTable()
    qtbot.addWidget(table)
    table.resize(900, 300)
    table.show()
    assert [column.key for column in table.columns()] == ["s", "logit", "exp", "p", "force"]
    table.resize(200, 300)
    assert [column.key for column in table.columns()] == ["s", "p"]


def test_the_table_scrolls_through_every_negative(panel, scene):
    panel.resize(420, 320)
    panel.draw(scene())
    panel.grab()
    bar = panel.table.verticalScrollBar()
    bar.setValue(bar.maximum())
    last = panel.table._index_at(panel.table.viewport().height() - panel.table._row() - 2)
    assert last == 78  # 79 candidates: the positive is row 0


def test_dragging_the_curve_supposes_a_temperature(panel, qtbot, scene):
    panel.draw(scene())
    area = panel.curve._area()
    qtbot.mousePress(panel.curve, Qt.MouseButton.LeftButton, pos=QPoint(round(area.left()), 40))
    assert panel._contrast.temperature == pytest.approx(0.01, rel=0.1)


def test_reset_forgets_the_run_and_the_what_if(panel, scene):
    panel.draw(scene())
    panel.slider.setValue(0)
    panel.reset()
    assert panel.empty.isVisible()
    assert panel.temperature() == 0.5
