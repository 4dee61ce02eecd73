"""Language models in folders of Hugging Face's format: GPT-2, BERT, and what ssllab's own Transformers are written as.

Written are: causal ones with learnt positions as GPT-2, with rotary ones as GPT-NeoX, and masked
ones as MegatronBERT, which is BERT with the norms before the layers, as ours has them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ssllab.nn.language.framed import Framed
from ssllab.nn.language.layouts import ACTIVATIONS, LAYOUTS, Layout
from ssllab.nn.language.transformer import ROTARY_BASE, Shape, Transformer
from ssllab.nn.model_files import (
    CONFIG,
    ModelFileError,
    read_config,
    read_weights,
    weight_files,
    write_json,
    write_weights,
)

NEVER = -1e4  # the score of a symbol that is not to be predicted
MOST = {"layers": 1000}  # of a model that is opened: each takes time, also without weights
_EXACT = 6.0  # gelu(x) is x from here on, in float32
LARGE = 2.0**16  # a power of two: to multiply by it rounds nothing
_TYPES = "embeddings.token_type_embeddings.weight"  # of two sentences; ours is always the first
_SCORE_BIAS = "cls.predictions.bias"
_TIED = {
    "lm_head.weight": "wte.weight",
    "embed_out.weight": "embed_in.weight",
    "cls.predictions.decoder.weight": "embeddings.word_embeddings.weight",
    "cls.predictions.decoder.bias": _SCORE_BIAS,
}
_SPARE = re.compile(  # what files have beside: masks and numbers of places, BERT's guess whether a sentence follows another
    r"(.*\.)?(attn|attention)\.(masked_)?bias|.*rotary_emb\.inv_freq|embeddings\.position_ids"
    r"|pooler\..*|cls\.seq_relationship\..*"
)


def read_shape(folder: Path) -> Shape:
    """What ``config.json`` describes; the weights need not be there. Raises :class:`ModelFileError`, DataError."""
    return _described(folder)[1]


def is_language(document: Mapping[str, Any]) -> bool:
    """Whether a ``config.json`` says that it is of a layout that can be read here."""
    return document.get("model_type") in LAYOUTS


def read(
    folder: Path, rows: NDArray[np.intp] | None = None, frame: tuple[int, int] | None = None
) -> Transformer:
    """The model in ``folder``, in float32 on the CPU, to be asked. ``rows``: which of its symbols each of ours is;
    ``frame``: those of ours that it wants before and behind a text, see :class:`.Framed`.

    Raises :class:`ModelFileError`, DataError.
    """
    layout, shape = _described(folder)
    where = str(weight_files(folder)[0])
    tensors = {_renamed(name, layout): tensor for name, tensor in read_weights(folder).items()}
    own = shape if rows is None else replace(shape, symbols=len(rows))
    with torch.device("meta"):
        expected = _as_theirs(Transformer(shape).state_dict(), layout, shape)
        model = Transformer(own) if frame is None else Framed(own, *frame)
    if _SCORE_BIAS not in tensors and (bias := tensors.get("cls.predictions.decoder.bias")) is not None:
        tensors[_SCORE_BIAS] = bias
    for name, tied in _TIED.items():
        tensor = tensors.pop(name, None)
        if tensor is not None and (tied not in tensors or not torch.equal(tensor, tensors[tied])):
            raise ModelFileError(
                f"{where}: {name} is not {tied}: expected a model whose output and input share weights."
            )
    types = tensors.pop(_TYPES, None)
    if missing := [name for name in expected if name not in tensors]:
        raise ModelFileError(
            f"{where} lacks {len(missing)} tensors that its config.json asks for, as {missing[0]}: expected a "
            f"{layout.architecture}."
        )
    spare = [name for name in tensors if name not in expected and not _SPARE.fullmatch(name)]
    if spare:
        raise ModelFileError(
            f"{where} has {len(spare)} tensors that its config.json does not ask for, as {spare[0]}: expected a "
            f"{layout.architecture}."
        )
    for name, tensor in expected.items():
        if tensors[name].shape != tensor.shape:
            raise ModelFileError(
                f"{where}: {name} is {list(tensors[name].shape)}, its config.json asks for {list(tensor.shape)}."
            )
    state = {name: _as_ours(name, tensors, layout, shape) for name in model.state_dict()}
    if types is not None and types.shape[1:] == (shape.width,):
        state["places.weight"] = state["places.weight"] + types[0]
    if rows is not None:
        for name in ("embedding.weight", "score_bias"):
            if name in state:
                state[name] = state[name][torch.from_numpy(rows)]
    model.load_state_dict(state, assign=True)
    return model.requires_grad_(False).eval()


def write(
    model: Transformer,
    folder: Path,
    *,
    end: int = 0,
    mask: int | None = None,
    extra: Mapping[str, str] | None = None,
) -> None:
    """Write one of ssllab's own; ``end``: the symbol before and after a text, ``mask``: what hides a symbol.

    ``transformers`` gives the same scores, but for the mask, which it never predicts. Raises :class:`ModelFileError` where
    no layout fits.
    """
    shape = model.shape
    kind = layout_of(shape)
    layout = LAYOUTS[kind]
    whole = replace(shape, bias=True, feed=shape.feed or 4 * shape.width, **layout.shape)
    with torch.device("meta"):
        names = Transformer(whole).state_dict()
    state = {name: value.detach().cpu() for name, value in model.state_dict().items()}
    if not shape.causal:
        whole = replace(whole, epsilon=_add_scorer(state, shape))
        if mask is not None:
            state["score_bias"][mask] = NEVER
    for name, value in names.items():
        if name not in state:
            state[name] = torch.zeros(value.shape)
    tensors = _as_theirs(state, layout, whole)
    if _TYPES.startswith("embeddings.") and not shape.causal:
        tensors[_TYPES] = torch.zeros(1, shape.width)
    document: dict[str, Any] = {
        "architectures": [layout.architecture],
        "model_type": kind,
        "dtype": "float32",
    }
    document |= {theirs: getattr(whole, ours) for ours, (theirs, _) in layout.sizes.items()}
    document |= {name: value for name, (value, _) in layout.only.items()}
    document.pop("rope_type", None)
    document |= {"bos_token_id": end, "eos_token_id": end, "pad_token_id": end}
    if not shape.causal:
        document["type_vocab_size"] = 1
    folder.mkdir(parents=True, exist_ok=True)
    prefixed = {
        name if name.startswith("cls.") else layout.prefix + name: tensor.contiguous()
        for name, tensor in tensors.items()
    }
    write_weights(folder, prefixed, extra)
    write_json(folder / CONFIG, document)


def layout_of(shape: Shape) -> str:
    """As what a Transformer of ssllab's is written. Raises :class:`ModelFileError` where there is nothing like it."""
    if shape.causal:
        return "gpt2" if shape.positions == "learnt" else "gpt_neox"
    if shape.positions == "rotary":
        raise ModelFileError(
            "a masked model with rotary positions has no like among Hugging Face's layouts: export its weights into a file "
            "FILE.safetensors, or train one with learnt positions."
        )
    return "megatron-bert"


def _described(folder: Path) -> tuple[Layout, Shape]:
    document = read_config(folder)
    where = folder / CONFIG
    layout = LAYOUTS.get(str(document.get("model_type")))
    if layout is None:
        raise ModelFileError(
            f"{where} is of model_type {json.dumps(document.get('model_type'))[:40]}: expected one of {', '.join(LAYOUTS)}."
        )
    if isinstance(turns := document.get("rope_parameters"), dict):  # as transformers 5 writes it
        document |= {
            "rotary_pct": turns.get("partial_rotary_factor", 0.25),
            "rotary_emb_base": turns.get("rope_theta", ROTARY_BASE),
            "rope_type": turns.get("rope_type", "default"),
        }
    for name, (only, default) in layout.only.items():
        if (value := document.get(name, default)) != only:
            raise ModelFileError(
                f"{where}: it has {name} = {json.dumps(value)[:40]}: expected {json.dumps(only)}; others cannot be read."
            )
    sizes = {ours: document.get(theirs, default) for ours, (theirs, default) in layout.sizes.items()}
    for ours, value in sizes.items():
        theirs = layout.sizes[ours][0]
        if ours == "feed" and value is None:
            sizes[ours] = 0
        elif ours == "activation":
            if value not in ACTIVATIONS:
                raise ModelFileError(
                    f"{where}: it has {theirs} = {json.dumps(value)[:40]}: expected one of {', '.join(ACTIVATIONS)}."
                )
            sizes[ours] = ACTIVATIONS[value]
        elif isinstance(value, bool) or not isinstance(value, int if ours != "epsilon" else int | float):
            raise ModelFileError(f"{where}: it has {theirs} = {json.dumps(value)[:40]}: expected a number.")
        elif not 0 < value <= MOST.get(ours, 2**31):
            raise ModelFileError(
                f"{where}: it has {theirs} = {value}: expected a number above 0 that a model can have."
            )
    try:
        return layout, Shape(**sizes, bias=True, **layout.shape)
    except ValueError as error:
        raise ModelFileError(f"{where}: {error}") from None


def _renamed(name: str, layout: Layout) -> str:
    """Without the prefix; BERT's first files call the numbers of a norm otherwise."""
    name = name.removeprefix(layout.prefix)
    for old, new in (("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")):
        name = name.replace(old, new)
    return name


def _their_name(name: str, layout: Layout) -> str:
    """Of one of our tensors."""
    if name == "score_bias":
        return _SCORE_BIAS
    module, kind = name.rsplit(".", 1)
    if not module.startswith("blocks."):
        return f"{layout.names[module]}.{kind}"
    _, number, module = module.split(".", 2)
    return f"{layout.block.format(number)}{layout.names[module]}.{kind}"


def _thirds(name: str) -> list[str]:
    """BERT keeps queries, keys and values apart."""
    return [name.replace("attention.self.", f"attention.self.{part}") for part in ("query", "key", "value")]


def _as_theirs(state: Mapping[str, Tensor], layout: Layout, shape: Shape) -> dict[str, Tensor]:
    """Our tensors as they lie in a file."""
    found: dict[str, Tensor] = {}
    for name, tensor in state.items():
        theirs = _their_name(name, layout)
        if "queries_keys_values" in name and layout.prefix == "bert.":
            found |= dict(zip(_thirds(theirs), tensor.chunk(3), strict=True))
        elif "queries_keys_values" in name and layout.prefix == "gpt_neox.":  # head by head
            heads = tensor.view(3, shape.heads, shape.width // shape.heads, *tensor.shape[1:])
            found[theirs] = heads.transpose(0, 1).reshape(tensor.shape)
        elif layout.prefix == "transformer." and name.startswith("blocks.") and tensor.ndim == 2:
            found[theirs] = tensor.T
        else:
            found[theirs] = tensor
    return found


def _as_ours(name: str, tensors: Mapping[str, Tensor], layout: Layout, shape: Shape) -> Tensor:
    """The other way round: one of our tensors from those of a file."""
    theirs = _their_name(name, layout)
    if "queries_keys_values" in name and layout.prefix == "bert.":
        return torch.cat([tensors[part] for part in _thirds(theirs)])
    tensor = tensors[theirs]
    if "queries_keys_values" in name and layout.prefix == "gpt_neox.":
        heads = tensor.view(shape.heads, 3, shape.width // shape.heads, *tensor.shape[1:])
        return heads.transpose(0, 1).reshape(tensor.shape)
    if layout.prefix == "transformer." and name.startswith("blocks.") and tensor.ndim == 2:
        return tensor.T.contiguous()
    return tensor


def _add_scorer(state: dict[str, Tensor], shape: Shape) -> float:
    """Give ours BERT's layer before the scores, one that changes nothing but by rounding; the epsilon that belongs to it.

    The layer's activation is passed far to the right, where ``gelu(x) = x``. Its norm would undo what the epsilon of the
    norm before did: so all that is summed in the stream is ``LARGE`` times as much, and epsilon its square times, which
    changes no block and makes the last norm a division by the root of epsilon.
    """
    far = _EXACT + math.sqrt(shape.width)  # what a norm gives is no larger than the root of its width
    epsilon = shape.epsilon * LARGE * LARGE
    for name in state:
        if name in ("embedding.weight", "places.weight") or name.endswith(("out.weight", "down.weight")):
            state[name] = state[name] * LARGE
    state["scorer.0.weight"] = torch.eye(shape.width)
    state["scorer.0.bias"] = torch.full((shape.width,), far)
    state["scorer.2.weight"] = state["norm.weight"] * (math.sqrt(1 + epsilon) / LARGE)
    state["norm.weight"] = torch.ones(shape.width)
    state["score_bias"] = torch.zeros(shape.symbols)
    return epsilon
