"""Pure geometry behind the map: neighbours, the globe's lines, densities on the circle, lengths of arrows."""

from __future__ import annotations

import numpy as np


def nearest(first: np.ndarray, item: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The ``count`` items most similar to ``item``, and their cosines.

    ``first: (M, D)`` embeddings of their first views. The item itself is left out.
    """
    cosine = cosines(first, first[item])
    cosine[item] = -np.inf
    order = np.argsort(-cosine, kind="stable")[: min(count, len(first) - 1)]
    return order, cosine[order]


def cosines(vectors: np.ndarray, one: np.ndarray) -> np.ndarray:
    """Of ``vectors: (..., D)`` with ``one (D,)``: ``(...)``; 0 where one of the two is all zeros."""
    vectors, one = np.asarray(vectors, np.float64), np.asarray(one, np.float64)
    lengths = np.linalg.norm(vectors, axis=-1) * np.linalg.norm(one)
    return vectors @ one / np.maximum(lengths, 1e-300)


def globe(meridians: int = 6, parallels: int = 5, points: int = 48) -> np.ndarray:
    """Line segments of a unit globe's grid, its pole up: (n, 2, 3)."""
    turn = np.linspace(0, 2 * np.pi, points + 1)
    up, out = np.cos(turn), np.sin(turn)
    longitudes = np.arange(meridians) * np.pi / meridians
    latitudes = (np.arange(parallels) + 1) * np.pi / (parallels + 1) - np.pi / 2
    circles = [np.stack([out * np.cos(a), up, out * np.sin(a)], axis=1) for a in longitudes]
    circles += [
        np.stack([np.cos(b) * up, np.full_like(up, np.sin(b)), np.cos(b) * out], 1) for b in latitudes
    ]
    return np.concatenate([np.stack([c[:-1], c[1:]], axis=1) for c in circles])


def circular_density(points: np.ndarray, bins: int = 120, width: float = 0.09) -> np.ndarray:
    """Density of directions around the circle, relative to the uniform one: (bins,), mean 1.

    ``points: (n, 2)``; ``width`` is the standard deviation of the Gaussian kernel in radians. After figure 3
    of Wang and Isola (2020), who draw the distribution of angles around the circle of embeddings.
    """
    angles = np.arctan2(points[:, 1], points[:, 0])
    counts, _ = np.histogram(angles, bins=bins, range=(-np.pi, np.pi))
    offsets = np.arange(bins) * 2 * np.pi / bins
    offsets = np.minimum(offsets, 2 * np.pi - offsets)
    kernel = np.exp(-0.5 * (offsets / width) ** 2)
    # Rounding leaves values just below 0 where no point is; a root of them would be no number, and Qt hangs on one.
    smooth = np.fft.irfft(np.fft.rfft(counts) * np.fft.rfft(kernel), bins).clip(0.0)
    total = smooth.sum()
    return smooth * bins / total if total > 0 else smooth


def round_length(value: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not above ``value`` > 0."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(power * max(step for step in (1, 2, 5) if step * power <= value * (1 + 1e-9)))


def steady_scale(previous: float | None, forces: np.ndarray, radius: float) -> float:
    """Plane units per unit of force, so that the strong arrows are about a third of ``radius`` long.

    ``forces: (n,)`` lengths. The previous scale is kept while the strong arrows stay readable, so that arrows
    grow and shrink with the forces and not with the scale.
    """
    strong = float(np.percentile(forces, 95)) if forces.size else 0.0
    if not np.isfinite(strong) or strong <= 0:
        return previous or 1.0
    if previous is not None and 0.1 * radius < strong * previous < 0.55 * radius:
        return previous
    return 0.33 * radius / strong


def covering_box(
    box: np.ndarray | None, points: np.ndarray, margin: float = 0.12, least: float = 0.0
) -> np.ndarray:
    """(left, right, bottom, top) that shows all ``points: (n, 2)``, and ``least`` on each side of the origin; an old box is
    only ever enlarged."""
    low, high = points.min(axis=0), points.max(axis=0)
    if least:
        low, high = np.minimum(low, -least), np.maximum(high, least)
    if box is not None and (low >= box[[0, 2]]).all() and (high <= box[[1, 3]]).all():
        return box
    border = margin * np.maximum(high - low, 1e-3)
    wanted = np.array([low[0] - border[0], high[0] + border[0], low[1] - border[1], high[1] + border[1]])
    if box is None:
        return wanted
    return np.array(
        [min(box[0], wanted[0]), max(box[1], wanted[1]), min(box[2], wanted[2]), max(box[3], wanted[3])]
    )
