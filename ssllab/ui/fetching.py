"""A model of huggingface.co on its way, with progress and cancel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ssllab.training.hub import HubModel
    from ssllab.ui.bench import Bench


def fetch(
    bench: Bench, model: HubModel, then: Callable[[], None], failed: Callable[[str, str], None]
) -> None:
    """Fetch ``model``, then do what follows; ``failed`` gets a line and, where it was a fault of ours, a trace."""
    from ssllab.training.hub import fetch_model

    if not bench.long_work.start(
        f"Fetching {model.name}",
        lambda task: fetch_model(model, progress=task.report, cancelled=lambda: task.cancelled),
        lambda folder: then(),
        lambda error, trace: failed(str(error), "" if isinstance(error, ValueError) else trace),
        lambda: bench.say("info", f"{model.name} was not fetched; the next time goes on from there."),
    ):
        bench.say("warning", "Other work is still under way. Wait for it or cancel it.")
