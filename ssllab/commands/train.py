"""``ssllab train``, ``resume`` and ``fork``: a session without a window, a progress bar on standard error."""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import Any

from tqdm import tqdm

from ssllab.commands.hub import fetch_start
from ssllab.commands.reading import count, read
from ssllab.commands.usage import BAD_INPUT, OUR_FAILURE, UsageError, answer
from ssllab.controls import Config, ControlError, Value
from ssllab.data.batches import Data
from ssllab.data.catalogue import absolute, allowed, exists
from ssllab.data.catalogue import options as data_options
from ssllab.data.kind import kind_named
from ssllab.methods import registry
from ssllab.methods.template import write_template
from ssllab.scalars import headlines, series_of
from ssllab.storage.one_line import one_line
from ssllab.training.device import choose_device, choose_precision, use_sensible_threads
from ssllab.training.messages import Failure
from ssllab.training.protocol import SessionLike
from ssllab.training.reopen import fork_run, resume_run
from ssllab.training.run_method import method_file, method_of
from ssllab.training.run_record import Change, RunError, RunSettings
from ssllab.training.run_store import Workspace
from ssllab.training.session import Session

_LONGEST_STEP = 12  # digits


def train(options: argparse.Namespace) -> int:
    """Train a method from the beginning."""
    use_sensible_threads(window=False)
    name_of_method = registry.named(options.method)
    method = registry.method_class(name_of_method)
    wanted = pairs(options.sets)
    config = method.Config.make(wanted)
    plan = changes(options.at, config)
    for change in plan:
        if change.step > options.steps:
            raise UsageError(
                f"--at {change.step}: expected a step before the end, which is {options.steps}; --steps moves it."
            )
    store = workspace(options)
    if options.run is None:
        store.check_writable()
    device = choose_device(options.device or "auto")
    precision = choose_precision(options.precision, device, getattr(config, "encoder", None))
    fetch_start(config.model_dump())
    name = kind_named(method.kinds[0]).default if options.data is None else options.data
    data = read(
        name,
        kinds=method.kinds,
        options={key: value for key in data_options() if (value := getattr(options, key)) is not None},
        seed=options.seed,
        workspace=options.workspace,
    )
    for change in plan:
        bad = config.changed({change.key: change.value}).unfit(allowed(name, data))
        if change.key in bad:
            raise UsageError(
                f"--at {change.step} {change.key}={change.value}: expected {bad[change.key]}, for {data.title} has no other."
            )
    # What was not asked for follows the data; what was is refused when the model is built.
    follows = {key: v for key, v in config.unfit(allowed(name, data)).items() if key not in wanted}
    if follows:
        config = config.changed(follows)
        words = ", ".join(f"{key}={value}" for key, value in follows.items())
        print(f"{words}, as {data.title} has it.", file=sys.stderr)
    settings = RunSettings(
        method=name_of_method,
        config=config.model_dump(),
        data=absolute(name),
        options=data.options,
        seed=options.seed,
        device=device.type,
        precision=precision,
        steps=options.steps,
        method_file=method_file(name_of_method),
        plan=plan,
    )
    run = store.create(settings, folder=options.run)
    if run.info.problem:
        raise RunError(run.info.problem)  # before the first step there is nothing to lose
    return follow(Session(settings, data, run), data, options.steps, options.json)


def use_own_file(path: Path) -> None:
    """Use the methods of a file that the command line names. Raises MethodError."""
    if path.suffix != ".py":
        raise UsageError(f"--method {path}: expected a Python file, as FILE.py.")
    registry.add_file(path)


def new_method(options: argparse.Namespace) -> int:
    """Write the template of a method of one's own."""
    name = write_template(options.file, registry.methods())
    print(
        f"{options.file}: the method '{name}'. Train it: ssllab train {quote(str(options.file))} --data digits"
    )
    return 0


def resume(options: argparse.Namespace) -> int:
    """Go on with a run."""
    return _reopen(options, None)


def fork(options: argparse.Namespace) -> int:
    """Branch from a run."""
    return _reopen(options, options.step)


def _reopen(options: argparse.Namespace, step: int | None) -> int:
    use_sensible_threads(window=False)
    store = workspace(options)
    if step is not None:
        store.check_writable()
    stored = store.open(options.run)
    method, changed = method_of(stored.info)
    settings = stored.info.settings
    assert settings is not None  # or it had no method
    total = options.steps or settings.steps
    if total is None:
        raise UsageError("this run has no end of its own: say how far to go with --steps.")
    if step is None and stored.info.steps >= total:
        raise UsageError(
            f"run {options.run} already has {stored.info.steps} steps: say how far to go with --steps."
        )
    if changed:
        print(changed, file=sys.stderr)
    fetch_start(settings.config)
    place = settings.data if options.data is None else absolute(options.data)
    if options.data is None and not exists(place):
        raise UsageError(
            f"the data of run {options.run} is no longer at {one_line(place)}: say where it is with --data."
        )
    data = read(
        place,
        kinds=method.kinds,
        options=settings.options,
        seed=settings.seed,
        workspace=options.workspace,
    )
    if step is None:
        session = resume_run(store, options.run, data, steps=total, device=options.device, place=place)
    else:
        if step >= total:
            raise UsageError(
                f"--at {step}: expected a step before the end, which is {total}; --steps moves it."
            )
        if step > stored.info.steps:
            raise UsageError(f"--at {step}: the run has {stored.info.steps} steps; choose an earlier one.")
        config = method.Config.make(settings.config)
        session = fork_run(
            store,
            options.run,
            data,
            step=step,
            changes={key: live_value(config, key, value) for key, value in pairs(options.sets).items()},
            steps=total,
            device=options.device,
            place=place,
        )
    return follow(session, data, total, options.json)


def follow(session: SessionLike, data: Data, steps: int, as_json: bool) -> int:
    """Say what is learned from, train to the end with a progress bar, then print what came out; the exit code.

    What the disk refuses is said when it happens; 1 if some of it is still missing at the end.
    """
    _wait_for_model(session)
    if session.failure is not None:
        return _failed(session.failure)
    if session.warning:
        print(session.warning, file=sys.stderr)
    problem: str | None = None
    count(data)
    started, first = time.perf_counter(), session.step
    with tqdm(total=steps, unit="step", file=sys.stderr, initial=first, dynamic_ncols=True) as bar:
        try:
            if not len(session.probes):
                bar.set_postfix_str("probing the untrained model")
            session.start()
            while not session.wait(0.1):
                bar.update(session.step - bar.n)
                if session.problem != problem:
                    problem = session.problem
                    bar.write(
                        f"{problem} It is kept in memory." if problem else "The run is on disk again.",
                        sys.stderr,
                    )
                loss = session.metrics.last("loss")
                if loss is not None:
                    bar.set_postfix_str(f"loss {loss:.3f}", refresh=False)
        except KeyboardInterrupt:
            print("stopping" if session.problem else "stopping; the run is kept", file=sys.stderr)
            session.stop()
        bar.update(session.step - bar.n)
    for event in session.events:
        if event.kind == "probe":
            print(one_line(event.text), file=sys.stderr)
    missing = session.problem
    if missing:
        print(f"ssllab: the run is not whole on disk: {missing}", file=sys.stderr)
    elif problem:
        print("The run is on disk again.", file=sys.stderr)
    if session.failure is not None:
        return _failed(session.failure)
    result = report(session, time.perf_counter() - started)
    if as_json:
        answer(result)
    else:
        _print(result)
    return OUR_FAILURE if missing else 0


def _wait_for_model(session: SessionLike) -> None:
    """Until the model is built; what takes long is shown. Raises KeyboardInterrupt, once that has ended."""
    with tqdm(
        total=100, file=sys.stderr, leave=False, bar_format="{desc}: {n:.0f} %|{bar}|", delay=3600
    ) as bar:
        try:
            while session.state == "building":
                session.wait(0.1 if bar.n else 0.02)
                fraction, text = session.preparing
                if fraction:
                    bar.n = 100 * fraction
                    bar.set_description_str(text)
        except KeyboardInterrupt:
            session.stop()
            session.wait(5)
            raise


def _failed(failure: Failure) -> int:
    if os.environ.get("SSLLAB_TRACEBACK"):
        print(failure.detail, file=sys.stderr)
    print(f"ssllab: {one_line(failure.message)}", file=sys.stderr)
    return BAD_INPUT if failure.bad_input else OUR_FAILURE


def report(session: SessionLike, seconds: float) -> dict[str, Any]:
    """The JSON object of ``--json``."""
    verdict = session.verdict
    # Of the last step: what only another setting measured, earlier in the run, is no result.
    metrics = {}
    for name in session.metrics.names:
        values = session.metrics.column(name)[1]
        if name == "loss" or (len(values) and not math.isnan(values[-1])):
            metrics[name] = plain(session.metrics.last(name))
    rates = session.metrics.column("items_per_second")[1]
    return {
        "run": str(session.run.path) if session.run else None,
        "missing": session.problem,
        "method": session.settings.method,
        "steps": session.step,
        "seconds": round(seconds, 3),
        "items_per_second": plain(float(rates.mean())) if len(rates) else None,
        "metrics": metrics,
        "probes": {name: plain(session.probes.last(name)) for name in session.probes.names},
        "verdict": None
        if verdict is None
        else {"state": verdict.state, "evidence": list(verdict.evidence), "remedy": verdict.advice},
    }


def plain(value: float | None) -> float | None:
    """NaN and infinities are not JSON."""
    return value if value is not None and math.isfinite(value) else None


def _print(result: dict[str, Any]) -> None:
    kept = "not all of it kept in" if result["missing"] else "kept in"
    place = one_line(str(result["run"]))
    print(f"{result['method']}: {result['steps']} steps in {result['seconds']:.1f} s, {kept} {place}")
    known = registry.method_class(result["method"]).series
    values = {**result["metrics"], **result["probes"]}
    for series, value in ((series_of(known, name), values[name]) for name in headlines(known, values)):
        print(f"  {series.title}: {series.said(value) or 'not a number'}")
    if result["verdict"]:
        print(f"  {result['verdict']['state']}: {'; '.join(result['verdict']['evidence'])}")
        if result["verdict"]["remedy"]:
            print(f"  {result['verdict']['remedy']}")


def live_value(config: Config, key: str, text: str) -> Value:
    """The value of a change to come; one that training could not make is refused before it begins, as ControlError."""
    value: Value = getattr(config.changed({key: text}), key)
    if not config.controls()[key].live:
        raise ControlError(
            f"'{key}' cannot change while training: train a new run with it, as --set {key}={text}."
        )
    return value


def pairs(groups: Sequence[Sequence[str]]) -> dict[str, str]:
    """``[["a=1", "b=2"], ["c=3"]]`` as a dict. Raises UsageError for a word without '='."""
    found = {}
    for word in (word for group in groups for word in group):
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise UsageError(f"'{word}': expected KEY=VALUE, as temperature=0.1.")
        found[key] = value
    return found


def changes(groups: Sequence[Sequence[str]], config: Config) -> tuple[Change, ...]:
    """``--at 100 temperature=0.1`` as changes. Raises UsageError and ControlError."""
    found: list[Change] = []
    for step, *words in groups:
        if not (step.isdecimal() and len(step) <= _LONGEST_STEP) or not words:
            raise UsageError(
                f"--at {' '.join([step, *words])}: expected STEP KEY=VALUE, as --at 100 temperature=0.1."
            )
        new = pairs([words]).items()
        found += [Change(int(step), key, live_value(config, key, text)) for key, text in new]
    return tuple(found)


def workspace(options: argparse.Namespace) -> Workspace:
    """The workspace that the options name, or the user's own."""
    return Workspace(options.workspace or Workspace.default_path())
