"""Whatever changes a setting can be taken back, one gesture at a time, and the training has it then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtGui import QUndoGroup

from ssllab.doctor.verdict import Verdict
from ssllab.training.run_store import Workspace
from ssllab.ui.bench import Bench
from ssllab.ui.lab_page import LabPage
from ssllab.ui.labs.contrast import page as contrast
from ssllab.ui.setup import Setup
from ssllab.ui.work import LongWork

SMALL = {"batch_size": 16, "dimension": 8, "head_width": 16, "encoder": "conv"}
WAIT = 120_000


@pytest.fixture(scope="module")
def one_page(qapp, tmp_path_factory):
    """A lab with data, for all tests here: only its settings and runs change."""
    folder = tmp_path_factory.mktemp("undo")
    pictures(folder / "own")
    bench = Bench(
        Workspace(folder), "contrast", LongWork(), data="digits", settings=dict(SMALL), device="cpu"
    )
    made = contrast.page(bench)
    made.resize(1280, 800)
    made.show()
    bench.begin()
    yield made
    bench.close()


@pytest.fixture
def page(one_page, qtbot):
    """The lab as it was at first, with nothing to take back."""
    bench = one_page.bench
    qtbot.waitUntil(lambda: bench.state != "loading", timeout=WAIT)
    usual = bench.methods["simclr"].Config().model_dump()
    bench.take(Setup("simclr", {**usual, **SMALL}, "digits", 0, "cpu"), "at first", anew=True)
    settled(qtbot, bench)
    one_page.history.clear()
    return one_page


def pictures(folder: Path) -> None:
    """A few images in two classes."""
    for name, colour in (("red", (200, 0, 0)), ("blue", (0, 0, 200))):
        (folder / name).mkdir(parents=True)
        for number in range(12):
            Image.new("RGB", (32, 32), colour).save(folder / name / f"{number}.png")


def train(qtbot, bench: Bench, steps: int) -> str:
    """Train some steps, then pause; the id of the run."""
    bench.start()
    qtbot.waitUntil(lambda: bench.session is not None and bench.session.step >= steps, timeout=WAIT)
    bench.pause()
    qtbot.waitUntil(lambda: bench.session.state == "paused", timeout=WAIT)
    bench.poll()
    return bench.session.run.id


def settled(qtbot, bench: Bench) -> None:
    """Until nothing is loaded any more and the session has answered."""
    qtbot.waitUntil(
        lambda: not bench._loader.busy and not any(not a.done() for a in bench._asked), timeout=WAIT
    )


def panel(page: LabPage, name: str):
    return next(panel for panel in page.panels if panel.id == name)


def drag(page: LabPage) -> None:
    slider = page.controls.rows["temperature"].slider
    slider.sliderPressed.emit()
    for at in (300, 340, 400):
        slider.setValue(at)


def type_number(page: LabPage) -> None:
    number = page.controls.rows["learning_rate"].number
    number.setText("0,01")
    number.editingFinished.emit()


def use_what_if(page: LabPage) -> None:
    microscope = panel(page, "microscope")
    microscope._suppose(0.7)
    microscope.apply_button.setEnabled(True)
    microscope.apply_button.click()


def apply_remedy(page: LabPage, verdict: Verdict) -> None:
    doctor = panel(page, "doctor")
    doctor.draw(replace(page.bench.scene(), verdict=verdict))
    doctor.apply_button.click()


def lesson(page: LabPage, name: str) -> None:
    lessons = panel(page, "lessons")
    lessons.choice.setCurrentIndex([lesson.name for lesson in lessons.lessons].index(name))
    lessons.set_up_button.click()


GESTURES: dict[str, tuple[str, Callable[[LabPage], None]]] = {
    "a drag": ("temperature 0.1 → 0.398", drag),
    "a typed number": ("learning rate 0.002 → 0.01", type_number),
    "a check box": ("flip on → off", lambda p: p.controls.rows["flip"].tick.click()),
    "a choice": ("head MLP → None", lambda p: p.controls.rows["head"].edited.emit("none")),
    "a double click on a changed control": (
        "batch size 16 → 256",
        lambda p: p.controls.rows["batch_size"].to_default(),
    ),
    "a tile of the bench": ("Colour (jitter) off", lambda p: panel(p, "augmentations").operators.clicked(4)),
    "a cell of the grid": (
        "ablation cell crop and noise",
        lambda p: panel(p, "ablation").picture.picked.emit("crop", "noise"),
    ),
    "the what-if of the microscope": ("temperature 0.1 → 0.7", use_what_if),
    "a remedy": (
        "remedy: set learning rate 0.001",
        lambda p: apply_remedy(
            p, Verdict("diverged", "", remedy="Lower it.", changes={"learning_rate": 0.001})
        ),
    ),
    "a remedy that begins anew": (
        "remedy: begin anew with batch size 64",
        lambda p: apply_remedy(p, Verdict("stuck", "", remedy="More.", changes={"batch_size": 64})),
    ),
    "a remedy that rewinds": (
        "remedy: rewind to step 2 and set learning rate 0.001",
        lambda p: apply_remedy(
            p, Verdict("diverged", "", remedy="Back.", changes={"learning_rate": 0.001}, rewind_to=2)
        ),
    ),
    "a lesson": ("lesson “Temperature 0.5: the usual middle”", lambda p: lesson(p, "04-temperature-middle")),
    "back to the defaults": (
        "back to the defaults",
        lambda p: panel(p, "lessons").back_button.click(),
    ),
    "another method": ("method SimCLR → MoCo", lambda p: p.bench.set_method("moco")),
    "other data": ("data digits → own", lambda p: p.bench.set_data(str(p.bench.workspace.path / "own"))),
    "another seed": ("seed 0 → 3", lambda p: p.bench.set_seed(3)),
    "another device": ("device cpu → auto", lambda p: p.bench.set_device("auto")),
    "a reset": ("reset", lambda p: p.bench.reset()),
}


@pytest.mark.parametrize("name", GESTURES)
def test_what_a_person_did_is_one_step_of_undo_and_comes_back_with_the_run(qtbot, page, name) -> None:
    words, act = GESTURES[name]
    bench, group = page.bench, QUndoGroup()
    group.addStack(page.history)
    group.setActiveStack(page.history)
    undo = group.createUndoAction(page, "Undo")
    run = train(qtbot, bench, 3)
    before, step = bench.setup, bench.session.step
    assert before.run == run
    act(page)
    settled(qtbot, bench)
    qtbot.waitUntil(lambda: page.history.count() == 1, timeout=WAIT)
    bench.pause()
    after = bench.setup
    assert after != before
    assert undo.text() == f"Undo {words}"
    undo.trigger()
    settled(qtbot, bench)
    assert bench.setup == before
    trained = bench.session.config.model_dump()  # what is not live waits for a reset
    live = {key for key, spec in bench.config.controls().items() if spec.live}
    assert {key: trained[key] for key in live} == {key: before.settings[key] for key in live}
    assert bench.session.step >= step
    page.history.redo()
    settled(qtbot, bench)
    assert replace(bench.setup, run=None) == replace(after, run=None)
    page.history.undo()
    settled(qtbot, bench)
    assert bench.setup == before
    assert not undo.isEnabled()


def test_a_run_that_was_reset_goes_on_where_it_was(qtbot, page) -> None:
    bench = page.bench
    run = train(qtbot, bench, 3)
    step, loss = bench.session.step, bench.session.metrics.last("loss")
    bench.reset()
    assert bench.session is None
    page.history.undo()
    settled(qtbot, bench)
    assert (bench.session.run.id, bench.session.step, bench.session.metrics.last("loss")) == (run, step, loss)
    assert bench.session.state != "running"
    bench.start()
    qtbot.waitUntil(lambda: bench.session.state == "running", timeout=WAIT)
    assert bench.session.run.id == run


def test_a_run_that_trains_trains_on_when_its_rewind_is_taken_back(qtbot, page) -> None:
    bench = page.bench
    run = train(qtbot, bench, 3)
    bench.cure({"learning_rate": 0.001}, 2)
    qtbot.waitUntil(lambda: bench.session is not None and bench.session.run.id != run, timeout=WAIT)
    qtbot.waitUntil(lambda: bench.session.state == "running", timeout=WAIT)
    page.history.undo()
    settled(qtbot, bench)
    qtbot.waitUntil(lambda: bench.session.run.id == run and bench.session.state == "running", timeout=WAIT)
    bench.pause()


def test_what_is_refused_is_no_step_of_undo(qtbot, page) -> None:
    bench, said = page.bench, []
    bench.message.connect(lambda level, text, detail: said.append(text))
    before = bench.setup
    row = page.controls.rows["temperature"]
    for typed in ("0", "warm", "1,000", "1e999"):
        row.number.setText(typed)
        row.number.editingFinished.emit()
        assert row.number.text() == "0.1"
    bench.set_many({"temperature": 0.2, "batch_size": -1})
    assert len(said) == 5
    assert bench.setup == before
    assert page.history.count() == 0


def test_two_pulls_at_one_slider_are_two_steps_and_one_that_ends_where_it_began_is_none(qtbot, page) -> None:
    slider = page.controls.rows["temperature"].slider
    drag(page)
    first = page.bench.setup
    slider.sliderPressed.emit()
    slider.setValue(600)
    slider.setValue(700)
    assert page.history.count() == 2
    page.history.undo()
    assert page.bench.setup == first
    page.history.undo()
    begun = slider.value()
    slider.sliderPressed.emit()
    page.bench.set("temperature", 0.5, drag="pull")
    page.bench.set("temperature", 0.1, drag="pull")
    assert page.history.count() == 0
    assert slider.value() == begun


def test_an_undo_before_the_run_began_does_not_throw_the_run_away(qtbot, page) -> None:
    bench = page.bench
    bench.set("temperature", 0.5)
    run = train(qtbot, bench, 2)
    page.history.undo()
    settled(qtbot, bench)
    assert bench.session.run.id == run
    assert bench.session.config.temperature == 0.1
