"""Augmentation bench, ablation grid, lessons and doctor in the real window, by their real buttons."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from ssllab.lessons import lessons
from ssllab.ui.app import build_window


@pytest.fixture
def window(qtbot, tmp_path):
    (tmp_path / "window.ini").write_text("[contrast]\ndata=digits\n")
    made = build_window(tmp_path, device="cpu")
    made.resize(1280, 800)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: made.bench.state == "ready", timeout=60_000)
    made.bench.set("batch_size", 32)
    yield made
    made.close()


def panel(window, name):
    window.lab.show_panel(name)
    QApplication.processEvents()
    window.draw()
    return window.lab.docks[name].panel


def test_a_lesson_sets_up_its_experiment_and_goes_back(qtbot, window):
    shown = panel(window, "lessons")
    shown.choice.setCurrentIndex([lesson.title for lesson in lessons("contrast")].index("No projection head"))
    qtbot.mouseClick(shown.set_up_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(
        lambda: window.bench.session is not None and window.bench.session.step > 1, timeout=30_000
    )
    assert window.bench.session.config.head == "none"
    qtbot.mouseClick(shown.back_button, Qt.MouseButton.LeftButton)
    assert window.bench.config.head == "mlp"


def test_the_bench_shows_ten_operators_and_follows_a_switch(qtbot, window):
    shown = panel(window, "augmentations")
    assert len(shown.operators._images) == 10
    assert shown.operators._marked[3]
    window.bench.set("grayscale", False)
    qtbot.waitUntil(lambda: not shown.operators._marked[3], timeout=2_000)
    shown.operators.clicked(3)
    assert window.bench.config.grayscale is True
    before = shown.pairs._images[0].copy()
    qtbot.mouseClick(shown.new_button, Qt.MouseButton.LeftButton)
    assert shown.pairs._images[0] != before


def test_the_grid_runs_shows_its_progress_and_can_be_cancelled(qtbot, window):
    shown = panel(window, "ablation")
    shown.steps.setValue(1)
    qtbot.mouseClick(shown.run_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(shown.picture.values) >= 2, timeout=60_000)
    assert not shown.run_button.isEnabled()
    qtbot.mouseClick(shown.cancel_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(shown.run_button.isEnabled, timeout=30_000)
    assert shown.runs.failure is None
    shown.picture.picked.emit("crop", "blur")
    config = window.bench.config
    assert (config.crop, config.blur, config.jitter, config.grayscale) == (True, True, False, False)


def test_the_doctors_remedy_is_applied_by_a_click(qtbot, window):
    from ssllab.doctor.verdict import Verdict
    from ssllab.ui.scene import Scene

    shown = panel(window, "doctor")
    verdict = Verdict("shortcut", "A shortcut", ("kNN 20 %",), "Switch jitter on.", {"jitter": True})
    window.bench.set("jitter", False)
    shown.draw(Scene(state="running", verdict=verdict))
    assert shown.badge.text() == "shortcut"
    qtbot.mouseClick(shown.apply_button, Qt.MouseButton.LeftButton)
    assert window.bench.config.jitter is True


def test_the_doctor_says_what_a_click_does_and_doubt_has_a_colour_of_its_own(window):
    from ssllab.doctor.verdict import Verdict
    from ssllab.ui import theme
    from ssllab.ui.scene import Scene

    shown = panel(window, "doctor")
    sick = Verdict("diverged", "", (), "The steps overshoot.", {"learning_rate": 0.002}, 50)
    colours = {}
    for verdict in (sick, Verdict("not sure", "Not sure"), Verdict("healthy", "Learning")):
        shown.draw(Scene(state="running", verdict=verdict))
        colours[verdict.state] = shown.badge.styleSheet()
        if verdict is sick:
            assert shown.apply_button.text() == "Rewind to step 50 and set learning rate 0.002"
    assert theme.current().warn in colours["not sure"]
    assert len(set(colours.values())) == 3


def test_a_remedy_of_many_words_pushes_no_panel_away(window):
    from ssllab.doctor.verdict import Verdict
    from ssllab.ui.scene import Scene

    shown = panel(window, "doctor")
    changes = {"jitter_probability": 0.8, "grayscale_probability": 0.2}
    shown.draw(Scene(state="running", verdict=Verdict("shortcut", "", (), "", changes, 151)))
    words = shown.apply_button.text()
    assert "\n" in words
    assert " ".join(words.split()).startswith("Rewind to step 151 and set ")
    assert shown.minimumSizeHint().width() <= shown.width()
