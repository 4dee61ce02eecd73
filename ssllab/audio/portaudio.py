"""The door to PortAudio: imported when first needed, its streams counted, its errors in one line.

Without the library, a microphone or a permission the rest of the lab goes on with files, so nothing here happens
when a module is imported.
"""

from __future__ import annotations

import contextlib
import threading
from typing import Any

from ssllab.audio.errors import AudioError

_lock = threading.RLock()
_open: list[Any] = []


def portaudio() -> Any:
    """The module ``sounddevice``. Raises :class:`AudioError` where there is no PortAudio."""
    try:
        import sounddevice
    except OSError:
        raise AudioError(
            "PortAudio is missing, so there is no microphone and no loudspeaker; files work. "
            "On Debian and Ubuntu: sudo apt-get install libportaudio2."
        ) from None
    return sounddevice


def refresh() -> bool:
    """Look for devices again. False while a stream is open: PortAudio would close it."""
    sd = portaudio()
    with _lock:
        if _open:
            return False
        # PortAudio lists the devices once, when it starts.
        sd._terminate()
        sd._initialize()
        return True


def open_stream(kind: str, **settings: Any) -> Any:
    """A started ``InputStream`` or ``OutputStream``. Raises ``sounddevice.PortAudioError``."""
    sd = portaudio()
    with _lock:
        stream = getattr(sd, kind)(**settings)
        _open.append(stream)
    try:
        stream.start()
    except BaseException:
        close_stream(stream)
        raise
    return stream


def close_stream(stream: Any) -> None:
    """Close at once; a device that is gone may refuse, which is no matter."""
    sd = portaudio()
    with contextlib.suppress(sd.PortAudioError):
        stream.close()
    with _lock, contextlib.suppress(ValueError):
        _open.remove(stream)


def reason(error: Exception) -> str:
    """PortAudio's words without its codes: ``Error opening InputStream: Invalid device [PaErrorCode -9996]``."""
    return str(error).split(" [PaErrorCode")[0].split(": ")[-1].rstrip(".")
