"""What the codes of held-out speech know: purity, phone-normalised mutual information, and the shortcut of loudness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ssllab.diagnostics.codes import (
    perplexity,
    phone_code_counts,
    phone_given_code,
    table_order,
    usage,
)
from ssllab.diagnostics.information import cross_fitted, of_noise, quarters
from ssllab.diagnostics.loudness import frame_decibels, shortcut_measures
from ssllab.looks import PhoneTable
from ssllab.methods.speech import Heard, phone_names, phones_of, probe_batches

if TYPE_CHECKING:
    from ssllab.data.speech.types import SpeechData

LABELLED_SECONDS = (
    120.0  # of held-out speech, where phones are known: tables of rare combinations want many frames
)
TABLE_COLUMNS = 300  # combinations of codes in the table, the most frequent


@dataclass(frozen=True)
class CodedFrames:
    """``codes (B, T, G)`` int64 and valid frames ``counts (B,)`` of a batch."""

    codes: Tensor
    counts: Tensor


@torch.no_grad()
def code_probes(
    codes_of: Callable[[Tensor, Tensor], CodedFrames], size: int, data: SpeechData, heard: Heard
) -> tuple[dict[str, float], PhoneTable | None]:
    """Scalars by name and, where phones are known, the table P(phone | code).

    ``codes_of`` is given samples ``(B, n)`` and lengths ``(B,)``; ``size`` is V.
    """
    names = phone_names(data)
    codes, levels, clips = [], [], []
    for batch in probe_batches(data.test, LABELLED_SECONDS) if names else heard.batches:
        frames = codes_of(batch.samples, batch.lengths)
        for row, count, samples, n, clip in zip(
            frames.codes.cpu(),
            frames.counts.tolist(),
            batch.samples,
            batch.lengths.tolist(),
            batch.clips.tolist(),
            strict=True,
        ):
            codes.append(row[:count])
            levels.append(
                frame_decibels(
                    samples[:n], hop=heard.shape.frame_samples, window=heard.shape.receptive_field
                )[:count]
            )
            clips.append(torch.full((count,), clip))
    chosen, decibels, clip = torch.cat(codes), torch.cat(levels), torch.cat(clips)
    quarter = quarters(clip)
    phones = phones_of(data.test, clip, names, heard.shape) if names else None
    scalars = {"heldout_code_perplexity": float(perplexity(usage(chosen, size).double()).sum())}
    scalars |= shortcut_measures(chosen, decibels, quarter, size, phones, len(names))
    if phones is None or not bool((phones >= 0).any()):
        return scalars, None
    known = phones >= 0
    found, table = _phones_of_codes(phones[known], chosen[known], quarter[known], size, names)
    return scalars | found, table


def _phones_of_codes(
    phones: Tensor, codes: Tensor, quarter: Tensor, size: int, names: tuple[str, ...]
) -> tuple[dict[str, float], PhoneTable]:
    """What codes ``(N, G)`` say of ``phones (N,)``, on clips that were not counted, and what noise would say."""
    together, chance = (count(phones, codes, quarter, len(names)) for count in (cross_fitted, of_noise))
    words, ids = combinations(codes, size)
    scalars = {
        "purity": together.accuracy,
        "chance_purity": chance.accuracy,
        "pnmi": together.information,
        "chance_pnmi": chance.information,
        "labelled_frames": float(len(phones)),
        "code_combinations": float(len(words)),
    }
    if codes.shape[1] > 1:
        for group, column in enumerate(codes.unbind(1), 1):
            alone = cross_fitted(phones, column[:, None], quarter, len(names), accuracy=False)
            scalars[f"pnmi_{group}"] = alone.information
    return scalars, _table(phone_code_counts(phones, ids, len(names), len(words)), names, words)


def combinations(codes: Tensor, size: int) -> tuple[list[str], Tensor]:
    """Combinations of the groups' codes as one code: names such as "12·7", and ``(N,)`` int64 numbers of them."""
    weights = size ** torch.arange(codes.shape[1])
    found, ids = (codes * weights).sum(1).unique(return_inverse=True)
    digits = found[:, None] // weights % size
    return ["·".join(map(str, row)) for row in digits.tolist()], ids


def _table(counts: Tensor, phones: tuple[str, ...], words: list[str]) -> PhoneTable:
    most = counts.sum(0).topk(min(TABLE_COLUMNS, counts.shape[1])).indices
    counts = counts[:, most]
    table = phone_given_code(counts)
    order = table_order(table)
    return PhoneTable(
        table[:, order].float().numpy(),
        phones,
        tuple(words[most[i]] for i in order.tolist()),
        counts.sum(0)[order].numpy(),
    )
