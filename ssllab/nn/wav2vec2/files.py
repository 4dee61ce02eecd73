"""Models on disk in Hugging Face's format: a folder with ``config.json`` and ``model.safetensors``.

Beside them ``preprocessor_config.json`` says what sound has to be like; large weights lie in several files, which
``model.safetensors.index.json`` lists.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ssllab.nn.wav2vec2.config import SAMPLE_RATE, Wav2Vec2Config
from ssllab.nn.wav2vec2.model import Wav2Vec2ForCTC, Wav2Vec2ForPreTraining, Wav2Vec2Model
from ssllab.storage.errors import DataError
from ssllab.storage.files import read_object, refuse_pointer, write_whole

Wav2Vec2 = Wav2Vec2ForPreTraining | Wav2Vec2Model | Wav2Vec2ForCTC

ARCHITECTURES: dict[str, type[Wav2Vec2]] = {
    "Wav2Vec2ForPreTraining": Wav2Vec2ForPreTraining,
    "Wav2Vec2Model": Wav2Vec2Model,
    "Wav2Vec2ForCTC": Wav2Vec2ForCTC,
}
CONFIG, WEIGHTS = "config.json", "model.safetensors"
PREPROCESSOR, PROCESSOR = "preprocessor_config.json", "processor_config.json"
INDEX = "model.safetensors.index.json"

# Checkpoints from before torch's parametrizations name the two parts of the weight norm otherwise.
_OLD_NAMES = {
    "pos_conv_embed.conv.weight_g": "pos_conv_embed.conv.parametrizations.weight.original0",
    "pos_conv_embed.conv.weight_v": "pos_conv_embed.conv.parametrizations.weight.original1",
}
_MAY_LACK = ("masked_spec_embed",)  # left out of models that never mask


class ModelFileError(DataError):
    """A folder holds no model that can be read; the message is one line for the user."""


def read(folder: Path) -> Wav2Vec2:
    """The model in ``folder``, in float32 on the CPU. Raises :class:`ModelFileError`."""
    cls, config = read_shape(folder)
    tensors = read_weights(folder)
    try:
        model = cls(config)
    except (ValueError, RuntimeError, MemoryError, OverflowError) as error:
        raise ModelFileError(
            f"{folder / CONFIG}: no model can be made of its numbers ({_reason(error)})"
        ) from None
    load_weights(model, tensors, str(weight_files(folder)[0]))
    return model.eval()


def read_shape(folder: Path) -> tuple[type[Wav2Vec2], Wav2Vec2Config]:
    """Which model ``config.json`` describes; its weights need not be there. Raises :class:`ModelFileError`."""
    document = read_config(folder)
    names = document.get("architectures") or ["Wav2Vec2ForPreTraining"]
    name = str(names[0]) if isinstance(names, list) else str(names)
    cls = ARCHITECTURES.get(name)
    if cls is None:
        raise ModelFileError(f"{folder / CONFIG} is of a {name}: expected one of {', '.join(ARCHITECTURES)}.")
    try:
        config = Wav2Vec2Config.from_dict({**document, "architectures": [name]})
    except ValueError as error:
        raise ModelFileError(f"{folder / CONFIG}: {error}") from None
    return cls, replace(config, do_normalize=_wants_normal(folder))


def _wants_normal(folder: Path) -> bool:
    """Whether sound has to be given mean 0 and variance 1; nothing said is no, as in models that ssllab wrote before."""
    path, document = folder / PREPROCESSOR, {}
    if (folder / PROCESSOR).exists():  # where transformers 5 writes it, and looks first
        document = _part(folder / PROCESSOR, "feature_extractor")
    if document:
        path = folder / PROCESSOR
    elif path.exists():
        document = read_object(path)
    for key, expected in (("sampling_rate", SAMPLE_RATE), ("feature_size", 1)):
        if document.get(key, expected) != expected:
            raise ModelFileError(
                f"{path}: it has {key} = {json.dumps(document[key])}: expected {expected}, for sound of one channel at "
                f"{SAMPLE_RATE:,} Hz; other models are not supported."
            )
    normal = document.get("do_normalize", True) if document else False
    if not isinstance(normal, bool):
        raise ModelFileError(f"{path}: it has do_normalize = {json.dumps(normal)}: expected true or false.")
    return normal


def _part(path: Path, key: str) -> dict[str, Any]:
    part = read_object(path).get(key)
    return part if isinstance(part, dict) else {}


def read_config(folder: Path) -> dict[str, Any]:
    """The contents of ``config.json``. Raises :class:`ModelFileError`."""
    if not (folder / CONFIG).exists():
        raise ModelFileError(
            f"no model in {folder}: expected a folder with {CONFIG} and {WEIGHTS} (there is no {CONFIG})."
        )
    document = read_object(folder / CONFIG)
    if document.get("model_type", "wav2vec2") != "wav2vec2":
        raise ModelFileError(
            f"{folder / CONFIG} is not of a wav2vec 2.0 model: expected model_type wav2vec2."
        )
    return document


def weight_files(folder: Path) -> list[Path]:
    """The files that the weights lie in; they need not be there. Raises :class:`ModelFileError`."""
    index = folder / INDEX
    if (folder / WEIGHTS).exists() or not index.exists():
        return [folder / WEIGHTS]
    places = read_object(index).get("weight_map")
    names = (
        set(places.values()) if isinstance(places, dict) and all(map(_is_plain, places.values())) else set()
    )
    if not names:
        raise ModelFileError(
            f"{index}: expected a weight_map of tensors to files in the same folder, as model-00001-of-00002.safetensors."
        )
    return [folder / name for name in sorted(names)]


def _is_plain(name: Any) -> bool:
    """Whether an index names a file of its own folder; a path could lead anywhere."""
    return isinstance(name, str) and re.fullmatch(r"\w[\w.-]*\.safetensors", name, re.ASCII) is not None


def read_weights(folder: Path) -> dict[str, Tensor]:
    """Tensors by name, old names made new. Raises :class:`ModelFileError`."""
    found = {}
    for path in weight_files(folder):
        try:
            with path.open("rb") as file:
                refuse_pointer(path, file.read(64))
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
    """Write ``model`` and what sound it wants into ``folder``, each file beside and renamed; ``half``: weights in
    float16.

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
    write_json(folder / CONFIG, document)
    write_json(
        folder / PREPROCESSOR,
        {
            "do_normalize": model.config.do_normalize,
            "feature_extractor_type": "Wav2Vec2FeatureExtractor",
            "feature_size": 1,
            "padding_side": "right",
            "padding_value": 0.0,
            "return_attention_mask": model.config.feat_extract_norm == "layer",  # as the published ones
            "sampling_rate": SAMPLE_RATE,
        },
    )


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a settings file, beside and renamed."""
    write_whole(path, (json.dumps(document, indent=2, sort_keys=True) + "\n").encode())


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0]
