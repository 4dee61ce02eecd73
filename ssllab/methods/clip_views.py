"""Views of a method that learns from clips over time, given when they are asked for: pure functions of a model in
evaluation, its data and the settings in force."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ssllab.data.pixels import pixels
from ssllab.data.video.surprises import CUT, NOTHING, surprised
from ssllab.data.video.types import Clips, VideoData
from ssllab.looks import AdjacentEnergies, EnergyOverTime, Horizon, PredictionCost
from ssllab.methods.clips import EVALUATED, FINE, VALLEYS, ClipMethod
from ssllab.methods.landscape import valley_errors

CLIP = 48  # frames that are looked at over time
AHEAD = 16  # frames after a frame that are held against it
STEPS = (1, 2, 3, 4, 6, 8)  # frames that a predictor is rolled on
_TRIED = 64  # clips among which an occasion for a surprise is sought
_COSTED = 64  # clips whose pixels are counted
_TIMED = 5  # steps


def one_clip(method: ClipMethod, data: VideoData, number: int, length: int = CLIP) -> Clips:
    """Held-out clip ``number``, as long as there is at most."""
    return method.held_out(data, 1, min(length, data.test.longest), number)


def energies_over_time(method: ClipMethod, frames: Tensor) -> NDArray[np.float32]:
    """``(T, 3, H, W)`` -> ``(T,)``: the energy of each frame after those before it, NaN where there is no context."""
    context = method.config.context
    windows = frames.unfold(0, context + 1, 1).movedim(-1, 1)  # (T - C, C + 1, 3, H, W)
    with method.evaluating():
        found = method.energies(windows[:, :-1], windows[:, -1:])[:, 0]
    return _padded(found, context)


def energy_over_time(method: ClipMethod, data: VideoData, what: str, number: int) -> EnergyOverTime:
    """Of held-out clip ``number``, or the next that gives an occasion, with a surprise of
    :data:`ssllab.data.video.surprises.TITLES` in its middle half. Raises ValueError where no clip gives one."""
    for tried in range(number, number + _TRIED):
        found = _changed(method, data, what, tried)
        if found is not None:
            usual, frames, at = found
            energies = energies_over_time(method, frames)
            before = energies if frames is usual else energies_over_time(method, usual)
            return EnergyOverTime(
                energies, before, at, float(method.untrained[1] - method.untrained[0]), pixels(frames)
            )
    raise ValueError("No clip gives an occasion for it: take other settings of the world.")


def _changed(
    method: ClipMethod, data: VideoData, what: str, number: int
) -> tuple[Tensor, Tensor, int | None] | None:
    """The frames ``(T, 3, H, W)`` of a clip as it is and with the surprise, and where that begins."""
    clips = one_clip(method, data, number)
    frames = clips.frames[0]
    if what == NOTHING:
        return frames, frames, None
    other = one_clip(method, data, number + _TRIED)
    middle = len(frames) // 2
    if what == CUT:
        return frames, torch.cat((frames[:middle], other.frames[0, middle:])), middle
    if clips.scene is None or other.scene is None:
        raise ValueError("What was filmed cannot be drawn otherwise.")
    span = max(len(frames) // 4, method.config.context + 1), len(frames) - len(frames) // 4
    found = surprised(clips.scene, other.scene, what, span)
    return None if found is None else (frames, found[0].draw()[0], found[1])


def adjacent_energies(method: ClipMethod, data: VideoData, number: int) -> AdjacentEnergies:
    """Of held-out clip ``number``, up to :data:`AHEAD` frames ahead."""
    frames = one_clip(method, data, number).frames[0]
    return AdjacentEnergies(adjacent(method, frames, AHEAD), pixels(frames))


def adjacent(method: ClipMethod, frames: Tensor, ahead: int) -> NDArray[np.float32]:
    """``(T, 3, H, W)`` -> ``(ahead + 1, T)``, as :class:`ssllab.looks.AdjacentEnergies` has it."""
    context, length = method.config.context, len(frames)
    with method.evaluating():
        windows = frames.unfold(0, context, 1).movedim(-1, 1)  # (T - C + 1, C, 3, H, W)
        pairs = method.misfit(
            method.foreseen(windows, 1)[:, 0], frames[None]
        )  # each frame after each context
    energies = pairs.float().cpu().numpy()
    found = np.full((ahead + 1, length), np.nan, np.float32)
    for k in range(min(ahead + 1, length - context + 1)):
        found[k, context - 1 : length - k] = np.diagonal(energies, context - 1 + k)
    return found


def horizon(
    method: ClipMethod, data: VideoData, report: Callable[[float], None] = lambda share: None
) -> Horizon:
    """Of the clips and on the grid that the probe ``valley_error`` is measured with, which is this at one frame ahead (but
    for noise that flickers, which is another in longer clips).
    ``report`` is told how far it is. Raises ValueError for what was filmed, where nobody knows where the object is."""
    context = method.config.context
    farthest = min(method.farthest, data.test.longest - context)
    steps = [k for k in STEPS if k <= farthest]
    scene = method.held_out(data, EVALUATED, context + steps[-1]).scene
    if scene is None:
        raise ValueError("Where objects are is not known of what was filmed: see Adjacent frames.")
    scene = scene.clips(slice(0, VALLEYS))
    errors, still = [], []
    for done, k in enumerate(steps):
        report(done / len(steps))

        def energies(frames: Tensor, candidates: Tensor, k: int = k) -> Tensor:
            return method.misfit(method.foreseen(frames[:, :context], k)[:, -1], candidates)

        with method.evaluating():
            found = valley_errors(energies, scene.frames(slice(0, context + k)), FINE)
        errors.append(found.cpu().numpy())
        moved = scene.centre[:, context + k - 1, 0] - scene.centre[:, context - 1, 0]
        still.append(float(moved.norm(dim=1).mean()))
    all_errors = np.stack(errors)
    low, high = np.percentile(all_errors, (25, 75), axis=1)
    return Horizon(np.array(steps), all_errors.mean(1), low, high, np.array(still), all_errors.shape[1])


def background_share(error: Tensor, covered: Tensor) -> float:
    """Of the squared errors ``(N, 3, H, W)`` the share on pixels that ``covered (N, H, W)`` says are no object's."""
    total = error.sum()
    return float((error * ~covered[:, None]).sum() / total) if total > 0 else 0.0


def prediction_cost(method: ClipMethod, data: VideoData, trained: bool, seconds: float) -> PredictionCost:
    """``trained``: it has learnt something; ``seconds``: of a step, of :func:`step_seconds`."""
    parameters = sum(p.numel() for p in method.parameters() if p.requires_grad)
    clips = method.held_out(data, _COSTED, method.config.context + 1)
    with method.evaluating():
        expected = method.foreseen(clips.frames[:, :-1], 1)[:, 0]
    background = covered = None
    if clips.scene is not None and expected.shape == clips.frames[:, -1].shape:
        here = clips.scene.covered()[:, -2:].any(1)
        covered = float(here.float().mean())
        if trained:
            background = background_share((expected - clips.frames[:, -1]).square(), here)
    return PredictionCost(method.title, parameters, seconds, expected[0].numel(), background, covered)


def step_seconds(methods: Sequence[ClipMethod], data: VideoData) -> list[float]:
    """Of a step of each, forward and backward, on a batch of the size in force: the median of a few, after one that is
    not counted. They take turns, so that what else the machine does slows them alike."""
    methods = [copy.deepcopy(method).train() for method in methods]
    batches = [method.batches(data, 0).next(method.config) for method in methods]
    dice = [torch.Generator(batch.device).manual_seed(0) for batch in batches]
    taken = np.empty((_TIMED + 1, len(methods)))
    for turn in range(_TIMED + 1):
        for i, method in enumerate(methods):
            began = time.perf_counter()
            method.step(batches[i], dice[i]).loss.backward()
            taken[turn, i] = time.perf_counter() - began
    return np.median(taken[1:], axis=0).tolist()


def _padded(values: Tensor, before: int) -> NDArray[np.float32]:
    return np.concatenate((np.full(before, np.nan, np.float32), values.float().cpu().numpy()))
