"""``ssllab runs``, ``methods`` and ``data``: what there is, as text or JSON."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import time
from pathlib import Path
from typing import Any

from ssllab.commands.reading import shown
from ssllab.commands.train import plain, workspace
from ssllab.commands.usage import UsageError, answer
from ssllab.data.catalogue import sources
from ssllab.data.kind import Kind, SourceInfo, kinds
from ssllab.doctor.verdict import worst
from ssllab.labs import labs_of
from ssllab.methods import registry
from ssllab.scalars import Series, headlines, series_of
from ssllab.storage.one_line import one_line
from ssllab.training import export
from ssllab.training.declared import declared
from ssllab.training.run_record import RunInfo
from ssllab.training.run_store import Run, Workspace


def methods(options: argparse.Namespace) -> int:
    """Every method and every control."""
    found = registry.methods()
    for problem in registry.problems():
        print(f"ssllab: {problem}", file=sys.stderr)
    if options.json:
        listing = [
            {
                "name": name,
                "title": method.title,
                "labs": [lab.name for lab in labs_of(method)],
                "kinds": list(method.kinds),
                "paper": method.paper,
                "series": [_scalar(scalar, series) for scalar, series in method.series.items()],
                "origin": dataclasses.asdict(origin) if (origin := registry.origin(name)) else None,
                "controls": [spec.as_dict() for spec in method.Config.controls().values()],
            }
            for name, method in found.items()
        ]
        answer({"methods": listing})
        return 0
    for name, method in found.items():
        print(f"{name}: {method.title}. {method.paper}")
        if origin := registry.origin(name):
            print(f"  of {origin.path}")
        for spec in method.Config.controls().values():
            print(f"  {spec.name} = {spec.default}  ({spec.expected()}{'; live' if spec.live else ''})")
    return 0


def _scalar(name: str, series: Series) -> dict[str, Any]:
    about = ("title", "help", "unit", "percent", "better", "measured", "chart", "when")
    return {"name": name, **{key: getattr(series, key) for key in about}}


def data(options: argparse.Namespace) -> int:
    """Every data set."""
    if options.json:
        answer({"data": [_source(info) for info in sources()], "kinds": [*map(_kind, kinds().values())]})
        return 0
    for kind in kinds().values():
        for info in kind.sources:
            own = kind.options_of(info)
            told = (option.form.format(own[option.name]) for option in kind.options)
            what = " ".join(filter(None, (kind.name, *told)))
            where = "offline" if info.offline else f"download of {info.download_mb} MB"
            print(f"{info.name}: {info.title}, {what}, {where}. {info.about}")
    return 0


def _source(info: SourceInfo) -> dict[str, Any]:
    options = kinds()[info.kind].options_of(info)
    return {**dataclasses.asdict(info), "options": options, "offline": info.offline}


def _kind(kind: Kind) -> dict[str, Any]:
    return {
        "name": kind.name,
        "title": kind.title,
        "default": kind.default,
        "formats": list(kind.formats),
        "joins": kind.join is not None,
        "options": [dataclasses.asdict(option) for option in kind.options],
    }


def runs(options: argparse.Namespace) -> int:
    """The verbs of the run store."""
    store = workspace(options)
    store.check_readable()
    return {"list": _list, "show": _show, "compare": _compare, "export": _export, "delete": _delete}[
        options.verb
    ](store, options)


def _list(store: Workspace, options: argparse.Namespace) -> int:
    found = store.runs()
    if options.json:
        answer({"runs": [_described(info) for info in found]})
        return 0
    for info in found:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(info.created))
        what = f"{info.settings.method} on {info.settings.data}" if info.settings else info.problem
        print(one_line(f"{info.id}  {when}  {info.steps:>8} steps  {info.state:<11}  {what}  {info.name}"))
    if not found:
        print(f"no runs yet in {store.path}")
    return 0


def _show(store: Workspace, options: argparse.Namespace) -> int:
    run = store.open(options.run)
    shown = {
        **_described(run.info),
        "events": [dataclasses.asdict(event) for event in run.events()],
        "checkpoints": [{"step": ref.step, "reason": ref.reason} for ref in run.checkpoints()],
    }
    answer(shown, indent=None if options.json else 2)
    return 0


def _compare(store: Workspace, options: argparse.Namespace) -> int:
    opened = list({(run := store.open(name)).path.resolve(): run for name in options.runs}.values())
    difference = export.settings_difference([run.info for run in opened])
    last = {}
    known: dict[str, Series] = {}
    for run in reversed(opened):
        known |= declared(run.info)
    ids = [run.info.id for run in opened]
    # A run and its copy elsewhere have one id: then their folders tell them apart.
    names = [run.info.id if ids.count(run.info.id) == 1 else str(run.path) for run in opened]
    for label, run in zip(names, opened, strict=True):
        metrics, probes = run.metrics(), run.probes()
        last[label] = {name: plain(log.last(name)) for log in (metrics, probes) for name in log.names}
    if options.json:
        answer({"runs": names, "settings": difference, "last": last})
        return 0
    rows = [("run", *names)]
    rows += [(key, *(one_line(_text(value)) for value in values)) for key, values in difference.items()]
    measured = dict.fromkeys(
        name for values in last.values() for name, value in values.items() if value is not None
    )
    for name in headlines(known, measured):
        series = series_of(known, name)
        rows.append((series.title, *(series.said(values.get(name)) or "-" for values in last.values())))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
    return 0


def _text(value: Any) -> str:
    """A value of a run in a column of text."""
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _export(store: Workspace, options: argparse.Namespace) -> int:
    try:
        return _export_files(store, options)
    except OSError as error:
        if error.errno is None:  # already a line for the user
            raise UsageError(str(error)) from error
        raise UsageError(
            f"cannot write {error.filename or 'the file'}: {error.strerror or error}. Choose another place."
        ) from error


def _export_files(store: Workspace, options: argparse.Namespace) -> int:
    run = store.open(options.run)
    pictures = [
        given if given.suffix.lower() == ending else given.with_name(given.name + ending)
        for given, ending in ((options.png, ".png"), (options.svg, ".svg"), (options.gif, ".gif"))
        if given is not None
    ]
    places = [
        place for place in (options.csv, options.weights, options.script, *pictures) if place is not None
    ]
    if len({place.resolve() for place in places}) < len(places):
        raise UsageError("two exports into one file: give each a file of its own.")
    for picture in pictures:
        export.check_place(picture)
    written: list[Path] = []
    if options.csv:
        written += export.export_csv(run, options.csv)
    if options.weights:
        export.export_weights(run, options.weights)
        written.append(options.weights)
    if options.script:
        export.export_script(run, options.script)
        written.append(options.script)
    for picture in pictures:
        _picture(store, run, picture)
        written.append(picture)
    if not written:
        raise UsageError(
            "nothing to export: give --csv, --png, --svg, --gif, --weights or --script with a file."
        )
    if options.json:
        answer({"written": [str(path) for path in written]})
    else:
        print("\n".join(map(str, written)))
    return 0


def _picture(store: Workspace, run: Run, path: Path) -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if path.suffix.lower() != ".gif":
        from ssllab.ui.run_picture import save_run_picture

        save_run_picture(run, path)
        return
    from ssllab.ui import theme
    from ssllab.ui.app import application
    from ssllab.ui.film import save_run_film

    application()
    theme.apply("light")
    with shown() as progress:
        save_run_film(store, run, path, progress)


def _delete(store: Workspace, options: argparse.Namespace) -> int:
    store.delete(options.runs)
    if options.json:
        answer({"deleted": options.runs})
    else:
        print(f"{len(options.runs)} moved to {store.trash_path}")
    return 0


def _described(info: RunInfo) -> dict[str, Any]:
    return {
        "id": info.id,
        "path": str(info.path),
        "name": info.name,
        "note": info.note,
        "tags": list(info.tags),
        "created": info.created,
        "settings": info.settings.model_dump() if info.settings else None,
        "versions": dict(info.versions),
        "parent": list(info.parent) if info.parent else None,
        "steps": info.steps,
        "state": info.state,
        "problem": info.problem,
        "summary": dict(info.summary),
        "verdicts": _verdicts(info),
    }


def _verdicts(info: RunInfo) -> dict[str, Any] | None:
    """The doctor's last word and his worst, each with the step since when, and all between; None where it is not kept."""
    said = [{"step": step, "state": state} for step, state in info.life]
    if not said:
        return None
    step, state = worst(info.life) or (0, "")
    return {"last": said[-1], "worst": {"step": step, "state": state}, "life": said}
