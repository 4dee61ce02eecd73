"""Runs on disk: what was written is read back, damage is named, deleted runs come back."""

import contextlib
import json
import os
import re
import sqlite3
import time
from contextlib import closing
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from ssllab.storage.run_lock import RunLock, is_locked
from ssllab.training import run_database
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_database import (
    Chunk,
    append_events,
    append_rows,
    create_or_open,
    merge_small,
    transaction,
)
from ssllab.training.run_record import CheckpointRef, Event, RunError, RunSettings, is_id, new_id
from ssllab.training.run_store import Workspace, superfluous
from tests.disks import remount, small_disk

BATCHES = st.lists(
    st.lists(
        st.tuples(
            st.integers(0, 2),
            st.dictionaries(st.sampled_from(["loss", "knn"]), st.floats(width=32), max_size=2),
        ),
        min_size=1,
        max_size=5,
    ),
    max_size=8,
)


def logs_equal(a, b):
    assert len(a) == len(b)
    assert set(a.names) == set(b.names)
    for name in a.names:
        for x, y in zip(a.column(name), b.column(name), strict=True):
            np.testing.assert_array_equal(x, y)
        np.testing.assert_equal(a.last(name), b.last(name))


def write(run, log, kind="metrics", start=0):
    with closing(create_or_open(run.path)) as connection, run_database.transaction(connection):
        _, steps, columns = log.since(start)
        append_rows(connection, kind, Chunk(steps, columns))


def measured(rows, start=1):
    log = MetricsLog()
    log.extend(np.arange(start, start + rows), {"loss": np.arange(rows) / 7})
    return log


# Rows


@examples(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(BATCHES, st.integers(0, 60), st.integers(2, 4), st.booleans())
def test_what_was_appended_is_read_back(workspace, settings, batches, cut, merge, truncated):
    run = workspace.create(settings)
    log, step = MetricsLog(), 0
    with closing(create_or_open(run.path)) as connection:
        for batch in batches:
            start = len(log)
            for gap, values in batch:
                step += gap
                log.append(step, values)
            with run_database.transaction(connection):
                _, steps, columns = log.since(start)
                append_rows(connection, "metrics", Chunk(steps, columns))
                merge_small(connection, "metrics", merge)
    logs_equal(run.metrics(), log)
    assert run.refresh().steps == (log.last_step or 0)
    assert len(run.probes()) == 0
    if truncated:
        run.truncate(cut, 0)
        log.truncate(cut)
        back = run.metrics()
        assert len(back) == len(log)
        for name in back.names:
            np.testing.assert_array_equal(back.column(name)[1], log.column(name)[1])


def test_many_small_batches_stay_few_chunks(workspace, settings):
    run, log = workspace.create(settings), MetricsLog()
    with closing(create_or_open(run.path)) as connection:
        for step in range(3000):
            log.append(step, {"loss": step})
            with run_database.transaction(connection):
                _, steps, columns = log.since(step)
                append_rows(connection, "metrics", Chunk(steps, columns))
                merge_small(connection, "metrics")
        assert connection.execute("SELECT count(*) FROM chunk").fetchone()[0] <= 130
    logs_equal(run.metrics(), log)


def test_events_come_back_with_the_types_of_their_values(workspace, settings):
    run = workspace.create(settings)
    events = [
        Event(0, 1.5, "start"),
        Event(3, 2.5, "set", "temperature", 0.5, 1.0),
        Event(3, 2.5, "set", "crop", True, False),
        Event(4, 2.5, "set", "batch_size", 64, 8),
        Event(5, 9.0, "note", text="a ° line\nand another"),
    ]
    with closing(create_or_open(run.path)) as connection, run_database.transaction(connection):
        append_events(connection, events, 1)
    back = run.events()
    assert back == events
    assert [type(e.new) for e in back] == [type(e.new) for e in events]


def test_a_run_of_a_million_steps_opens(workspace, settings, capsys):
    run, rows = workspace.create(settings), 1_000_000
    values = np.random.default_rng(0).random(rows).astype(np.float32)
    log = MetricsLog()
    log.extend(np.arange(rows), {f"metric{i}": values for i in range(12)})
    with closing(create_or_open(run.path)) as connection:
        for start in range(0, rows, 2500):  # as a session of 5,000 steps a second leaves it
            _, steps, columns = log.since(start)
            part = Chunk(steps[:2500], {name: column[:2500] for name, column in columns.items()})
            with run_database.transaction(connection):
                append_rows(connection, "metrics", part)
                merge_small(connection, "metrics")
    began = time.perf_counter()
    info = workspace.open(run.id).info
    listed = time.perf_counter()
    back = run.metrics()
    opened = time.perf_counter()
    with capsys.disabled():
        print(
            f"\n1,000,000 steps x 12 columns: {(run.path / 'run.sqlite').stat().st_size / 1e6:.0f} MB, "
            f"described in {listed - began:.3f} s, metrics() in {opened - listed:.3f} s"
        )
    assert info.steps == rows - 1
    np.testing.assert_array_equal(back.column("metric11")[1], values)


# The record


def test_settings_go_through_json_unchanged(settings):
    back = RunSettings.model_validate(json.loads(json.dumps(settings.model_dump())))
    assert back == settings
    assert {k: type(v) for k, v in back.config.items()} == {k: type(v) for k, v in settings.config.items()}


@given(st.text(), st.floats(0, 4e9))
def test_every_id_is_a_safe_folder_name(method, created):
    assert is_id(new_id(method, created))


@pytest.mark.parametrize(
    "bad", ["", "..", "../x", "20240101-000000-a-abcdef/..", "20240101-000000-A-abcdef", "\n"]
)
def test_other_names_are_no_ids(bad):
    assert not is_id(bad)


def test_name_note_and_tags_stay_and_do_not_overwrite_each_other(workspace, settings):
    run = workspace.create(settings, name="first", parent=("20240101-000000-simclr-abcdef", 7))
    other = workspace.open(run.id)
    run.rename(" new ")
    other.set_note("two\nlines")
    run.set_tags(["a", " b ", "a", ""])
    info = workspace.open(run.path).info
    assert (info.name, info.note, info.tags) == ("new", "two\nlines", ("a", "b"))
    assert info.parent == ("20240101-000000-simclr-abcdef", 7)
    assert info.settings == settings
    assert info.versions["torch"].startswith("2.")


def test_runs_are_listed_newest_first(workspace, settings, monkeypatch):
    ids = []
    for at in (1000.0, 3000.0, 2000.0):
        monkeypatch.setattr(time, "time", lambda at=at: at)
        ids.append(workspace.create(settings).id)
    assert [info.id for info in workspace.runs()] == [ids[1], ids[2], ids[0]]
    assert Workspace(workspace.path / "nothing here").runs() == []


# Damage


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"format": 2}', '{"format": 1}', "\x80", '{"format": 1, "id": "../../x"}'],
)
def test_a_damaged_record_is_listed_with_its_problem(workspace, settings, text):
    good, bad = workspace.create(settings), workspace.create(settings)
    (bad.path / "run.json").write_bytes(text.encode("latin-1"))
    infos = {info.id: info for info in workspace.runs()}
    assert infos[good.id].problem == ""
    assert infos[bad.id].problem
    assert "\n" not in infos[bad.id].problem
    with pytest.raises(RunError):
        workspace.open(bad.id)


@pytest.mark.parametrize("when", ["1e300", "NaN", "-1", "Infinity"])
def test_times_that_no_calendar_has_are_damage(workspace, settings, when):
    good, bad, event = (workspace.create(settings) for _ in range(3))
    record = bad.path / "run.json"
    record.write_text(re.sub(r'("created": )[0-9.]+', rf"\g<1>{when}", record.read_text()))
    write(event, measured(3))
    with closing(sqlite3.connect(event.path / "run.sqlite")) as connection, connection:
        connection.execute(
            "INSERT INTO event (step, time, kind, key, old, new, text) VALUES (1, ?, 'note', '', 'null', 'null', '')",
            ({"NaN": "NaN"}.get(when, float(when)),),
        )
    infos = {info.id: info for info in workspace.runs()}
    assert infos[good.id].problem == ""
    assert "no time" in infos[bad.id].problem
    with pytest.raises(RunError, match="malformed events"):
        event.events()


@pytest.mark.parametrize("what", ["foreign", "cut", "other"])
def test_a_damaged_database_is_one_clear_line(workspace, settings, what):
    run = workspace.create(settings)
    write(run, measured(20_000))
    database = run.path / "run.sqlite"
    content = database.read_bytes()
    if what == "other":  # a good database of another program
        database.unlink()
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("CREATE TABLE chunk (x)")
    else:
        database.write_bytes(
            b"not SQLite at all" * 500 if what == "foreign" else content[: len(content) // 2]
        )
    assert [info.id for info in workspace.runs()] == [run.id]
    with pytest.raises(RunError) as error:
        run.metrics()
    assert "\n" not in str(error.value)
    if what != "cut":
        assert str(database) in workspace.runs()[0].problem


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE chunk SET data = substr(data, 5)",
        "UPDATE chunk SET columns = '[1]'",
        "UPDATE chunk SET columns = 'x'",
        "UPDATE chunk SET rows = -1",
        "UPDATE chunk SET rows = 1000000000000000",
        "UPDATE chunk SET first_step = 'x', last_step = 'x', data = zeroblob(3)",
        "UPDATE chunk SET data = 'text'",
    ],
)
def test_a_damaged_chunk_is_one_clear_line(workspace, settings, statement):
    run = workspace.create(settings)
    write(run, measured(10))
    write(run, measured(10, start=11))
    with closing(sqlite3.connect(run.path / "run.sqlite")) as connection, connection:
        connection.execute(statement)
    with pytest.raises(RunError) as error:
        run.metrics()
    assert "\n" not in str(error.value)


def test_a_read_only_copy_of_a_killed_run_can_be_read(workspace, settings, monkeypatch):
    """SQLite needs to write beside a WAL database even to read it; a course's shared folder forbids that."""
    run = workspace.create(settings)
    write(run, measured(10))
    original, asked = run_database._open_existing, []

    def refuse(path):
        asked.append(path)
        if path.parent == run.path:
            raise sqlite3.OperationalError("attempt to write a readonly database")
        return original(path)

    monkeypatch.setattr(run_database, "_open_existing", refuse)
    logs_equal(run.metrics(), measured(10))
    assert len(asked) == 2


def test_opening_what_is_not_there(workspace, tmp_path):
    for name in ("20240101-000000-simclr-abcdef", "nonsense", tmp_path / "gone", tmp_path):
        with pytest.raises(RunError):
            workspace.open(name)


# Trash


def test_delete_and_restore(workspace, settings):
    runs = [workspace.create(settings, name=name) for name in "ab"]
    write(runs[0], measured(5))
    before = runs[0].refresh()
    workspace.delete([run.id for run in runs])
    assert workspace.runs() == []
    assert {info.id for info in workspace.trashed()} == {run.id for run in runs}
    workspace.restore([runs[0].id])
    assert workspace.runs() == [before]
    logs_equal(runs[0].metrics(), measured(5))


def test_the_trash_keeps_what_is_young(workspace, settings, monkeypatch):
    run = workspace.create(settings)
    workspace.delete([run.id])
    assert workspace.empty_trash() == 0
    later = time.time() + 31 * 86400
    monkeypatch.setattr(time, "time", lambda: later)
    assert workspace.empty_trash() == 1
    assert workspace.trashed() == []


@pytest.mark.parametrize("name", ["..", "", ".", "../runs", "20240101-000000-simclr-abcdef"])
def test_only_runs_can_be_deleted(workspace, settings, name):
    workspace.create(settings)
    with pytest.raises(RunError):
        workspace.delete([name])
    assert len(workspace.runs()) == 1


def test_a_run_that_trains_is_neither_deleted_nor_truncated(workspace, settings):
    run, resting = workspace.create(settings), workspace.create(settings)
    lock = RunLock(run.path)
    assert lock.acquire()
    assert run.refresh().state == "paused"  # it has not begun to train
    assert not RunLock(run.path).acquire()
    with pytest.raises(RunError, match="being trained"):
        workspace.delete([resting.id, run.id])
    with pytest.raises(RunError, match="being trained"):
        run.truncate(0, 0)
    assert len(workspace.runs()) == 2
    lock.release()
    assert not is_locked(run.path)
    workspace.delete([run.id])


# Checkpoints


def meta(reason="autosave", last_event_id=0):
    return {"reason": reason, "last_event_id": last_event_id}


def test_checkpoints_are_listed_in_order_and_damaged_ones_left_out(workspace, settings):
    run = workspace.create(settings)
    for step in (10, 2, 1_000_000_000):
        run.write_checkpoint(step, {"step": step}, meta("manual"))
    run.write_checkpoint(10, {"step": 10}, meta("manual", 4))
    run.write_checkpoint(10, {"step": 10}, meta("end", 4))
    found = run.checkpoints()
    assert [(ref.step, ref.last_event_id, ref.reason) for ref in found] == [
        (2, 0, "manual"),
        (10, 0, "manual"),
        (10, 4, "manual"),
        (10, 4, "end"),
        (1_000_000_000, 0, "manual"),
    ]
    folder = run.path / "checkpoints"
    (folder / f"{found[0].stem.name}.json").write_text("{")
    (folder / "step-1.json").write_text("{}")
    (folder / "README.json").write_text("{}")
    assert run.checkpoints() == found[1:]


def test_truncate_forgets_the_future(workspace, settings):
    run = workspace.create(settings)
    write(run, measured(100))
    write(run, measured(10), "probes")
    events = [Event(step, 0.0, "set", "temperature", 0.5, 0.6) for step in (10, 50, 50, 90)]
    with closing(create_or_open(run.path)) as connection, run_database.transaction(connection):
        append_events(connection, events, 1)
    for step, known in ((20, 1), (50, 1), (50, 2), (80, 3)):
        run.write_checkpoint(step, {}, meta("before temperature", known))
    run.truncate(50, 1)
    assert run.metrics().column("loss")[0].tolist() == list(range(1, 51))
    assert len(run.probes()) == 10
    assert run.events() == events[:1]
    assert [(ref.step, ref.last_event_id) for ref in run.checkpoints()] == [(20, 1), (50, 1)]


def test_superfluous_checkpoints(tmp_path):
    def ref(step, reason):
        return CheckpointRef(step, tmp_path / f"{step}-{reason}", reason, 0, 0.0)

    kept = []
    for step in range(1, 2001):
        kept.append(ref(step, "autosave"))
        if step % 10 == 0:
            kept.append(ref(step, "before temperature"))
        if step % 100 == 0:
            kept += [ref(step, "manual"), ref(step, "before fork")]
        gone = superfluous(kept)
        kept = [one for one in kept if one not in gone]
    steps = {
        reason: [one.step for one in kept if one.reason == reason] for reason in {one.reason for one in kept}
    }
    assert steps["manual"] == steps["before fork"] == list(range(100, 2001, 100))
    assert steps["before temperature"] == list(range(1510, 2001, 10))
    assert steps["autosave"][-8:] == list(range(1993, 2001))
    assert 8 < len(steps["autosave"]) <= 8 + 11
    assert steps["autosave"][0] == 1
    ages = [2000 - step for step in steps["autosave"][:-8]]
    assert all(older <= 4 * younger for older, younger in pairwise(ages))


def test_superfluous_checkpoints_are_deleted_from_disk(workspace, settings):
    run = workspace.create(settings)
    for step in range(40):
        run.write_checkpoint(step, {"step": step}, meta())
    files = list((run.path / "checkpoints").iterdir())
    assert len(files) == 2 * len(run.checkpoints()) <= 2 * 14


def test_a_workspace_that_cannot_be_written_gives_a_run_in_memory(tmp_path, settings):
    (tmp_path / "file").write_text("in the way")
    run = Workspace(tmp_path / "file").create(settings)
    assert "file is in its way" in run.info.problem
    assert len(run.metrics()) == 0


def test_a_workspace_that_no_run_can_be_kept_in_is_one_line(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    for place in (file, file / "below"):
        with pytest.raises(RunError, match="a file is in its way") as said:
            Workspace(place).check_writable()
        assert "\n" not in str(said.value)
    with pytest.raises(RunError, match="is a file"):
        Workspace(file).check_readable()
    with small_disk(tmp_path) as small:
        remount(small, "ro")
        with pytest.raises(RunError, match="may not be written"):
            Workspace(small / "w").check_writable()
    Workspace(tmp_path / "new").check_readable()
    assert not (tmp_path / "new").exists()
    Workspace(tmp_path / "new").check_writable()
    assert list((tmp_path / "new" / "runs").iterdir()) == []


def test_what_was_never_written_is_not_listed_as_damaged(workspace, settings):
    run = workspace.create(settings)
    (workspace.runs_path / "20260101-000000-simclr-abcdef").mkdir()  # killed before its first file
    assert [info.id for info in workspace.runs()] == [run.id]
    (run.path / "run.json").unlink()
    assert "is not a run" in workspace.runs()[0].problem  # but what has numbers is shown


def test_bytes_of_a_path_that_are_no_letters_come_back(workspace, settings):
    place = os.fsdecode(b"/data/caf\xe9")
    run = workspace.create(settings.model_copy(update={"data": place}))
    assert workspace.open(run.id).info.settings.data == place
    with contextlib.closing(create_or_open(run.path)) as connection, transaction(connection):
        append_events(connection, [Event(1, 1.0, "note", text=place)], 1)
    assert run.events()[0].text == "/data/caf\\udce9"


def test_discarding_an_empty_run_leaves_what_is_not_its_own(workspace, settings, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    assert workspace.create(settings, folder=folder).discard_empty()
    assert [file.name for file in folder.iterdir()] == ["thesis.txt"]
    run = workspace.create(settings)
    assert run.discard_empty()
    assert not run.path.exists()
