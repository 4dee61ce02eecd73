"""What leaves the store can be read by others: csv, safetensors, a script; and runs side by side."""

import csv
import os
import runpy
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from ssllab.training.checkpoint import CheckpointError
from ssllab.training.export import (
    csv_pieces,
    export_csv,
    export_script,
    export_weights,
    mean_and_std,
    repeat_command,
    settings_difference,
)
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_record import Event, RunError, RunSettings
from ssllab.training.run_writer import RunWriter


@pytest.fixture
def make(workspace, settings):
    def build(steps=20, scale=1.0, every=1, events=(), checkpoints=(), **changes):
        config = {**settings.config, **changes.pop("config", {})}
        run = workspace.create(RunSettings(**{**settings.model_dump(), **changes, "config": config}))
        metrics, probes = MetricsLog(), MetricsLog()
        for step in range(every, steps + 1, every):
            metrics.append(step, {"loss": scale * step / 7})
        probes.append(steps, {"knn_top1": 0.25})
        writer = RunWriter(run, metrics, probes, list(events))
        for step in checkpoints:
            tree = {"model": {"w": torch.full((2,), float(step))}, "config": config, "optimizer": {}}
            writer.write_checkpoint(step, tree, {"reason": "manual", "last_event_id": 0})
        assert writer.flush()
        writer.close()
        run.refresh()
        return run

    return build


def test_csv(make, tmp_path):
    run = make(
        events=[Event(3, 0.0, "set", "temperature", 0.5, 0.1), Event(4, 1.0, "note", text='a, "b"\nc')]
    )
    files = export_csv(run, tmp_path / "run.csv")
    assert [file.name for file in files] == ["run.csv", "run-probes.csv", "run-events.csv"]
    tables = [list(csv.DictReader(file.open(newline=""))) for file in files]
    _, loss = run.metrics().column("loss")
    assert [int(row["step"]) for row in tables[0]] == list(range(1, 21))
    np.testing.assert_array_equal(np.array([row["loss"] for row in tables[0]]).astype(np.float32), loss)
    assert tables[1] == [{"step": "20", "knn_top1": "0.25"}]
    assert (tables[2][0]["old"], tables[2][0]["new"]) == ("0.5", "0.1")
    assert tables[2][0]["time"].startswith("1970-01-01T00:00:00")
    assert tables[2][1]["text"] == 'a, "b"\nc'


def test_csv_of_values_that_were_not_measured(workspace, settings, tmp_path):
    run, log = workspace.create(settings), MetricsLog()
    log.append(1, {"a": 1.5})
    log.append(2, {"b,c": float("inf")})
    writer = RunWriter(run, log, MetricsLog(), [])
    writer.close()
    export_csv(run, tmp_path / "run.csv")
    assert (tmp_path / "run.csv").read_bytes() == b'step,a,"b,c"\r\n1,1.5,\r\n2,,inf\r\n'


def test_weights_are_plain_safetensors(make, tmp_path):
    run = make(checkpoints=[5, 9])
    for step, expected in ((None, 9.0), (5, 5.0)):
        export_weights(run, tmp_path / "w.safetensors", step)
        with safe_open(tmp_path / "w.safetensors", "pt") as file:
            assert list(file.keys()) == ["w"]
            assert file.get_tensor("w").tolist() == [expected, expected]
            assert file.metadata()["method"] == "simclr"
            assert file.metadata()["step"] == str(int(expected))


def test_a_run_on_a_folder_whose_name_is_no_text_is_kept_and_exported(make, workspace, tmp_path):
    run = make(data="/caf\udce9\x1b", checkpoints=[5], events=[Event(1, 0.0, "note", text="a")])
    assert workspace.open(run.id).info.settings.data == "/caf\udce9\x1b"
    export_weights(run, tmp_path / "w.safetensors")
    with safe_open(tmp_path / "w.safetensors", "pt") as file:
        assert file.metadata()["data"] == r"/caf\xe9\x1b"


def test_weights_that_are_not_there(make, workspace, tmp_path):
    with pytest.raises(RunError, match="no checkpoint"):
        export_weights(make(), tmp_path / "w.safetensors")
    with pytest.raises(RunError, match="there are: 5"):
        export_weights(make(checkpoints=[5]), tmp_path / "w.safetensors", step=6)
    bare = make()
    bare.write_checkpoint(1, {"step": 1}, {"reason": "manual", "last_event_id": 0})
    with pytest.raises(CheckpointError, match="no model"):
        export_weights(bare, tmp_path / "w.safetensors")
    assert list(tmp_path.glob("*.safetensors")) == []


CHANGES = (
    Event(0, 0.0, "start"),
    Event(3, 0.0, "set", "temperature", 0.5, 0.1),
    Event(7, 0.0, "set", "crop", True, False),
)


def test_the_command_names_every_setting_and_change(make):
    run = make(events=CHANGES, steps=20, data="my pictures")
    assert repeat_command(run) == [
        *("ssllab", "train", "simclr", "--data", "my pictures", "--seed", "3", "--steps", "100"),
        *("--device", "cpu", "--precision", "float32", "--size", "32", "--set", "temperature=0.5"),
        *("--set", "crop=true", "--set", "encoder=small", "--set", "batch_size=64"),
        *("--at", "3", "temperature=0.1", "--at", "7", "crop=false"),
    ]


@pytest.mark.parametrize("data", ["shapes", 'C:\\new "dir"\'', "Bilder/äöü \n'''\"\"\"", "-x", "/caf\udce9"])
def test_the_script_calls_the_command_line_with_just_that(make, tmp_path, monkeypatch, data):
    run = make(events=CHANGES, data=data)
    export_script(run, tmp_path / "repeat.py")
    got = []
    fake = types.ModuleType("ssllab.cli")
    fake.main = lambda arguments: got.append(arguments) or 0
    monkeypatch.setitem(sys.modules, "ssllab.cli", fake)
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(tmp_path / "repeat.py"), run_name="__main__")
    assert end.value.code == 0
    assert got == [repeat_command(run)[1:]]


def test_only_what_differs(make):
    runs = [make(seed=1), make(seed=2, config={"temperature": 0.1}), make(seed=1, config={"extra": 4})]
    infos = [run.info for run in runs]
    assert settings_difference(infos) == {
        "seed": [1, 2, 1],
        "temperature": [0.5, 0.1, 0.5],
        "extra": [None, None, 4],
    }
    assert settings_difference(infos[:1]) == settings_difference([]) == {}


def test_mean_and_deviation_over_runs(make):
    runs = [make(20, scale=1.0), make(15, scale=3.0), make(20, scale=2.0, every=5)]
    steps, mean, std = mean_and_std([run.metrics().column("loss") for run in runs])
    assert steps.tolist() == list(range(5, 16))
    np.testing.assert_allclose(mean, 2 * steps / 7, rtol=1e-6)
    np.testing.assert_allclose(std, steps / 7, rtol=1e-6)
    assert mean_and_std([runs[0].metrics().column("loss")])[2].max() == 0


def test_mean_and_deviation_against_numpy():
    steps = np.arange(5)
    curves = [(steps, np.array([1.0, 2, 3, 4, 5])), (steps, np.array([3.0, 2, 1, 4, np.nan]))]
    at, mean, deviation = mean_and_std(curves)
    assert at.tolist() == [0, 1, 2, 3]  # as far as both were measured
    np.testing.assert_allclose(mean, [2, 2, 2, 4])
    np.testing.assert_allclose(deviation, [np.sqrt(2), 0, np.sqrt(2), 0])
    between = mean_and_std([(np.array([0, 4]), np.array([0.0, 4])), (np.array([2]), np.array([4.0]))])
    assert [x.tolist() for x in between[:2]] == [[2.0], [3.0]]
    never = (np.empty(0), np.empty(0))
    assert len(mean_and_std([(steps, steps), never])[0]) == len(mean_and_std([])[0]) == 0


def test_a_table_of_unequal_columns_of_numbers_and_words():
    columns = {
        "name": np.array(["a", 'b, "c"']),
        "x": np.array([1.5, np.nan, 0.1], np.float32),
        "n": np.arange(1),
    }
    assert b"".join(csv_pieces(columns)) == b'name,x,n\r\na,1.5,0\r\n"b, ""c""",,\r\n,0.1,\r\n'


def test_an_export_that_is_cancelled_leaves_no_part_of_a_file(make, tmp_path):
    def cancel(share):
        raise KeyboardInterrupt

    run = make()
    with pytest.raises(KeyboardInterrupt):
        export_csv(run, tmp_path / "run.csv", cancel)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == []


@pytest.mark.parametrize("name", ["run.json", "run.sqlite", "run.sqlite-wal", "lock", "checkpoints/any"])
def test_an_export_never_goes_over_what_a_run_is_made_of(make, name):
    run = make(checkpoints=[20])
    before = {file: file.read_bytes() for file in run.path.rglob("*") if file.is_file()}
    for write in (export_csv, export_weights, export_script):
        with pytest.raises(RunError, match="belongs to the run in"):
            write(run, run.path / name)
    assert before == {file: file.read_bytes() for file in run.path.rglob("*") if file.is_file()}
    assert export_csv(run, run.path / "metrics.csv")[0].exists()


@pytest.mark.parametrize("name", ["no-probes.csv", "no-events.csv"])
def test_the_files_beside_a_table_are_asked_for_before_any_is_written(make, tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(RunError, match=f"{name} is a folder: expected the name of a file"):
        export_csv(make(), tmp_path / "no.csv")
    assert not (tmp_path / "no.csv").exists()


def test_a_device_is_never_replaced_by_a_file(make):
    with pytest.raises(RunError, match="is a device: expected the name of a file"):
        export_script(make(), Path(os.devnull))
    assert not Path(os.devnull).is_file()


def test_a_place_that_cannot_be_written_is_called_as_the_person_called_it(make, tmp_path):
    with pytest.raises(FileNotFoundError) as refusal:
        export_script(make(), tmp_path / "nowhere" / "again.py")
    assert refusal.value.filename == str(tmp_path / "nowhere" / "again.py")
