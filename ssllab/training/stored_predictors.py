"""Models of sequences by name: the shipped ones, and what a run learned."""

from __future__ import annotations

from pathlib import Path

from ssllab.assets import asset
from ssllab.methods.predictor import Predictor
from ssllab.methods.registry import method_class
from ssllab.methods.sequences import SequenceMethod
from ssllab.training import checkpoint
from ssllab.training.checkpoint import CheckpointError
from ssllab.training.messages import ModelCopy
from ssllab.training.run_record import RunError
from ssllab.training.run_store import Run
from ssllab.training.stored_models import drawing

_NAME = "model"  # of a shipped checkpoint's files


def shipped(name: str) -> Predictor:
    """A model that comes with the program, by one of the names of :data:`ssllab.assets.SEQUENCE_MODELS`."""
    tree, meta = checkpoint.load(Path(str(asset("models", name))) / _NAME)
    return _predictor(str(meta["method"]), tree, name)


def of_run(run: Run) -> Predictor:
    """What a run of the Language lab learned, as of its last checkpoint. Raises RunError, CheckpointError."""
    settings = run.info.settings
    if settings is None:
        raise RunError(f"run {run.id} has no readable settings: {run.info.problem}")
    refs = run.checkpoints()
    if not refs:
        raise RunError(f"run {run.id} has no checkpoint, so it has no model.")
    tree, _ = checkpoint.load(refs[-1].stem)
    return _predictor(settings.method, tree, f"run {run.id}")


def of_copy(copy: ModelCopy) -> Predictor:
    """The model of a live run, built anew to be asked. Raises ValueError for a run of another lab."""
    return _predictor(copy.settings.method, {"config": copy.config, "model": copy.state}, "the live run")


def _predictor(name: str, tree: dict[str, object], what: str) -> Predictor:
    method = method_class(name)
    if not issubclass(method, SequenceMethod):
        raise RunError(f"{what} is of {method.title}: expected a run of the Language lab.")
    try:
        with drawing(seed=0):  # the weights that the stored ones replace leave no trace
            return method.predictor(method.Config.make(tree["config"]), tree["model"])  # type: ignore[arg-type]
    except (KeyError, TypeError, RuntimeError, ValueError) as error:
        raise CheckpointError(f"{what} holds no model of sequences: {error}") from error
