"""Go on with a stored run: resume it where it ended, or fork a new one from an earlier moment.

Live changes made after the checkpoint are in the run's events; they are made again at the same steps, so
that the curve which was lost is drawn again bit for bit (on the CPU).
"""

from __future__ import annotations

from collections.abc import Mapping

from ssllab.controls import Value
from ssllab.data.types import ImageData
from ssllab.training import checkpoint
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_record import CheckpointRef, Event, RunError, RunSettings
from ssllab.training.run_store import Run, Workspace
from ssllab.training.session import Change, Session


def resume_run(
    workspace: Workspace, run_id: str, data: ImageData, *, steps: int | None = None, device: str | None = None
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
    )


def fork_run(
    workspace: Workspace,
    run_id: str,
    data: ImageData,
    *,
    step: int,
    changes: Mapping[str, Value] | None = None,
    steps: int | None = None,
    device: str | None = None,
) -> Session:
    """A new run that is the old one up to ``step``, then goes its own way with ``changes``.

    It begins at the last checkpoint at or before ``step`` and repeats the old run from there to ``step``.
    """
    parent = workspace.open(run_id)
    settings = _settings(parent, device)
    events = parent.events()
    earlier = [ref for ref in parent.checkpoints() if ref.step <= step]
    base: CheckpointRef | None = earlier[-1] if earlier else None
    run = workspace.create(settings, name=f"{parent.info.name or run_id} from {step}", parent=(run_id, step))
    tree = checkpoint.load(base.stem)[0] if base else None
    begin, known = (base.step, base.last_event_id) if base else (0, 0)
    replay = [change for change in _changes(events[known:]) if change.step < step]
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
    )


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


def _until(log: MetricsLog, step: int) -> MetricsLog:
    log.truncate(step)
    return log
