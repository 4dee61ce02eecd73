"""Models of sequences by name: the shipped ones, and what a run learned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ssllab.assets import asset
from ssllab.methods.base import Method
from ssllab.methods.predictor import Predictor
from ssllab.methods.registry import method_class
from ssllab.methods.sequences import SequenceMethod
from ssllab.training import checkpoint
from ssllab.training.checkpoint import CheckpointError
from ssllab.training.messages import ModelCopy
from ssllab.training.run_method import method_of
from ssllab.training.run_record import RunError
from ssllab.training.run_store import Run
from ssllab.training.stored_models import drawing

_NAME = "model"  # of a shipped checkpoint's files


def shipped(name: str) -> Predictor:
    """A model that comes with the program, by one of the names of :data:`ssllab.assets.SEQUENCE_MODELS`."""
    tree, meta = checkpoint.load(Path(str(asset("models", name))) / _NAME)
    return _method(method_class(str(meta["method"])), tree, name).asked()


def of_run(run: Run) -> Predictor:
    """What a run of the Language lab learned, as of its last checkpoint. Raises RunError, CheckpointError."""
    return method_of_run(run).asked()


def method_of_run(run: Run) -> SequenceMethod:
    """The same as its method, in evaluation mode."""
    return _method(method_of(run.info)[0], last_checkpoint(run), f"run {run.id}")


def last_checkpoint(run: Run) -> dict[str, Any]:
    """The tree of a run's last checkpoint. Raises RunError, CheckpointError."""
    refs = run.checkpoints()
    if not refs:
        raise RunError(f"run {run.id} has no checkpoint, so it has no model.")
    return checkpoint.load(refs[-1].stem)[0]


def of_copy(copy: ModelCopy) -> Predictor:
    """The model of a live run, built anew to be asked. Raises ValueError for a run of another lab."""
    tree = {"config": copy.config, "model": copy.state}
    return _method(method_class(copy.settings.method), tree, "the live run").asked()


def _method(method: type[Method], tree: dict[str, Any], what: str) -> SequenceMethod:
    if not issubclass(method, SequenceMethod):
        raise RunError(f"{what} is of {method.title}: expected a run of the Language lab.")
    try:
        with drawing(seed=0):  # the weights that the stored ones replace leave no trace
            return method.stored(method.Config.make(tree["config"]), tree["model"])
    except (KeyError, TypeError, RuntimeError, ValueError) as error:
        raise CheckpointError(f"{what} holds no model of sequences: {error}") from error
