"""What leaves the run store: tables, weights, a script that repeats a run, and runs set side by side."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssllab.controls import Value
from ssllab.data import catalogue
from ssllab.storage.files import write_whole
from ssllab.storage.one_line import one_line
from ssllab.storage.run_lock import LOCK_NAME
from ssllab.training import checkpoint
from ssllab.training.changes import courses
from ssllab.training.checkpoint import CheckpointError
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_database import DATABASE_NAME
from ssllab.training.run_record import RECORD_NAME, Change, CheckpointRef, RunError, RunInfo, RunSettings
from ssllab.training.run_store import CHECKPOINTS, Run

_BLOCK = 16384


def _no_report(share: float) -> None:
    pass


def check_place(path: Path, *, may_be_folder: bool = False) -> None:
    """Refuse to write over what a run is made of, a folder or a device. Raises RunError."""
    place = path.resolve()
    a_part = place.name.lower().startswith((RECORD_NAME, LOCK_NAME, DATABASE_NAME, CHECKPOINTS))
    for folder in (place.parent, place.parent.parent):
        if (folder / RECORD_NAME).exists() and (a_part or place.parent == folder / CHECKPOINTS):
            raise RunError(f"{path} belongs to the run in {folder}: choose another place.")
    device = path.absolute().parent == Path(os.devnull).parent or (
        path.exists() and not path.is_file() and not path.is_dir()
    )
    if device or (path.is_dir() and not may_be_folder):
        raise RunError(
            f"{path} is a {'device' if device else 'folder'}: expected the name of a file to write."
        )


def export_csv(run: Run, path: Path, report: Callable[[float], None] = _no_report) -> list[Path]:
    """Metrics as a table in ``path``; probes and events beside it in STEM-probes.csv and STEM-events.csv.

    One row a step; an empty cell was not measured. The files written (probes and events only if there are
    any). ``report`` is told how far the work is (0..1); what it raises ends it, and no part of a file is left.
    Raises OSError, RunError.
    """
    beside = {name: path.with_name(f"{path.stem}-{name}{path.suffix}") for name in ("probes", "events")}
    for place in (path, *beside.values()):
        check_place(place)
    written = [path]
    write_whole(path, csv_pieces(_columns(run.metrics()), report))
    probes = run.probes()
    if len(probes):
        written.append(beside["probes"])
        write_whole(written[-1], csv_pieces(_columns(probes)))
    events = run.events()
    if events:
        rows: list[list[Any]] = [["step", "time", "kind", "key", "old", "new", "text"]]
        for event in events:
            when = datetime.fromtimestamp(event.time, UTC).isoformat(timespec="milliseconds")
            rows.append([event.step, when, event.kind, event.key, event.old, event.new, event.text])
        written.append(beside["events"])
        write_whole(written[-1], _csv_text(rows))
    return written


def _columns(log: MetricsLog) -> dict[str, NDArray]:
    _, steps, columns = log.since(0)
    return {"step": steps, **columns}


def csv_pieces(
    columns: Mapping[str, NDArray], report: Callable[[float], None] = _no_report
) -> Iterator[bytes]:
    """A table as CSV (RFC 4180, UTF-8), a piece at a time; an empty cell for NaN and where a column has ended.

    ``columns``: heading -> ``(n,)`` numbers or words, of equal or unequal length. ``report``: see :func:`export_csv`.
    """
    yield _csv_text([list(columns)])
    length = max((len(values) for values in columns.values()), default=0)
    for start in range(0, length, _BLOCK):
        report(start / length)
        cells = [
            _cells(values[start : start + _BLOCK], min(_BLOCK, length - start)) for values in columns.values()
        ]
        rows = zip(*cells, strict=True)
        if any(values.dtype.kind not in "biuf" for values in columns.values()):
            yield _csv_text(rows)
        else:
            yield "".join(",".join(row) + "\r\n" for row in rows).encode()


def _cells(values: NDArray, count: int) -> list[str]:
    # numpy writes a float32 with as many digits as tell it from its neighbours, Python with twice as many
    words = values.astype("U")
    if values.dtype.kind == "f":
        words = np.where(np.isnan(values), "", words)
    return [*words.tolist(), *[""] * (count - len(values))]


def _csv_text(rows: Iterable[Iterable[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def export_weights(run: Run, path: Path, step: int | None = None) -> None:
    """The model of the last checkpoint, or of the last one of ``step``.

    As one file: every tensor of the method under its name in the program. A run of speech or language whose ``path`` does
    not end in ``.safetensors``: as :func:`export_model`. Raises RunError, CheckpointError, OSError.
    """
    import torch
    from safetensors.torch import save

    if path.suffix != ".safetensors" and _of_hugging_face(run.info.settings):
        export_model(run, path, step)
        return
    check_place(path)
    ref = _reference(run, step)
    tree, meta = checkpoint.load(ref.stem)
    model = tree.get("model") if isinstance(tree, dict) else None
    if not isinstance(model, dict):
        raise CheckpointError(f"the checkpoint {ref.stem.name} holds no model.")
    tensors = {name: value for name, value in model.items() if isinstance(value, torch.Tensor)}
    facts = {"format": "pt", "run": run.id, "step": str(meta.get("step", ref.step))}
    settings = run.info.settings
    if settings is not None:
        config = tree.get("config", settings.config)
        facts |= {"method": settings.method, "data": one_line(settings.data), "config": json.dumps(config)}
    write_whole(path, save({name: tensor.contiguous() for name, tensor in tensors.items()}, metadata=facts))


def export_model(run: Run, path: Path, step: int | None = None) -> None:
    """The same model as the folder ``path`` in Hugging Face's format, which ``transformers`` reads, and ssllab again.

    Raises RunError, CheckpointError, OSError, and DataError for what has no such format.
    """
    from ssllab.methods.stored_language import write_stored
    from ssllab.training.stored_models import is_speech, model_of
    from ssllab.training.stored_predictors import method_at

    settings = run.info.settings
    if settings is None or not _of_hugging_face(settings):
        raise RunError(
            f"run {run.id} is of no method of speech or language: export its weights into a file FILE.safetensors."
        )
    check_place(path, may_be_folder=True)
    ref = _reference(run, step)
    if is_speech(settings):
        model_of(run, ref).write(path)
    else:
        write_stored(method_at(run, ref), path)


def _of_hugging_face(settings: RunSettings | None) -> bool:
    """Whether a run's model may have a folder in Hugging Face's format."""
    from ssllab.training.stored_models import is_speech
    from ssllab.training.stored_predictors import is_language

    return settings is not None and (is_speech(settings) or is_language(settings))


def _reference(run: Run, step: int | None) -> CheckpointRef:
    """The last checkpoint, or the last one of ``step``. Raises RunError."""
    refs = run.checkpoints()
    wanted = [ref for ref in refs if step is None or ref.step == step]
    if not wanted:
        there = ", ".join(str(at) for at in sorted({ref.step for ref in refs})) or "none"
        at = "no checkpoint" if step is None else f"no checkpoint at step {step} (there are: {there})"
        raise RunError(f"run {run.id} has {at}, so it has no weights to export.")
    return wanted[-1]


def repeat_command(run: Run) -> list[str]:
    """The command line that repeats a run: its settings, then every live change at its step.

    Raises RunError when the settings or the events cannot be read.
    """
    settings = _settings(run.info)
    if not settings.method.isidentifier():  # as a path it would be executed where the command is
        raise RunError(f"run {run.id} has the method {settings.method!r}, which is no method's name.")
    steps = max(
        settings.steps or 0, run.info.steps
    )  # a resumed run may have gone further than it first meant to
    command = ["ssllab", "train", settings.method, "--data", settings.data, "--seed", str(settings.seed)]
    command += ["--steps", str(steps), "--device", settings.device, "--precision", settings.precision]
    known = catalogue.options()
    for key, number in settings.options.items():
        if key in known:
            command += [known[key].flag, str(number)]
    for key, value in settings.config.items():
        command += ["--set", f"{key}={_text(value)}"]
    events = (event for event in run.events() if event.kind == "set")
    made = [Change(event.step, event.key, event.new) for event in events if event.new is not None]
    planned = (Change(change.step, change.key, change.value) for change in settings.plan)
    to_come = [change for change in planned if change.step >= run.info.steps and change not in made]
    for change in (*made, *to_come):
        if change.key in settings.config:
            command += ["--at", str(change.step), f"{change.key}={_text(change.value)}"]
    return command


def export_script(run: Run, path: Path) -> None:
    """A small Python script that repeats the run, on any system where ssllab is installed.

    Raises RunError, OSError.
    """
    check_place(path)
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
    if file := _settings(info).method_file:
        about += f" Its method came from {file.path} (SHA-256 {file.sha256}), which must be in your methods folder."
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


def settings_of(info: RunInfo) -> dict[str, Any]:
    """Every setting of a run by name: what it was started with, its data's options, the controls. Raises RunError.

    A control that was changed in mid-run has its course in words, see :func:`.changes.courses`.
    """
    plain = _settings(info).model_dump()
    options, config, file = plain.pop("options"), plain.pop("config"), plain.pop("method_file")
    del plain["plan"]  # what of it has happened is in the changes
    noted = {"method_file": f"{file['path']} (SHA-256 {file['sha256']})"} if file else {}
    return {**plain, **noted, **options, **config, **courses(info.changes)}


def settings_difference(infos: Sequence[RunInfo]) -> dict[str, list[Any]]:
    """Setting -> its value in each run, for those that differ; None where a run does not have it.

    Raises RunError when settings cannot be read.
    """
    every = [settings_of(info) for info in infos]
    keys = dict.fromkeys(key for settings in every for key in settings)
    rows = {key: [settings.get(key) for settings in every] for key in keys}
    return {key: values for key, values in rows.items() if any(value != values[0] for value in values)}


def mean_and_std(
    curves: Sequence[tuple[NDArray, NDArray]],
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """``(steps (n,), mean (n,), std (n,))`` of curves ``(steps, values)``, usually of several seeds.

    At every step where any curve was measured and that all of them reached; a curve counts with the straight
    line between its own measurements, of a repeated step the newest. The deviation is a sample's (n - 1), zero
    for one curve. Empty where nothing is common.
    """
    kept = []
    for steps, values in curves:
        known = np.isfinite(values)
        # np.unique takes the first of equal steps; turned round, that is the newest.
        at, newest = np.unique(np.asarray(steps)[known][::-1], return_index=True)
        kept.append((at, np.asarray(values, np.float64)[known][::-1][newest]))
    nothing = np.empty(0, np.int64), np.empty(0), np.empty(0)
    if not kept or any(len(at) == 0 for at, _ in kept):
        return nothing
    first, last = max(at[0] for at, _ in kept), min(at[-1] for at, _ in kept)
    grid = np.unique(np.concatenate([at for at, _ in kept]))
    grid = grid[(grid >= first) & (grid <= last)]
    if not len(grid):
        return nothing
    table = np.stack([np.interp(grid, at, values) for at, values in kept])
    std = table.std(axis=0, ddof=1) if len(kept) > 1 else np.zeros(len(grid))
    return grid, table.mean(axis=0), std
