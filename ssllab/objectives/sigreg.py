"""Sketched isotropic Gaussian regularisation (LeJEPA: Balestriero and LeCun 2025): embeddings are held to a standard normal
distribution by comparing characteristic functions along random directions (Epps and Pulley 1983).

Scaled as in LeJEPA: N stands in the statistic, and the loss is ``weight * sigreg + (1 - weight) * invariance``. Others add
``weight * sigreg`` to the whole invariance, or leave N out (EB-JEPA: its weight 10 equals 0.038 here at N = 256).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ssllab.objectives.contrast import full_precision

T_MAX, KNOTS = 3.0, 17  # where the characteristic functions are compared: 0 to T_MAX
STEP = T_MAX / (KNOTS - 1)


def directions(dimension: int, slices: int, generator: torch.Generator, device: torch.device) -> Tensor:
    """``(D, slices)``: fresh unit vectors, always in float32: in half precision one may have length 0."""
    drawn = torch.randn(dimension, slices, generator=generator, device=device)
    return drawn / drawn.norm(dim=0)


def sigreg(z: Tensor, along: Tensor) -> Tensor:
    """How far ``z: (N, D)`` is from a standard normal distribution along the unit vectors ``along: (D, slices)``: a scalar.

    ``N ∫ w(t) |mean exp(i t a·z) - exp(-t²/2)|² dt`` with the window ``w = exp(-t²/2)`` over t from -3 to 3 by the
    trapezoid rule, averaged over slices. About 1.05 for a standard normal z, whatever N; 0.402 N where all is 0. Raises
    ValueError for other shapes.
    """
    if z.ndim != 2 or z.shape[1] != len(along):
        raise ValueError(
            f"z must be (N, D) and along (D, slices), got {tuple(z.shape)} and {tuple(along.shape)}"
        )
    with torch.autocast(z.device.type, enabled=False):
        z = full_precision(z)
        knots = torch.linspace(0, T_MAX, KNOTS, dtype=z.dtype, device=z.device)
        gauss = (-knots.square() / 2).exp()
        weights = torch.full_like(knots, 2 * STEP)  # both signs of t
        weights[[0, -1]] = STEP
        real, imaginary = _Characteristic.apply(z @ along.to(z.dtype))
        error = (real - gauss[:, None]).square() + imaginary.square()
        return len(z) * ((weights * gauss) @ error).mean()


class Terms(NamedTuple):
    """Scalars: the loss, and the mean of the views' :func:`sigreg` before its weight."""

    loss: Tensor
    statistic: Tensor


def lejepa(z1: Tensor, z2: Tensor, along: Tensor, weight: float = 0.05) -> Terms:
    """The loss of two views ``(N, D)``: ``weight`` times the mean of their :func:`sigreg`, and ``1 - weight`` times the mean
    squared difference of each view from the mean of both."""
    statistic = (sigreg(z1, along) + sigreg(z2, along)) / 2
    alike = ((full_precision(z1) - full_precision(z2)) / 2).square().mean()  # both are as far from their mean
    return Terms(weight * statistic + (1 - weight) * alike, statistic)


class _Characteristic(torch.autograd.Function):
    """``x: (N, S)`` -> the real and the imaginary part ``(KNOTS, S)`` of the mean over N of ``exp(i t x)``.

    The knots are equally spaced, so the angles of one are those of the last one and a step: one cosine and one sine of
    ``STEP x``, and multiplications by them, instead of those of every knot. Backward the gradient, a polynomial in
    ``exp(i STEP x)``, is summed by Horner's rule. Nothing of the size of all knots is ever held.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> tuple[Tensor, Tensor]:
        cos, sin = (x * STEP).cos_(), (x * STEP).sin_()
        ctx.save_for_backward(cos, sin)
        real, imaginary = x.new_ones(KNOTS, x.shape[1]), x.new_zeros(KNOTS, x.shape[1])
        c, s, next_c, next_s = cos.clone(), sin.clone(), torch.empty_like(cos), torch.empty_like(sin)
        for knot in range(1, KNOTS):
            torch.mean(c, 0, out=real[knot])
            torch.mean(s, 0, out=imaginary[knot])
            torch.mul(c, cos, out=next_c).addcmul_(s, sin, value=-1)
            torch.mul(s, cos, out=next_s).addcmul_(c, sin)
            c, s, next_c, next_s = next_c, next_s, c, s
        return real, imaginary

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, real: Tensor, imaginary: Tensor) -> Tensor:
        """d/dx of ``real cos(t x) + imaginary sin(t x)`` is the real part of ``t (imaginary + i real) exp(i t x)``."""
        cos, sin = ctx.saved_tensors
        knots = torch.arange(KNOTS, dtype=cos.dtype, device=cos.device)[:, None] * (STEP / len(cos))
        a, b = imaginary * knots, real * knots
        p, q = a[-1].expand_as(cos).contiguous(), b[-1].expand_as(cos).contiguous()
        next_p, next_q = torch.empty_like(p), torch.empty_like(q)
        for knot in range(KNOTS - 2, -1, -1):  # p + i q <- (p + i q) exp(i STEP x) + a + i b
            torch.addcmul(a[knot].expand_as(p), p, cos, out=next_p).addcmul_(q, sin, value=-1)
            if knot:
                torch.addcmul(b[knot].expand_as(q), q, cos, out=next_q).addcmul_(p, sin)
            p, q, next_p, next_q = next_p, next_q, p, q
        return p
