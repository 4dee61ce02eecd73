"""The label-efficiency curve: its ladder, its runs, what a cancel leaves."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import pytest

from ssllab.experiments.label_efficiency import ALL, Cell, LabelEfficiency, curve, ladder, transcribed_minutes
from ssllab.training.run_record import RunSettings


@pytest.fixture
def settings(tiny_speech_model):
    config = {
        "pretrained": str(tiny_speech_model),
        "batch_seconds": 2.0,
        "freeze_steps": 0,
        "schedule_steps": 999,
    }
    return RunSettings(method="ctc", config=config, data="tones")


@pytest.mark.parametrize(
    ("available", "minutes"),
    [(0.5, [ALL]), (1.05, [ALL]), (18.0, [1, 3, 10, ALL]), (10.5, [1, 3, ALL]), (60.0, [1, 3, 10, 30, ALL])],
)
def test_the_ladder_ends_with_all_there_is(available: float, minutes: list[float]) -> None:
    assert ladder(available) == minutes


def test_every_amount_is_learned_from_twice(tone_data, settings) -> None:
    runs = LabelEfficiency(settings, tone_data, 1, [0.1, ALL])
    assert runs.wait(120)
    assert runs.failure is None
    assert runs.progress == 1
    assert runs.cells == [Cell(0.1, True), Cell(0.1, False), Cell(ALL, True), Cell(ALL, False)]
    everything = transcribed_minutes(tone_data)
    for pretrained in (True, False):
        few, all_of_it = curve(runs.results, pretrained)
        assert few.minutes <= 0.1 < all_of_it.minutes == pytest.approx(everything)
        for outcome in (few, all_of_it):
            assert all(
                math.isfinite(rate) for rate in (outcome.wer, outcome.cer, outcome.wer_beam, outcome.cer_beam)
            )


def test_the_schedule_ends_with_the_run_and_only_the_named_settings_change(tone_data, settings) -> None:
    runs = LabelEfficiency(settings, tone_data, 1, [ALL])
    runs.cancel()
    config = runs.settings_of(Cell(3.0, False)).config
    assert config == settings.config | {"labelled_minutes": 3.0, "from_scratch": True, "schedule_steps": 1}
    assert runs.wait(60)


def test_cancelled_after_the_step_under_way(tone_data, settings) -> None:
    runs = LabelEfficiency(settings, tone_data, 10_000, [ALL])
    while runs.seconds_left is None:
        time.sleep(0.02)
    runs.cancel()
    assert runs.wait(60)
    assert not runs.results
    assert 0 < runs.progress < 0.1


def test_a_failure_is_told_in_a_line(tone_data, settings) -> None:
    mute = replace(tone_data, train=replace(tone_data.train, texts=(None,) * len(tone_data.train)))
    runs = LabelEfficiency(settings, mute, 1, [ALL])
    assert runs.wait(60)
    assert "transcript" in runs.failure[0]
    assert "\n" not in runs.failure[0]
    assert transcribed_minutes(mute) == 0
