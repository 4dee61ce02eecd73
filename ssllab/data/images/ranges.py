"""The numbers of a scientific picture (16 bits, whole numbers with a sign, numbers with a point) as grey of 8 bits.

A nominal range is kept where a picture uses enough of it, so that pictures of one camera stay comparable; else the
picture's own lowest and highest values are black and white. What was done is said.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

#: Called with a few words about how a picture was read, the same words for the same treatment.
Note = Callable[[str], None]

#: White of 8 bits and of the cameras that write 10, 12, 14 or 16 bits; of numbers with a point also 1.
TOPS = (255, 1023, 4095, 16383, 65535)
USUAL = (1, 255, 65535)  # of these nothing is said
#: A picture that uses less of a nominal range has under 32 of 256 grey levels: too few to learn from.
LEAST_USED = 1 / 8
#: A value this many times as far off as the others are apart is not one of them: a dead pixel, no data.
FAR_OFF = 4
_FEW = 0.001  # share of the pixels that may be far off
_SAMPLE = 1_000_000  # pixels that the range is read from
_NO_DATA = (-9999.0, -32767.0, -32768.0, -99999.0)
_AT_ONCE = 4_000_000
_BLACK = "pixels without data are black"
_ABSURD = 1e30  # as float32's largest number, which means no data


def grey(values: np.ndarray, note: Note, no_data: float | None = None) -> np.ndarray:
    """``(H, W)`` numbers -> ``(H, W)`` uint8. Pixels without data (``no_data``, or not a number) are black."""
    absent = [] if no_data is None else [np.float32(no_data)]
    sample = values.ravel()[:: max(1, values.size // _SAMPLE)].astype(np.float32)
    sample = sample[_present(sample, absent)]
    if sample.size and (least := sample.min()) in _NO_DATA:
        rest = sample[sample > least]
        if rest.size and rest.min() - least > rest.max() - rest.min():
            absent.append(least)
            sample = rest
    result = np.zeros(values.shape, np.uint8)
    if not sample.size:
        note(_BLACK)
        return result
    low, high = _nominal(*_without_outliers(sample, note), values.dtype.kind == "f", note)
    rows = max(1, _AT_ONCE // values.shape[1])
    holes = False
    for top in range(0, len(values), rows):
        numbers = values[top : top + rows].astype(np.float32)
        present = _present(numbers, absent)
        holes |= not present.all()
        scaled = (np.where(present, numbers, low) - low) * (255 / max(high - low, 1e-30))
        result[top : top + rows] = scaled.round().clip(0, 255)
    if holes:
        note(_BLACK)
    return result


def _present(numbers: np.ndarray, absent: list[np.float32]) -> np.ndarray:
    present: np.ndarray = np.isfinite(numbers) & (np.abs(numbers) < _ABSURD)
    for value in absent:
        present &= numbers != value
    return present


def _without_outliers(sample: np.ndarray, note: Note) -> tuple[float, float]:
    low, high = float(sample.min()), float(sample.max())
    inner_low, inner_high = (float(value) for value in np.quantile(sample, (_FEW, 1 - _FEW)))
    far = FAR_OFF * (inner_high - inner_low)
    if 0 < far < max(inner_low - low, high - inner_high):
        note("single pixels far outside the range of the others are cut off")
        low = inner_low if inner_low - low > far else low
        high = inner_high if high - inner_high > far else high
    return low, high


def _nominal(low: float, high: float, point: bool, note: Note) -> tuple[float, float]:
    top = next((top for top in ((1, *TOPS) if point else TOPS) if high <= top), None)
    if low >= 0 and top is not None and (high - low >= LEAST_USED * top or high == low):
        if top not in USUAL or (top == 255 and not point):
            note(f"{top.bit_length()} bits in more: 0 to {top:,} is black to white")
        return 0.0, float(top)
    note("the lowest to the highest number of each picture is black to white")
    return low, high


def wide_colour(pixels: np.ndarray, note: Note) -> np.ndarray:
    """Colour of 16 bits of which the decoder left the upper 8, ``(H, W, C)`` uint8: as bright as it can be."""
    brightest = int(pixels.max(initial=0))
    top = next(top for top in (3, 15, 63, 255) if brightest <= top)  # of 10, 12, 14 and 16 bits
    if top == 255 or brightest == 0:
        return pixels
    note(f"colour of 16 bits, so dark that {top + 1} levels are left: convert it to 8 bits for more")
    return (pixels.astype(np.uint16) * 255 // top).astype(np.uint8)
