"""Every lesson of the Speech lab sets what can be set and points at panels that are there."""

from __future__ import annotations

import pytest

from ssllab.labs import LABS
from ssllab.lessons import Lesson, lessons
from ssllab.methods.registry import method_class
from ssllab.ui.labs.speech import PANELS


@pytest.mark.parametrize("lesson", lessons("speech"), ids=lambda lesson: lesson.name)
def test_a_lesson_sets_controls_that_exist_and_shows_panels_that_exist(lesson: Lesson) -> None:
    config = method_class(LABS["speech"].method).Config()
    changed = config.changed(lesson.changes)
    # One click must change something; the cure and the restart are clicked in a run made sick before.
    assert changed != config or lesson.name in ("02-cure-it", "09-restart")
    assert set(lesson.panels) <= {panel.id for panel in PANELS}
    assert 60 <= len(lesson.text.split()) <= 170


def test_the_degenerate_solution_is_broken_and_cured_in_a_running_model() -> None:
    controls = method_class(LABS["speech"].method).Config.controls()
    broken, cured = lessons("speech")[:2]
    for lesson in (broken, cured):
        assert all(controls[name].live for name in lesson.changes)
    assert broken.changes.keys() - {"entropy_weight"} <= cured.changes.keys()
