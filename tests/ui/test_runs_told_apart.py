"""What the run browser and the plots say of settings: which differ, which were changed in mid-run, and where."""

from __future__ import annotations

import os
import shutil

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication

from ssllab.methods.registry import ours
from ssllab.methods.simclr import SimCLR
from ssllab.scalars import Series
from ssllab.training.changes import courses
from ssllab.training.export import settings_difference
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_record import PLANNED, Event, RunInfo, RunSettings
from ssllab.training.run_store import Workspace
from ssllab.training.run_writer import RunWriter
from ssllab.ui.plots.markers import markers
from ssllab.ui.runs.compare_plot import ComparePlot
from ssllab.ui.runs.delegates import fitting
from ssllab.ui.runs.dialogs import CheckpointDialog
from ssllab.ui.runs.listing import list_runs
from ssllab.ui.runs.seeds import group_by_recipe, mean_overlay, without_seed
from ssllab.ui.runs.words import differences, distinct_titles, run_title

STORED = Path(__file__).parents[1] / "stored" / "runs"
USUAL = {"temperature": 0.1, "crop": True, "encoder": "conv", "batch_size": 256}


def info(number=0, *, changes=(), data="shapes", seed=0, parent=None, usual=USUAL, **config):
    settings = RunSettings(method="simclr", config={**USUAL, **config}, data=data, seed=seed)
    run_id = f"20260101-10000{number}-simclr-00000{number}"
    return RunInfo(
        run_id,
        Path(run_id),
        created=1.8e9 + number,
        settings=settings,
        usual=usual,
        changes=tuple(changes),
        parent=parent,
    )


def change(step, key, old, new, time=0.0, text=""):
    return Event(step, time, "set", key, old, new, text)


def test_a_run_is_called_by_the_title_of_its_method_also_one_that_did_not_keep_it(tmp_path):
    shutil.copytree(STORED, tmp_path / "runs")
    infos = list_runs(Workspace(tmp_path), None).infos
    called = {info.settings.method: info.method for info in infos}
    assert called == {name: ours()[name].title for name in called}
    assert len(called) >= 5
    assert "MoCo" in next(run_title(info) for info in infos if info.settings.method == "moco")
    assert replace(info(), title="SimCLR").method == "SimCLR"
    assert info().method == "simclr"


def test_a_run_without_a_name_is_called_by_what_differs_from_the_usual():
    assert run_title(info(temperature=0.5)) == "simclr, temperature 0.5"
    assert run_title(info(crop=False, seed=3)) == "simclr, no crop and resize, seed 3"
    assert run_title(info(data="/home/me/photographs")) == "simclr, on photographs"
    assert (
        run_title(info(parent=("x", 40), encoder="vit")) == "simclr, from step 40, encoder Vision Transformer"
    )
    assert run_title(info(changes=[change(300, "temperature", 0.1, 0.5)])) == "simclr, temperature 0.1 → 0.5"
    many = info(temperature=0.5, crop=False, encoder="vit", batch_size=8, seed=2)
    assert (
        run_title(many) == "simclr, temperature 0.5, no crop and resize, encoder Vision Transformer, 2 more"
    )
    assert run_title(replace(many, name="mine")) == "mine"
    for plain in (
        info(),
        info(usual={}, temperature=0.5),
    ):  # nothing differs, or it is not known: when it began
        assert run_title(plain).startswith("simclr, ")
        assert run_title(plain).endswith(":00") or ":" in run_title(plain)


def test_no_two_runs_have_one_title():
    same = [
        info(1, temperature=0.5),
        info(2, temperature=0.5),
        info(3),
        info(4),
        replace(info(5), created=1.8e9 + 4),
    ]
    titles = distinct_titles(same)
    assert len(set(titles.values())) == len(same)
    assert titles[same[0].id].startswith("simclr, temperature 0.5, ")


def test_a_control_changed_in_mid_run_tells_two_runs_apart():
    plain, changed = (
        info(1),
        info(2, changes=[change(300, "temperature", 0.1, 0.5), change(400, "temperature", 0.5, 0.2, 99)]),
    )
    assert settings_difference([plain, changed]) == {
        "temperature": [0.1, "0.1 → 0.5 at step 300 → 0.2 at step 400"]
    }
    assert len(group_by_recipe([plain, changed])) == 2
    assert differences(changed) == ["temperature 0.1 → 0.5 at step 300 → 0.2 at step 400"]
    assert differences(plain) == []


def test_many_changes_are_counted_and_a_drag_is_one():
    drag = [change(10 + i, "temperature", 0.1 + i / 100, 0.11 + i / 100, 5 + i / 100) for i in range(30)]
    assert courses(drag) == {"temperature": "0.1 → 0.4 at step 39"}
    many = [change(i, "crop", i % 2 == 0, i % 2 == 1, 10.0 * i) for i in range(10, 16)]
    assert courses(many) == {"crop": "on → on (6 changes, the last at step 15)"}


def test_planned_changes_are_never_one_drag_however_fast_the_steps():
    plan = [
        change(20, "temperature", 0.1, 0.5, 1.0, PLANNED),
        change(40, "temperature", 0.5, 0.2, 1.1, PLANNED),
    ]
    assert [(marker.step, marker.label) for marker in markers(plan)] == [
        (20, "temperature 0.1 → 0.5"),
        (40, "temperature 0.5 → 0.2"),
    ]


def test_a_marker_names_every_control_that_was_changed_at_its_step():
    events = [
        change(7, "temperature", 0.1, 0.5),
        change(7, "jitter", True, False, 50),
        change(7, "learning_rate", 0.001, 0.01, 90),
        change(9, "crop", True, False, 120),
    ]
    first, second = markers(events)
    assert (first.step, first.first) == (7, events[0])
    assert first.label == "temperature 0.1 → 0.5, colour jitter on → off, learning rate 0.001 → 0.01"
    assert first.short == "temperature, colour jitter, learning rate"
    assert (second.label, second.short) == ("crop and resize on → off",) * 2
    more = [change(7, f"control_number_{i}", 0, 1) for i in range(9)]
    assert markers(more)[0].short == "9 controls"
    assert "control number 8 0 → 1" in markers(more)[0].label


def test_the_table_has_a_column_of_what_differs(tmp_path):
    store = Workspace(tmp_path)
    config = SimCLR.Config().model_dump() | {"temperature": 0.5}
    run = store.create(RunSettings(method="simclr", config=config, data="shapes"))
    log = MetricsLog()
    log.append(1, {"loss": 1.0})
    writer = RunWriter(run, log, MetricsLog(), [change(1, "crop", True, False)])
    writer.close()
    (listed,) = list_runs(
        store, None
    ).infos  # made without its method's usual settings, as by an earlier ssllab
    assert differences(listed) == ["temperature 0.5", "crop and resize on → off at step 1"] or sorted(
        differences(listed)
    ) == [
        "crop and resize on → off at step 1",
        "temperature 0.5",
    ]


@pytest.mark.parametrize("window", [0, 20])
def test_the_mean_over_seeds_lies_in_the_middle_of_its_band_however_it_is_smoothed(qtbot, window):
    noise = np.random.default_rng(0)
    logs = []
    for _ in range(3):
        log = MetricsLog()
        log.extend(np.arange(1, 201), {"loss": noise.normal(3, 1, 200)})
        logs.append(log)
    plot = ComparePlot("loss", False, Series("Loss"))
    qtbot.addWidget(plot)
    plot.resize(600, 400)
    plot.set_smoothing(20 - window)  # what was before must not stay
    overlay, band = mean_overlay("three", "#e69f00", logs, "loss")
    plot.show_runs([overlay], [band])
    plot.set_smoothing(window)
    ((drawn, *_),) = plot._band_items
    steps, low, high = drawn.curves["loss"]
    (curve,) = plot._others.values()
    middle = [curve.track.value_at(step, window > 0) for step in steps.tolist()]
    np.testing.assert_allclose((low + high) / 2, middle, rtol=1e-5)
    if window == 0:
        np.testing.assert_allclose(low, band.curves["loss"][1], rtol=1e-6)


def test_a_group_of_seeds_has_no_seed_in_its_title():
    (group,) = group_by_recipe([info(1, seed=3, temperature=0.5), info(2, seed=4, temperature=0.5)])
    assert run_title(without_seed(group.infos[0])) == "simclr, temperature 0.5"


def test_no_chip_of_a_tag_is_empty(qtbot):
    metrics = QFontMetrics(QApplication.font())
    tags = ("baseline", "second", "third one")
    for width in range(20, 400):
        said = fitting(tags, metrics, width)
        assert all(said)
        assert said == list(tags) or said[-1].startswith("+") or said == list(tags[: len(said)])
        hidden = len(tags) - sum(not text.startswith("+") for text in said)
        assert hidden == (int(said[-1][1:]) if said and said[-1].startswith("+") else 0)
    assert fitting(tags, metrics, 400) == list(tags)
    assert fitting((), metrics, 100) == []


def test_of_two_checkpoints_of_one_step_the_selected_one_is_forked_from(qtbot, tmp_path):
    store = Workspace(tmp_path)
    run = store.create(RunSettings(method="simclr", config={}, data="shapes"))
    for reason, events in (("before temperature", 1), ("manual", 2), ("end", 3)):
        run.write_checkpoint(7, {"w": 1.0}, {"reason": reason, "last_event_id": events})
    dialog = CheckpointDialog(run.info, run.checkpoints())
    qtbot.addWidget(dialog)
    assert [dialog.list.item(i).text().split("   ")[1] for i in range(3)] == [
        "end",
        "manual",
        "before temperature",
    ]
    dialog.list.setCurrentRow(1)
    dialog.fork_button.click()
    what, ref = dialog.choice
    assert (what, ref.step, ref.last_event_id, ref.reason) == ("fork", 7, 2, "manual")
