"""Every clip that can be put on the desk: the data's, held out ones first, and the person's own takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssllab.ui.speech.clip import RATE, Clip, Listed

if TYPE_CHECKING:
    from ssllab.data.speech.types import SpeechData, SpeechSplit

GROUPS = {"takes": "Takes", "test": "Held out", "train": "Training"}


def clips_of(data: SpeechData) -> list[Listed]:
    """The data's clips, held out ones first; nothing is read yet."""
    return [
        Listed(f"{group}/{i}", split.names[i], group, _seconds(split, i), lambda s=split, i=i: clip_of(s, i))
        for group, split in (("test", data.test), ("train", data.train))
        for i in range(len(split))
    ]


def clip_of(split: SpeechSplit, i: int) -> Clip:
    """Clip ``i`` with all that is known of it; its samples are a view of the data's."""
    start, end = int(split.starts[i]), int(split.starts[i + 1])
    return Clip(
        split.names[i],
        split.audio[start:end].numpy(),
        split.texts[i],
        split.words[i] if split.words else (),
        split.phones[i] if split.phones else (),
    )


def _seconds(split: SpeechSplit, i: int) -> float:
    return (int(split.starts[i + 1]) - int(split.starts[i])) / RATE
