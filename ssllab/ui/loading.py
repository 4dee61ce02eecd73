"""What the bench reads from disk or makes, away from the window's thread: data, stored runs, overlays.

Plain functions without Qt objects; :class:`.work.Background` runs them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from ssllab.controls import Value
from ssllab.labs import lab_of as lab_of_method
from ssllab.labs import labs
from ssllab.training.run_record import Event, RunSettings
from ssllab.ui import theme
from ssllab.ui.runs.words import distinct_titles
from ssllab.ui.scene import Overlay, Thumbnails

if TYPE_CHECKING:
    from ssllab.data.batches import Data
    from ssllab.data.images.types import ImageData
    from ssllab.training.protocol import SessionLike
    from ssllab.training.run_store import Workspace

_BUILT_WITHIN = 30.0  # seconds to wait for a reopened session before the window takes it as it is


@dataclass(frozen=True)
class Opened:
    """A stored run that goes on."""

    session: SessionLike
    data: Data
    thumbnails: Thumbnails | None
    settings: RunSettings
    warning: str = ""  # that the method or the data is not what it was


Reopen = Callable[["Workspace", str, "Data", str, str], "SessionLike"]
"""How a stored run goes on: workspace, run, data, device and where the data is give the session."""


def resumed(workspace: Workspace, run_id: str, data: Data, device: str, place: str) -> SessionLike:
    """From its last checkpoint on."""
    from ssllab.training.reopen import resume_run

    return resume_run(workspace, run_id, data, device=device, place=place)


def forked(step: int, known: int | None = None, changes: Mapping[str, Value] | None = None) -> Reopen:
    """As a new run that begins at ``step``, after the first ``known`` events, with ``changes``; see
    :func:`.reopen.fork_run`."""

    def fork(workspace: Workspace, run_id: str, data: Data, device: str, place: str) -> SessionLike:
        from ssllab.training.reopen import fork_run

        return fork_run(
            workspace, run_id, data, step=step, known=known, changes=changes, device=device, place=place
        )

    return fork


def forked_before(change: Event) -> Reopen:
    """As a new run that begins just before ``change``."""

    def fork(workspace: Workspace, run_id: str, data: Data, device: str, place: str) -> SessionLike:
        from ssllab.training.reopen import fork_before

        return fork_before(workspace, run_id, data, change, device=device)

    return fork


def open_run(
    workspace: Workspace,
    run_id: str,
    device: str,
    reopen: Reopen,
    ending: Sequence[SessionLike],
    place: str | None = None,
) -> Opened:
    """Wait for the end of the sessions before it, load the run's data (from ``place``, if it has moved) and reopen it.

    Raises RunError and DataError.
    """
    from ssllab.data.catalogue import load

    for session in ending:
        session.stop()
    from ssllab.training.run_method import method_of

    info = workspace.open(run_id).info
    method, warning = method_of(info)
    settings = info.settings
    assert settings is not None  # else there were no method
    place = place or settings.data
    data = load(
        place,
        kinds=method.kinds,
        options=settings.options,
        seed=settings.seed,
        workspace=workspace.path,
    )
    thumbnails = thumbnails_of(data)
    session = reopen(workspace, run_id, data, device, place)
    deadline = time.monotonic() + _BUILT_WITHIN
    while session.state == "building" and time.monotonic() < deadline:
        time.sleep(0.01)
    return Opened(
        session, data, thumbnails, session.settings, " ".join(filter(None, (warning, session.warning)))
    )


def lab_of(workspace: Workspace, run_id: str) -> str:
    """The lab whose method made a stored run. Raises RunError."""
    from ssllab.methods import registry
    from ssllab.training.run_method import method_of

    if registry.stale():  # its file may just have been put where it is found
        registry.refresh()
    return lab_of_method(method_of(workspace.open(run_id).info)[0]).name


def read_overlays(workspace: Workspace, run_ids: Sequence[str]) -> dict[str, dict[str, Overlay]]:
    """Lab -> run id -> its curves, each with a colour and a title of its own. Raises RunError.

    A run whose method is not there may be of any lab.
    """
    from ssllab.training.run_method import known_method

    colours = theme.current().series
    runs = [workspace.open(run_id) for run_id in run_ids]
    titles = distinct_titles(run.info for run in runs)
    found: dict[str, dict[str, Overlay]] = {}
    for index, run in enumerate(runs):
        colour = colours[(index + 2) % len(colours)]
        overlay = Overlay(titles[run.id], run.metrics(), run.probes(), colour)
        method = known_method(run.info)
        for name in labs() if method is None else [lab_of_method(method).name]:
            found.setdefault(name, {})[run.id] = overlay
    return found


def thumbnails_of(data: Data) -> Thumbnails | None:
    """The map's images as arrays, with every way to colour them; None for data that is no images."""
    if data.kind != "images":
        return None
    from ssllab.methods.pairs import map_index

    test = cast("ImageData", data).test
    index = map_index(len(test))
    images = test.images[index].permute(0, 2, 3, 1).contiguous().cpu().numpy()
    colourings = {}
    if test.labels is not None and data.class_names:
        colourings["label"] = (test.labels[index].numpy(), data.class_names)
    for factor in test.factors:
        colourings[factor.name] = (factor.values[index].numpy(), factor.names)
    return Thumbnails(images, colourings, {f.name: f.colours for f in test.factors if f.colours})


def rewound_words(step: int, wanted: int) -> str:
    """What to say of a run taken back to ``step`` because it was to go back to ``wanted``."""
    if step == wanted:
        return f"Rewound to step {step:,}. Change what you like, then press Start."
    return (
        f"Rewound to the checkpoint of step {step:,}, the last one kept before the change: "
        f"Start repeats the run from there up to step {wanted:,} and goes on."
    )
