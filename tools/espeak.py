"""espeak-ng through ctypes: speech together with the times of its words and phones.

    apt-get install espeak-ng

The phones are the ones that the synthesizer speaks, so the times are facts, not estimates.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import numpy as np

_RETRIEVAL = 1
_PHONEME_EVENTS, _NO_EXIT = 1, 0x8000
_UTF8 = 1
_RATE, _PITCH, _RANGE = 1, 3, 4
_LIST_ENDS, _PHONEME = 0, 7


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass(frozen=True)
class Phone:
    """``name``: espeak's own mnemonic; ``start``: a sample; ``word``: where its word begins in the text (from 0)."""

    name: str
    start: int
    word: int


@dataclass(frozen=True)
class Utterance:
    """``samples: (n,)`` int16 at ``rate`` hertz, and the phones in order."""

    samples: np.ndarray
    rate: int
    phones: tuple[Phone, ...]


class Espeak:
    """One synthesizer a process: the library keeps its state in globals."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libespeak-ng.so.1")
        self.rate = self._library.espeak_Initialize(_RETRIEVAL, 200, None, _PHONEME_EVENTS | _NO_EXIT)
        if self.rate <= 0:
            raise OSError("espeak-ng finds no voices: apt-get install espeak-ng")
        self._callback = _Callback(self._receive)
        self._library.espeak_SetSynthCallback(self._callback)
        self._blocks: list[np.ndarray] = []
        self._phones: list[Phone] = []

    def say(
        self, text: str, voice: str, *, speed: int = 160, pitch: int = 50, pitch_range: int = 50
    ) -> Utterance:
        """``speed`` in words a minute; ``pitch`` and ``pitch_range`` from 0 to 100."""
        self._blocks, self._phones = [], []
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice '{voice}'")
        for parameter, value in ((_RATE, speed), (_PITCH, pitch), (_RANGE, pitch_range)):
            self._library.espeak_SetParameter(parameter, value, 0)
        content = text.encode()
        self._library.espeak_Synth(content, len(content) + 1, 0, 1, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        return Utterance(np.concatenate(self._blocks), self.rate, tuple(self._phones))

    def _receive(self, samples: ctypes.Array, count: int, events: ctypes.Array) -> int:
        index = 0
        while (event := events[index]).type != _LIST_ENDS:
            if event.type == _PHONEME:
                name = ctypes.string_at(ctypes.addressof(event.id), 8).split(b"\0")[0].decode()
                self._phones.append(Phone(name, event.sample, event.text_position - 1))
            index += 1
        if samples and count:
            self._blocks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0
