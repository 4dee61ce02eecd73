"""Models on disk in Hugging Face's format: a folder with ``config.json`` and ``model.safetensors``."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ssllab.nn.wav2vec2.config import Wav2Vec2Config
from ssllab.nn.wav2vec2.model import Wav2Vec2ForCTC, Wav2Vec2ForPreTraining, Wav2Vec2Model

Wav2Vec2 = Wav2Vec2ForPreTraining | Wav2Vec2Model | Wav2Vec2ForCTC

ARCHITECTURES: dict[str, type[Wav2Vec2]] = {
    "Wav2Vec2ForPreTraining": Wav2Vec2ForPreTraining,
    "Wav2Vec2Model": Wav2Vec2Model,
    "Wav2Vec2ForCTC": Wav2Vec2ForCTC,
}
CONFIG, WEIGHTS = "config.json", "model.safetensors"

# Checkpoints from before torch's parametrizations name the two parts of the weight norm otherwise.
_OLD_NAMES = {
    "pos_conv_embed.conv.weight_g": "pos_conv_embed.conv.parametrizations.weight.original0",
    "pos_conv_embed.conv.weight_v": "pos_conv_embed.conv.parametrizations.weight.original1",
}
_MAY_LACK = ("masked_spec_embed",)  # left out of models that never mask


class ModelFileError(ValueError):
    """A folder holds no model that can be read; the message is one line for the user."""


def read(folder: Path) -> Wav2Vec2:
    """The model in ``folder``, in float32 on the CPU. Raises :class:`ModelFileError`."""
    cls, config = read_shape(folder)
    model = cls(config)
    load_weights(model, read_weights(folder), str(folder / WEIGHTS))
    return model.eval()


def read_shape(folder: Path) -> tuple[type[Wav2Vec2], Wav2Vec2Config]:
    """Which model ``config.json`` describes; its weights need not be there. Raises :class:`ModelFileError`."""
    document = read_config(folder)
    names = document.get("architectures") or ["Wav2Vec2ForPreTraining"]
    cls = ARCHITECTURES.get(str(names[0]))
    if cls is None:
        raise ModelFileError(
            f"{folder / CONFIG} is of a {names[0]}: expected one of {', '.join(ARCHITECTURES)}."
        )
    try:
        return cls, Wav2Vec2Config.from_dict(document)
    except (TypeError, ValueError) as error:
        raise ModelFileError(f"{folder / CONFIG}: {error}") from None


def read_config(folder: Path) -> dict[str, Any]:
    """The contents of ``config.json``. Raises :class:`ModelFileError`."""
    try:
        document = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ModelFileError(
            f"no model in {folder}: expected a folder with {CONFIG} and {WEIGHTS} ({_reason(error)})."
        ) from None
    if not isinstance(document, dict) or document.get("model_type", "wav2vec2") != "wav2vec2":
        raise ModelFileError(
            f"{folder / CONFIG} is not of a wav2vec 2.0 model: expected model_type wav2vec2."
        )
    return document


def read_weights(folder: Path) -> dict[str, Tensor]:
    """Tensors by name, old names made new. Raises :class:`ModelFileError`."""
    path = folder / WEIGHTS
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        old = (
            " Pickled weights (pytorch_model.bin) are never loaded."
            if (folder / "pytorch_model.bin").exists()
            else ""
        )
        raise ModelFileError(
            f"{path} cannot be read: expected a safetensors file.{old} ({_reason(error)})"
        ) from None
    found = {}
    for name, tensor in tensors.items():
        for old_name, new_name in _OLD_NAMES.items():
            name = name.replace(old_name, new_name)
        found[name] = tensor.float()
    return found


def load_weights(model: nn.Module, tensors: Mapping[str, Tensor], where: str) -> None:
    """Put ``tensors`` into ``model``; every one must fit. Raises :class:`ModelFileError` naming the first that
    does not."""
    own = model.state_dict()
    tensors = {name: tensor for name, tensor in tensors.items() if name in own}
    missing = [name for name in own if name not in tensors and not name.endswith(_MAY_LACK)]
    if missing:
        raise ModelFileError(
            f"{where} lacks {len(missing)} tensors that its config.json asks for, as {missing[0]}."
        )
    for name, tensor in tensors.items():
        if tensor.shape != own[name].shape:
            raise ModelFileError(
                f"{where}: {name} is {list(tensor.shape)}, its config.json asks for {list(own[name].shape)}."
            )
    model.load_state_dict(tensors, strict=False)


def write(
    model: Wav2Vec2, folder: Path, *, half: bool = False, extra: Mapping[str, str] | None = None
) -> None:
    """Write ``model`` into ``folder``, each file beside and renamed; ``half``: weights in float16.

    ``transformers`` reads it without a missing key, unless the quantizer is one of ours (cosine, fsq).
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        name: tensor.detach().cpu().contiguous().to(torch.float16 if half else torch.float32)
        for name, tensor in model.state_dict().items()
    }
    document = model.config.to_dict(type(model).__name__)
    document["dtype"] = "float16" if half else "float32"
    weights = folder / (WEIGHTS + ".part")
    save_file(tensors, weights, metadata={"format": "pt", **(extra or {})})
    os.replace(weights, folder / WEIGHTS)
    config = folder / (CONFIG + ".part")
    config.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(config, folder / CONFIG)


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0]
