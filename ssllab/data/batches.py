"""What a step is trained on: data of any kind, and batches of it without end.

The place in the data is part of a checkpoint.
"""

from __future__ import annotations

from typing import Any, ClassVar, Protocol, Self

import torch

from ssllab.data.skipped import Skipped


class Data(Protocol):
    """A data set of some kind: :class:`ssllab.data.images.types.ImageData`, ``speech.types.SpeechData``."""

    kind: ClassVar[str]

    @property
    def name(self) -> str:
        """As the catalogue calls it."""

    @property
    def title(self) -> str:
        """For people."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """Of its labels; empty without labels."""

    @property
    def options(self) -> dict[str, int]:
        """The options of its kind that it was loaded with: given again, they give the same data."""

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """Files that could not be used."""

    def to(self, device: torch.device) -> Self:
        """The same data for training on ``device``."""


class Batches(Protocol):
    """Where batches come from. All that the next ones depend on is in :meth:`state`."""

    def next(self, config: Any) -> Any:
        """The next batch, as the settings in force want it."""

    def state(self) -> dict[str, Any]:
        """What :meth:`load` takes: a tree of tensors and scalars."""

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
