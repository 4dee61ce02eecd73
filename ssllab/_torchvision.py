"""Import torchvision through this module: ``from ssllab._torchvision import torchvision``.

On Linux the torchvision wheel of the package index is a CUDA build. Beside a CPU build of torch its
compiled operators cannot load, and the import stops with ``operator torchvision::nms does not exist``,
although nothing that ssllab uses (models, datasets) needs them. Declaring the two schemas first lets the
import pass. Where the compiled operators do load, nothing is declared.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import torch


def _compiled_operators_load() -> bool:
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        return True
    for library in Path(spec.origin).parent.glob("_C.*"):
        try:
            torch.ops.load_library(str(library))
            return True
        except OSError:
            return False
    return False


if not _compiled_operators_load():
    _schemas = torch.library.Library("torchvision", "DEF")
    _schemas.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _schemas.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import torchvision  # noqa: E402

__all__ = ["torchvision"]
