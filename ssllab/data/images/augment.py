"""SimCLR's augmentations (appendix A, figure 4), batched: parameters per sample, no loop over images.

All geometry is one ``grid_sample``; each of the four colour operations is one 3x3 matrix and one offset per
image. The numbers that decide a batch are drawn in one call, a row per image and a fixed column per purpose:
what happens to an image depends on its row alone, and switching one operator leaves the draws of the others
as they were.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ssllab.data.images.augment_settings import SWITCHES, AugmentConfig

GREY = (0.299, 0.587, 0.114)  # ITU-R BT.601, as in PIL and torchvision
CROP_TRIES = 10  # torchvision's RandomResizedCrop draws ten rectangles and takes the first that fits

_COLUMNS = {
    name: slice(start, stop)
    for name, start, stop in (
        ("crop", 0, 1),
        ("flip", 1, 2),
        ("rotate", 2, 4),
        ("crop_area", 4, 4 + CROP_TRIES),
        ("crop_aspect", 14, 14 + CROP_TRIES),
        ("crop_place", 24, 26),
        ("jitter", 26, 27),
        ("jitter_amount", 27, 31),
        ("jitter_order", 31, 35),
        ("grayscale", 35, 36),
        ("sobel", 36, 37),
        ("blur", 37, 39),
        ("cutout", 39, 42),
        ("noise", 42, 44),
    )
}
_WIDTH = 44


def as_float(images: Tensor) -> Tensor:
    """uint8 images 0..255 as float32 0..1; float images pass."""
    return images.float().div_(255) if images.dtype == torch.uint8 else images.float()


def augment(images: Tensor, config: AugmentConfig, generator: torch.Generator) -> Tensor:
    """One random view of every image. ``(B, 3, H, W)`` uint8 or float in 0..1 -> float32 in 0..1.

    ``generator`` lives on the device of ``images``. With every operator off this is :func:`as_float`.
    """
    x = as_float(images)
    drawn = torch.rand(len(x), _WIDTH, device=x.device, generator=generator)
    noise_seed = torch.randint(2**62, (1,), device=x.device, generator=generator)

    def column(name: str) -> Tensor:
        return drawn[:, _COLUMNS[name]]

    x = _geometry(x, config, column)
    if x is images:  # what follows writes into it
        x = x.clone()
    if config.jitter and config.jitter_strength > 0:
        amount, order = column("jitter_amount"), column("jitter_order")
        rows = _rows(column("jitter") < config.jitter_probability)
        x.index_copy_(0, rows, _jitter(x[rows], amount[rows], order[rows], config.jitter_strength))
    if config.grayscale:
        rows = _rows(column("grayscale") < config.grayscale_probability)
        x.index_copy_(0, rows, _grey(x[rows]))
    if config.sobel:
        rows = _rows(column("sobel") < config.sobel_probability)
        x.index_copy_(0, rows, _sobel(x[rows]))
    if config.blur:
        draw = column("blur")
        rows = _rows(draw[:, :1] < config.blur_probability)
        sigma = 0.1 + (config.blur_sigma - 0.1) * draw[rows, 1]
        x.index_copy_(0, rows, gaussian_blur(x[rows], sigma))
    if config.cutout and config.cutout_size > 0:
        x = _cutout(x, column("cutout"), config.cutout_size, config.cutout_probability)
    if config.noise and config.noise_sigma > 0:
        own = torch.Generator(x.device).manual_seed(int(noise_seed))
        noise = torch.randn(x.shape, device=x.device, generator=own) * config.noise_sigma
        x = torch.where(_mask(column("noise")[:, :1] < config.noise_probability), (x + noise).clamp_(0, 1), x)
    return x


def two_views(images: Tensor, config: AugmentConfig, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Two independent views of every image, each ``(B, 3, H, W)`` float32 in 0..1."""
    first, second = augment(torch.cat([images, images]), config, generator).chunk(2)
    return first, second


def _rows(chosen: Tensor) -> Tensor:
    """The numbers of the chosen images, ``chosen (B, 1)`` bool -> ``(C,)``: the others cost nothing."""
    return chosen[:, 0].nonzero()[:, 0]


def _mask(chosen: Tensor) -> Tensor:
    return chosen.reshape(-1, 1, 1, 1)


def _geometry(x: Tensor, config: AugmentConfig, column: Callable[[str], Tensor]) -> Tensor:
    """Crop and resize, flip and rotation as one resampling; untouched where all are off."""
    if not (config.crop or config.flip or config.rotate):
        return x
    count, device = len(x), x.device
    width = height = torch.ones(count, device=device)
    if config.crop:
        width, height = crop_size(column("crop_area"), column("crop_aspect"), config.crop_min_area)
        chosen = column("crop")[:, 0] < config.crop_probability
        width, height = (torch.where(chosen, side, 1.0) for side in (width, height))
    place = 2 * column("crop_place") - 1
    cosine, sine = torch.ones(count, device=device), torch.zeros(count, device=device)
    if config.rotate:
        draw = column("rotate")
        quarter = torch.where(draw[:, 0] < config.rotate_probability, 1 + (draw[:, 1] * 3).floor(), 0.0)
        cosine, sine = (quarter * (math.pi / 2)).cos().round(), (quarter * (math.pi / 2)).sin().round()
    mirror = torch.ones(count, device=device)
    if config.flip:
        mirror = torch.where(column("flip")[:, 0] < config.flip_probability, -1.0, 1.0)
    theta = torch.stack(
        [
            torch.stack([width * mirror * cosine, -width * mirror * sine, place[:, 0] * (1 - width)], 1),
            torch.stack([height * sine, height * cosine, place[:, 1] * (1 - height)], 1),
        ],
        1,
    )
    grid = _grid(theta, x.shape[2], x.shape[3])
    return F.grid_sample(x, grid, mode="bilinear", padding_mode="border", align_corners=False).clamp_(0, 1)


def _grid(theta: Tensor, height: int, width: int) -> Tensor:
    """``F.affine_grid`` (align_corners off) of ``theta (B, 2, 3)``, ``(B, H, W, 2)``, at a tenth of its cost: a place
    is a sum of what its column and what its row give, where affine_grid multiplies a matrix for every pixel."""
    x, y = ((2 * torch.arange(n, device=theta.device) + 1) / n - 1 for n in (width, height))
    grid = theta.new_empty(len(theta), height, width, 2)
    for axis in range(2):
        across = theta[:, axis, :1] * x + theta[:, axis, 2:]
        torch.add(across[:, None, :], (theta[:, axis, 1:2] * y)[:, :, None], out=grid[..., axis])
    return grid


def crop_size(area_draw: Tensor, aspect_draw: Tensor, min_area: float) -> tuple[Tensor, Tensor]:
    """Width and height of each crop as a share of the image, ``(B,)``; draws ``(B, tries)`` in 0..1.

    Area U(min_area, 1), aspect log-uniform 3/4..4/3; the first of the tries that fits, else the whole image.
    """
    area = min_area + (1 - min_area) * area_draw
    aspect = (math.log(4 / 3) * (2 * aspect_draw - 1)).exp()
    width, height = (area * aspect).sqrt(), (area / aspect).sqrt()
    fits = (width <= 1) & (height <= 1)
    first = fits.int().argmax(1, keepdim=True)
    any_fits = fits.any(1)
    return tuple(torch.where(any_fits, side.gather(1, first)[:, 0], 1.0) for side in (width, height))  # type: ignore[return-value]


def _grey(x: Tensor) -> Tensor:
    weights = x.new_tensor(GREY).reshape(1, 3, 1, 1)
    return (x * weights).sum(1, keepdim=True).expand_as(x)


def _jitter(x: Tensor, amount: Tensor, order: Tensor, strength: float) -> Tensor:
    """Brightness, contrast, saturation and hue with 0.8s, 0.8s, 0.8s, 0.2s in random order, clipped after each.

    Brightness multiplies (as in version 2 of the official code); contrast blends with the mean grey,
    saturation with the grey of each pixel; hue turns the colour about the grey axis in YIQ, which unlike HSV
    is linear: it keeps the luma, where HSV keeps the maximum.
    """
    batch, _, height, width = x.shape
    spread = x.new_tensor([0.8, 0.8, 0.8, 0.2]) * strength
    change = (2 * amount - 1) * spread
    factor = (1 + change[:, :3]).clamp_min(0)
    turn = change[:, 3].clamp(-0.5, 0.5) * (2 * math.pi)
    grey = x.new_tensor(GREY)
    eye, to_grey = torch.eye(3, device=x.device), grey.expand(3, 3)
    zero = torch.zeros(batch, device=x.device)
    # One matrix per image and operation; contrast also adds (1 - factor) of the mean grey, known only later.
    matrices = torch.stack(
        [
            factor[:, 0, None, None] * eye,
            factor[:, 1, None, None] * eye,
            factor[:, 2, None, None] * eye + (1 - factor[:, 2, None, None]) * to_grey,
            _hue_matrix(turn),
        ],
        1,
    )
    offsets = torch.stack([zero, 1 - factor[:, 1], zero, zero], 1)
    sequence = order.argsort(1)
    rows = torch.arange(batch, device=x.device)
    pixels = x.reshape(batch, 3, height * width)
    for turn_number in range(4):
        which = sequence[:, turn_number]
        mean_grey = (pixels.mean(2) * grey).sum(1)
        offset = (offsets[rows, which] * mean_grey)[:, None, None].expand(batch, 3, 1)
        pixels = torch.baddbmm(offset, matrices[rows, which], pixels).clamp_(0, 1)
    return pixels.reshape(batch, 3, height, width)


_YIQ = ((0.299, 0.587, 0.114), (0.596, -0.274, -0.322), (0.211, -0.523, 0.312))


def _hue_matrix(turn: Tensor) -> Tensor:
    """Rotation of the colour plane by ``turn: (B,)`` radians as RGB matrices ``(B, 3, 3)``."""
    yiq = torch.tensor(_YIQ, dtype=torch.float64)
    to_yiq, to_rgb = yiq.to(turn), torch.linalg.inv(yiq).to(turn)
    cosine, sine = turn.cos(), turn.sin()
    one, zero = torch.ones_like(turn), torch.zeros_like(turn)
    rotation = torch.stack([one, zero, zero, zero, cosine, -sine, zero, sine, cosine], 1).reshape(-1, 3, 3)
    return to_rgb @ rotation @ to_yiq


def blur_kernel_size(height: int) -> int:
    """A tenth of the image height, made odd (SimCLR appendix A)."""
    return max(3, height // 10 // 2 * 2 + 1)


def gaussian_blur(x: Tensor, sigma: Tensor) -> Tensor:
    """Separable Gaussian with a sigma per image, ``(B,)`` pixels; borders reflected."""
    radius = blur_kernel_size(x.shape[-2]) // 2
    taps = torch.arange(-radius, radius + 1, device=x.device)
    kernel = (-taps.square() / (2 * sigma[:, None].square())).exp()
    kernel = kernel / kernel.sum(1, keepdim=True)
    for axis in (2, 3):
        padding = (0, 0, radius, radius) if axis == 2 else (radius, radius, 0, 0)
        padded = F.pad(x, padding, mode="reflect")
        size = x.shape[axis]
        x = sum(  # type: ignore[assignment]
            padded.narrow(axis, tap, size) * kernel[:, tap].reshape(-1, 1, 1, 1) for tap in range(len(taps))
        )
    return x.clamp(0, 1)


def _sobel(x: Tensor) -> Tensor:
    """The magnitude of the gradient of each channel, an edge of full contrast at 1."""
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    left, right = padded[..., :-2], padded[..., 2:]
    across = (right - left)[:, :, :-2] + 2 * (right - left)[:, :, 1:-1] + (right - left)[:, :, 2:]
    upper, lower = padded[:, :, :-2], padded[:, :, 2:]
    down = (lower - upper)[..., :-2] + 2 * (lower - upper)[..., 1:-1] + (lower - upper)[..., 2:]
    return ((across.square() + down.square()).sqrt() / 4).clamp_(0, 1)


def _cutout(x: Tensor, draw: Tensor, size: float, probability: float) -> Tensor:
    """A grey square of ``size`` times the height, its centre anywhere (DeVries and Taylor 2017)."""
    height, width = x.shape[2:]
    rows = (torch.arange(height, device=x.device) + 0.5) / height
    columns = (torch.arange(width, device=x.device) + 0.5) / width
    inside = (rows - draw[:, 1:2]).abs()[:, :, None] < size / 2
    inside = inside & ((columns - draw[:, 2:3]).abs()[:, None, :] < size / 2)
    inside = inside & (draw[:, :1, None] < probability)
    return torch.where(inside[:, None], 0.5, x)


@dataclass(frozen=True)
class Operator:
    """One picture of SimCLR's figure 4. ``switches``: the controls it needs on."""

    name: str
    title: str
    switches: tuple[str, ...]

    def apply(self, images: Tensor, config: AugmentConfig, generator: torch.Generator) -> Tensor:
        """The operator alone, on every image, with the strengths of ``config``."""
        return augment(images, only(self.switches, config), generator)


OPERATORS = (
    Operator("original", "Original", ()),
    Operator("crop", "Crop and resize", ("crop",)),
    Operator("crop_flip", "Crop, resize, flip", ("crop", "flip")),
    Operator("grayscale", "Colour (drop)", ("grayscale",)),
    Operator("jitter", "Colour (jitter)", ("jitter",)),
    Operator("rotate", "Rotate 90/180/270", ("rotate",)),
    Operator("cutout", "Cutout", ("cutout",)),
    Operator("noise", "Gaussian noise", ("noise",)),
    Operator("blur", "Gaussian blur", ("blur",)),
    Operator("sobel", "Sobel filtering", ("sobel",)),
)


def only(switches: tuple[str, ...], config: AugmentConfig) -> AugmentConfig:
    """The same strengths with these operators alone, always applied (a flip stays a coin toss)."""
    on: dict[str, bool | float] = {name: name in switches for name in SWITCHES}
    sure = {f"{name}_probability": 1.0 for name in switches if name != "flip"}
    return config.model_copy(update=on | sure)
