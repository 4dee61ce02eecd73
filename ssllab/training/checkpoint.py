"""Checkpoints without pickle: tensors in ``STEM.safetensors``, everything else in ``STEM.json``.

A checkpoint is a tree of dict, list, tuple, tensors, numbers, strings, booleans and None (what a PyTorch
``state_dict`` is made of). The JSON holds the same tree with every tensor replaced by its name in the
safetensors file; it is written last, so a checkpoint without its JSON does not count. Nothing that is
loaded here can run code.
"""

from __future__ import annotations

import contextlib
import json
import math
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ssllab.storage.files import write_whole

if TYPE_CHECKING:
    import torch

FORMAT = 1


class CheckpointError(ValueError):
    """A checkpoint cannot be stored or read; the message is one line for the user."""


def json_path(stem: Path) -> Path:
    """Where the JSON of the checkpoint ``stem`` lies."""
    return stem.with_name(stem.name + ".json")


def tensors_path(stem: Path) -> Path:
    """Where the tensors of the checkpoint ``stem`` lie."""
    return stem.with_name(stem.name + ".safetensors")


def snapshot(tree: Any) -> Any:
    """The same tree with every tensor copied to the CPU, so that training may go on while it is written."""
    import torch

    if isinstance(tree, torch.Tensor):
        return tree.detach().to("cpu", copy=True)
    if isinstance(tree, dict):
        return {key: snapshot(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [snapshot(value) for value in tree]
    if isinstance(tree, tuple):
        return tuple(snapshot(value) for value in tree)
    return tree


def save(stem: Path, tree: Any, meta: dict[str, Any]) -> None:
    """Write the checkpoint ``stem``; an old one of that name is replaced.

    Raises :class:`CheckpointError` for a tree that holds anything else than the module's docstring names,
    OSError when the disk refuses.
    """
    from safetensors.torch import save as tensors_to_bytes

    tensors: dict[str, torch.Tensor] = {}
    skeleton = _split(tree, "", tensors)
    try:
        content = tensors_to_bytes(tensors)
        document = {
            "format": FORMAT,
            "meta": meta,
            "tensors": {"bytes": len(content), "crc32": zlib.crc32(content)},
            "tree": skeleton,
        }
        text = json.dumps(document, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"the checkpoint {stem.name} cannot be stored: {error}") from error
    stem.parent.mkdir(parents=True, exist_ok=True)
    # Without this the old JSON would stand beside the new tensors for a moment.
    json_path(stem).unlink(missing_ok=True)
    try:
        write_whole(tensors_path(stem), content)
        write_whole(json_path(stem), text.encode())
    except OSError:  # half a checkpoint does not count, and would take room on a full disk
        with contextlib.suppress(OSError):
            tensors_path(stem).unlink(missing_ok=True)
        raise


def load(stem: Path) -> tuple[Any, dict[str, Any]]:
    """``(tree, meta)`` of the checkpoint ``stem``, its tensors on the CPU.

    Raises :class:`CheckpointError`, one line, when a file is missing, cut short, changed or foreign.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load as tensors_from_bytes

    document = _read_document(stem)
    path = tensors_path(stem)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"the checkpoint {stem.name} has no readable tensors: {error}") from error
    expected = document["tensors"]
    if len(content) != expected["bytes"] or zlib.crc32(content) != expected["crc32"]:
        raise CheckpointError(
            f"{path} is damaged ({len(content)} bytes, expected {expected['bytes']} with another checksum). "
            "Use an earlier checkpoint."
        )
    try:
        tensors = tensors_from_bytes(content)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} holds no valid tensors: {error}") from error
    try:
        tree = _join(document["tree"], tensors)
    except RecursionError as error:
        raise CheckpointError(f"{json_path(stem)} is nested too deeply to be a checkpoint") from error
    except _Malformed as error:
        raise CheckpointError(f"{json_path(stem)} is damaged: {error}. Use an earlier checkpoint.") from error
    return tree, document["meta"]


def read_meta(stem: Path) -> dict[str, Any]:
    """Only what :func:`save` got as ``meta``. Raises :class:`CheckpointError`."""
    return _read_document(stem)["meta"]


def _read_document(stem: Path) -> dict[str, Any]:
    path = json_path(stem)
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise CheckpointError(f"no checkpoint at {stem}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is damaged: {error}. Use an earlier checkpoint.") from error
    if not isinstance(document, dict) or "format" not in document:
        raise CheckpointError(f"{path} is not a checkpoint of ssllab")
    if document["format"] != FORMAT:
        raise CheckpointError(
            f"{path} has checkpoint format {document['format']!r}, this version reads {FORMAT}"
        )
    tensors = document.get("tensors")
    whole = (
        isinstance(document.get("meta"), dict)
        and "tree" in document
        and isinstance(tensors, dict)
        and isinstance(tensors.get("bytes"), int)
        and isinstance(tensors.get("crc32"), int)
    )
    if not whole:
        raise CheckpointError(f"{path} is damaged: a part is missing. Use an earlier checkpoint.")
    return document


# The tree as JSON. A number, string, boolean or None stands for itself; all else is an object with one key
# that names the kind, so that tuples, integer keys and infinities come back as they were.


class _Malformed(ValueError):
    pass


def _split(value: Any, path: str, tensors: dict[str, torch.Tensor]) -> Any:
    import torch

    # Exact types: a bool is an int, and a numpy scalar is a float, but neither would come back as it was.
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if kind is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, torch.Tensor):
        return _split_tensor(value, path or "tensor", tensors)
    if kind is list:
        return {"list": [_split(v, f"{path}/{i}", tensors) for i, v in enumerate(value)]}
    if kind is tuple:
        return {"tuple": [_split(v, f"{path}/{i}", tensors) for i, v in enumerate(value)]}
    if isinstance(value, dict):  # state_dict() gives an OrderedDict, optimizers may give a defaultdict
        for key in value:
            if type(key) not in (str, int):
                raise CheckpointError(
                    f"cannot store the key {key!r} at {path or 'the top'}: only str and int"
                )
        return {
            "dict": [[k, _split(v, f"{path}/{k}" if path else str(k), tensors)] for k, v in value.items()]
        }
    raise CheckpointError(f"cannot store a {kind.__name__} at {path or 'the top'}")


def _split_tensor(tensor: torch.Tensor, name: str, tensors: dict[str, torch.Tensor]) -> Any:
    import torch

    if tensor.layout != torch.strided or tensor.is_quantized:
        raise CheckpointError(f"cannot store the {tensor.layout} tensor at {name}: only dense ones")
    while name in tensors:
        name += "~"
    node: dict[str, Any] = {"tensor": name}
    if tensor.dim() == 4 and not tensor.is_contiguous():
        node["channels_last"] = tensor.is_contiguous(memory_format=torch.channels_last)
    # A clone of its own: safetensors refuses tensors that share memory.
    tensors[name] = tensor.detach().to("cpu").clone(memory_format=torch.contiguous_format)
    return node


def _join(node: Any, tensors: dict[str, torch.Tensor]) -> Any:
    if node is None or isinstance(node, (bool, int, float, str)):
        return node
    if not isinstance(node, dict) or not node:
        raise _Malformed(f"unexpected {type(node).__name__}")
    kind, content = next(iter(node.items()))
    if kind == "tensor":
        return _join_tensor(content, bool(node.get("channels_last")), tensors)
    if kind == "float" and content in ("inf", "-inf", "nan"):
        return float(content)
    if kind in ("list", "tuple") and isinstance(content, list):
        items = [_join(item, tensors) for item in content]
        return items if kind == "list" else tuple(items)
    if kind == "dict" and isinstance(content, list):
        result = {}
        for pair in content:
            if not (isinstance(pair, list) and len(pair) == 2 and type(pair[0]) in (str, int)):
                raise _Malformed("a dictionary entry is not a key and a value")
            result[pair[0]] = _join(pair[1], tensors)
        return result
    raise _Malformed(f"unknown entry {kind!r}")


def _join_tensor(name: Any, channels_last: bool, tensors: dict[str, torch.Tensor]) -> torch.Tensor:
    import torch

    tensor = tensors.get(name) if isinstance(name, str) else None
    if tensor is None:
        raise _Malformed(f"the tensor {name!r} is missing")
    if channels_last and tensor.dim() == 4:
        return tensor.contiguous(memory_format=torch.channels_last)
    return tensor
