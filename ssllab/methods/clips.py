"""What the methods share that learn from clips: an encoder of frames, an energy of what comes next, and how both are
looked at.

A method says how a clip becomes a loss and how badly a next frame fits its context (:meth:`ClipMethod.energies`).
Neither ``look`` nor ``probe`` touches the weights, the running statistics or the random numbers of training.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self

import torch
from torch import Tensor, nn

from ssllab.data.video.batches import ClipBatches
from ssllab.data.video.scene import Scene
from ssllab.data.video.types import Clips, VideoData
from ssllab.diagnostics.projection import Projection, project
from ssllab.doctor.clips import RULES
from ssllab.looks import (
    AdjacentEnergies,
    Embedding,
    EnergyAtHand,
    EnergyOverTime,
    Horizon,
    Landscape,
    Look,
    PredictedFrames,
    PredictionCost,
    ShapeEnergies,
    Spectrum,
)
from ssllab.methods import clip_map
from ssllab.methods.base import Method, Probe
from ssllab.methods.clip_probes import background_accuracy, clip_probes, temporal_variance_share
from ssllab.methods.clip_scalars import CLIP_CHARTS, CLIP_SERIES
from ssllab.methods.clip_settings import ClipSettings
from ssllab.methods.landscape import at_hand, landscape, shape_energies, valley_errors, velocity_landscape
from ssllab.nn.frames import FrameEncoder, frame_latents

EVALUATED = 512  # held-out clips that a probe reads
VALLEYS = 64  # of them, those whose landscape is measured
BACKGROUNDS = 8  # among which a probe tells
FINE = 32  # places along a side, of the probe's landscapes
COARSE = 16  # of the live one
TEST_SEED = 20_140
CHUNK = 1024  # frames that are encoded at once outside training
FACE = 4  # the held-out clip that is looked at first: its ball is fast and bounces off nothing
PREPARING = 32  # clips that batch norm gets its first statistics from


class ClipMethod(Method):
    """An encoder of frames, trained by what follows them. ``dimension``: of a frame's latent."""

    kinds = ("video",)
    rules = RULES
    series = CLIP_SERIES
    charts = CLIP_CHARTS
    parts: ClassVar[dict[type, str]] = {
        Landscape: "positions",
        ShapeEnergies: "positions",
        EnergyAtHand: "positions",
        Embedding: "",
        Spectrum: "",
        EnergyOverTime: "",
        AdjacentEnergies: "",
        Horizon: "positions",
        PredictedFrames: "",
        PredictionCost: "",
    }
    ahead: ClassVar[int] = 1  # frames of a training clip after the context
    farthest: ClassVar[int] = 12  # frames ahead that can be asked for
    expects: ClassVar[Literal["latents", "frames", "scores"]] = (
        "latents"  # "scores": of use in a product alone
    )
    config: ClipSettings
    untrained: Tensor  # lowest and highest energy of the landscape before the first step
    extent: Tensor  # how far latents reached on the map then

    def __init__(self, config: ClipSettings, size: int) -> None:
        super().__init__()
        self.config = config
        self.encoder = FrameEncoder(size, config.width, config.dimension)
        self.register_buffer("untrained", torch.zeros(2))
        self.register_buffer("extent", torch.zeros(()))
        self._projection: Projection | None = None

    @classmethod
    def build(cls, config: Any, data: VideoData, read_model: Callable[[str], Any] | None = None) -> Self:
        """A fresh method for frames of the size of ``data``. Raises ValueError where its clips are too short, or the
        settings ask for another world than it shows."""
        needed = config.context + cls.ahead
        if data.train.longest < needed or data.test.longest < needed:
            raise ValueError(
                f"{data.title}: the longest clip has {data.train.longest} frames to learn from and {data.test.longest} held "
                f"out; a context of {config.context} needs {needed} in both. Give longer video, or a shorter context."
            )
        for key, value in config.unfit(data.allows).items():
            raise ValueError(
                f"{key} = {getattr(config, key)}: expected {value}, as {data.title} was filmed and not made here. "
                f"Leave {key} out, or take Bouncing."
            )
        return cls(config, data.size)

    def batches(self, data: VideoData, seed: int, rank: int = 0, ranks: int = 1) -> ClipBatches:
        """New clips at each step."""
        device = self.encoder.output.weight.device
        return ClipBatches(data.train, self.config.context + self.ahead, device, seed, rank, ranks)

    @property
    def reader(self) -> nn.Module:
        """The encoder that is used after training: the target's where there is one."""
        return self.encoder

    def latents(self, frames: Tensor) -> Tensor:
        """``(N, T, 3, H, W)`` -> ``(N, T, D)``, as they are used after training."""
        flat = torch.cat([self.reader(part) for part in frames.flatten(0, 1).split(CHUNK)])
        return flat.float().unflatten(0, frames.shape[:2])

    @abstractmethod
    def foreseen(self, context: Tensor, steps: int) -> Tensor:
        """What is expected of the next ``steps`` frames, at most :attr:`farthest`, each from those before it, whether seen
        or expected: ``(N, C, 3, H, W)`` -> ``(N, steps, ...)``, in what the method expects in, latents or frames."""

    @abstractmethod
    def misfit(self, expected: Tensor, candidates: Tensor) -> Tensor:
        """How badly each candidate is what was expected: ``(N, ...)`` and ``(N or 1, M, 3, H, W)`` -> ``(N, M)``; a
        candidate that is the same for every clip is given once."""

    def energies(self, context: Tensor, candidates: Tensor) -> Tensor:
        """How badly each candidate follows: ``(N, C, 3, H, W)`` and ``(N or 1, M, 3, H, W)`` -> ``(N, M)``."""
        return self.misfit(self.foreseen(context, 1)[:, 0], candidates)

    @torch.no_grad()
    def prepare(self, data: VideoData) -> None:
        """Give batch norm the statistics of real frames, then measure the untrained model's landscape and map."""
        frames = self.held_out(data, PREPARING, self.config.context + 1).frames
        norms = [m for m in self.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
        usual = [norm.momentum for norm in norms]
        for norm in norms:
            norm.momentum = 1.0
        self.warm(frames)
        for norm, momentum in zip(norms, usual, strict=True):
            norm.momentum = momentum
            if norm.num_batches_tracked is not None:
                norm.num_batches_tracked.zero_()
        found = self._landscape(data)
        if found is not None:
            energies = torch.from_numpy(found.energies)
            self.untrained.copy_(torch.stack((energies.min(), energies.max())))
        with self.evaluating():
            z = clip_map.rows(
                self.latents(self.held_out(data, clip_map.MAPPED, clip_map.FRAMES).frames).cpu()
            )
        self.extent.fill_(clip_map.extent(project(z), z))

    def warm(self, frames: Tensor) -> None:
        """Pass clips ``(N, C + 1, 3, H, W)`` through every network that has statistics."""
        frame_latents(self.encoder, frames)

    def held_out(self, data: VideoData, count: int, length: int, number: int = 0) -> Clips:
        """The same clips at every call, as the settings in force make them; others for each ``number``."""
        generator = torch.Generator(self.encoder.output.weight.device).manual_seed(TEST_SEED + number)
        return data.test.clips(count, length, self.config, generator)

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Neither gradients nor running statistics."""
        training = self.training
        self.eval()
        try:
            with torch.no_grad():
                yield
        finally:
            self.train(training)

    def look(self, data: VideoData, step: int) -> Look:
        """The landscape of one held-out clip, and where the frames of many stand."""
        found = self._landscape(data)
        return Look(step, (*(() if found is None else (found,)), *self._map(data)))

    def _map(self, data: VideoData) -> tuple[Embedding, Spectrum]:
        clips = self.held_out(data, clip_map.MAPPED, clip_map.FRAMES)
        with self.evaluating():
            z = self.latents(clips.frames).cpu()
            spectrum = clip_map.spectrum(z)
            scene = clips.scene if self.config.background in ("drift", "fixed") else None
            if (
                scene is not None
            ):  # few backgrounds are shared, so that those before one can be seen to stand together
                clips = scene.before(BACKGROUNDS).made()
                z = self.latents(clips.frames).cpu()
        embedding, self._projection = clip_map.embedding(
            z, clips, float(self.extent), data.shape_names, self._projection
        )
        if scene is not None:
            told = (*embedding.colourings, clip_map.background(clips, BACKGROUNDS))
            embedding = replace(embedding, colourings=told)
        return embedding, spectrum

    def scene(self, data: VideoData, number: int = 0) -> Scene | None:
        """One held-out clip before it is drawn, the frame to predict last; None of video that was filmed."""
        return self.held_out(data, 1, self.config.context + 1, FACE + number).scene

    def _landscape(self, data: VideoData) -> Landscape | None:
        return None if (scene := self.scene(data)) is None else self.landscape(scene, "position", COARSE)

    def landscape(self, scene: Scene, over: Literal["position", "velocity"], grid: int) -> Landscape:
        """Of the one clip of ``scene``, on ``grid`` x ``grid`` places or velocities."""
        measure = landscape if over == "position" else velocity_landscape
        with self.evaluating():
            return measure(self.energies, scene, grid, *self.untrained.tolist())

    def over_shapes(self, scene: Scene, names: tuple[str, ...]) -> ShapeEnergies:
        """Of the one clip of ``scene``; ``names``: of its shapes."""
        with self.evaluating():
            return shape_energies(self.energies, scene, names, *self.untrained.tolist())

    def at_hand(self, scene: Scene, place: tuple[float, float]) -> EnergyAtHand:
        """Of the one clip of ``scene``, with the object of the next frame at ``place``, in pixels."""
        with self.evaluating():
            return at_hand(self.energies, scene, place)

    def quick_probe(self, data: VideoData) -> Probe:
        """Without the valleys."""
        return self.probe(data, valleys=False)

    def probe(self, data: VideoData, *, valleys: bool = True) -> Probe:
        """What a frame's latent knows of the world, whether latents are alive, and how far ``valleys`` are from the
        truth."""
        clips = self.held_out(data, EVALUATED, self.config.context + 1)
        with self.evaluating():
            z = self.latents(clips.frames)
            scalars = clip_probes(z.cpu(), clips.truth) | self.predicted(clips.frames, z)
            if clips.scene is not None:
                found = self._landscape(data)
                low, high = self.untrained.tolist()
                if found is not None and high > low:
                    scalars["depth"] = float(found.energies.max() - found.energies.min()) / (high - low)
                if self.config.background in ("drift", "fixed"):
                    before = self.latents(clips.scene.frames(slice(0, 1)).before(BACKGROUNDS).draw())[:, 0]
                    scalars["background_accuracy"] = background_accuracy(before.cpu(), BACKGROUNDS)
                if valleys:
                    few = clips.scene.clips(slice(0, VALLEYS))
                    scalars["valley_error"] = float(valley_errors(self.energies, few, FINE).mean())
        pixels = float(temporal_variance_share(clips.frames.flatten(2).cpu()))
        return Probe(scalars, {"dimension": float(self.config.dimension), "pixel_variance_share": pixels})

    def predicted(self, frames: Tensor, z: Tensor) -> dict[str, float]:
        """Further scalars of a probe, of a method whose predictions are latents: of clips ``(N, C + 1, 3, H, W)`` and their
        latents ``(N, C + 1, D)``."""
        return {}
