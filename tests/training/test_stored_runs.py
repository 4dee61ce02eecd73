"""Runs made by an earlier ssllab (``tests/stored``) are opened, resumed, forked, compared and exported."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from ssllab.cli import main
from ssllab.training.export import repeat_command, settings_difference
from ssllab.training.run_store import Workspace

STORED = Path(__file__).parents[1] / "stored" / "runs"
RUNS = sorted(path.name for path in STORED.iterdir())
METHODS = {name.split("-")[2]: name for name in RUNS}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    shutil.copytree(STORED, tmp_path / "runs")
    return tmp_path


def answered(capsys, *words: object) -> dict:
    assert main([*map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_there_is_one_of_each_method() -> None:
    assert set(METHODS) == {"simclr", "moco", "wav2vec2", "hubert", "ctc"}


@pytest.mark.parametrize("method", METHODS)
def test_it_goes_on_where_it_was_killed(method: str, workspace: Path, capsys) -> None:
    """The checkpoint is of step 1: steps 2 to 4, with the change between them, are done again as they were."""
    run = METHODS[method]
    before = Workspace(workspace).open(run).metrics()
    answer = answered(capsys, "resume", run, "--steps", 5, "--workspace", workspace)
    assert (answer["method"], answer["steps"]) == (method, 5)
    after = Workspace(workspace).open(run).metrics()
    assert set(before.names) <= set(after.names)
    for name in set(before.names) - {"items_per_second"}:
        then, now = before.column(name)[1], after.column(name)[1][:4]
        # The runs were made on one machine; bit for bit is promised for that one only.
        np.testing.assert_allclose(now, then, rtol=1e-3, atol=1e-4, equal_nan=True, err_msg=name)


@pytest.mark.parametrize("method", METHODS)
def test_it_is_forked_before_its_change(method: str, workspace: Path, capsys) -> None:
    answer = answered(capsys, "fork", METHODS[method], "--at", 1, "--steps", 2, "--workspace", workspace)
    assert answer["steps"] == 2
    run = Workspace(workspace).open(Path(answer["run"]).name)
    assert run.info.parent == (METHODS[method], 1)


def test_what_was_computed_in_float32_goes_on_in_it_whatever_auto_means_now(
    workspace: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The window wrote "auto" for the precision, which on a processor was float32."""
    monkeypatch.setattr("ssllab.training.device._multiplies_bfloat16", lambda: True)
    run = METHODS["simclr"]
    written = workspace / "runs" / run / "run.json"
    written.write_text(written.read_text().replace('"precision": "float32"', '"precision": "auto"'))
    before = Workspace(workspace).open(run).metrics().column("loss")[1]
    answered(capsys, "resume", run, "--steps", 5, "--workspace", workspace)
    again = Workspace(workspace).open(run)
    assert again.info.settings is not None
    assert again.info.settings.precision == "float32"
    np.testing.assert_allclose(again.metrics().column("loss")[1][:4], before, rtol=1e-4)


def test_its_image_size_is_an_option_of_its_data_now(workspace: Path) -> None:
    store = Workspace(workspace)
    simclr, speech = store.open(METHODS["simclr"]), store.open(METHODS["wav2vec2"])
    assert simclr.info.settings is not None
    assert simclr.info.settings.options == {"image_size": 16}
    assert " --size 16 " in " ".join(repeat_command(simclr))
    assert speech.info.settings is not None
    assert speech.info.settings.options == {}
    assert "--size" not in repeat_command(speech)
    assert settings_difference([simclr.info, speech.info])["image_size"] == [16, None]


def test_all_are_listed_shown_and_compared(workspace: Path, capsys) -> None:
    listed = answered(capsys, "runs", "list", "--workspace", workspace)["runs"]
    assert {run["id"] for run in listed} == set(RUNS)
    assert all(run["steps"] == 4 and not run["problem"] for run in listed)
    assert [run["verdicts"] for run in listed] == [None] * len(listed)  # their verdicts' history was not kept
    compared = answered(capsys, "runs", "compare", *RUNS, "--workspace", workspace)
    assert set(compared["last"]) == set(RUNS)
    assert all(np.isfinite(last["loss"]) for last in compared["last"].values())
    for run in RUNS:
        events = answered(capsys, "runs", "show", run, "--workspace", workspace)["events"]
        assert [event["step"] for event in events if event["kind"] == "set"] == [1]


@pytest.mark.parametrize("method", METHODS)
def test_it_is_exported(method: str, workspace: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    out.mkdir()
    written = answered(
        capsys,
        *("runs", "export", METHODS[method], "--workspace", workspace),
        *("--csv", out / "m.csv", "--png", out / "m.png", "--weights", out / "w.safetensors"),
        *("--script", out / "again.py"),
    )["written"]
    assert all(Path(path).stat().st_size for path in written)
    rows = (out / "m.csv").read_text().splitlines()
    assert len(rows) == 5
    assert rows[0].startswith("step,loss")
