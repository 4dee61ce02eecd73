"""Models on disk in Hugging Face's format: a folder with ``config.json`` and ``model.safetensors``.

Large weights lie in several files, which ``model.safetensors.index.json`` lists.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from ssllab.storage.errors import DataError
from ssllab.storage.files import read_object, refuse_pointer, write_whole

CONFIG, WEIGHTS = "config.json", "model.safetensors"
INDEX = "model.safetensors.index.json"
_MAY_LACK = ("masked_spec_embed",)  # left out of models that never mask


class ModelFileError(DataError):
    """A folder holds no model that can be read; the message is one line for the user."""


def read_config(folder: Path) -> dict[str, Any]:
    """The contents of ``config.json``, which may be of any model. Raises :class:`ModelFileError`, DataError."""
    if not (folder / CONFIG).exists():
        raise ModelFileError(
            f"no model in {folder}: expected a folder with {CONFIG} and {WEIGHTS} (there is no {CONFIG})."
        )
    return read_object(folder / CONFIG)


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
    """Tensors by name, in float32. Raises :class:`ModelFileError`, DataError."""
    found: dict[str, Tensor] = {}
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
                f"{path} cannot be read: expected a safetensors file.{old} ({reason(error)})"
            ) from None
        found |= {name: tensor.float() for name, tensor in tensors.items()}
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


def write_weights(
    folder: Path, tensors: Mapping[str, Tensor], extra: Mapping[str, str] | None = None
) -> None:
    """One file of tensors, written beside and renamed."""
    write_whole(folder / WEIGHTS, save(dict(tensors), metadata={"format": "pt", **(extra or {})}))


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a settings file, beside and renamed."""
    write_whole(path, (json.dumps(document, indent=2, sort_keys=True) + "\n").encode())


def reason(error: Exception) -> str:
    """Why, in a line."""
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0]
