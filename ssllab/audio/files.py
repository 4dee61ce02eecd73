"""Audio files of any kind in, 16 kHz mono out, streamed: hours of sound need a few MB of memory.

:mod:`ssllab.audio.opening` finds who reads a file; one resampler (soxr) brings it to the rate. What is wrong with a
file but can be worked around (values that are no numbers, an end that is missing, a hole, channels that cancel each
other) is told through ``note``, a line each.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from ssllab.audio.errors import AudioError
from ssllab.audio.formats import SUFFIXES
from ssllab.audio.opening import length, open_sound, unreadable
from ssllab.audio.reader import CHUNK, Note, Reader
from ssllab.storage.files import why_refused

SAMPLE_RATE = 16_000
_PREROLL = 0.05  # seconds read before a start in mid-file, so that the resampler's filter is full
_RATES = range(
    1_000, 1_000_001
)  # hertz; from others the resampler would make hours, or a filter of gigabytes
_CANCELLED = 0.01  # of the channels' energy is left of their mean: they cancel each other


@dataclass(frozen=True)
class AudioInfo:
    """What the header says. ``format`` is a short word such as ``FLAC`` or ``WAV PCM_16``."""

    seconds: float
    rate: int
    channels: int
    format: str


def info(path: Path | str) -> AudioInfo:
    """The header of a file; nothing is decoded. Raises :class:`AudioError` in one line."""
    path = Path(path)
    with contextlib.closing(open_sound(path)) as reader:
        return AudioInfo(length(path, reader), reader.rate, reader.channels, reader.format)


def stream(
    path: Path | str,
    *,
    rate: int = SAMPLE_RATE,
    block_seconds: float = 10.0,
    start: float = 0.0,
    end: float | None = None,
    note: Note | None = None,
) -> Iterator[np.ndarray]:
    """Blocks of at most about ``block_seconds``: ``(n,)`` float32 mono at ``rate``, from ``start`` to ``end`` seconds.

    Channels are averaged. Sample k of the whole stream lies ``k / rate`` seconds after ``start``, less what ``note``
    was told to be lost before it. Raises :class:`AudioError` at once when the file cannot be read at all.
    """
    path, note = Path(path), note or (lambda line: None)
    return _stream(open_sound(path, end), path, rate, block_seconds, start, end, note)


def read(
    path: Path | str,
    rate: int = SAMPLE_RATE,
    *,
    start: float = 0.0,
    end: float | None = None,
    note: Note | None = None,
) -> np.ndarray:
    """The whole file, or its part from ``start`` to ``end`` seconds: ``(n,)`` float32 mono at ``rate``."""
    blocks = list(stream(path, rate=rate, start=start, end=end, note=note))
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def write(path: Path | str, samples: np.ndarray | Iterable[np.ndarray], rate: int = SAMPLE_RATE) -> None:
    """Write mono samples, in one piece or in blocks, in the format of the suffix (WAV and FLAC: 16 bit).

    Written beside and renamed: whoever opens ``path`` finds a whole file or none. Values beyond 1 are clipped.
    """
    path = Path(path)
    kind = path.suffix.lower().lstrip(".").upper()
    kind = {"OGA": "OGG", "OPUS": "OGG", "AIF": "AIFF"}.get(kind, kind)
    if kind not in soundfile.available_formats():
        raise AudioError(
            f"{path.name}: sound cannot be written as '{path.suffix}'. Use .wav, .flac, .ogg or .mp3."
        )
    subtype = (
        "OPUS" if path.suffix.lower() == ".opus" else "PCM_16" if kind in ("WAV", "FLAC", "AIFF") else None
    )
    beside = path.with_name(f".{path.name}.part")
    try:
        with soundfile.SoundFile(beside, "w", rate, 1, subtype, format=kind) as file:
            for block in [samples] if isinstance(samples, np.ndarray) else samples:
                # In pieces: libsndfile's Vorbis encoder keeps a whole write on the stack and dies of a long one.
                for begin in range(0, len(block), CHUNK):
                    file.write(np.clip(block[begin : begin + CHUNK], -1, 1))
        beside.replace(path)
    except soundfile.LibsndfileError as error:
        raise AudioError(
            f"{path}: cannot be written ({error.error_string.rstrip('. ')}). Choose another place or format."
        ) from None
    except OSError as error:
        raise AudioError(why_refused(error, path)) from None
    finally:
        beside.unlink(missing_ok=True)


def audio_files(folder: Path, suffixes: Collection[str] = SUFFIXES) -> list[Path]:
    """Every file below ``folder`` with one of ``suffixes`` (those of sound that is read), sorted; no hidden ones."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in suffixes
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def mono(frames: np.ndarray) -> np.ndarray:
    """The mean over channels: ``(n, channels)`` float32 -> ``(n,)``."""
    channels = frames.shape[1]
    # A product with a vector is five times as fast as numpy's mean over a short last axis.
    return frames[:, 0] if channels == 1 else frames @ np.full(channels, 1 / channels, np.float32)


class _Downmix:
    """Frames to mono: the mean, or one channel where the channels cancel each other, which is told once."""

    def __init__(self, name: str, note: Note) -> None:
        self._name, self._note = name, note
        self._told = False

    def __call__(self, frames: np.ndarray) -> np.ndarray:
        """``(n, channels)`` float32 -> ``(n,)``."""
        mean = mono(frames)
        if frames.shape[1] == 1:
            return mean
        powers = np.einsum("nc,nc->c", frames, frames)
        if np.dot(mean, mean) >= _CANCELLED * powers.mean() or not powers.any():
            return mean
        if not self._told:
            self._told = True
            self._note(f"{self._name}: its channels cancel each other out, so only one of them is used.")
        return frames[:, int((powers >= powers.max() / 2).argmax())]


def _stream(
    reader: Reader,
    path: Path,
    rate: int,
    block_seconds: float,
    start: float,
    end: float | None,
    note: Note,
) -> Iterator[np.ndarray]:
    downmix = _Downmix(path.name, note)
    before = min(start, _PREROLL)
    skip, heard, given = round(before * rate), 0.0, 0
    size = max(1, min(CHUNK, round(block_seconds * reader.rate)))
    resampler: soxr.ResampleStream | None = None
    with contextlib.closing(reader):
        blocks = _finite(_readable(reader.blocks(start - before, end, size, note), path), path, note)
        for frames, native, final in _with_last(blocks):
            samples = downmix(frames)
            heard += len(frames) / native
            if native != rate:
                if native not in _RATES:
                    raise AudioError(
                        f"{path.name} says {native:,} samples a second; expected {_RATES[0]:,} to {_RATES[-1]:,}. "
                        "Its header is damaged."
                    )
                resampler = resampler or soxr.ResampleStream(native, rate, 1, dtype="float32")
                samples = resampler.resample_chunk(samples, last=final)
                resampler = None if final else resampler
            if skip:
                skip, samples = max(0, skip - len(samples)), samples[skip:]
            if len(samples):
                given += len(samples)
                yield samples
        if not given and heard > before:
            raise AudioError(f"{path.name} is too short: less than one sample at {rate:,} Hz.")


Blocks = Iterator[tuple[np.ndarray, int]]


def _readable(blocks: Blocks, path: Path) -> Blocks:
    """The same; whatever a decoder or the disk says of the file becomes one line that names it."""
    try:
        yield from blocks
    except AudioError:
        raise
    except OSError as error:
        raise unreadable(path, error) from None
    except (soundfile.SoundFileError, RuntimeError, ValueError) as error:
        raise AudioError(f"{path.name} cannot be decoded ({' '.join(str(error).split())[:80]}).") from None


def _finite(blocks: Blocks, path: Path, note: Note) -> Blocks:
    """The same with silence for values that are no numbers."""
    invalid = 0
    for frames, rate in blocks:
        finite = np.isfinite(frames)
        if not finite.all():
            invalid += int((~finite).any(axis=1).sum())
            frames = np.where(finite, frames, np.float32(0))
        yield frames, rate
    if invalid:
        note(f"{path.name}: {invalid:,} samples were not numbers and became silence.")


def _with_last(blocks: Blocks) -> Iterator[tuple[np.ndarray, int, bool]]:
    """Each block and whether it is the last one of its rate, which the resampler wants to know."""
    before: tuple[np.ndarray, int] | None = None
    for block in blocks:
        if before is not None:
            yield *before, block[1] != before[1]
        before = block
    if before is not None:
        yield *before, True
