"""Go on with a stored run: resume it where it ended, or fork a new one from an earlier moment.

Live changes made after the checkpoint are in the run's events; they are made again at the same steps, so
that the curve which was lost is drawn again bit for bit (on the CPU).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from ssllab.controls import Value
from ssllab.data.batches import Data
from ssllab.doctor.verdict import Life
from ssllab.training import checkpoint
from ssllab.training.device import usual_precision
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_method import method_file, method_of
from ssllab.training.run_record import PLANNED, Change, CheckpointRef, Event, RunError, RunSettings
from ssllab.training.run_store import Run, Workspace
from ssllab.training.session import Session


def resume_run(
    workspace: Workspace,
    run_id: str,
    data: Data,
    *,
    steps: int | None = None,
    device: str | None = None,
    place: str | None = None,
) -> Session:
    """The run goes on from its last checkpoint, in its own folder; ``steps`` is the new total.

    Without ``steps`` it goes on to its own end or, where it has reached that, without one. ``place`` is the name or
    path of the data, where that has moved. Raises RunError or CheckpointError. The session is paused; call ``start``.
    """
    run = workspace.open(run_id)
    there = run.checkpoints()
    settings = _settings(run, None)
    if not there:
        raise RunError(f"Run {run_id} has no checkpoint to resume from; train it anew from its settings.")
    last = there[-1]
    tree, _ = checkpoint.load(last.stem)
    events, metrics = run.events(), run.metrics()
    to_come = _to_come(settings.plan, events, metrics.last_step or 0)
    settings = settings.model_copy(
        update={
            "plan": (*_changes(events[last.last_event_id :]), *to_come),
            "steps": steps or _own_end(settings, last.step),
            "data": place or settings.data,
        }
    )
    known_data = run.info.data
    run.truncate(last.step, last.last_event_id, settings)
    kept = events[: last.last_event_id]
    if changed := method_of(run.info)[1]:
        kept.append(Event(last.step, time.time(), "note", text=changed))
    kept.append(Event(last.step, time.time(), "resume"))
    return Session(
        _on(device, settings),
        data,
        run,
        tree=tree,
        metrics=_until(metrics, last.step),
        probes=_until(run.probes(), last.step),
        events=kept,
        known_data=known_data,
        life=_life(run, last.step),
        film=run.film().until(last.step),
    )


def fork_run(
    workspace: Workspace,
    run_id: str,
    data: Data,
    *,
    step: int,
    known: int | None = None,
    changes: Mapping[str, Value] | None = None,
    steps: int | None = None,
    device: str | None = None,
    place: str | None = None,
) -> Session:
    """A new run that is the old one up to ``step``, then goes its own way with ``changes``.

    It begins at the last checkpoint at or before ``step`` and repeats the old run from there to ``step``. Of what was
    changed at ``step`` itself nothing has happened yet; ``known``, a number of events, says otherwise: so many have.
    For the rest see :func:`resume_run`.
    """
    parent = workspace.open(run_id)
    settings = _settings(parent, device)
    events = parent.events()
    if known is None:
        at_or_after = (i for i, event in enumerate(events) if event.kind == "set" and event.step >= step)
        known = next(at_or_after, len(events))
    earlier = _checkpoints(parent, step, known)
    base: CheckpointRef | None = earlier[-1] if earlier else None
    tree = checkpoint.load(base.stem)[0] if base else None
    begin, begun = (base.step, base.last_event_id) if base else (0, 0)
    own = (Change(step, key, value) for key, value in (changes or {}).items())
    settings = settings.model_copy(
        update={
            "method_file": method_file(settings.method),
            "plan": (*_changes(events[begun:known]), *own),
            "steps": steps or _own_end(settings, step),
            "data": place or settings.data,
        }
    )
    metrics, probes = _until(parent.metrics(), begin), _until(parent.probes(), begin)
    name = f"{parent.info.name} from {step}" if parent.info.name else None
    run = workspace.create(settings, name=name, parent=(run_id, step))
    return Session(
        settings,
        data,
        run,
        tree=tree,
        metrics=metrics,
        probes=probes,
        events=[event for event in events[:begun] if event.kind == "set"],
        known_data=parent.info.data,
        life=_life(parent, begin),
        film=parent.film().until(begin),
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
    known = _place(change, run.events(), run.id)
    return fork_run(workspace, run.id, data, step=change.step, known=known, device=device)


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
    # An earlier version wrote it, and never computed in bfloat16 on a processor.
    if settings.precision == "auto":
        settings = settings.model_copy(update={"precision": usual_precision(settings.device)})
    return _on(device, settings)


def _on(device: str | None, settings: RunSettings) -> RunSettings:
    return settings if device is None else settings.model_copy(update={"device": device})


def _own_end(settings: RunSettings, step: int) -> int | None:
    """The total that the run was to reach, if that is still to come."""
    return settings.steps if settings.steps is not None and settings.steps > step else None


def _to_come(plan: Sequence[Change], events: Sequence[Event], step: int) -> list[Change]:
    """Those planned changes that had not happened when ``step`` was the last step on disk.

    With a step's row all events before it are on disk: only at the very last step some may be made and others not.
    """
    made = {(event.step, event.key, event.new) for event in events if event.kind == "set"}
    later = (change for change in plan if change.step >= step)
    return [change for change in later if (change.step, change.key, change.value) not in made]


def _changes(events: list[Event]) -> list[Change]:
    return [
        Change(event.step, event.key, event.new, 0.0 if event.text == PLANNED else event.time)
        for event in events
        if event.kind == "set" and event.new is not None
    ]


def _life(run: Run, step: int) -> Life:
    return [said for said in run.info.life if said[0] <= step]


def _until(log: MetricsLog, step: int) -> MetricsLog:
    log.truncate(step)
    return log
