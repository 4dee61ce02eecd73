"""What a step needs of the machine's memory, known before it is taken, and what is given back after a probe."""

from __future__ import annotations

import copy
import ctypes
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import psutil
import torch

from ssllab.controls import ControlError
from ssllab.methods.base import Method

TRIAL_SIZES = (4, 8, 16)  # of a batch: three points of the parabola that a table of all pairs makes
UNQUESTIONED = 64  # images; a batch of so many fits wherever the program itself does
# Beside what the graph keeps there are gradients on their way back, and while views are made some copies of two float32
# pictures for each of uint8. Measured on a CPU: within 10 % under and 25 % over the peak (conv, ResNet-18 and -50).
OVERHEAD = 1.1
COPIES_OF_VIEWS = 8
COPIES = 4  # of the weights: themselves, their gradients and two moments
SHARE = 0.9  # of the free memory that a step may take


def release() -> None:
    """Give freed blocks back to the system. glibc keeps them, and steps of many lengths leave ever more of them."""
    trim = _trim()
    if trim is not None:
        trim(0)


@functools.cache
def _trim() -> Callable[[int], int] | None:
    try:
        found: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # not glibc
        return None
    return found


def step_bytes(method: Method, data: Any, sizes: np.ndarray, seed: int = 0) -> np.ndarray:
    """The memory of one step with batches of ``sizes (n,)``, in bytes ``(n,)``, from three small steps of a copy.

    What autograd keeps is a polynomial of second degree in the size of the batch: all layers keep so much an image,
    and a table of all pairs so much a pair.
    """
    kept = [_kept(method, data, size, seed) for size in TRIAL_SIZES]
    kept_of_all = np.polyval(np.polyfit(TRIAL_SIZES, kept, 2), sizes)
    weights = sum(tensor.nbytes for tensor in method.parameters())
    return OVERHEAD * kept_of_all + COPIES * weights


def check_fits(method: Method, data: Any, available: int | None = None) -> None:
    """Raise ControlError, with the largest batch that fits, where a step needs more memory than is free.

    For methods with a ``batch_size``, on devices that share the machine's memory; a GPU says by itself that it is full.
    """
    wanted = getattr(method.config, "batch_size", None)
    if wanted is None or wanted <= UNQUESTIONED or next(method.parameters()).device.type == "cuda":
        return
    free = SHARE * (psutil.virtual_memory().available if available is None else available)
    sizes = np.arange(UNQUESTIONED, wanted + 1)
    try:
        needed = step_bytes(method, data, sizes)
    except Exception:  # a step that fails says so when it is made, with its run and its place
        return
    if needed[-1] <= free:
        return
    fits = sizes[needed <= free]
    raise ControlError(
        f"a step with batch_size {wanted:,} needs about {needed[-1] / 1e9:,.1f} GB of memory and "
        f"{free / 1e9:,.1f} GB are free: expected {fits[-1] if len(fits) else UNQUESTIONED:,} or less, "
        "or a smaller encoder."
    )


def _kept(method: Method, data: Any, size: int, seed: int) -> int:
    """Bytes that the graph of one step holds on to, each storage counted once, and those of the views."""
    twin = copy.deepcopy(method)  # a step moves running statistics and queues
    twin.config = method.config.changed({"batch_size": size})
    device = next(twin.parameters()).device
    batch = twin.batches(data, seed).next(twin.config)
    kept: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor  # the graph holds it, so that no address comes twice

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = twin.step(batch, torch.Generator(device).manual_seed(seed))
    del result
    return sum(kept.values()) + COPIES_OF_VIEWS * 2 * 4 * getattr(batch, "nbytes", 0)
