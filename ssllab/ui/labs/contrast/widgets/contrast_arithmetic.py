"""The arithmetic of one anchor's contrastive loss, number by number, in NumPy.

It repeats what training computes on a batch, on the fixed images of the map and at any temperature, so that
the microscope can ask "what if" without touching the model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class AnchorContrast:
    """One anchor against its candidates: row 0 is the positive, then the negatives, most similar first.

    ``rows: (K,)`` indices into z; ``similarity``, ``logits`` (= similarity / temperature), ``probability``
    and ``force: (K,)`` float64. ``force`` is the size of the loss's derivative by each similarity:
    (1 - p) / temperature pulls the positive, p / temperature pushes each negative.
    """

    anchor: int
    temperature: float
    rows: np.ndarray
    similarity: np.ndarray
    logits: np.ndarray
    probability: np.ndarray
    force: np.ndarray
    log_sum: float  # log of the denominator, the sum of exp(logits)
    loss: float  # -log p of the positive
    effective_negatives: float

    @property
    def negatives(self) -> int:
        """How many candidates push."""
        return len(self.rows) - 1


def candidate_rows(anchor: int, images: int, variant: str) -> tuple[int, np.ndarray]:
    """The row of the anchor's positive and the rows of its negatives, for ``images`` pairs of views.

    ``nt_xent``: all the other 2M - 1 views are candidates (SimCLR, equation 1); ``info_nce``: the M second
    views. Row i and row M + i of z are the two views of image i; the anchor is a first view.
    """
    positive = anchor + images
    rows = np.arange(images, 2 * images) if variant == "info_nce" else np.arange(2 * images)
    return positive, rows[(rows != anchor) & (rows != positive)]


def contrast(z: np.ndarray, anchor: int, temperature: float, variant: str = "nt_xent") -> AnchorContrast:
    """Everything in l = -log(e^{s+/t} / (e^{s+/t} + sum e^{s-/t})) for one anchor.

    ``z: (2M, D)`` unit embeddings, ``anchor`` in 0..M-1, ``temperature`` > 0. The largest logit is taken out
    before exponentials are formed, so that every number is finite at any temperature. The forces are
    Wang and Liu's (2021), section 3.1: the pushes add up to the pull.
    """
    z = np.asarray(z, dtype=np.float64)
    positive, negatives = candidate_rows(anchor, len(z) // 2, variant)
    to_negatives = z[negatives] @ z[anchor]
    order = np.argsort(-to_negatives, kind="stable")
    rows = np.concatenate(([positive], negatives[order]))
    similarity = np.concatenate(([z[positive] @ z[anchor]], to_negatives[order]))
    logits = similarity / temperature
    largest = logits.max()
    exponentials = np.exp(logits - largest)
    total = exponentials.sum()
    probability = exponentials / total
    force = probability / temperature
    # The sum of the pushes, not 1 - p: the difference loses every digit when p is close to 1.
    force[0] = force[1:].sum()
    return AnchorContrast(
        anchor=anchor,
        temperature=temperature,
        rows=rows,
        similarity=similarity,
        logits=logits,
        probability=probability,
        force=force,
        log_sum=float(largest + np.log(total)),
        loss=float(np.logaddexp.reduce(logits - logits[0])),
        effective_negatives=float(effective_negatives(similarity[1:], np.array([temperature]))[0]),
    )


def effective_negatives(similarity: np.ndarray, temperatures: np.ndarray) -> np.ndarray:
    """How many negatives effectively push at each temperature: exp of the entropy of their shares.

    ``similarity: (K,)`` of the negatives, ``temperatures: (T,)``. Returns (T,): 1 when the hardest negative
    does all the pushing, K when all push alike. Zero negatives give zeros.
    """
    if similarity.size == 0:
        return np.zeros(len(temperatures))
    logits = similarity[None, :] / temperatures[:, None]
    logits = logits - logits.max(axis=1, keepdims=True)
    weights = np.exp(logits)
    total = weights.sum(axis=1, keepdims=True)
    shares = weights / total
    entropy = -(shares * (logits - np.log(total))).sum(axis=1)
    return np.exp(entropy)


_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def exponential_text(exponent: float) -> str:
    """e^exponent in about three digits, written without ever forming the number (it may exceed a float)."""
    if -7.0 < exponent < 13.8:  # 0.001 .. a million
        value = float(np.exp(exponent))
        return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
    power = exponent / np.log(10.0)
    whole = int(np.floor(power))
    mantissa = 10.0 ** (power - whole)
    if mantissa >= 9.95:
        mantissa, whole = 1.0, whole + 1
    return f"{mantissa:.1f}×10{str(whole).translate(_SUPERSCRIPT)}"


def share_text(probability: float, rest: float) -> str:
    """A probability; one so close to 1 that its digits would hide it is written as 1 minus ``rest``."""
    return small_text(probability) if probability < 0.9995 or rest == 0 else f"1 − {small_text(rest)}"


def small_text(value: float) -> str:
    """A number in three digits; tiny ones in powers of ten."""
    if value == 0:
        return "0"
    if abs(value) < 1e-3:
        sign = "−" if value < 0 else ""
        return sign + exponential_text(float(np.log(abs(value))))
    return f"{value:.3g}".replace("-", "−") if abs(value) < 1000 else f"{value:,.0f}"
