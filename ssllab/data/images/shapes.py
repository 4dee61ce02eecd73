"""Shapes: pictures drawn from a seed whose causes are all known (shape, colour, size, position ...).

Every factor is drawn independently of the others, so a probe for one says nothing about another. Colours
of figure and ground are a strong shortcut for telling images apart and say nothing about the shape: without
colour distortion a contrastive method learns colour instead of shape (SimCLR, section 3.1). Shapes are signed
distance functions (the formulas of Inigo Quilez, https://iquilezles.org/articles/distfunctions2d/), evaluated
for all images of a shape at once; their edges are smooth over one pixel.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ssllab.data.images.types import Factor, ImageData, ImageSplit

TRAIN, TEST = 10_000, 2_000

#: Hue in OKLCH degrees: equal steps of it look like equal steps of colour (Ottosson, 2020).
HUES = {
    "red": 25.0,
    "orange": 62.0,
    "yellow": 100.0,
    "green": 145.0,
    "teal": 192.0,
    "blue": 255.0,
    "purple": 305.0,
    "pink": 350.0,
}
SIZES = {"small": 0.48, "medium": 0.60, "large": 0.72}
COLUMNS = {"left": -0.18, "centre": 0.0, "right": 0.18}
ROWS = {"top": -0.18, "middle": 0.0, "bottom": 0.18}
#: Degrees. 36 either way is as far as a star can turn before it looks the same again.
ROTATIONS = {"27° left": -27.0, "9° left": -9.0, "9° right": 9.0, "27° right": 27.0}
BACKGROUNDS = ("plain", "gradient", "stripes", "checks", "clouds")

_SIZE_JITTER, _POSITION_JITTER, _ROTATION_JITTER, _HUE_JITTER = 0.05, 0.08, 8.0, 12.0


def _length(x: Tensor, y: Tensor) -> Tensor:
    return torch.sqrt(x * x + y * y)


def _box(x: Tensor, y: Tensor, width: float, height: float) -> Tensor:
    dx, dy = x.abs() - width, y.abs() - height
    outside = _length(dx.clamp(min=0), dy.clamp(min=0))
    return outside + torch.maximum(dx, dy).clamp(max=0)


def _circle(x: Tensor, y: Tensor) -> Tensor:
    return _length(x, y) - 0.86


def _square(x: Tensor, y: Tensor) -> Tensor:
    return _box(x, y, 0.76, 0.76)


def _triangle(x: Tensor, y: Tensor) -> Tensor:
    # Distance to the nearest of three lines: exact inside, sharp corners outside.
    k = math.sqrt(3) / 2
    y = y - 0.14
    return torch.maximum(k * x.abs() - 0.5 * y, y) - 0.55


def _star(x: Tensor, y: Tensor) -> Tensor:
    # Fold the plane into one tenth of the star; its edge is then one segment between tip and notch.
    angle = torch.atan2(x, -y)
    sector = 2 * math.pi / 5
    angle = (torch.remainder(angle + sector / 2, sector) - sector / 2).abs()
    radius = _length(x, y)
    px, py = radius * torch.sin(angle), radius * torch.cos(angle)
    tip, notch = 1.08, 0.48
    ex, ey = notch * math.sin(sector / 2), notch * math.cos(sector / 2) - tip
    norm = math.hypot(ex, ey)
    along = ((px * ex + (py - tip) * ey) / norm**2).clamp(0, 1)
    outside = px * -ey + (py - tip) * ex
    return torch.copysign(_length(px - along * ex, py - tip - along * ey), outside)


def _ring(x: Tensor, y: Tensor) -> Tensor:
    return (_length(x, y) - 0.68).abs() - 0.24


def _cross(x: Tensor, y: Tensor) -> Tensor:
    return torch.minimum(_box(x, y, 0.95, 0.3), _box(x, y, 0.3, 0.95))


def _heart(x: Tensor, y: Tensor) -> Tensor:
    # A square on its tip with a half disc on each upper side.
    x, y = x.abs(), y - 0.12
    side = 0.56
    diamond = (x + y.abs()) / math.sqrt(2) - side
    half = side / math.sqrt(2)
    lobe = _length(x - half, y + half) - side
    return torch.minimum(diamond, lobe)


def _crescent(x: Tensor, y: Tensor) -> Tensor:
    x = x + 0.12
    return torch.maximum(_length(x, y) - 0.95, 0.78 - _length(x - 0.48, y))


def _bar(x: Tensor, y: Tensor) -> Tensor:
    return _box(x, y, 1.05, 0.3)


def _hourglass(x: Tensor, y: Tensor) -> Tensor:
    return torch.maximum((x.abs() - 0.9 * y.abs()) * 0.743 - 0.04, y.abs() - 0.85)


SHAPES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "circle": _circle,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "ring": _ring,
    "cross": _cross,
    "heart": _heart,
    "crescent": _crescent,
    "bar": _bar,
    "hourglass": _hourglass,
}


def oklch_to_srgb(lightness: Tensor, chroma: Tensor, hue: Tensor) -> Tensor:
    """sRGB in 0..1, ``(N, 3)``, of OKLCH colours ``(N,)`` with hue in degrees (Ottosson, 2020), clipped."""
    hue = torch.deg2rad(hue)
    a, b = chroma * torch.cos(hue), chroma * torch.sin(hue)
    lms = (
        torch.stack(
            (
                lightness + 0.3963377774 * a + 0.2158037573 * b,
                lightness - 0.1055613458 * a - 0.0638541728 * b,
                lightness - 0.0894841775 * a - 1.2914855480 * b,
            ),
            dim=1,
        )
        ** 3
    )
    matrix = lms.new_tensor(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    linear = (lms @ matrix.T).clamp(0, 1)
    curved = 1.055 * linear.clamp(min=1e-8) ** (1 / 2.4) - 0.055
    return torch.where(linear <= 0.0031308, 12.92 * linear, curved).clamp(0, 1)


@dataclass(frozen=True)
class _Scene:
    """The causes of N images: classes ``(N,)`` by factor, and the values drawn around them."""

    classes: dict[str, Tensor]
    x: Tensor
    y: Tensor
    radius: Tensor
    angle: Tensor
    figure: Tensor
    ground: Tensor
    ground_2: Tensor
    pattern_angle: Tensor
    pattern_period: Tensor
    pattern_phase: Tensor
    clouds: Tensor


def _draw_scene(count: int, generator: torch.Generator) -> _Scene:
    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(shape or (count,), generator=generator)

    def around(centres: dict[str, float], classes: Tensor, jitter: float) -> Tensor:
        return torch.tensor(list(centres.values()))[classes] + uniform(-jitter, jitter)

    def classes_of(number: int) -> Tensor:
        # Equally many of each, in an order that no other factor shares.
        return torch.randperm(count, generator=generator) % number

    classes = {
        "shape": classes_of(len(SHAPES)),
        "colour": classes_of(len(HUES)),
        "size": classes_of(len(SIZES)),
        "x": classes_of(len(COLUMNS)),
        "y": classes_of(len(ROWS)),
        "rotation": classes_of(len(ROTATIONS)),
        "background": classes_of(len(BACKGROUNDS)),
    }
    # A light figure on dark ground or the reverse, so that every shape can be seen, also in grey.
    dark = torch.rand(count, generator=generator) < 0.5
    figure = oklch_to_srgb(
        torch.where(dark, uniform(0.72, 0.84), uniform(0.46, 0.60)),
        uniform(0.13, 0.20),
        around(HUES, classes["colour"], _HUE_JITTER),
    )
    hue = uniform(0, 360)
    lightness = torch.where(dark, uniform(0.20, 0.36), uniform(0.82, 0.95))
    chroma = uniform(0.03, 0.09)
    ground = oklch_to_srgb(lightness, chroma, hue)
    step = torch.where(dark, uniform(0.08, 0.15), -uniform(0.06, 0.12))
    ground_2 = oklch_to_srgb(lightness + step, chroma, hue + uniform(-50, 50))
    return _Scene(
        classes=classes,
        x=around(COLUMNS, classes["x"], _POSITION_JITTER),
        y=around(ROWS, classes["y"], _POSITION_JITTER),
        radius=around(SIZES, classes["size"], _SIZE_JITTER),
        angle=torch.deg2rad(around(ROTATIONS, classes["rotation"], _ROTATION_JITTER)),
        figure=figure,
        ground=ground,
        ground_2=ground_2,
        pattern_angle=uniform(0, math.pi),
        pattern_period=uniform(0.35, 0.7),
        pattern_phase=uniform(0, 1),
        clouds=torch.rand(count, 1, 6, 6, generator=generator),
    )


def _pattern(scene: _Scene, rows: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Share of the second ground colour at each pixel, ``(len(rows), S, S)`` in 0..1."""
    size = x.shape[-1]
    pixel = 2 / size
    share = torch.zeros(len(rows), size, size)
    kinds = scene.classes["background"][rows]

    def edge(wave: Tensor, period: Tensor) -> Tensor:
        # A triangle wave cut at half its height, smooth over one pixel.
        fraction = torch.remainder(wave / period, 1.0)
        distance = ((fraction - 0.5).abs() - 0.25) * period
        return (0.5 + distance / pixel).clamp(0, 1)

    for kind, name in enumerate(BACKGROUNDS):
        here = (kinds == kind).nonzero()[:, 0]
        if name == "plain" or len(here) == 0:
            continue
        chosen = rows[here]
        angle = scene.pattern_angle[chosen, None, None]
        period = scene.pattern_period[chosen, None, None]
        phase = scene.pattern_phase[chosen, None, None]
        along = x * torch.cos(angle) + y * torch.sin(angle)
        across = y * torch.cos(angle) - x * torch.sin(angle)
        if name == "gradient":
            share[here] = (0.5 + along / 2.2).clamp(0, 1)
        elif name == "stripes":
            share[here] = edge(along + phase, period)
        elif name == "checks":
            one, two = edge(along + phase, 1.4 * period), edge(across + phase, 1.4 * period)
            share[here] = one + two - 2 * one * two
        else:
            clouds = torch.nn.functional.interpolate(
                scene.clouds[chosen], size=(size, size), mode="bicubic", align_corners=False
            )
            share[here] = clouds[:, 0].clamp(0, 1)
    return share


def _render(scene: _Scene, rows: Tensor, shape: Callable[[Tensor, Tensor], Tensor], size: int) -> Tensor:
    """The images of ``rows``, all of one shape: ``(len(rows), 3, S, S)`` uint8."""
    ticks = (torch.arange(size) + 0.5) * (2 / size) - 1
    x, y = ticks[None, None, :], ticks[None, :, None]
    dx, dy = x - scene.x[rows, None, None], y - scene.y[rows, None, None]
    radius = scene.radius[rows, None, None]
    cos, sin = torch.cos(scene.angle[rows])[:, None, None], torch.sin(scene.angle[rows])[:, None, None]
    distance = radius * shape((cos * dx + sin * dy) / radius, (cos * dy - sin * dx) / radius)

    cover = (0.5 - distance * (size / 2)).clamp(0, 1)
    # A soft shadow around the figure and light from above: flat pictures with a little depth.
    shadow = 1 - 0.28 * torch.exp(-7 * distance.clamp(min=0))
    light = 1.06 - 0.12 * (dy / radius).clamp(-1, 1)
    share = _pattern(scene, rows, x, y) * (1 - cover) * shadow
    plain = (1 - cover) * shadow - share
    figure = cover * light
    image = torch.empty(len(rows), 3, size, size)
    for channel in range(3):
        ground, ground_2, colour = (
            c[rows, channel, None, None] for c in (scene.ground, scene.ground_2, scene.figure)
        )
        image[:, channel] = plain * ground + share * ground_2 + figure * colour
    return image.mul_(255).round_().clamp_(0, 255).to(torch.uint8)


def _make_split(count: int, size: int, generator: torch.Generator) -> ImageSplit:
    scene = _draw_scene(count, generator)
    images = torch.empty(count, 3, size, size, dtype=torch.uint8)
    # Parts of bounded size: a part's planes stay in the processor's cache and large images fit in memory.
    part = max(1, 2**18 // (size * size))
    for label, shape in enumerate(SHAPES.values()):
        for rows in (scene.classes["shape"] == label).nonzero()[:, 0].split(part):
            images[rows] = _render(scene, rows, shape, size)
    names = {
        "shape": tuple(SHAPES),
        "colour": tuple(HUES),
        "size": tuple(SIZES),
        "x": tuple(COLUMNS),
        "y": tuple(ROWS),
        "rotation": tuple(ROTATIONS),
        "background": BACKGROUNDS,
    }
    hues = torch.tensor([*HUES.values()])
    usual = oklch_to_srgb(
        torch.full_like(hues, 0.66), torch.full_like(hues, 0.165), hues
    )  # the middle of what is drawn
    seen = tuple("#" + bytes(row).hex() for row in usual.mul(255).round().byte().tolist())
    factors = tuple(
        Factor(name, scene.classes[name], names[name], seen if name == "colour" else ()) for name in names
    )
    return ImageSplit(images, scene.classes["shape"], factors)


def shapes(*, seed: int = 0, size: int = 32, train: int = TRAIN, test: int = TEST) -> ImageData:
    """Ten shapes with seven known factors, ``size`` pixels high and wide. A seed always draws the same.

    The factor ``shape`` is the label. ``rotation`` cannot be seen on a circle or a ring, so no probe for it
    reaches 1.
    """
    generator = torch.Generator().manual_seed(seed)
    return ImageData(
        name="shapes",
        title="Shapes",
        train=_make_split(train, size, generator),
        test=_make_split(test, size, generator),
        class_names=tuple(SHAPES),
        about="Ten shapes drawn on the fly; every cause of an image is known.",
    )
