"""A live run on a disk that fails: nothing is lost, training never stops, and the window is told in one line."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import torch

from ssllab.training import checkpoint, run_writer
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_record import Event, RunError
from ssllab.training.run_store import Run, Workspace
from ssllab.training.run_writer import RunWriter
from tests.disks import fill, small_disk


class Live:
    """What a session has in memory, and the writer that brings it to disk."""

    def __init__(self, run):
        self.run = run
        self.metrics, self.probes, self.events = MetricsLog(), MetricsLog(), [Event(0, 1.0, "start")]
        self.writer = RunWriter(run, self.metrics, self.probes, self.events)

    def train(self, steps=10):
        first = (self.metrics.last_step or 0) + 1
        for step in range(first, first + steps):
            self.metrics.append(step, {"loss": 1 / step, **({"late": step} if step > 15 else {})})
        self.probes.append(first, {"knn_top1": 0.5})
        self.events.append(Event(first, 1.0, "set", "temperature", 0.5, 0.1))

    def checkpoint(self, step=1, reason="manual"):
        meta = {"reason": reason, "last_event_id": len(self.events)}
        self.writer.write_checkpoint(step, {"model": {"w": torch.full((3,), float(step))}}, meta)

    def check_all_on_disk(self):
        for stored, kept in ((self.run.metrics(), self.metrics), (self.run.probes(), self.probes)):
            assert len(stored) == len(kept)
            assert set(stored.names) == set(kept.names)
            for name in kept.names:
                for a, b in zip(stored.column(name), kept.column(name), strict=True):
                    np.testing.assert_array_equal(a, b)
        assert self.run.events() == self.events


@pytest.fixture
def live(workspace, settings, monkeypatch):
    monkeypatch.setattr(run_writer, "CLOSE_SECONDS", 1.0)
    monkeypatch.setattr(run_writer, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr(run_writer, "WRITE_SECONDS", 0.05)
    alive = []

    def begin(run=None):
        alive.append(Live(run or workspace.create(settings)))
        return alive[-1]

    yield begin
    for one in alive:
        one.writer.close()


def until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)


def test_all_that_happened_is_on_disk_after_a_flush(live, workspace):
    one = live()
    for _ in range(3):
        one.train()
        assert one.writer.flush()
        one.check_all_on_disk()
    one.checkpoint(30)
    one.writer.describe(verdict="healthy")
    assert one.writer.flush()
    assert workspace.runs()[0].state == "running"
    one.writer.close()
    info = workspace.runs()[0]
    assert (info.state, info.steps, info.problem) == ("stopped", 30, "")
    assert info.summary["verdict"] == "healthy"
    assert info.summary["metrics"]["loss"] == pytest.approx(1 / 30)
    assert info.summary["probes"] == {"knn_top1": 0.5}
    assert info.summary["curve"][0] == [1, 1.0]
    assert [ref.step for ref in one.run.checkpoints()] == [30]
    assert sorted(path.name for path in one.run.path.iterdir()) == [
        "checkpoints",
        "lock",
        "run.json",
        "run.sqlite",
    ]


def test_it_is_on_disk_by_itself(live):
    one = live()
    one.train()
    until(lambda: len(one.run.metrics()) == 10)


def test_a_loss_that_is_not_a_number(live, workspace):
    one = live()
    one.metrics.append(1, {"loss": float("nan")})
    one.metrics.append(2, {"loss": float("inf")})
    assert one.writer.flush()
    one.check_all_on_disk()
    assert workspace.runs()[0].summary["metrics"] == {"loss": None}


def test_one_writer_a_run(live, workspace):
    one = live()
    with pytest.raises(RunError, match="another"):
        RunWriter(workspace.open(one.run.id), MetricsLog(), MetricsLog(), [])


def test_a_run_goes_on_where_it_was(live, workspace):
    one = live()
    one.train(20)
    one.writer.close()
    again = workspace.open(one.run.id)
    with pytest.raises(RunError, match="not in memory"):
        RunWriter(again, MetricsLog(), MetricsLog(), [])
    metrics, probes, events = again.metrics(), again.probes(), again.events()
    writer = RunWriter(again, metrics, probes, events)
    metrics.append(21, {"loss": 0.0})
    assert writer.flush()
    writer.close()
    assert again.metrics().column("loss")[0].tolist() == list(range(1, 22))
    assert again.events() == one.events


def test_a_log_that_was_truncated_is_truncated_on_disk(live):
    one = live()
    one.train(30)
    assert one.writer.flush()
    one.metrics.truncate(12)
    for step in range(13, 60):
        one.metrics.append(step, {"loss": -step})
    assert one.writer.flush()
    one.check_all_on_disk()


# Disks that fail


@pytest.mark.parametrize("what", ["folder", "database", "record and database"])
def test_a_deleted_run_is_written_anew(live, what):
    one = live()
    one.train()
    assert one.writer.flush()
    if what == "folder":
        shutil.rmtree(one.run.path)
    else:
        for path in one.run.path.glob("run.*" if "record" in what else "run.sqlite*"):
            path.unlink()
    one.train()
    until(one.writer.flush)
    one.check_all_on_disk()
    one.checkpoint(20)
    assert one.writer.flush()
    info = one.run.refresh()
    assert (info.state, info.problem, info.settings.method) == ("running", "", "simclr")
    assert len(one.run.checkpoints()) == 1


def test_a_database_damaged_while_it_is_written_is_kept_and_begun_anew(live):
    one = live()
    one.train()
    assert one.writer.flush()
    database = one.run.path / "run.sqlite"
    for ending in ("-wal", "-shm"):
        database.with_name(database.name + ending).unlink(missing_ok=True)
    beside = database.with_name("other")
    beside.write_bytes(b"nonsense" * 5000)
    beside.replace(database)
    one.train()
    until(one.writer.flush)
    one.check_all_on_disk()
    assert [path.read_bytes()[:8] for path in one.run.path.glob("*damaged*")] == [b"nonsense"]


def test_a_workspace_in_whose_place_a_file_is(live, settings, tmp_path):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file")
    one = live(Workspace(blocked).create(settings))
    one.train()
    for step in range(10):
        one.checkpoint(step)  # never waits for ever
    assert not one.writer.flush()
    assert str(blocked) in one.writer.problem
    assert "\n" not in one.writer.problem
    assert len(one.metrics) == 10
    blocked.unlink()
    until(one.writer.flush)
    assert one.writer.problem is None
    one.check_all_on_disk()
    assert [ref.step for ref in one.run.checkpoints()] == [6, 7, 8, 9]
    assert one.run.refresh().state == "running"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (sqlite3.OperationalError("database or disk is full"), "disk is full"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "may not be written"),
        (sqlite3.OperationalError("disk I/O error"), "disk I/O error"),
        (OSError(28, "No space left on device"), "disk is full"),
        (OSError(30, "Read-only file system"), "may not be written"),
        (KeyError("a mistake of ours"), "a mistake of ours"),
    ],
)
def test_the_problem_in_words_until_it_is_over(live, monkeypatch, error, words):
    one = live()
    one.train()
    assert one.writer.flush()

    def refuse(*args):
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(run_writer, "append_rows", refuse)
        one.train()
        assert not one.writer.flush()
        assert words in one.writer.problem
        assert "\n" not in one.writer.problem
        one.train()
    until(lambda: one.writer.problem is None)
    assert one.writer.flush()
    one.check_all_on_disk()


def test_a_full_disk(live, settings, tmp_path):
    with small_disk(tmp_path) as small:
        one = live(Workspace(small).create(settings))
        one.train()
        assert one.writer.flush()
        filler = fill(small)
        one.train(5000)
        one.checkpoint(7)
        assert not one.writer.flush()
        assert "disk is full" in one.writer.problem
        assert len(one.run.metrics()) == 10  # what was there can still be read
        filler.unlink()
        until(one.writer.flush)
        assert one.writer.problem is None
        one.check_all_on_disk()
        assert [ref.step for ref in one.run.checkpoints()] == [7]
        one.writer.close()


def test_what_is_missing_at_the_end_is_said_after_it_was_tried_for_a_while(live, monkeypatch):
    one = live()
    one.train()
    assert one.writer.flush()
    tried = []

    def refuse(*args):
        tried.append(time.monotonic())
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(run_writer, "append_rows", refuse)
    one.train()
    one.writer.close()
    assert "disk is full" in one.writer.problem
    assert len(tried) > 2
    assert len(one.run.metrics()) == 10
    assert one.run.refresh().state == "interrupted"  # it is not said to be whole


def test_a_disk_that_is_back_before_the_end_has_all(live, monkeypatch):
    one = live()
    with monkeypatch.context() as broken:
        broken.setattr(run_writer, "append_rows", _refuse_space)
        one.train()
        assert not one.writer.flush()
        ended = threading.Thread(target=one.writer.close)
        ended.start()
        time.sleep(0.2)
    ended.join()
    assert one.writer.problem is None
    one.check_all_on_disk()


def _refuse_space(*args):
    raise OSError(28, "No space left on device")


def test_of_checkpoints_that_wait_for_the_disk_autosaves_go_first_and_others_are_not_lost_in_silence(
    live, monkeypatch
):
    one = live()
    with monkeypatch.context() as broken:
        broken.setattr(run_writer, "append_rows", _refuse_space)
        one.train()
        assert not one.writer.flush()
        for step, reason in enumerate(
            ["start", "manual", "autosave", "before crop", "autosave", "autosave", "end"]
        ):
            one.checkpoint(step, reason)
        assert one.writer.problem
    one.writer.close()
    assert one.writer.problem is None
    assert [ref.step for ref in one.run.checkpoints()] == [1, 3, 5, 6]
    two = live()
    with monkeypatch.context() as broken:
        broken.setattr(run_writer, "append_rows", _refuse_space)
        two.train()
        assert not two.writer.flush()
        for step in range(6):
            two.checkpoint(step)
    two.writer.close()
    assert "step 0, 1" in two.writer.problem


def test_half_a_checkpoint_takes_no_room_on_a_full_disk(live, monkeypatch):
    one = live()
    whole = checkpoint.write_whole

    def refuse(path, content):
        if path.suffix == ".json":
            raise OSError(28, "No space left on device")
        whole(path, content)

    with monkeypatch.context() as broken:
        broken.setattr(checkpoint, "write_whole", refuse)
        one.checkpoint(3)
        assert not one.writer.flush()
        assert "disk is full" in one.writer.problem
        assert list((one.run.path / "checkpoints").iterdir()) == []
    until(one.writer.flush)
    assert [ref.step for ref in one.run.checkpoints()] == [3]


def test_a_checkpoint_that_cannot_be_stored_does_not_stop_the_next(live):
    one = live()
    one.writer.write_checkpoint(1, {"bad": object()}, {"reason": "manual", "last_event_id": 0})
    assert not one.writer.flush()
    one.checkpoint(2)
    until(one.writer.flush)
    assert [ref.step for ref in one.run.checkpoints()] == [2]


def test_a_checkpoint_is_never_ahead_of_the_rows(live, monkeypatch):
    """Resuming from one that is would leave a hole in the curve."""
    one, original, ahead = live(), Run.write_checkpoint, []

    def look(run, step, tree, meta):
        ahead.append(step > (run.metrics().last_step or 0) or meta["last_event_id"] > len(run.events()))
        return original(run, step, tree, meta)

    monkeypatch.setattr(Run, "write_checkpoint", look)
    for _ in range(30):
        one.train(3)
        one.checkpoint(one.metrics.last_step, "autosave")
    assert one.writer.flush()
    assert len(ahead) == 30
    assert not any(ahead)


def test_readers_in_other_threads_see_a_beginning_of_the_run(live):
    one, seen, wrong = live(), [], []
    stop = threading.Event()

    def read():
        while not stop.is_set():
            log = one.run.metrics()
            if len(log):
                steps = log.column("loss")[0]
                seen.append(len(steps))
                if not np.array_equal(steps, np.arange(1, len(steps) + 1)):
                    wrong.append(steps)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for _ in range(40):
        one.train(50)
        time.sleep(0.02)
    one.writer.flush()
    stop.set()
    for reader in readers:
        reader.join()
    assert not wrong
    assert seen
    one.check_all_on_disk()


# A killed process

TRAINS = """
import sys, time
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_record import Event, RunSettings
from ssllab.training.run_store import Workspace
from ssllab.training.run_writer import RunWriter

run = Workspace(sys.argv[1]).create(RunSettings(method="simclr", config={}, data="shapes"))
metrics, events = MetricsLog(), [Event(0, time.time(), "start")]
writer = RunWriter(run, metrics, MetricsLog(), events)
print(run.id, flush=True)
step = 0
while True:
    step += 1
    metrics.append(step, {"loss": 1 / step, "at": time.monotonic() % 65536})
    if step % 100 == 0:
        events.append(Event(step, time.time(), "note"))
        print(step, flush=True)
    time.sleep(0.001)
"""


def test_kill_9_loses_at_most_the_last_second(workspace):
    process = subprocess.Popen(
        [sys.executable, "-c", TRAINS, str(workspace.path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    run_id = process.stdout.readline().strip()
    began = time.monotonic()
    printed = 0
    while time.monotonic() - began < 2.5:
        printed = int(process.stdout.readline())
    running = workspace.open(run_id)
    assert running.info.state == "running"
    killed = time.monotonic()
    process.send_signal(signal.SIGKILL) if os.name != "nt" else process.kill()
    process.wait()
    process.stdout.close()

    run = workspace.open(run_id)
    assert (run.info.state, run.info.problem) == ("interrupted", "")
    log = run.metrics()
    steps, losses = log.column("loss")
    assert steps.tolist() == list(range(1, len(steps) + 1))
    np.testing.assert_array_equal(losses, (1 / steps).astype(np.float32))
    lost = killed % 65536 - log.last("at")
    print(f"killed after step {printed}: {len(steps)} steps on disk, the last {lost:.2f} s are lost")
    assert lost < 1.0 + 0.5  # half a second for a machine that is busy with other tests
    assert [event.step for event in run.events()] == list(range(0, len(steps) + 1, 100))

    run.truncate(50, 0)
    metrics = run.metrics()
    writer = RunWriter(run, metrics, MetricsLog(), [])
    metrics.append(51, {"loss": 0.0})
    assert writer.flush()
    writer.close()
    assert run.refresh().steps == 51
