"""A small part of the doctor's exam (tests/benchmarks/doctor_exam.py): few steps, small batches, one seed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

EXAM = Path(__file__).parents[1] / "benchmarks"
STEPS = 130


@pytest.fixture(scope="module")
def exam() -> Iterator[Any]:
    """The exam's modules."""
    sys.path.insert(0, str(EXAM))
    try:
        import doctor_exam
        import doctor_exam_cases
        import doctor_exam_judge

        yield doctor_exam, doctor_exam_cases.Case, doctor_exam_judge
    finally:
        sys.path.remove(str(EXAM))


@pytest.fixture(scope="module")
def healthy(exam: Any) -> dict[str, Any]:
    runner, case, _ = exam
    return runner.patient(case("shapes", config={"batch_size": 32}, steps=STEPS))


def test_a_healthy_run_raises_no_alarm(exam: Any, healthy: dict[str, Any]) -> None:
    said = exam[2].replay(healthy)
    assert not any(verdict.sick for _, verdict in said)
    assert said[-1][0] == STEPS


def test_a_change_that_harms_is_named_soon_and_its_remedy_gives_the_run_that_never_was_harmed(
    exam: Any, healthy: dict[str, Any]
) -> None:
    runner, case, judge = exam
    sick = case(
        "shapes",
        config={"batch_size": 32},
        changes=((10, "learning_rate", 50.0),),
        sickness=("diverged", "complete collapse", "dimensional collapse", "stuck at chance"),
        steps=STEPS + 10,
    )
    said = judge.replay(runner.patient(sick))
    assert not any(verdict.state == "healthy" for step, verdict in said if step > 10)
    last = said[-1][1]
    assert last.state in sick.sickness
    assert last.changes == {"learning_rate": 2e-3}
    assert last.rewind_to == 10
    remedy = {"state": last.state, "changes": last.changes, "rewind_to": last.rewind_to}
    cured = runner.cured((replace(sick, steps=0), remedy), Path(), steps=20)
    assert cured["metrics"]["loss"] == healthy["metrics"]["loss"][10:30]


def test_a_shortcut_is_named_before_the_loss_deceives_anybody(exam: Any) -> None:
    runner, case, judge = exam
    colours = {"jitter": False, "grayscale": False}
    record = runner.patient(
        case("shapes", config={"batch_size": 32, **colours}, sickness=("shortcut",), steps=STEPS)
    )
    said = judge.replay(record)
    assert "healthy" not in {verdict.state for _, verdict in said}
    last = said[-1][1]
    assert last.state == "shortcut"
    assert last.changes == dict.fromkeys(colours, True)
    assert last.rewind_to == 0
