"""From embedding coordinates to pixels: rotation of the sphere, pan and zoom of the plane.

The projection is orthographic: distances on the front of the sphere stay comparable and nothing depends on
how far away the eye is.
"""

from __future__ import annotations

import numpy as np

_RADIANS_PER_PIXEL = 0.008


class Camera:
    """Where one looks from. 2-D points are panned and zoomed, 3-D points rotated and zoomed.

    ``box``: (left, right, bottom, top) of the plane that must be visible at zoom 1; its aspect is kept.
    """

    def __init__(self) -> None:
        self.box = np.array([-1.1, 1.1, -1.1, 1.1])
        self.width, self.height = 300.0, 200.0
        self.reset()

    def reset(self) -> None:
        """The view from a little above, unzoomed."""
        self.rotation = _about_x(0.35) @ _about_y(-0.5)
        self.zoom = 1.0
        self.pan = np.zeros(2)

    @property
    def scale(self) -> float:
        """Pixels per unit of the plane."""
        left, right, bottom, top = self.box
        return self.zoom * min(self.width / (right - left), self.height / (top - bottom))

    def rotate(self, dx: float, dy: float) -> None:
        """Turn the sphere as if the pointer had taken hold of its front, ``dx``, ``dy`` in pixels."""
        turn = _about_x(dy * _RADIANS_PER_PIXEL) @ _about_y(dx * _RADIANS_PER_PIXEL)
        u, _, vt = np.linalg.svd(turn @ self.rotation)  # rounding must not shear the sphere over hours
        self.rotation = u @ vt

    def shift(self, dx: float, dy: float) -> None:
        """Pan the plane by pixels."""
        self.pan += np.array([-dx, dy]) / self.scale

    def zoom_by(self, factor: float, x: float, y: float) -> None:
        """Zoom and keep what is under pixel (x, y) where it is."""
        before = self._plane(x, y)
        self.zoom = float(np.clip(self.zoom * factor, 0.3, 40.0))
        self.pan += before - self._plane(x, y)

    def flatten(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``points: (n, 2 or 3)`` -> plane (n, 2) and depth (n,), positive towards the viewer (0 in 2-D)."""
        if points.shape[1] == 2:
            return points, np.zeros(len(points))
        turned = points @ self.rotation.T
        return turned[:, :2], turned[:, 2]

    def pixels(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``points: (n, 2 or 3)`` -> pixels (n, 2) and depth (n,)."""
        plane, depth = self.flatten(np.asarray(points, dtype=np.float64))
        return self.plane_pixels(plane), depth

    def plane_pixels(self, plane: np.ndarray) -> np.ndarray:
        """``plane: (n, 2)`` -> pixels (n, 2), y downwards."""
        offset = (plane - self._centre()) * self.scale
        return np.stack([self.width / 2 + offset[:, 0], self.height / 2 - offset[:, 1]], axis=1)

    def _centre(self) -> np.ndarray:
        left, right, bottom, top = self.box
        return np.array([(left + right) / 2, (bottom + top) / 2]) + self.pan

    def _plane(self, x: float, y: float) -> np.ndarray:
        return self._centre() + np.array([x - self.width / 2, self.height / 2 - y]) / self.scale


def _about_x(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def _about_y(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])
