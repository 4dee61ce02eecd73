# ruff: noqa: F811  (fixtures of another file)
"""The command line where something gives way: the disk, the data, the streams; and where options stand."""

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ssllab.methods.simclr import SimCLR
from ssllab.training import checkpoint, run_database, run_writer
from ssllab.training.run_store import Workspace
from tests.disks import fill, remount, small_disk
from tests.test_cli import SMALL, lab, pictures, refused, strict_json  # noqa: F401


@pytest.fixture
def at_step(monkeypatch):
    """``at_step({step: act})`` calls ``act`` while SimCLR makes that step."""

    def plan(acts):
        whole = SimCLR.step

        def step(self, images, generator):
            acts.pop(self.updates + 1, lambda: None)()
            return whole(self, images, generator)

        monkeypatch.setattr(SimCLR, "step", step)

    for name, seconds in (("WRITE_SECONDS", 0.02), ("RETRY_SECONDS", 0.05), ("CLOSE_SECONDS", 0.5)):
        monkeypatch.setattr(run_writer, name, seconds)
    monkeypatch.setattr(run_database, "_BUSY_SECONDS", 0.05)
    return plan


def train(lab, pictures, place, *more, steps=60):
    return lab("train", "simclr", "--data", pictures, *SMALL, "--workspace", place, "--steps", steps, *more)


def on_disk(place):
    (info,) = Workspace(place).runs()
    run = Workspace(place).open(info.id)
    return info, run, run.metrics().column("loss")[0].tolist()


def test_a_disk_that_fills_is_said_when_it_happens_and_at_the_end(lab, pictures, tmp_path, at_step):
    with small_disk(tmp_path, 8) as small:
        at_step({20: lambda: fill(small)})
        code, out, err = train(lab, pictures, small / "w")
        assert code == 1
        assert "The disk is full" in err
        assert "It is kept in memory" in err
        assert (
            err.rstrip().splitlines()[-1].startswith("ssllab: the run is not whole on disk: The disk is full")
        )
        assert "not all of it kept in" in out
        info, _, steps = on_disk(small / "w")
        assert info.state == "interrupted"
        assert 0 < len(steps) < 60
        (small / "filler").unlink()
        code, out, _ = lab("resume", info.id, "--workspace", small / "w", "--json")
        assert (code, strict_json(out)["missing"]) == (0, None)
        assert on_disk(small / "w")[2] == list(range(1, 61))


def test_what_a_full_disk_refused_is_written_when_it_has_room_again(lab, pictures, tmp_path, at_step):
    with small_disk(tmp_path, 8) as small:
        at_step({15: lambda: fill(small), 50: lambda: (small / "filler").unlink()})
        code, out, err = train(lab, pictures, small / "w", "--json")
        assert code == 0, err
        assert strict_json(out)["missing"] is None
        info, run, steps = on_disk(small / "w")
        assert (info.state, steps) == ("finished", list(range(1, 61)))
        assert run.checkpoints()[-1].step == 60


def test_what_a_folder_refused_is_written_when_it_is_writable_again(lab, pictures, at_step, monkeypatch):
    """A mounted disk with open files cannot be made read-only here, so the system's answers are played."""
    mended = pytest.MonkeyPatch()

    def refuse(*args):
        raise OSError(30, "Read-only file system")

    def turn_read_only():
        mended.setattr(run_writer, "append_rows", refuse)
        mended.setattr(checkpoint, "write_whole", refuse)

    at_step({15: turn_read_only, 50: mended.undo})
    code, out, err = train(lab, pictures, "w", "--json")
    assert (code, strict_json(out)["missing"]) == (0, None), err
    info, run, steps = on_disk("w")
    assert (info.state, steps) == ("finished", list(range(1, 61)))
    assert run.checkpoints()[-1].step == 60


def test_a_disk_that_refuses_all_the_rest_without_a_real_one(lab, pictures, at_step, monkeypatch):
    def refuse(*args):
        raise OSError(28, "No space left on device")

    at_step({20: lambda: monkeypatch.setattr(run_writer, "append_rows", refuse)})
    code, out, err = train(lab, pictures, "w", "--json")
    assert code == 1
    assert "The disk is full" in strict_json(out)["missing"]
    assert "not whole on disk" in err


@pytest.mark.parametrize("freed", [True, False])
def test_a_locked_database_is_waited_for_and_said(lab, pictures, at_step, freed):
    holder = []

    def hold():
        (run,) = Workspace("w").runs_path.iterdir()
        holder.append(sqlite3.connect(run / "run.sqlite", isolation_level=None, check_same_thread=False))
        holder[0].execute("BEGIN IMMEDIATE")

    at_step({15: hold, **({50: lambda: holder[0].execute("ROLLBACK")} if freed else {})})
    code, out, err = train(lab, pictures, "w", "--json")
    holder[0].close()
    missing = strict_json(out)["missing"]
    if freed:
        assert (code, missing) == (0, None)
        assert on_disk("w")[2] == list(range(1, 61))
    else:
        assert code == 1
        assert "held by another program" in missing
        assert "not whole on disk" in err


def test_a_workspace_that_cannot_be_is_one_line(lab, pictures, tmp_path, monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    (tmp_path / "file").write_text("")
    for words in (
        ["train", "simclr", "--data", pictures, *SMALL],
        ["runs", "list"],
        ["resume", "20200101-000000-simclr-abcdef"],
        [],
    ):
        assert "file" in refused(lab("--workspace", "file", *words))
    with small_disk(tmp_path) as small:
        remount(small, "ro")
        assert "may not be written" in refused(lab("--workspace", small / "w"))
        assert "may not be written" in refused(train(lab, pictures, small / "w"))
        assert "may not be written" in refused(
            lab("train", "simclr", "--data", pictures, *SMALL, "--run", small / "r")
        )


def test_options_before_the_command_are_those_of_the_command(lab, pictures):
    before = ["--workspace", "before", "--data", pictures, "--device", "cpu"]
    code, out, err = lab(*before, "train", "simclr", *SMALL, "--steps", 2, "--json")
    assert code == 0, err
    name = Path(strict_json(out)["run"]).name
    for words in (
        ["--workspace", "before", "runs", "list", "--json"],
        ["runs", "--workspace", "before", "list", "--json"],
        ["runs", "--json", "list", "--workspace", "before"],
        ["--workspace", "elsewhere", "runs", "list", "--workspace", "before", "--json"],
    ):
        assert [run["id"] for run in strict_json(lab(*words)[1])["runs"]] == [name]
    code, out, _ = lab("--workspace", "before", "resume", name, "--steps", 3, "--json")
    assert (code, strict_json(out)["steps"]) == (0, 3)


def test_killed_before_a_planned_change_the_resumed_run_still_makes_it(lab):
    plan = ["--at", 2, "temperature=0.9", "--at", 5, "temperature=0.3", "crop=false"]
    whole = lab.train("--steps", 7, *plan)
    killed = Path(lab.train("--steps", 7, *plan)["run"])
    run = Workspace("w").open(killed)
    run.truncate(0, run.checkpoints()[0].last_event_id)  # as a kill in its first seconds leaves it
    assert strict_json(lab("resume", killed, "--json")[1])["metrics"] == {
        **whole["metrics"],
        "items_per_second": pytest.approx(whole["metrics"]["items_per_second"], rel=1e6),
    }


def test_the_script_of_a_run_that_was_killed_plans_what_was_still_to_come(lab):
    run = Workspace("w").open(Path(lab.train("--steps", 4, "--at", 3, "temperature=0.9")["run"]))
    run.truncate(0, 0)
    assert lab("runs", "export", run.path, "--script", "again.py")[0] == 0
    assert '"--at", "3", "temperature=0.9"' in Path("again.py").read_text()


def test_changed_data_is_said_and_moved_data_can_be_named(lab, pictures, tmp_path):
    own = tmp_path / "own"
    shutil.copytree(pictures, own)
    code, out, err = lab("train", "simclr", "--data", own, *SMALL, "--steps", 2, "--workspace", "w", "--json")
    assert code == 0, err
    name = Path(strict_json(out)["run"]).name
    again = ["resume", name, "--workspace", "w", "--json", "--steps"]
    assert "The data is not" not in lab(*again, 3)[2]
    own.rename(tmp_path / "moved")
    assert "--data" in refused(lab(*again, 4))
    code, _, err = lab(*again, 4, "--data", "moved")
    assert code == 0, err
    assert "The data is not" not in err
    assert "The data is not" not in lab(*again, 5)[2]  # the run knows the new place now
    for number in range(4):
        (tmp_path / "moved" / "first" / f"{number}.png").unlink()
    code, _, err = lab(*again, 6)
    assert code == 0
    assert "The data is not that of the run so far" in err
    code, out, err = lab("fork", name, "--at", 3, "--workspace", "w", "--json", "--data", pictures)
    assert code == 0
    assert "items to learn from then" in err
    assert Workspace("w").open(strict_json(out)["run"]).info.settings.data == str(pictures)


def test_what_fails_before_the_first_step_leaves_no_run(lab, pictures, monkeypatch):
    def broken(self, data):
        raise RuntimeError("no room")

    monkeypatch.setattr(SimCLR, "prepare", broken)
    assert train(lab, pictures, "w")[0] == 1
    assert Workspace("w").runs() == []


# In a process of its own: what the shell gives as streams


def process(arguments, redirection="", **environment):
    """The command by a shell, ``redirection`` behind it: (exit code, standard output, standard error)."""
    words = " ".join(map(str, [sys.executable, "-m", "ssllab", *arguments]))
    done = subprocess.run(
        ["sh", "-c", f"{words} {redirection}"],
        capture_output=True,
        timeout=200,
        env={**os.environ, **environment},
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


SHORT = [
    "train",
    "simclr",
    "--data",
    "digits",
    "--steps",
    2,
    "--set",
    "batch_size=8",
    "head_width=16",
    "--workspace",
]


@pytest.mark.skipif(sys.platform == "win32", reason="the shell's redirections are Unix's")
@pytest.mark.parametrize(
    ("redirection", "code"),
    [("2>&-", 0), (">&-", 0), ("<&- >&- 2>&-", 0), ("2>/dev/full", 0), (">/dev/full", 1)],
)
def test_streams_that_take_nothing_do_not_end_a_training(tmp_path, redirection, code):
    if "full" in redirection and not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full here")
    found, _, err = process([*SHORT, tmp_path], redirection)
    assert found == code, err.decode()
    assert b"Traceback" not in err
    assert b"Exception ignored" not in err
    if code:
        assert b"ssllab: the output could not be written" in err
    info, _, steps = on_disk(tmp_path)
    assert (info.state, steps) == ("finished", [1, 2])


def test_a_reader_that_goes_away_is_no_failure():
    code, _, err = process(["methods"], "| head -n 1 >/dev/null")
    assert (code, err) == (0, b"")


@pytest.mark.parametrize("encoding", ["cp932", "cp1252", "ascii", "latin-1"])
def test_every_encoding_gets_its_letters_and_escapes_for_the_others(tmp_path, settings_of_a_run, encoding):
    Workspace(tmp_path).create(settings_of_a_run).rename("写真 caf\xe9")
    code, out, err = process(["runs", "list", "--workspace", tmp_path], PYTHONIOENCODING=encoding)
    assert (code, err) == (0, b"")
    shown = "写真 caf\xe9".encode(encoding, "backslashreplace")
    assert shown in out


@pytest.fixture
def settings_of_a_run():
    from ssllab.training.run_record import RunSettings

    return RunSettings(method="simclr", config={}, data="digits")
