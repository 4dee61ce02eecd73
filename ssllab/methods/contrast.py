"""What the contrastive methods add to the pairs: each view must find its positive among negatives, by a softmax."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from ssllab.data.images.augment import as_float
from ssllab.diagnostics.forces import force_weights, info_nce_forces, nt_xent_forces
from ssllab.diagnostics.projection import Projection
from ssllab.diagnostics.similarity import contrastive_accuracy, similarities, similarity_statistics
from ssllab.doctor.contrast import RULES
from ssllab.looks import Negatives, PairForces, Similarities
from ssllab.methods.contrast_settings import ContrastConfig
from ssllab.methods.pair_scalars import CONTRAST_CHARTS, CONTRAST_SERIES
from ssllab.methods.pairs import PairMethod, as_array
from ssllab.objectives.contrast import Contrast
from ssllab.objectives.info_nce import info_nce_logits
from ssllab.objectives.nt_xent import nt_xent_logits

HISTOGRAM_BINS = 60


class ContrastMethod(PairMethod):
    """An encoder f and a head g trained by comparing two views of an image with other images."""

    rules = RULES
    parts: ClassVar[dict[type, str]] = {**PairMethod.parts, PairForces: "", Similarities: "", Negatives: ""}
    config: ContrastConfig
    series = CONTRAST_SERIES
    charts = CONTRAST_CHARTS

    def contrast(self, first: Tensor, second: Tensor) -> Contrast:
        """The classification whose cross-entropy is the loss, for embeddings of two views ``(N, D)``."""
        if self.config.loss == "info_nce":
            return info_nce_logits(first, second, self.config.temperature)
        return nt_xent_logits(first, second, self.config.temperature)

    def views(self, images: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Anchor and positive: two augmentations, or in the lecture's variant the original and one."""
        first, second = super().views(images, generator)
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

    def pair_parts(self, z: Tensor, projection: Projection) -> tuple[object, ...]:
        """Forces, similarities, and who pushes."""
        z1, z2 = z.chunk(2)
        variant, temperature = self.config.loss, self.config.temperature
        if variant == "info_nce":
            contrast = info_nce_logits(z1, z2, temperature, normalize=False)
            forces = info_nce_forces(z1, z2, temperature)
        else:
            contrast = nt_xent_logits(z1, z2, temperature, normalize=False)
            forces = nt_xent_forces(z1, z2, temperature)
        weights = force_weights(contrast, temperature)
        edges = torch.linspace(-1, 1, HISTOGRAM_BINS + 1)
        cosines = similarities(contrast, temperature)
        push = contrast.logits.scatter(1, contrast.targets[:, None], -torch.inf).softmax(1)
        shares = push.sort(1, descending=True).values[:, : int(weights.negatives[0])].mean(0)
        return (
            PairForces(
                as_array(projection.vectors(forces.attraction)),
                as_array(projection.vectors(forces.repulsion)),
            ),
            Similarities(
                as_array(edges),
                as_array(_density(cosines.positive, edges)),
                as_array(_density(cosines.negative, edges)),
            ),
            Negatives(temperature, variant, as_array(shares), float(weights.effective_negatives.mean())),
        )


def _density(values: Tensor, edges: Tensor) -> Tensor:
    bins = len(edges) - 1
    counts = torch.histc(values.float().clamp(-1, 1), bins=bins, min=-1, max=1)
    return counts / counts.sum().clamp_min(1) * bins / 2
