"""What the methods share that compare two views of an image: an encoder and a head, and how they are looked at.

``look`` is the light picture of some fixed images (the embedding map, the spectrum), ``probe`` the heavier question
what the representation knows, by held-out labels. Neither touches the weights, the running statistics or the random
numbers of training. How the views are compared is a method's own: no loss is known here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Self

import torch
from torch import Tensor, nn

from ssllab.data.images.augment import as_float, two_views
from ssllab.data.images.batches import ImageBatches
from ssllab.data.images.probed import probed
from ssllab.data.pixels import pixels
from ssllab.diagnostics.geometry import alignment, chance_alignment, uniformity
from ssllab.diagnostics.knn import knn_accuracy, neighbours
from ssllab.diagnostics.linear_probe import linear_probes
from ssllab.diagnostics.projection import Projection, project
from ssllab.diagnostics.spectrum import (
    channel_std,
    covariance_matrix,
    effective_rank,
    mean_cosine,
    noise_rank,
    normalized_std,
    rankme,
    singular_values,
)
from ssllab.doctor.pairs import RULES
from ssllab.looks import Embedding, Look, Spectrum
from ssllab.methods.base import Method, Probe
from ssllab.methods.pair_scalars import LIVE_BANK, PAIR_CHARTS, PAIR_SERIES
from ssllab.methods.pair_settings import PairSettings
from ssllab.nn.encoders import Encoder, build_encoder
from ssllab.nn.heads import build_head
from ssllab.objectives.contrast import full_precision, unit

if TYPE_CHECKING:
    import numpy as np

    from ssllab.data.images.types import ImageData, ImageSplit

MAP_IMAGES = 200  # as many thumbnails as a map can show
PREPARING_IMAGES = 128
QUERIES = 1000  # images that a live probe asks about: about a second of work on two cores
QUICK_BANK, QUICK_QUERIES = 600, 300
MAP_SEED = 20020  # the map's views are drawn with the same numbers each time: what moves is the model


class PairMethod(Method):
    """An encoder f and a head g trained by what two views of an image have in common."""

    kinds = ("images",)
    rules = RULES
    parts: ClassVar[dict[type, str]] = {Embedding: "", Spectrum: ""}
    series = PAIR_SERIES
    charts = PAIR_CHARTS
    raw: ClassVar[bool] = False  # the loss sees the lengths of embeddings, not their directions alone
    config: PairSettings
    encoder: Encoder
    head: nn.Module

    def __init__(self, config: PairSettings, image_size: int) -> None:
        super().__init__()
        self.config = config
        self.encoder, self.head = build_networks(config, image_size)
        self._projection: Projection | None = None

    @classmethod
    def build(cls, config: Any, data: ImageData, read_model: Callable[[str], Any] | None = None) -> Self:
        """A fresh method for images of the size of ``data``."""
        return cls(config, data.image_size)

    def batches(self, data: ImageData, seed: int, rank: int = 0, ranks: int = 1) -> ImageBatches:
        """Images in a new order every epoch."""
        return ImageBatches(data.train, seed, rank, ranks)

    @property
    def dimension_h(self) -> int:
        """Width of the representation h."""
        return self.encoder.dimension

    @property
    def dimension_z(self) -> int:
        """Width of the embedding z."""
        return self.encoder.dimension if self.config.head == "none" else self.config.dimension

    def embed(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """``(B, 3, H, W)`` float images -> ``h (B, dimension_h)``, ``z (B, dimension_z)``, as in training.

        Both are float32, whatever the networks compute in: a loss is no place to round.
        """
        h = self.encoder(images)
        return full_precision(h), full_precision(self.head(h))

    def views(self, images: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Two random augmentations of each image, ``(B, 3, H, W)`` float."""
        with torch.autocast(images.device.type, enabled=False):  # colours of 8 bits would be rounded to 8
            return two_views(images, self.config, generator)

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

    def map_views(self, data: ImageData) -> tuple[Tensor, Tensor]:
        """Two views of each of the map's images, the same at every call."""
        images = self.map_images(data)
        return self.views(images, torch.Generator(images.device).manual_seed(MAP_SEED))

    @torch.no_grad()
    def look(self, data: ImageData, step: int) -> Look:
        """The light probe; some hundred images through the encoder."""
        views = torch.cat(self.map_views(data))
        h, z = self.encode(views)
        h_seen = h if self.raw else unit(h)
        z = z if self.raw else unit(z)
        self._projection = projection = project(z, previous=self._projection)
        embedding = Embedding(
            z=as_array(z),
            points=as_array(projection.points(z)),
            kind="latents" if self.raw and projection.kind != "pca" else projection.kind,
            explained=float(projection.explained),
            views=pixels(views),
            extent=self.map_extent(),
        )
        spectrum = Spectrum(
            singular_values_h=as_array(singular_values(h).float()),
            singular_values_z=as_array(singular_values(z).float()),
            channel_std_h=as_array(channel_std(h_seen)),
            channel_std_z=as_array(channel_std(z)),
            covariance=as_array(covariance_matrix(z)),
            mean_cosine=float(mean_cosine(z[: len(z) // 2])),
            raw=self.raw,
        )
        return Look(step, (embedding, spectrum, *self.pair_parts(z, projection)))

    def map_extent(self) -> float | None:
        """See :attr:`ssllab.looks.Embedding.extent`."""
        return None

    def pair_parts(self, z: Tensor, projection: Projection) -> tuple[object, ...]:
        """Further parts of the look, of a method that knows more of its pairs. ``z (2M, D)``: unit embeddings of the
        map's views, first views then second views.
        """
        return ()

    @torch.no_grad()
    def probe(
        self, data: ImageData, *, bank: int = LIVE_BANK, queries: int = QUERIES, k: int | None = None
    ) -> Probe:
        """What h and g(h) know: kNN and linear probes on held-out images, collapse, alignment, uniformity.

        ``k``: neighbours that vote, by default in proportion to the bank.
        """
        k = neighbours(bank) if k is None else k
        train, test, classes = probed(data, bank, queries)
        h_train, z_train = self.encode(train.images)
        h_test, z_test = self.encode(test.images)
        scalars: dict[str, float] = {}
        for suffix, fit, held_out in (("", h_train, h_test), ("_z", z_train, z_test)):
            scalars |= _label_probes(suffix, fit, held_out, train, test, classes, k)
        for suffix, features in (("h", h_test), ("z", z_test)):
            scalars[f"rankme_{suffix}"] = float(rankme(features))
            scalars[f"effective_rank_{suffix}"] = float(effective_rank(features))
            scalars[f"std_{suffix}"] = float(channel_std(features).mean())
            scalars[f"std_{suffix}_normalized"] = float(normalized_std(features))
        _, z = self.encode(torch.cat(self.map_views(data)))
        z1, z2 = z.chunk(2)
        scalars["alignment"] = float(alignment(z1, z2))
        scalars["chance_alignment"] = float(chance_alignment(z1, z2))
        scalars["uniformity"] = float(uniformity(z))
        return Probe(scalars, self.constants(test))

    def quick_probe(self, data: ImageData) -> Probe:
        """Of fewer images."""
        return self.probe(data, bank=QUICK_BANK, queries=QUICK_QUERIES)

    def constants(self, test: ImageSplit) -> dict[str, float]:
        """Chance levels and ceilings for the plots, by name; ``test`` are the images that were asked about."""
        found = {"dimension_h": float(self.dimension_h), "dimension_z": float(self.dimension_z)}
        for key, dimensions in (("h", self.dimension_h), ("z", self.dimension_z)):
            ranks = noise_rank(len(test), dimensions)
            found[f"noise_rankme_{key}"], found[f"noise_effective_rank_{key}"] = ranks
        if test.labels is not None and len(test.labels):
            found["chance_top1"] = float(test.labels.bincount().max()) / len(test.labels)
        for factor in test.factors:
            found[f"chance_factor_{factor.name}"] = float(factor.values.bincount().max()) / len(factor.values)
        return found


def build_networks(config: PairSettings, image_size: int) -> tuple[Encoder, nn.Module]:
    """A fresh encoder and head as the config says."""
    encoder = build_encoder(config.encoder, image_size)
    head = build_head(
        config.head,
        encoder.dimension,
        config.head_width,
        config.head_layers,
        config.dimension,
        config.scaled_output,
    )
    return encoder, head


def map_index(images: int) -> Tensor:
    """Which of the held-out images are on the map, ``(M,)`` int64: evenly spaced, the same in every run."""
    return torch.linspace(0, images - 1, min(MAP_IMAGES, images)).round().long()


def as_array(tensor: Tensor) -> np.ndarray:
    """The numbers of a tensor on the CPU, as a part of a look holds them."""
    return tensor.contiguous().numpy()


def _label_probes(
    suffix: str, fit: Tensor, held_out: Tensor, train: ImageSplit, test: ImageSplit, classes: int, k: int
) -> dict[str, float]:
    targets: dict[str, tuple[Tensor, Tensor, int]] = {}
    scalars: dict[str, float] = {}
    if train.labels is not None and test.labels is not None and classes > 1:
        targets["linear_top1"] = (train.labels, test.labels, classes)
        scalars[f"knn_top1{suffix}"] = float(
            knn_accuracy(unit(fit), train.labels, unit(held_out), test.labels, classes, k)
        )
    for here, there in zip(train.factors, test.factors, strict=True):
        targets[f"factor_{here.name}"] = (here.values, there.values, len(here.names))
    with torch.enable_grad():
        accuracies = linear_probes(fit, held_out, targets)
    return scalars | {f"{name}{suffix}": value for name, value in accuracies.items()}
