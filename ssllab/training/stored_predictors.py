"""Models of sequences by name: the shipped ones, what a run learned, a folder in Hugging Face's format, one of its hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ssllab.assets import SEQUENCE_MODELS, asset
from ssllab.methods.base import Method
from ssllab.methods.predictor import Predictor
from ssllab.methods.registry import method_class
from ssllab.methods.sequences import SequenceMethod
from ssllab.methods.stored_language import read_stored
from ssllab.nn.model_files import CONFIG, ModelFileError
from ssllab.training import checkpoint, hub
from ssllab.training.checkpoint import CheckpointError
from ssllab.training.messages import ModelCopy
from ssllab.training.run_method import method_of
from ssllab.training.run_record import RECORD_NAME, CheckpointRef, RunError, RunSettings, is_id
from ssllab.training.run_store import Run, Workspace
from ssllab.training.stored_models import drawing

_NAME = "model"  # of a shipped checkpoint's files


def shipped(name: str) -> Predictor:
    """A model that comes with the program, by one of the names of :data:`ssllab.assets.SEQUENCE_MODELS`."""
    tree, meta = checkpoint.load(Path(str(asset("models", name))) / _NAME)
    return _method(method_class(str(meta["method"])), tree, name).asked()


def named(place: str, store: Workspace) -> Predictor:
    """``place``: the name of a shipped one, a run's id or folder, a folder with ``config.json``, ``model.safetensors`` and
    ``tokenizer.json``, or owner/name of a model that was fetched from huggingface.co; nothing is downloaded here.

    Raises ModelFileError, DataError, RunError, CheckpointError: ValueErrors of one line.
    """
    if place in SEQUENCE_MODELS:
        return shipped(place)
    model = hub.find(place, hub.LANGUAGE)
    if model is not None and model.complete:
        return read_stored(model.folder)
    if model is not None:
        raise ModelFileError(
            f"no model in {place}: there is no such folder, and it was not fetched from huggingface.co yet. To fetch it, "
            "choose 'From the hub …' in the typing board's list of models, or name it in 'ssllab complete --model'."
        )
    folder = Path(place).expanduser()
    if is_id(place):
        return of_run(store.open(place))
    if (folder / RECORD_NAME).exists():
        return of_run(store.open(folder))
    if (folder / CONFIG).exists():
        return read_stored(folder)
    raise ModelFileError(
        f"no model in {place}: expected {', '.join(SEQUENCE_MODELS)}, a run's id or folder, a folder with config.json, "
        f"model.safetensors and tokenizer.json, or a name on huggingface.co, as {hub.LANGUAGE.example}."
    )


def of_run(run: Run) -> Predictor:
    """What a run of the Language lab learned, as of its last checkpoint. Raises RunError, CheckpointError."""
    return method_of_run(run).asked()


def method_of_run(run: Run) -> SequenceMethod:
    """The same as its method, in evaluation mode."""
    return method_at(run, last_reference(run))


def method_at(run: Run, ref: CheckpointRef) -> SequenceMethod:
    """The same at a checkpoint."""
    return _method(method_of(run.info)[0], checkpoint.load(ref.stem)[0], f"run {run.id}")


def is_language(settings: RunSettings) -> bool:
    """Whether a run trained a model of sequences."""
    return issubclass(method_class(settings.method), SequenceMethod)


def last_checkpoint(run: Run) -> dict[str, Any]:
    """The tree of a run's last checkpoint. Raises RunError, CheckpointError."""
    return checkpoint.load(last_reference(run).stem)[0]


def last_reference(run: Run) -> CheckpointRef:
    """A run's last checkpoint. Raises RunError where there is none."""
    refs = run.checkpoints()
    if not refs:
        raise RunError(f"run {run.id} has no checkpoint, so it has no model.")
    return refs[-1]


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
