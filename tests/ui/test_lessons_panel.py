"""What a click on a lesson sets up: from the defaults, with its data and panels, and nothing of it stays behind."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PIL import Image

from ssllab.labs import labs
from ssllab.lessons import Lesson, lessons
from ssllab.methods.registry import method_class
from ssllab.storage import search_path
from ssllab.training.run_store import Workspace
from ssllab.ui.bench import Bench
from ssllab.ui.labs.contrast import page as contrast
from ssllab.ui.labs.energy import page as energy
from ssllab.ui.work import LongWork
from tests.lesson_runs import method_of, setting

EVERY = [(lab, lesson) for lab in labs() for lesson in lessons(lab)]
WAIT = 120_000


@pytest.fixture(scope="module")
def docks(qapp, tmp_path_factory) -> dict[str, set[str]]:
    """The names of the panels of each lab's page."""
    made = {}
    for name in labs():
        bench = Bench(Workspace(tmp_path_factory.mktemp("lessons")), name, LongWork())
        made[name] = set(
            search_path.load(labs()[name].folder / "page.py", "ssllab.ui.labs").page(bench).docks
        )
    return made


@pytest.mark.parametrize(("lab", "lesson"), EVERY, ids=lambda x: getattr(x, "name", x))
def test_a_lesson_sets_controls_that_exist_and_shows_panels_that_exist(
    lab: str, lesson: Lesson, docks
) -> None:
    before, after = setting(lab, lesson)
    assert before != after or not lesson.first
    assert method_of(lab, lesson) in labs()[lab].methods
    config = method_class(method_of(lab, lesson)).Config.make(after)
    assert {key: getattr(config, key) for key in lesson.changes} == lesson.changes
    if lesson.first:  # what changes while it trains can change while it trains
        assert all(config.controls()[name].live for name in lesson.changes)
        assert f"{lesson.first} steps" in lesson.text or lesson.after
    assert lesson.after in ("", *(other.name for other in lessons(lab)))
    assert set(lesson.panels) <= docks[lab]
    assert 60 <= len(lesson.text.split()) <= 175


@pytest.fixture(scope="module")
def one_page(qapp, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lesson")
    bench = Bench(Workspace(folder), "contrast", LongWork(), data="digits", device="cpu")
    made = contrast.page(bench)
    made.resize(1280, 800)
    made.show()
    bench.begin()
    yield made
    bench.close()


@pytest.fixture
def page(one_page, qtbot, monkeypatch):
    """The lab; nothing trains, so that settings alone are looked at."""
    bench = one_page.bench
    qtbot.waitUntil(lambda: bench.state != "loading", timeout=WAIT)
    monkeypatch.setattr(bench, "start", lambda: None)
    bench.set_method("simclr")
    bench.set_defaults()
    return one_page


def click(page, qtbot, name: str) -> None:
    panel = next(panel for panel in page.panels if panel.id == "lessons")
    panel.choice.setCurrentIndex([lesson.name for lesson in panel.lessons].index(name))
    panel.set_up_button.click()
    qtbot.waitUntil(lambda: not page.bench._loader.busy, timeout=WAIT)


def changed(bench: Bench) -> dict[str, object]:
    usual = type(bench.config)().model_dump()
    return {key: value for key, value in bench.config.model_dump().items() if value != usual[key]}


def test_a_lesson_begins_from_the_defaults_whatever_came_before(page, qtbot) -> None:
    bench, said = page.bench, []
    bench.message.connect(lambda level, text, detail: said.append(text))
    bench.set("temperature", 0.7)
    click(page, qtbot, "08-learning-rate")
    assert changed(bench) == {}  # the change comes after 50 steps
    assert "50 steps with the defaults first; then learning rate 50" in said[-1]
    assert "your temperature 0.7" in said[-1]
    assert "Kept: your data digits." in said[-1]
    bench._later[1]()
    assert changed(bench)["learning_rate"] == 50
    click(page, qtbot, "07-no-head")
    assert changed(bench) == {"head": "none"}


@pytest.mark.parametrize("there", ["method", "data"])
def test_what_a_lesson_set_does_not_go_along(page, qtbot, there) -> None:
    bench = page.bench
    click(page, qtbot, "05-temperature-high")
    bench.set("flip", False)  # the person's own
    if there == "method":
        bench.set_method("moco")
    else:
        bench.set_data("digits")
    qtbot.waitUntil(lambda: not bench._loader.busy, timeout=WAIT)
    assert changed(bench) == {"flip": False}
    page.history.undo()
    qtbot.waitUntil(lambda: not bench._loader.busy, timeout=WAIT)
    assert changed(bench) == {"temperature": 5.0, "flip": False}


def test_a_lesson_shows_its_panels_and_its_own_text_stays_in_sight(page, qtbot) -> None:
    for name in ("spectrum", "augmentations"):
        page.show_panel(name)
    click(page, qtbot, "06-batch-of-8")
    qtbot.waitUntil(lambda: page.docks["probes"].on_top and page.docks["loss"].on_top, timeout=5_000)
    assert page.docks["lessons"].on_top


def test_a_lesson_brings_the_data_and_the_method_that_it_is_for(page, qtbot, monkeypatch) -> None:
    bench = page.bench
    own = bench.workspace.path / "own"
    for name in ("red", "blue"):
        (own / name).mkdir(parents=True)
        for number in range(12):
            Image.new("RGB", (8, 8), name).save(own / name / f"{number}.png")
    bench.set_data(str(own))
    qtbot.waitUntil(lambda: not bench._loader.busy, timeout=WAIT)
    bench.set_method("moco")
    shown = next(panel for panel in page.panels if panel.id == "lessons")
    monkeypatch.setattr(shown, "lessons", tuple(replace(each, data="digits") for each in shown.lessons))
    click(page, qtbot, "02-no-crop")
    assert (bench.method_name, bench.data_name) == ("simclr", "digits")
    page.history.undo()
    qtbot.waitUntil(lambda: not bench._loader.busy, timeout=WAIT)
    assert (bench.method_name, bench.data_name) == ("moco", str(own))


def test_a_lesson_of_another_method_than_the_labs_first_sets_that_one_up(page, qtbot, monkeypatch) -> None:
    bench = page.bench
    shown = next(panel for panel in page.panels if panel.id == "lessons")
    queue = Lesson("keys", "Keys copied", {"key_momentum": 0.0}, (), "Text", method="moco")
    monkeypatch.setattr(shown, "lessons", (*shown.lessons, queue))
    shown.choice.addItem(queue.title)
    try:
        bench.set("temperature", 0.7)
        shown.choice.setCurrentIndex(len(shown.lessons) - 1)
        assert shown.set_up_button.text() == "Set it up with MoCo"
        said = []
        bench.message.connect(lambda level, text, detail: said.append(text))
        click(page, qtbot, "keys")
        assert bench.method_name == "moco"
        assert changed(bench) == {"key_momentum": 0.0}
        assert "your temperature 0.7" in said[-1]
        assert shown.set_up_button.text() == "Set it up"
        click(page, qtbot, "07-no-head")
        assert bench.method_name == "simclr"
        assert "Put aside" not in said[-1]  # what a lesson set is nobody's own
    finally:
        shown.choice.removeItem(shown.choice.count() - 1)


def test_a_lesson_of_a_method_that_learns_from_another_kind_brings_its_data(
    qtbot, tmp_path, monkeypatch
) -> None:
    bench = Bench(Workspace(tmp_path), "energy", LongWork(), data="digits", device="cpu")
    shown = energy.page(bench)
    qtbot.addWidget(shown)
    shown.show()
    bench.begin()
    qtbot.waitUntil(lambda: bench.state not in ("loading", "building"), timeout=WAIT)
    monkeypatch.setattr(bench, "start", lambda: None)
    bench.set_method("simsiam")
    bench.set_data("digits")
    qtbot.waitUntil(lambda: not bench._loader.busy, timeout=WAIT)
    assert (bench.method_name, bench.data.kind) == ("simsiam", "images")
    said = []
    bench.message.connect(lambda level, text, detail: said.append(text))
    click(shown, qtbot, "02-without-a-remedy")
    assert (bench.method_name, bench.data_name, bench.data.kind) == ("jepa", "bouncing", "video")
    assert not any("Kept: your data" in text for text in said)
    bench.close()
