"""What leaves the run store: tables, weights, a script that repeats a run, and runs set side by side."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssllab.controls import Value
from ssllab.training import checkpoint
from ssllab.training.checkpoint import CheckpointError
from ssllab.training.files import write_whole
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_record import RunError, RunInfo, RunSettings
from ssllab.training.run_store import Run

_BLOCK = 16384


def export_csv(run: Run, path: Path) -> list[Path]:
    """Metrics as a table in ``path``; probes and events beside it in STEM-probes.csv and STEM-events.csv.

    One row a step; an empty cell was not measured. The files written (probes and events only if there are
    any). Raises OSError, RunError.
    """
    written = [path]
    write_whole(path, _table(run.metrics()))
    probes = run.probes()
    if len(probes):
        written.append(path.with_name(f"{path.stem}-probes{path.suffix}"))
        write_whole(written[-1], _table(probes))
    events = run.events()
    if events:
        text = io.StringIO(newline="")
        rows = csv.writer(text, lineterminator="\r\n")
        rows.writerow(["step", "time", "kind", "key", "old", "new", "text"])
        for event in events:
            when = datetime.fromtimestamp(event.time, UTC).isoformat(timespec="milliseconds")
            rows.writerow([event.step, when, event.kind, event.key, event.old, event.new, event.text])
        written.append(path.with_name(f"{path.stem}-events{path.suffix}"))
        write_whole(written[-1], text.getvalue().encode())
    return written


def _table(log: MetricsLog) -> bytes:
    return "".join(_table_rows(log)).encode()


def _table_rows(log: MetricsLog) -> Iterator[str]:
    head = io.StringIO(newline="")
    csv.writer(head, lineterminator="\r\n").writerow(["step", *log.names])
    yield head.getvalue()
    _, steps, columns = log.since(0)
    for start in range(0, len(steps), _BLOCK):
        part = slice(start, start + _BLOCK)
        # numpy writes a float32 with as many digits as tell it from its neighbours, Python with twice as many
        cells = [steps[part].astype("U")]
        cells += [
            np.where(np.isnan(values[part]), "", values[part].astype("U")) for values in columns.values()
        ]
        yield "".join(",".join(row) + "\r\n" for row in zip(*(c.tolist() for c in cells), strict=True))


def export_weights(run: Run, path: Path, step: int | None = None) -> None:
    """The model's tensors as one safetensors file, from the last checkpoint or the last one of ``step``.

    Raises RunError, CheckpointError, OSError.
    """
    import torch
    from safetensors.torch import save

    refs = run.checkpoints()
    wanted = [ref for ref in refs if step is None or ref.step == step]
    if not wanted:
        there = ", ".join(str(at) for at in sorted({ref.step for ref in refs})) or "none"
        at = "no checkpoint" if step is None else f"no checkpoint at step {step} (there are: {there})"
        raise RunError(f"run {run.id} has {at}, so it has no weights to export.")
    tree, meta = checkpoint.load(wanted[-1].stem)
    model = tree.get("model") if isinstance(tree, dict) else None
    if not isinstance(model, dict) or not all(isinstance(value, torch.Tensor) for value in model.values()):
        raise CheckpointError(f"the checkpoint {wanted[-1].stem.name} holds no model.")
    settings = run.info.settings
    facts = {"format": "pt", "run": run.id, "step": str(meta.get("step", wanted[-1].step))}
    if settings is not None:
        config = tree.get("config", settings.config)
        facts |= {"method": settings.method, "data": settings.data, "config": json.dumps(config)}
    write_whole(path, save({name: tensor.contiguous() for name, tensor in model.items()}, metadata=facts))


def repeat_command(run: Run) -> list[str]:
    """The command line that repeats a run: its settings, then every live change at its step.

    Raises RunError when the settings or the events cannot be read.
    """
    settings = _settings(run.info)
    steps = max(
        settings.steps or 0, run.info.steps
    )  # a resumed run may have gone further than it first meant to
    command = ["ssllab", "train", settings.method, "--data", settings.data, "--seed", str(settings.seed)]
    command += ["--steps", str(steps), "--device", settings.device, "--precision", settings.precision]
    if settings.image_size is not None:
        command += ["--size", str(settings.image_size)]
    for key, value in settings.config.items():
        command += ["--set", f"{key}={_text(value)}"]
    for event in run.events():
        if event.kind == "set" and event.key in settings.config and event.new is not None:
            command += ["--at", str(event.step), f"{event.key}={_text(event.new)}"]
    return command


def export_script(run: Run, path: Path) -> None:
    """A small Python script that repeats the run, on any system where ssllab is installed.

    Raises RunError, OSError.
    """
    info = run.info
    versions = ", ".join(f"{name} {version}" for name, version in info.versions.items())
    # One argument a line would tear an option from its value: a line per option reads like the command.
    lines: list[list[str]] = []
    for argument in repeat_command(run)[1:]:
        if argument.startswith("--") or not lines:
            lines.append([])
        lines[-1].append(argument)
    listed = "\n".join("        " + ", ".join(_quoted(word) for word in line) + "," for line in lines)
    about = f"Repeats the run {run.id}. It was made with {versions or 'unknown versions'}."
    text = (
        "#!/usr/bin/env python3\n"
        f"# {_one_line(about)}\n"
        "# The same versions on the same machine give the same curve.\n"
        "from ssllab.cli import main\n\n"
        'if __name__ == "__main__":\n'
        f"    arguments = [\n{listed}\n    ]\n"
        "    raise SystemExit(main(arguments))\n"
    )
    write_whole(path, text.encode())


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _quoted(word: str) -> str:
    return json.dumps(word) if word.isascii() and word.isprintable() else repr(word)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _settings(info: RunInfo) -> RunSettings:
    if info.settings is None:
        raise RunError(f"run {info.id} has no readable settings: {info.problem}")
    return info.settings


def settings_difference(runs: Sequence[Run]) -> dict[str, list[Any]]:
    """Setting -> its value in each run, for those that differ; None where a run does not have it.

    Raises RunError when settings cannot be read.
    """
    every = []
    for run in runs:
        plain = _settings(run.info).model_dump()
        every.append({**plain.pop("config"), **plain})
    keys = dict.fromkeys(key for settings in every for key in settings)
    rows = {key: [settings.get(key) for settings in every] for key in keys}
    return {key: values for key, values in rows.items() if any(value != values[0] for value in values)}


def mean_and_std(
    runs: Sequence[Run], name: str
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """``(steps (n,), mean (n,), std (n,))`` of a metric or probe over runs, usually of several seeds.

    At every step where any run measured it and that all of them reached; a run counts with the straight line
    between its own measurements. The deviation is a sample's (n - 1), zero for one run. Empty where nothing
    is common. Raises RunError.
    """
    curves = []
    for run in runs:
        log = run.metrics()
        steps, values = (log if name in log.names else run.probes()).column(name)
        known = np.isfinite(values)
        # np.unique takes the first of equal steps; turned round, that is the newest.
        at, newest = np.unique(steps[known][::-1], return_index=True)
        curves.append((at, values[known][::-1][newest].astype(np.float64)))
    nothing = np.empty(0, np.int64), np.empty(0), np.empty(0)
    if not curves or any(len(at) == 0 for at, _ in curves):
        return nothing
    first, last = max(at[0] for at, _ in curves), min(at[-1] for at, _ in curves)
    grid = np.unique(np.concatenate([at for at, _ in curves]))
    grid = grid[(grid >= first) & (grid <= last)]
    if not len(grid):
        return nothing
    table = np.stack([np.interp(grid, at, values) for at, values in curves])
    std = table.std(axis=0, ddof=1) if len(curves) > 1 else np.zeros(len(grid))
    return grid, table.mean(axis=0), std
