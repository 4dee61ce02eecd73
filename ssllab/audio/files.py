"""Audio files of any kind in, 16 kHz mono out, streamed: hours of sound need a few MB of memory.

Every file comes through libsndfile (WAV, FLAC, OGG, MP3 ...) and one resampler (soxr). What is wrong with a file
but can be worked around (values that are no numbers, an end that is missing) is told through ``note``, a line each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from ssllab.audio.errors import AudioError
from ssllab.storage.files import why_refused

SAMPLE_RATE = 16_000
#: What a person may drop on the window; libsndfile reads a dozen more.
SUFFIXES = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au", ".caf", ".w64")

Note = Callable[[str], None]

_CHUNK = 1 << 16  # frames of one read or write: short enough to keep the caches warm
_FINE = 1 << 10  # frames of one read where the file breaks off
_PREROLL = 0.05  # seconds read before a start in mid-file, so that the resampler's filter is full


@dataclass(frozen=True)
class AudioInfo:
    """What the header says. ``format`` is a short word such as ``FLAC`` or ``WAV PCM_16``."""

    seconds: float
    rate: int
    channels: int
    format: str


def info(path: Path | str) -> AudioInfo:
    """The header of a file; nothing is decoded. Raises :class:`AudioError` in one line."""
    with _open(Path(path)) as file:
        kind = file.format if file.subtype.startswith(("VORBIS", "OPUS", "MPEG")) else _kind(file)
        return AudioInfo(file.frames / file.samplerate, file.samplerate, file.channels, kind)


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

    Channels are averaged. Sample k of the whole stream lies ``k / rate`` seconds after ``start``. Raises
    :class:`AudioError` at once when the file cannot be read at all.
    """
    file = _open(Path(path))
    return _stream(file, Path(path), rate, block_seconds, start, end, note or (lambda line: None))


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
                for begin in range(0, len(block), _CHUNK):
                    file.write(np.clip(block[begin : begin + _CHUNK], -1, 1))
        beside.replace(path)
    except soundfile.LibsndfileError as error:
        raise AudioError(
            f"{path}: cannot be written ({_reason(error)}). Choose another place or format."
        ) from None
    except OSError as error:
        raise AudioError(why_refused(error, path)) from None
    finally:
        beside.unlink(missing_ok=True)


def audio_files(folder: Path) -> list[Path]:
    """Every file below ``folder`` whose suffix is that of sound, sorted; hidden ones are left out."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def mono(frames: np.ndarray) -> np.ndarray:
    """The mean over channels: ``(n, channels)`` float32 -> ``(n,)``."""
    channels = frames.shape[1]
    # A product with a vector is five times as fast as numpy's mean over a short last axis.
    return frames[:, 0] if channels == 1 else frames @ np.full(channels, 1 / channels, np.float32)


class _Straight(soundfile.SoundFile):
    """A file read from front to end.

    ``soundfile`` seeks after every read of a file that says it can: an MP3 then loses the bits that a frame borrows
    from the one before (a click at each block), and FLAC and MP3 decode the neighbourhood again.
    """

    def seekable(self) -> bool:
        return False


def _open(path: Path) -> soundfile.SoundFile:
    if path.is_dir():
        raise AudioError(f"{path} is a folder; expected an audio file.")
    try:
        with path.open("rb") as file:  # gives the system's own reason, which libsndfile swallows
            empty = not file.read(1)
    except FileNotFoundError:
        raise AudioError(f"{path} does not exist. Check the name.") from None
    except OSError as error:
        raise AudioError(
            f"{path} cannot be read ({error.strerror}). Allow reading it or copy it elsewhere."
        ) from None
    if empty:
        raise AudioError(f"{path.name} is empty (0 bytes). Record or copy it again.")
    try:
        file = _Straight(path)
    except (
        soundfile.LibsndfileError,
        TypeError,
    ):  # TypeError: a suffix that promises samples without a header
        raise AudioError(
            f"{path.name} is not audio that can be read. Expected WAV, FLAC, OGG or MP3; convert it first."
        ) from None
    if file.frames == 0:
        file.close()
        raise AudioError(f"{path.name} holds no sound (0 samples). Record or copy it again.")
    return file


def _kind(file: soundfile.SoundFile) -> str:
    return f"{file.format} {file.subtype}"


def _reason(error: soundfile.LibsndfileError) -> str:
    return error.error_string.rstrip(". ")


def _stream(
    file: soundfile.SoundFile,
    path: Path,
    rate: int,
    block_seconds: float,
    start: float,
    end: float | None,
    note: Note,
) -> Iterator[np.ndarray]:
    with file:
        native = file.samplerate
        first = min(file.frames, round(start * native))
        last = file.frames if end is None else min(file.frames, round(end * native))
        preroll = min(first, round(_PREROLL * native))
        if first:
            file.seek(first - preroll)
        resampler = soxr.ResampleStream(native, rate, 1, dtype="float32") if native != rate else None
        skip, given = round(preroll * rate / native), 0
        block_frames = max(1, round(block_seconds * native))
        for frames, final in _with_last(_frames(file, path, last - first + preroll, block_frames, note)):
            samples = mono(frames)
            if resampler is not None:
                samples = resampler.resample_chunk(samples, last=final)
            if skip:
                skip, samples = max(0, skip - len(samples)), samples[skip:]
            if len(samples):
                given += len(samples)
                yield samples
        if not given and last > first:
            raise AudioError(f"{path.name} is too short: less than one sample at {rate:,} Hz.")


def _frames(
    file: soundfile.SoundFile, path: Path, wanted: int, block_frames: int, note: Note
) -> Iterator[np.ndarray]:
    """Blocks of ``(n, channels)`` finite float32, as far as the file can be decoded."""
    done, invalid = 0, 0
    begin = file.tell()
    size = min(_CHUNK, block_frames)
    while done < wanted:
        try:
            frames = file.read(min(size, wanted - done), dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            if size <= _FINE:
                break
            # The whole read failed, not only its bad end: go back and take what is before it.
            size = _FINE
            try:
                file.seek(begin + done)
            except soundfile.LibsndfileError:
                break
            continue
        if not len(frames):
            break
        done += len(frames)
        finite = np.isfinite(frames)
        if not finite.all():
            invalid += int((~finite).any(axis=1).sum())
            frames = np.where(finite, frames, np.float32(0))
        yield frames
    if invalid:
        note(f"{path.name}: {invalid:,} samples were not numbers and became silence.")
    if done < wanted - file.samplerate // 10:
        if not done and not begin:
            raise AudioError(
                f"{path.name} is damaged: none of its sound can be decoded. Copy or export it again."
            )
        have, said = (begin + done) / file.samplerate, (begin + wanted) / file.samplerate
        note(f"{path.name} breaks off: {have:,.1f} of {said:,.1f} seconds could be read.")


def _with_last(items: Iterator[np.ndarray]) -> Iterator[tuple[np.ndarray, bool]]:
    """Each item and whether it is the last one, which the resampler wants to know."""
    before: np.ndarray | None = None
    for item in items:
        if before is not None:
            yield before, False
        before = item
    if before is not None:
        yield before, True
