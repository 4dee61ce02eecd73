"""Where the model lives and in which precision it computes."""

from __future__ import annotations

import contextlib
import os
from typing import Any

import torch

from ssllab.controls import ControlError
from ssllab.nn.encoders import CONVOLUTIONAL

DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("auto", "float32", "bfloat16")


def choose_device(name: str) -> torch.device:
    """``auto`` takes CUDA, then MPS, then the CPU. Raises ControlError where the one asked for is missing."""
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return torch.device(next(device for device in ("cuda", "mps", "cpu") if there[device]))
    if name not in there:
        raise ControlError(f"unknown device '{name}': expected one of {', '.join(DEVICES)}.")
    if not there[name]:
        available = ", ".join(device for device, present in there.items() if present)
        raise ControlError(f"device '{name}' is not available here: expected one of {available}, or auto.")
    return torch.device(name)


def choose_precision(name: str, device: torch.device, encoder: str | None = None) -> str:
    """The precision that ``name`` means on ``device`` for a method whose encoder is called ``encoder``.

    ``auto`` is bfloat16 on a GPU that has it, and for convolutional image encoders on a processor that multiplies
    it in hardware, where their step takes two thirds to half the time; transformers and the encoders of sound gain
    nothing there (measured 0.9 to 1.0). Elsewhere it is float32. Raises ControlError for an unknown name.
    """
    if name not in PRECISIONS:
        raise ControlError(f"unknown precision '{name}': expected one of {', '.join(PRECISIONS)}.")
    if name != "auto":
        return name
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    gains = device.type == "cpu" and encoder in CONVOLUTIONAL and _multiplies_bfloat16()
    return "bfloat16" if gains else "float32"


def usual_precision(device: str, encoder: str | None = None) -> str:
    """What "auto" means on the device of that name; "auto" where it is not there, which building the model says."""
    try:
        there = choose_device(device)
    except ControlError:
        return "auto"
    return choose_precision("auto", there, encoder)


def _multiplies_bfloat16() -> bool:
    """Whether this processor has instructions for it; without them it is computed in float32 and slower."""
    has = torch.cpu.get_capabilities()
    return bool(has.get("avx512_bf16") or has.get("amx_bf16"))


def autocast(device: torch.device, precision: str) -> contextlib.AbstractContextManager[Any]:
    """The context of a forward pass."""
    if precision == "float32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, torch.bfloat16)


def use_sensible_threads(window: bool) -> int:
    """Set torch's threads: all cores; with a window on a machine of many, one core is left to draw."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = max(1, cores - 1) if window and cores > 2 else cores
    torch.set_num_threads(threads)
    return threads
