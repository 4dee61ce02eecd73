"""Go on with a stored run: resume it where it ended, or fork a new one from an earlier moment.

Live changes made after the checkpoint are in the run's events; they are made again at the same steps, so
that the curve which was lost is drawn again bit for bit (on the CPU).
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from ssllab.controls import Value
from ssllab.data.batches import Data
from ssllab.doctor.verdict import Life
from ssllab.training import checkpoint
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_method import method_file, method_of
from ssllab.training.run_record import CheckpointRef, Event, RunError, RunSettings
from ssllab.training.run_store import Run, Workspace
from ssllab.training.session import Change, Session


def resume_run(
    workspace: Workspace, run_id: str, data: Data, *, steps: int | None = None, device: str | None = None
) -> Session:
    """The run goes on from its last checkpoint, in its own folder; ``steps`` is the new total.

    Raises RunError or CheckpointError. The session is paused; call ``start``.
    """
    run = workspace.open(run_id)
    settings = _settings(run, device)
    there = run.checkpoints()
    if not there:
        raise RunError(f"Run {run_id} has no checkpoint to resume from; train it anew from its settings.")
    last = there[-1]
    tree, _ = checkpoint.load(last.stem)
    events = run.events()
    run.truncate(last.step, last.last_event_id)
    kept = events[: last.last_event_id]
    if changed := method_of(run.info)[1]:
        kept.append(Event(last.step, time.time(), "note", text=changed))
    return Session(
        settings,
        data,
        run,
        tree=tree,
        metrics=_until(run.metrics(), last.step),
        probes=_until(run.probes(), last.step),
        events=kept,
        plan=_changes(events[last.last_event_id :]),
        steps=steps,
        life=_life(run, last.step),
    )


def fork_run(
    workspace: Workspace,
    run_id: str,
    data: Data,
    *,
    step: int,
    before: Event | None = None,
    changes: Mapping[str, Value] | None = None,
    steps: int | None = None,
    device: str | None = None,
) -> Session:
    """A new run that is the old one up to ``step``, then goes its own way with ``changes``.

    It begins at the last checkpoint at or before ``step`` and repeats the old run from there to ``step``.
    ``before`` is an event of that step which, like those after it, must not have happened yet.
    """
    parent = workspace.open(run_id)
    settings = _settings(parent, device)
    settings = settings.model_copy(update={"method_file": method_file(settings.method)})
    events = parent.events()
    if before is not None:
        events = events[: _place(before, events, run_id)]
    earlier = _checkpoints(parent, step, len(events))
    base: CheckpointRef | None = earlier[-1] if earlier else None
    run = workspace.create(settings, name=f"{parent.info.name or run_id} from {step}", parent=(run_id, step))
    tree = checkpoint.load(base.stem)[0] if base else None
    begin, known = (base.step, base.last_event_id) if base else (0, 0)
    replay = [change for change in _changes(events[known:]) if change.step < step or before is not None]
    return Session(
        settings,
        data,
        run,
        tree=tree,
        metrics=_until(parent.metrics(), begin),
        probes=_until(parent.probes(), begin),
        events=[event for event in events[:known] if event.kind == "set"],
        plan=[*replay, *(Change(step, key, value) for key, value in (changes or {}).items())],
        steps=steps,
        life=_life(parent, begin),
    )


def fork_before(
    workspace: Workspace, run_id: str, data: Data, change: Event, *, device: str | None = None
) -> Session:
    """A new run that is the old one up to just before ``change``, one of its "set" events.

    A run that was itself forked after the change has no checkpoint of that time: its parent's is taken.
    """
    run = workspace.open(run_id)
    while run.info.parent and not _checkpoints(run, change.step, _place(change, run.events(), run.id)):
        try:
            parent = workspace.open(run.info.parent[0])
            _place(change, parent.events(), parent.id)
        except RunError:  # deleted, or repeated anew by the fork: repeat it from its beginning
            break
        run = parent
    return fork_run(workspace, run.id, data, step=change.step, before=change, device=device)


def _checkpoints(run: Run, step: int, events: int) -> list[CheckpointRef]:
    """Those at or before a step that know at most the first so many events, oldest first."""
    return [ref for ref in run.checkpoints() if ref.step <= step and ref.last_event_id <= events]


def _place(event: Event, events: list[Event], run_id: str) -> int:
    if event not in events:
        raise RunError(f"Run {run_id} does not have this change on disk, so it cannot be rewound to it.")
    return events.index(event)


def _settings(run: Run, device: str | None) -> RunSettings:
    settings = run.info.settings
    if settings is None:
        raise RunError(f"Run {run.info.id} has no readable settings and cannot go on.")
    return settings if device is None else settings.model_copy(update={"device": device})


def _changes(events: list[Event]) -> list[Change]:
    return [
        Change(event.step, event.key, event.new)
        for event in events
        if event.kind == "set" and event.new is not None
    ]


def _life(run: Run, step: int) -> Life:
    return [said for said in run.info.life if said[0] <= step]


def _until(log: MetricsLog, step: int) -> MetricsLog:
    log.truncate(step)
    return log
