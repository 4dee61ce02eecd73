"""Every clip that can be put on the desk: the person's own takes, then the data's clips, held out ones first."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from ssllab.ui.labs.speech.widgets import take_shelf
from ssllab.ui.labs.speech.widgets.clip import RATE, Clip, Listed

if TYPE_CHECKING:
    from ssllab.audio.takes import Take
    from ssllab.data.speech.types import SpeechData, SpeechSplit

GROUPS = {"takes": "Takes", "test": "Held out", "train": "Training"}


def clips_of(data: SpeechData) -> list[Listed]:
    """The data's clips, held out ones first; nothing is read yet."""
    return [
        Listed(
            key,
            split.names[i],
            group,
            (int(split.starts[i + 1]) - int(split.starts[i])) / RATE,
            partial(clip_of, split, i, key),
            split.phones[i] if split.phones else (),
            split.words[i] if split.words else (),
        )
        for group, split in (("test", data.test), ("train", data.train))
        for i in range(len(split))
        for key in (f"{data.name}/{group}/{i}",)
    ]


def clips_of_takes(takes: Iterable[Take]) -> list[Listed]:
    """The person's takes, in their order."""
    return [
        Listed(
            take_shelf.key_of(take),
            take.name,
            "takes",
            take.seconds,
            partial(take_shelf.clip_of_take, take),
        )
        for take in takes
    ]


def clip_of(split: SpeechSplit, i: int, key: str) -> Clip:
    """Clip ``i`` with all that is known of it; its samples are a view of the data's."""
    start, end = int(split.starts[i]), int(split.starts[i + 1])
    return Clip(
        split.names[i],
        split.audio[start:end].numpy(),
        split.texts[i],
        split.words[i] if split.words else (),
        split.phones[i] if split.phones else (),
        key,
    )
