"""What the bench reads from disk or makes, away from the window's thread: data, stored runs, overlays.

Plain functions without Qt objects; :class:`.work.Background` runs them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ssllab.labs import lab_of as lab_of_method
from ssllab.training.run_record import Event, RunError, RunSettings
from ssllab.ui import theme
from ssllab.ui.panel import Overlay, Thumbnails
from ssllab.ui.runs.words import distinct_titles

if TYPE_CHECKING:
    from ssllab.data.batches import Data
    from ssllab.methods.base import Method
    from ssllab.training.protocol import SessionLike
    from ssllab.training.run_store import Run, Workspace

_BUILT_WITHIN = 30.0  # seconds to wait for a reopened session before the window takes it as it is


@dataclass(frozen=True)
class Opened:
    """A stored run that goes on."""

    session: SessionLike
    data: Data
    thumbnails: Thumbnails | None
    settings: RunSettings


Reopen = Callable[["Workspace", str, "Data", str], "SessionLike"]
"""How a stored run goes on: workspace, run, data and device give the session."""


def resumed(workspace: Workspace, run_id: str, data: Data, device: str) -> SessionLike:
    """From its last checkpoint on."""
    from ssllab.training.reopen import resume_run

    return resume_run(workspace, run_id, data, device=device)


def forked(step: int) -> Reopen:
    """As a new run that begins at ``step``."""

    def fork(workspace: Workspace, run_id: str, data: Data, device: str) -> SessionLike:
        from ssllab.training.reopen import fork_run

        return fork_run(workspace, run_id, data, step=step, device=device)

    return fork


def forked_before(change: Event) -> Reopen:
    """As a new run that begins just before ``change``."""

    def fork(workspace: Workspace, run_id: str, data: Data, device: str) -> SessionLike:
        from ssllab.training.reopen import fork_before

        return fork_before(workspace, run_id, data, change, device=device)

    return fork


def open_run(
    workspace: Workspace, run_id: str, device: str, reopen: Reopen, present: SessionLike | None
) -> Opened:
    """End the present session, load the run's data and reopen it. Raises RunError, ControlError and DataError."""
    from ssllab.data.catalogue import load

    if present is not None:
        present.stop()
    settings, method = _method_of(workspace.open(run_id))
    data = load(
        settings.data,
        kinds=method.kinds,
        options=settings.options,
        seed=settings.seed,
        workspace=workspace.path,
    )
    thumbnails = thumbnails_of(data)
    session = reopen(workspace, run_id, data, device)
    deadline = time.monotonic() + _BUILT_WITHIN
    while session.state == "building" and time.monotonic() < deadline:
        time.sleep(0.01)
    return Opened(session, data, thumbnails, settings)


def lab_of(workspace: Workspace, run_id: str) -> str:
    """The lab whose method made a stored run. Raises RunError and ControlError."""
    return lab_of_method(_method_of(workspace.open(run_id))[1]).name


def _method_of(run: Run) -> tuple[RunSettings, type[Method]]:
    from ssllab.methods.registry import method_class

    settings = run.info.settings
    if settings is None:
        raise RunError(f"Run {run.id} has no readable settings and cannot go on.")
    return settings, method_class(settings.method)


def read_overlays(workspace: Workspace, run_ids: Sequence[str]) -> dict[str, dict[str, Overlay]]:
    """Lab -> run id -> its curves, each with a colour and a title of its own. Raises RunError, ControlError."""
    colours = theme.current().series
    runs = [workspace.open(run_id) for run_id in run_ids]
    titles = distinct_titles(run.info for run in runs)
    found: dict[str, dict[str, Overlay]] = {}
    for index, run in enumerate(runs):
        colour = colours[(index + 2) % len(colours)]
        overlay = Overlay(titles[run.id], run.metrics(), run.probes(), colour)
        found.setdefault(lab_of_method(_method_of(run)[1]).name, {})[run.id] = overlay
    return found


def thumbnails_of(data: Data) -> Thumbnails | None:
    """The map's images as arrays, with every way to colour them; None for data that is no images."""
    if data.kind != "images":
        return None
    from ssllab.methods.pairs import map_index

    index = map_index(len(data.test))
    images = data.test.images[index].permute(0, 2, 3, 1).contiguous().cpu().numpy()
    colourings = {}
    if data.test.labels is not None and data.class_names:
        colourings["label"] = (data.test.labels[index].numpy(), data.class_names)
    for factor in data.test.factors:
        colourings[factor.name] = (factor.values[index].numpy(), factor.names)
    return Thumbnails(images, colourings)
