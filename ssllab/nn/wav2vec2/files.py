"""wav2vec 2.0 in a folder of Hugging Face's format: ``preprocessor_config.json`` says what sound has to be like."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ssllab.nn.model_files import (
    CONFIG,
    ModelFileError,
    load_weights,
    read_config,
    read_weights,
    reason,
    weight_files,
    write_json,
    write_weights,
)
from ssllab.nn.wav2vec2.config import SAMPLE_RATE, Wav2Vec2Config
from ssllab.nn.wav2vec2.model import Wav2Vec2ForCTC, Wav2Vec2ForPreTraining, Wav2Vec2Model
from ssllab.storage.files import read_object

Wav2Vec2 = Wav2Vec2ForPreTraining | Wav2Vec2Model | Wav2Vec2ForCTC

ARCHITECTURES: dict[str, type[Wav2Vec2]] = {
    "Wav2Vec2ForPreTraining": Wav2Vec2ForPreTraining,
    "Wav2Vec2Model": Wav2Vec2Model,
    "Wav2Vec2ForCTC": Wav2Vec2ForCTC,
}
PREPROCESSOR, PROCESSOR = "preprocessor_config.json", "processor_config.json"

# Checkpoints from before torch's parametrizations name the two parts of the weight norm otherwise.
_OLD_NAMES = {
    "pos_conv_embed.conv.weight_g": "pos_conv_embed.conv.parametrizations.weight.original0",
    "pos_conv_embed.conv.weight_v": "pos_conv_embed.conv.parametrizations.weight.original1",
}


def read(folder: Path) -> Wav2Vec2:
    """The model in ``folder``, in float32 on the CPU. Raises :class:`ModelFileError`."""
    cls, config = read_shape(folder)
    tensors = {_renamed(name): tensor for name, tensor in read_weights(folder).items()}
    try:
        model = cls(config)
    except (ValueError, RuntimeError, MemoryError, OverflowError) as error:
        raise ModelFileError(
            f"{folder / CONFIG}: no model can be made of its numbers ({reason(error)})"
        ) from None
    load_weights(model, tensors, str(weight_files(folder)[0]))
    return model.eval()


def _renamed(name: str) -> str:
    for old, new in _OLD_NAMES.items():
        name = name.replace(old, new)
    return name


def read_shape(folder: Path) -> tuple[type[Wav2Vec2], Wav2Vec2Config]:
    """Which model ``config.json`` describes; its weights need not be there. Raises :class:`ModelFileError`."""
    document = read_config(folder)
    if document.get("model_type", "wav2vec2") != "wav2vec2":
        raise ModelFileError(
            f"{folder / CONFIG} is not of a wav2vec 2.0 model: expected model_type wav2vec2."
        )
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
    write_weights(folder, tensors, extra)
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
