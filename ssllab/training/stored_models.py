"""Speech models by name: the shipped ones, a folder in Hugging Face's format, one fetched from its hub, or what a run
learned."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import torch

from ssllab.controls import ControlError
from ssllab.methods.registry import method_class
from ssllab.methods.speech import Inspector, SpeechMethod
from ssllab.methods.stored import SHIPPED_MODELS, StoredModel, read_stored
from ssllab.nn.model_files import ModelFileError
from ssllab.training import checkpoint, hub
from ssllab.training.checkpoint import CheckpointError
from ssllab.training.device import choose_device
from ssllab.training.messages import ModelCopy
from ssllab.training.run_record import RECORD_NAME, CheckpointRef, RunError, RunSettings
from ssllab.training.run_store import Run, described

_DRAWING = threading.Lock()


def read_model(place: str) -> StoredModel:
    """``place``: "shipped", "shipped-recogniser", the folder of a run, one with ``config.json`` and
    ``model.safetensors``, or owner/name of a model that was fetched from huggingface.co; nothing is downloaded here.

    Raises ModelFileError, DataError, RunError, CheckpointError: ValueErrors of one line.
    """
    path = Path(place).expanduser()
    if (path / RECORD_NAME).exists():
        run = Run(path, described(path))
        refs = run.checkpoints()
        if not refs:
            raise RunError(f"run {run.id} has no checkpoint, so it has no model.")
        return model_of(run, refs[-1])
    model = hub.find(place)
    if model is not None and model.complete:
        return read_stored(str(model.folder))
    if model is not None:
        raise ModelFileError(
            f"no model in {place}: there is no such folder, and it was not fetched from huggingface.co yet. To fetch "
            "it, choose 'From the hub …' in the Speech lab's list of models, or name it in 'ssllab train'."
        )
    if place not in SHIPPED_MODELS and not path.exists():
        raise ModelFileError(
            f"no model in {place}: expected 'shipped', the folder of a run, one with config.json and "
            f"model.safetensors, or a name on huggingface.co, as {hub.SPEECH.example}."
        )
    return read_stored(place)


def model_of(run: Run, ref: CheckpointRef) -> StoredModel:
    """The model of a run of the Speech lab as it was at a checkpoint. Raises RunError, CheckpointError."""
    settings = run.info.settings
    if settings is None:
        raise RunError(f"run {run.id} has no readable settings: {run.info.problem}")
    method = method_class(settings.method)
    if not issubclass(method, SpeechMethod):
        raise RunError(f"run {run.id} trained {method.title}: expected a run of the Speech lab.")
    tree, _ = checkpoint.load(ref.stem)
    try:
        return method.stored(method.Config.make(tree["config"]), tree["model"])
    except ValueError as error:
        raise RunError(f"run {run.id}: {error}") from error
    except (KeyError, TypeError, RuntimeError) as error:
        raise CheckpointError(f"the checkpoint {ref.stem.name} holds no model: {error}") from error


def inspector_of(copy: ModelCopy) -> Inspector:
    """The model of a live run, built anew to be asked; on the run's device where this machine has it.

    Raises ValueError for a run that is not of the Speech lab.
    """
    method = method_class(copy.settings.method)
    if not issubclass(method, SpeechMethod):
        raise ValueError(f"{method.title} hears no recordings: expected a method of the Speech lab.")
    try:
        device = choose_device(copy.settings.device)
    except ControlError:  # the run trains on another machine
        device = torch.device("cpu")
    with drawing(seed=0):
        return method.inspector(method.Config.make(copy.config), copy.state, device)


@contextlib.contextmanager
def drawing(seed: int) -> Iterator[None]:
    """Weights are drawn from ``seed`` by torch's global generator: by one thread at a time, and without a trace."""
    with _DRAWING, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def is_speech(settings: RunSettings) -> bool:
    """Whether a run trained a model of speech."""
    return issubclass(method_class(settings.method), SpeechMethod)
