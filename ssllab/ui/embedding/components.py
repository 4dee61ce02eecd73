"""The principal components of an embedding, of which the map shows two or three at a time."""

from __future__ import annotations

import numpy as np

FIRST = (0, 1)
COMPONENTS = {
    "1 and 2": FIRST,
    "1 and 3": (0, 2),
    "2 and 3": (1, 2),
    "3 and 4": (2, 3),
    "5 and 6": (4, 5),
    "1, 2 and 3 (drag to turn)": (0, 1, 2),
}


def on_components(
    z: np.ndarray, components: tuple[int, ...], previous: np.ndarray | None = None
) -> tuple[np.ndarray, float, np.ndarray]:
    """``z: (N, D)`` on principal components, counted from 0: points ``(N, d)``, their share of the variance, and the axes
    ``(D, d)``, each with the sign that agrees with ``previous``, so that a live picture does not flip."""
    centred = np.asarray(z, np.float64) - z.mean(axis=0, dtype=np.float64)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    values, vectors = values[::-1].clip(0), vectors[:, ::-1]
    axes = vectors[:, components]
    if previous is not None and previous.shape == axes.shape:
        axes = axes * np.where((axes * previous).sum(axis=0) < 0, -1.0, 1.0)
    whole = float(values.sum())
    return centred @ axes, float(values[list(components)].sum()) / whole if whole > 0 else 0.0, axes
