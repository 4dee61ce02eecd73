"""A remedy undoes what somebody set, at the step before it was set; and what a verdict says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from ssllab.doctor import pair_causes as cause
from ssllab.doctor.causes import Remedy, undone, verdict
from ssllab.doctor.evidence import Evidence
from ssllab.doctor.verdict import MOST_REMEMBERED, Verdict, remember, worst
from ssllab.methods.simclr import SimCLR
from ssllab.training.metrics import MetricsLog

CAUSES = (cause.HIGH_RATE, cause.LOW_RATE, cause.COLD, cause.HOT, cause.FEW_NEGATIVES, cause.NO_JITTER)


@dataclass(frozen=True)
class Set:
    """A live change."""

    step: int
    key: str
    old: Any


def evidence(*changes: Set, **settings: Any) -> Evidence:
    return Evidence(SimCLR.Config.make(settings), MetricsLog(), MetricsLog(), changes=changes)


def test_what_was_wrong_from_the_start_is_set_to_its_default_and_the_run_begins_anew() -> None:
    remedy = undone(evidence(temperature=0.01, jitter=False), CAUSES)
    assert remedy is not None
    assert remedy.changes == {"temperature": 0.1, "jitter": True}
    assert remedy.rewind_to == 0


def test_a_live_change_is_taken_back_to_the_value_and_the_step_before_it_became_wrong() -> None:
    # 0.005 was the person's own and did no harm; then the slider was drawn to 50 in three jumps.
    drag = [Set(120, "learning_rate", 5e-3), Set(121, "learning_rate", 0.4), Set(122, "learning_rate", 7.0)]
    remedy = undone(evidence(Set(50, "learning_rate", 2e-3), *drag, learning_rate=50.0), CAUSES)
    assert remedy is not None
    assert (remedy.changes, remedy.rewind_to) == ({"learning_rate": 5e-3}, 120)


def test_of_several_wrong_settings_all_are_undone_from_the_first_on() -> None:
    changes = (Set(40, "temperature", 0.2), Set(90, "jitter", True))
    remedy = undone(evidence(*changes, temperature=80.0, jitter=False), CAUSES)
    assert remedy is not None
    assert (remedy.changes, remedy.rewind_to) == ({"temperature": 0.2, "jitter": True}, 40)
    assert cause.HOT.why in remedy.words
    assert cause.NO_JITTER.why in remedy.words


def test_what_does_no_harm_to_the_weights_is_set_where_the_run_is() -> None:
    remedy = undone(evidence(learning_rate=1e-6), CAUSES)
    assert remedy is not None
    assert (remedy.changes, remedy.rewind_to) == ({"learning_rate": 2e-3}, None)


def test_what_is_not_live_is_set_by_beginning_anew() -> None:
    remedy = undone(evidence(Set(70, "temperature", 0.1), batch_size=8), CAUSES)
    assert remedy is not None
    assert (remedy.changes, remedy.rewind_to) == ({"batch_size": 256}, 0)


def test_mild_settings_are_nobodys_fault() -> None:
    mild = {"learning_rate": 4e-3, "temperature": 0.5, "batch_size": 64, "crop_min_area": 0.2}
    assert undone(evidence(**mild), CAUSES) is None
    otherwise = Remedy("Rest.", {"learning_rate": 1e-3}, 30)
    said = verdict(evidence(**mild), "diverged", "", (), CAUSES, otherwise)
    assert (said.remedy, said.changes, said.rewind_to) == ("Rest.", {"learning_rate": 1e-3}, 30)


@pytest.mark.parametrize(
    ("changes", "rewind_to", "said"),
    [
        ({}, None, ""),
        ({"learning_rate": 0.002}, 1500, "Go back to step 1,500 and set learning rate = 0.002."),
        ({"jitter": True, "head": "mlp"}, 0, "Start anew and set jitter = on, head = mlp."),
        ({"temperature": 0.1}, None, "Set temperature = 0.1."),
        ({}, 40, "Go back to step 40."),
    ],
)
def test_who_has_no_click_is_told_what_it_would_do(
    changes: dict[str, Any], rewind_to: int | None, said: str
) -> None:
    verdict = Verdict("diverged", "", (), "Why.", changes, rewind_to)
    assert verdict.advice == f"Why. {said}".strip()


def test_a_life_is_remembered_by_its_changes_and_the_gravest_is_not_forgotten() -> None:
    life: list[tuple[int, str]] = []
    for step, state in ((0, "warming up"), (9, "warming up"), (100, "shortcut"), (150, "not sure")):
        remember(life, step, state)
    assert life == [(0, "warming up"), (100, "shortcut"), (150, "not sure")]
    for step in range(200, 2000):
        remember(life, step, ("healthy", "not sure")[step % 2])
    assert len(life) == MOST_REMEMBERED
    assert worst(life) == (100, "shortcut")
    assert life[-1] == (1999, "not sure")
    assert worst([]) is None
