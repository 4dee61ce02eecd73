"""Several sets of speech as one: what ``A+B`` means."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from ssllab.data.download import cache_directory
from ssllab.data.speech.reel import Shelf
from ssllab.data.speech.types import SAMPLE_RATE, Span, SpeechData, SpeechSplit

_BLOCK = 600 * SAMPLE_RATE


def combine(sets: Sequence[SpeechData], *, root: Path | None = None) -> SpeechData:
    """The clips of all ``sets``, train with train and test with test, in their order.

    Clips are named after their set. Word classes are kept where every set has them; transcripts, speakers,
    words and phones wherever one knows them. More than two hours go into a mapped file below ``root``.
    """
    titles = [data.title for data in sets]
    name = "+".join(data.name for data in sets)
    class_names = tuple(dict.fromkeys(word for data in sets for word in data.class_names))
    if not all(data.class_names for data in sets):
        class_names = ()
    shelf = Shelf(root or cache_directory(), name, "combined")

    def join(which: str) -> SpeechSplit:
        return _join(
            titles,
            [(data.train if which == "train" else data.test) for data in sets],
            [data.class_names for data in sets],
            class_names,
            shelf,
            which,
        )

    return SpeechData(
        name=name,
        title=" + ".join(titles),
        train=join("train"),
        test=join("test"),
        class_names=class_names,
        about=" ".join(f"{data.title}: {data.about}" for data in sets),
        skipped=tuple(skipped for data in sets for skipped in data.skipped),
    )


def _join(
    titles: Sequence[str],
    splits: Sequence[SpeechSplit],
    own_classes: Sequence[tuple[str, ...]],
    class_names: tuple[str, ...],
    shelf: Shelf,
    which: str,
) -> SpeechSplit:
    writer = shelf.writer(which)
    try:
        for split in splits:
            for block in split.audio.split(_BLOCK):
                writer.add(block.numpy())
        audio = writer.finish().audio
    finally:
        writer.discard()
    lengths = torch.cat([split.starts.diff() for split in splits])
    labels: Tensor | None = None
    if class_names:
        numbers = {name: number for number, name in enumerate(class_names)}
        labels = torch.tensor(
            [
                numbers[own[label]]
                for split, own in zip(splits, own_classes, strict=True)
                for label in (split.labels.tolist() if split.labels is not None else ())
            ],
            dtype=torch.int64,
        )

    def spans(of: str) -> tuple[tuple[Span, ...], ...]:
        known = [getattr(split, of) for split in splits]
        if not any(known):
            return ()
        return tuple(
            clip for split, spans in zip(splits, known, strict=True) for clip in (spans or ((),) * len(split))
        )

    return SpeechSplit(
        audio=audio,
        starts=torch.cat([torch.zeros(1, dtype=torch.int64), lengths.cumsum(0)]),
        names=tuple(
            f"{title}/{name}" for title, split in zip(titles, splits, strict=True) for name in split.names
        ),
        texts=tuple(text for split in splits for text in split.texts),
        speakers=tuple(who for split in splits for who in split.speakers),
        labels=labels,
        words=spans("words"),
        phones=spans("phones"),
    )
