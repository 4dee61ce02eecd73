"""Microphones and loudspeakers, and the rate and channels at which one of them agrees to work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ssllab.audio.errors import AudioError
from ssllab.audio.portaudio import portaudio, reason, refresh

_USUAL_RATES = (48_000, 44_100, 32_000, 96_000, 22_050, 8_000)


@dataclass(frozen=True)
class Device:
    """A microphone or a loudspeaker. ``index`` is PortAudio's and holds until the list is refreshed."""

    index: int
    name: str
    channels: int
    default_rate: int
    host: str


def input_devices(refresh: bool = False) -> list[Device]:
    """Microphones, the system's default first. Raises :class:`AudioError` where there is none or no PortAudio.

    ``refresh`` looks for plugged and unplugged ones; while anything records or plays the list stays as it was.
    """
    return _devices("input", refresh)


def output_devices(refresh: bool = False) -> list[Device]:
    """Loudspeakers, the system's default first; else as :func:`input_devices`."""
    return _devices("output", refresh)


def find(kind: str, device: Device | None = None) -> Device:
    """The default device of a kind (``input`` or ``output``), or ``device`` where it is now.

    Raises :class:`AudioError` when it is no longer there.
    """
    devices = _devices(kind, False)
    if device is None:
        return devices[0]
    same = [d for d in devices if (d.name, d.host) == (device.name, device.host)]
    if not same:
        raise AudioError(f"'{device.name}' is no longer there. Plug it in again or choose another device.")
    return next((d for d in same if d.index == device.index), same[0])


def negotiate(device: Device, wanted: int = 16_000, *, kind: str = "input") -> tuple[int, int]:
    """Rate in Hz and channels at which the device opens.

    Its own rate comes first: our resampler is better than the converters of the systems, which would be asked for
    any other. One channel comes before two: on many interfaces the second is an empty socket. Raises
    :class:`AudioError` when it refuses everything.
    """
    sd = portaudio()
    check = sd.check_input_settings if kind == "input" else sd.check_output_settings
    refusal = "no channels"
    for rate in dict.fromkeys((device.default_rate, wanted, *_USUAL_RATES)):
        for channels in dict.fromkeys((1, min(2, device.channels), device.channels)):
            try:
                check(device=device.index, channels=channels, dtype="float32", samplerate=rate)
            except (sd.PortAudioError, ValueError) as error:
                refusal = reason(error)
            else:
                return rate, channels
    raise AudioError(cannot_open(device, refusal))


def cannot_open(device: Device, why: str) -> str:
    """One line for a device that refuses."""
    return (
        f"'{device.name}' could not be opened ({why}). Check that it is plugged in, that no other program holds it "
        "and that this program may use it."
    )


def _devices(kind: str, again: bool) -> list[Device]:
    sd = portaudio()
    if again:
        refresh()
    hosts = [host["name"] for host in sd.query_hostapis()]
    default = sd.default.device["input" if kind == "input" else "output"]
    found = [
        Device(
            index,
            entry["name"],
            entry[f"max_{kind}_channels"],
            round(entry["default_samplerate"]),
            hosts[entry["hostapi"]],
        )
        for index, entry in enumerate(_entries(sd))
        if entry[f"max_{kind}_channels"] > 0
    ]
    if not found:
        raise AudioError(
            "No microphone was found. Plug one in and refresh the list; files work without."
            if kind == "input"
            else "No loudspeaker was found, so nothing can be heard. Plug one in, then press Play again."
        )
    return sorted(found, key=lambda device: device.index != default)


def _entries(sd: Any) -> list[dict[str, Any]]:
    return list(sd.query_devices())
