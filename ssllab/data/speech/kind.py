"""Speech: what there is of it, and who reads which."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ssllab.data.kind import Kind, Request, SourceInfo, Words, length
from ssllab.data.speech.formats import AUDIO_SUFFIXES

if TYPE_CHECKING:
    from ssllab.data.speech.types import SpeechData


def _load(name: str, request: Request) -> SpeechData:
    root, progress, cancelled = request.root, request.progress, request.cancelled
    match name:
        case "spoken":
            from ssllab.data.speech.samples import spoken

            return spoken()
        case "takes":
            from ssllab.data.speech.takes import takes

            return takes(request.workspace, root=root, progress=progress, cancelled=cancelled)
        case "fsdd" | "librispeech" | "speech_commands":
            from ssllab.data.speech import downloads

            return downloads.load(name, root=root, progress=progress, cancelled=cancelled)
    from ssllab.data.speech.folder import folder

    return folder(Path(name).expanduser(), root=root, progress=progress, cancelled=cancelled)


def _join(sets: Sequence[SpeechData], root: Path | None) -> SpeechData:
    from ssllab.data.speech.combine import combine

    return combine(sets, root=root)


def _amount(data: SpeechData) -> str:
    train, test = data.train, data.test
    return f"{len(train):,} clips, {length(train.seconds)} of speech to learn from, {length(test.seconds)} held out"


KIND = Kind(
    name="speech",
    title="Speech",
    item="s of audio",
    own="recordings",
    default="spoken",
    load=_load,
    formats=AUDIO_SUFFIXES,
    join=_join,
    amount=_amount,
    words=Words(
        "The speech that is learned from",
        "Open a folder of recordings…",
        "A folder of recordings, with or without transcripts",
        "Open a recording…",
        f"Recordings ({' '.join(f'*{suffix}' for suffix in AUDIO_SUFFIXES)});;Every file (*)",
    ),
    sources=(
        SourceInfo(
            "spoken",
            "Spoken samples",
            "Twenty minutes of small sentences in several synthetic voices. Every word and phone is known to the "
            "millisecond, so probes can say what a code means; the test sentences are never heard in training.",
            "Spoken by espeak-ng from sentences of our own (tools/make_spoken_samples.py); MIT licence.",
        ),
        SourceInfo(
            "takes",
            "Your takes",
            "What you recorded or imported in the Speech lab. Transcripts that you typed are used.",
            "Your own; nothing leaves this machine.",
            grows=True,
        ),
        SourceInfo(
            "fsdd",
            "Free Spoken Digits",
            "2,500 digits from zero to nine, spoken by five people: the smallest real set with words and speakers.",
            "Jackson and others, https://github.com/Jakobovski/free-spoken-digit-dataset, CC BY-SA 4.0.",
            download_mb=12,
            classes=10,
        ),
        SourceInfo(
            "librispeech",
            "LibriSpeech",
            "Five hours of read English with transcripts (mini LibriSpeech), tested on two hours by other people: "
            "the standard benchmark, in a size for one machine.",
            "Panayotov, Chen, Povey and Khudanpur, 2015, https://www.openslr.org/31/, CC BY 4.0.",
            download_mb=458,
        ),
        SourceInfo(
            "speech_commands",
            "Speech Commands",
            "105,829 one-second clips of 35 words by 2,618 people (version 0.02).",
            "Warden, 2018, https://arxiv.org/abs/1804.03209, CC BY 4.0.",
            download_mb=2430,
            classes=35,
        ),
    ),
)
