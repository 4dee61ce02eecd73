"""Every lesson of the Speech lab sets what can be set and points at panels that are there."""

from __future__ import annotations

import pytest

from ssllab.labs import labs
from ssllab.lessons import Lesson, lessons
from ssllab.methods.registry import method_class
from ssllab.training.run_store import Workspace
from ssllab.ui.bench import Bench
from ssllab.ui.labs.speech import page as speech
from ssllab.ui.work import LongWork

BY_NAME = {lesson.name: lesson for lesson in lessons("speech")}
# These are clicked in a run that an earlier lesson has changed.
LATER = {"02-half-a-cure", "10-restart"}


@pytest.fixture(scope="module")
def docks(qapp, tmp_path_factory) -> set[str]:
    """The names of the panels of the lab's page."""
    bench = Bench(Workspace(tmp_path_factory.mktemp("lessons")), "speech", LongWork())
    return set(speech.page(bench).docks)


@pytest.mark.parametrize("lesson", BY_NAME.values(), ids=lambda lesson: lesson.name)
def test_a_lesson_sets_controls_that_exist_and_shows_panels_that_exist(lesson: Lesson, docks) -> None:
    config = method_class(labs()["speech"].method).Config()
    assert config.changed(lesson.changes) != config or lesson.name in LATER
    assert set(lesson.panels) <= docks
    assert 60 <= len(lesson.text.split()) <= 170


def test_the_degenerate_solution_is_broken_and_cured_in_a_running_model() -> None:
    controls = method_class(labs()["speech"].method).Config.controls()
    broken, half, cured = (BY_NAME[name] for name in ("01-break-it", "02-half-a-cure", "03-cure-it"))
    for lesson in (broken, half, cured):
        assert all(controls[name].live for name in lesson.changes)
        assert broken.changes.keys() <= lesson.changes.keys()
