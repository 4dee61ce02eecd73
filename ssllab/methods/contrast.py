"""What the methods of the Contrast lab share: an encoder and a head, and how they are looked at.

``look`` is the light picture of some fixed images (the embedding map, forces, histograms), ``probe`` the
heavier question what the representation knows, by held-out labels. Neither touches the weights, the running
statistics or the random numbers of training.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor, nn

from ssllab.data.augment import as_float, two_views
from ssllab.diagnostics.forces import force_weights, info_nce_forces, nt_xent_forces
from ssllab.diagnostics.geometry import alignment, uniformity
from ssllab.diagnostics.knn import knn_accuracy
from ssllab.diagnostics.linear_probe import linear_probes
from ssllab.diagnostics.projection import Projection, project
from ssllab.diagnostics.similarity import contrastive_accuracy, similarities, similarity_statistics
from ssllab.diagnostics.spectrum import channel_std, effective_rank, normalized_std, rankme, singular_values
from ssllab.doctor.contrast import diagnose
from ssllab.doctor.contrast_evidence import contrast_evidence
from ssllab.doctor.log import Log
from ssllab.doctor.verdict import Verdict
from ssllab.methods.base import Method, Probe
from ssllab.methods.contrast_settings import ContrastConfig
from ssllab.methods.pair_scalars import CONTRAST_CHARTS, CONTRAST_SERIES, PAIR_CHARTS, PAIR_SERIES
from ssllab.nn.encoders import Encoder, build_encoder
from ssllab.nn.heads import build_head
from ssllab.objectives.contrast import Contrast, unit
from ssllab.objectives.info_nce import info_nce_logits
from ssllab.objectives.nt_xent import nt_xent_logits
from ssllab.scalars import Series

if TYPE_CHECKING:
    import numpy as np

    from ssllab.data.types import ImageData, ImageSplit

MAP_IMAGES = 200  # as many thumbnails as a map can show
PREPARING_IMAGES = 128
BANK, QUERIES = 1500, 1000  # images of a live probe: about a second of work on two cores
HISTOGRAM_BINS = 60
MAP_SEED = 20020  # the map's views are drawn with the same numbers each time: what moves is the model


@dataclass(frozen=True)
class ContrastLook:
    """The fixed images of the map at one moment; M images, two views each; numpy, float32 unless said."""

    step: int
    temperature: float
    variant: str
    z: np.ndarray  # (2M, D) unit embeddings, first views then second views
    points: np.ndarray  # (2M, d) on the map, d = 2 or 3
    attraction: np.ndarray  # (2M, d) negative gradient of the loss, its part towards positives
    repulsion: np.ndarray  # (2M, d) ... and away from negatives
    kind: str  # "circle", "sphere" or "pca"
    explained: float
    views: np.ndarray  # (2M, H, W, 3) uint8
    histogram_edges: np.ndarray  # (B + 1,)
    positive_histogram: np.ndarray  # (B,) density
    negative_histogram: np.ndarray  # (B,) density
    positive_probability: np.ndarray  # (anchors,)
    negative_weights: np.ndarray  # (negatives,) mean share of the push, hardest first
    effective_negatives: float
    negatives: int
    positive_force: float
    negative_force: float
    hardest_force: float
    singular_values_h: np.ndarray
    singular_values_z: np.ndarray
    channel_std_h: np.ndarray
    channel_std_z: np.ndarray


class ContrastMethod(Method):
    """An encoder f and a head g trained by comparing two views of an image with other images."""

    lab = "contrast"
    config: ContrastConfig
    encoder: Encoder
    head: nn.Module
    series: ClassVar[dict[str, Series]] = {**CONTRAST_SERIES, **PAIR_SERIES}
    charts = (*CONTRAST_CHARTS, *PAIR_CHARTS)

    def __init__(self, config: ContrastConfig, image_size: int) -> None:
        super().__init__()
        self.config = config
        self.encoder, self.head = build_networks(config, image_size)
        self._projection: Projection | None = None

    @property
    def dimension_h(self) -> int:
        """Width of the representation h."""
        return self.encoder.dimension

    @property
    def dimension_z(self) -> int:
        """Width of the embedding z."""
        return self.encoder.dimension if self.config.head == "none" else self.config.dimension

    def embed(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """``(B, 3, H, W)`` float images -> ``h (B, dimension_h)``, ``z (B, dimension_z)``, as in training."""
        h = self.encoder(images)
        return h, self.head(h)

    def contrast(self, first: Tensor, second: Tensor) -> Contrast:
        """The classification whose cross-entropy is the loss, for embeddings of two views ``(N, D)``."""
        if self.config.loss == "info_nce":
            return info_nce_logits(first, second, self.config.temperature)
        return nt_xent_logits(first, second, self.config.temperature)

    def views(self, images: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Anchor and positive: two augmentations, or in the lecture's variant the original and one."""
        first, second = two_views(images, self.config, generator)
        return (as_float(images), second) if self.config.loss == "info_nce" else (first, second)

    @torch.no_grad()
    def measure(self, contrast: Contrast) -> dict[str, Tensor]:
        """The scalars of a step, by name; 0-d tensors on the training device."""
        temperature = self.config.temperature
        accuracy = contrastive_accuracy(contrast)
        similarity = similarity_statistics(contrast, temperature)
        forces = force_weights(contrast, temperature)
        candidates = (~contrast.logits[0].isneginf()).sum()
        chance = candidates.float().log()
        return {
            "chance_loss": chance,
            "contrastive_chance": chance.neg().exp(),
            "contrastive_top1": accuracy[1],
            "contrastive_top5": accuracy[5],
            "positive_similarity": similarity.positive,
            "negative_similarity": similarity.negative,
            "positive_force": forces.positive_force.mean(),
            "negative_force": forces.hardest_negative_force.mean(),
            "effective_negatives": forces.effective_negatives.mean(),
        }

    @torch.no_grad()
    def prepare(self, data: ImageData) -> None:
        """Give batch norm the statistics of real images before the first probe.

        Its initial mean 0 and variance 1 would make the untrained encoder look far worse than it is, and every
        later gain over it larger (kNN on Photos: 27 against 50 %). Training itself is not changed by it.
        """
        train = data.train.images
        few = torch.linspace(0, len(train) - 1, min(PREPARING_IMAGES, len(train))).long()
        norms = [m for m in self.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
        usual = [norm.momentum for norm in norms]
        for norm in norms:
            norm.momentum = 1.0  # take this batch's statistics as they are
        self.embed(as_float(train[few.to(train.device)]))
        for norm, momentum in zip(norms, usual, strict=True):
            norm.momentum = momentum
            if norm.num_batches_tracked is not None:
                norm.num_batches_tracked.zero_()

    @torch.no_grad()
    def encode(self, images: Tensor, chunk: int = 512) -> tuple[Tensor, Tensor]:
        """``h`` and ``z`` of images (uint8 or float), in evaluation mode, on the CPU in float32."""
        training = self.training
        self.eval()
        try:
            parts = [self.embed(as_float(part)) for part in images.split(chunk)]
        finally:
            self.train(training)
        h, z = (torch.cat([part[i].float().cpu() for part in parts]) for i in (0, 1))
        return h, z

    def map_images(self, data: ImageData) -> Tensor:
        """The fixed images of the map: ``(M, 3, H, W)`` uint8, evenly over the held-out split."""
        return data.test.images[map_index(len(data.test))]

    @torch.no_grad()
    def look(self, data: ImageData, step: int) -> ContrastLook:
        """The light probe; some hundred images through the encoder."""
        images = self.map_images(data)
        generator = torch.Generator(images.device).manual_seed(MAP_SEED)
        first, second = self.views(images, generator)
        h, z = self.encode(torch.cat([first, second]))
        z = unit(z)
        z1, z2 = z.chunk(2)
        variant, temperature = self.config.loss, self.config.temperature
        if variant == "info_nce":
            contrast = info_nce_logits(z1, z2, temperature, normalize=False)
            forces = info_nce_forces(z1, z2, temperature)
        else:
            contrast = nt_xent_logits(z1, z2, temperature, normalize=False)
            forces = nt_xent_forces(z1, z2, temperature)
        self._projection = projection = project(z, previous=self._projection)
        weights = force_weights(contrast, temperature)
        edges = torch.linspace(-1, 1, HISTOGRAM_BINS + 1)
        cosines = similarities(contrast, temperature)
        push = contrast.logits.scatter(1, contrast.targets[:, None], -torch.inf).softmax(1)
        negatives = int(weights.negatives[0])
        sorted_push = push.sort(1, descending=True).values[:, :negatives].mean(0)
        pictures = torch.cat([first, second]).mul(255).round().byte().permute(0, 2, 3, 1).cpu()
        arrays = {
            "z": z,
            "points": projection.points(z),
            "attraction": projection.vectors(forces.attraction),
            "repulsion": projection.vectors(forces.repulsion),
            "views": pictures,
            "histogram_edges": edges,
            "positive_histogram": _density(cosines.positive, edges),
            "negative_histogram": _density(cosines.negative, edges),
            "positive_probability": weights.positive_probability,
            "negative_weights": sorted_push,
            "singular_values_h": singular_values(h).float(),
            "singular_values_z": singular_values(z).float(),
            "channel_std_h": channel_std(unit(h)),
            "channel_std_z": channel_std(z),
        }
        return ContrastLook(
            step=step,
            temperature=temperature,
            variant=variant,
            kind=projection.kind,
            explained=float(projection.explained),
            effective_negatives=float(weights.effective_negatives.mean()),
            negatives=negatives,
            positive_force=float(weights.positive_force.mean()),
            negative_force=float(weights.negative_force.mean()),
            hardest_force=float(weights.hardest_negative_force.mean()),
            **{name: value.contiguous().numpy() for name, value in arrays.items()},
        )

    @torch.no_grad()
    def probe(self, data: ImageData, *, bank: int = BANK, queries: int = QUERIES) -> Probe:
        """What h and g(h) know: kNN and linear probes on held-out images, collapse, alignment, uniformity."""
        train, test = _subset(data.train, bank), _subset(data.test, queries)
        h_train, z_train = self.encode(train.images)
        h_test, z_test = self.encode(test.images)
        scalars: dict[str, float] = {}
        for suffix, fit, held_out in (("", h_train, h_test), ("_z", z_train, z_test)):
            scalars |= _label_probes(suffix, fit, held_out, train, test, len(data.class_names))
        for suffix, features in (("h", h_test), ("z", z_test)):
            scalars[f"rankme_{suffix}"] = float(rankme(features))
            scalars[f"effective_rank_{suffix}"] = float(effective_rank(features))
            scalars[f"std_{suffix}"] = float(channel_std(features).mean())
            scalars[f"std_{suffix}_normalized"] = float(normalized_std(features))
        images = self.map_images(data)
        generator = torch.Generator(images.device).manual_seed(MAP_SEED)
        _, z = self.encode(torch.cat(self.views(images, generator)))
        z1, z2 = z.chunk(2)
        scalars["alignment"] = float(alignment(z1, z2))
        scalars["uniformity"] = float(uniformity(z))
        return Probe(scalars, self.constants(data))

    def diagnose(self, metrics: Log, probes: Log, constants: dict[str, float], last_change: int) -> Verdict:
        """The doctor's word on this run."""
        return diagnose(contrast_evidence(self.config, metrics, probes, constants, last_change))

    def constants(self, data: ImageData) -> dict[str, float]:
        """Chance levels and ceilings for the plots, by name."""
        found = {"dimension_h": float(self.dimension_h), "dimension_z": float(self.dimension_z)}
        if data.test.labels is not None and len(data.test.labels):
            found["chance_top1"] = float(data.test.labels.bincount().max()) / len(data.test.labels)
        for factor in data.test.factors:
            found[f"chance_factor_{factor.name}"] = float(factor.values.bincount().max()) / len(factor.values)
        return found


def build_networks(config: ContrastConfig, image_size: int) -> tuple[Encoder, nn.Module]:
    """A fresh encoder and head as the config says."""
    encoder = build_encoder(config.encoder, image_size)
    head = build_head(config.head, encoder.dimension, config.head_width, config.head_layers, config.dimension)
    return encoder, head


def map_index(images: int) -> Tensor:
    """Which of the held-out images are on the map, ``(M,)`` int64: evenly spaced, the same in every run."""
    return torch.linspace(0, images - 1, min(MAP_IMAGES, images)).round().long()


def _subset(split: ImageSplit, count: int) -> ImageSplit:
    from ssllab.data.types import Factor, ImageSplit

    index = torch.linspace(0, len(split) - 1, min(count, len(split))).round().long()
    return ImageSplit(
        split.images[index],
        None if split.labels is None else split.labels[index],
        tuple(Factor(f.name, f.values[index], f.names) for f in split.factors),
    )


def _label_probes(
    suffix: str, fit: Tensor, held_out: Tensor, train: ImageSplit, test: ImageSplit, classes: int
) -> dict[str, float]:
    targets: dict[str, tuple[Tensor, Tensor, int]] = {}
    scalars: dict[str, float] = {}
    if train.labels is not None and test.labels is not None and classes > 1:
        targets["linear_top1"] = (train.labels, test.labels, classes)
        scalars[f"knn_top1{suffix}"] = float(
            knn_accuracy(unit(fit), train.labels, unit(held_out), test.labels, classes)
        )
    for here, there in zip(train.factors, test.factors, strict=True):
        targets[f"factor_{here.name}"] = (here.values, there.values, len(here.names))
    with torch.enable_grad():
        accuracies = linear_probes(fit, held_out, targets)
    return scalars | {f"{name}{suffix}": value for name, value in accuracies.items()}


def _density(values: Tensor, edges: Tensor) -> Tensor:
    bins = len(edges) - 1
    counts = torch.histc(values.float().clamp(-1, 1), bins=bins, min=-1, max=1)
    return counts / counts.sum().clamp_min(1) * bins / 2
