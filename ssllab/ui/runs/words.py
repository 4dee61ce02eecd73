"""How the run browser says things: times, numbers and settings in words. No Qt."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ssllab.training.run_record import RunInfo

METRIC_TITLES = {
    "loss": "Loss",
    "contrastive_top1": "Contrastive accuracy, top-1",
    "contrastive_top5": "Contrastive accuracy, top-5",
    "positive_similarity": "Similarity of positives",
    "negative_similarity": "Similarity of negatives",
    "positive_force": "Force on the positive",
    "negative_force": "Force on the negatives",
    "effective_negatives": "Effective negatives",
    "learning_rate": "Learning rate",
    "gradient_norm": "Gradient norm",
    "items_per_second": "Images or seconds of audio per second",
    "knn_top1": "kNN accuracy on h",
    "knn_top1_z": "kNN accuracy on g(h)",
    "linear_top1": "Linear probe on h",
    "linear_top1_z": "Linear probe on g(h)",
    "alignment": "Alignment",
    "uniformity": "Uniformity",
    "rankme_h": "RankMe of h",
    "rankme_z": "RankMe of g(h)",
    "effective_rank_h": "Effective rank of h",
    "effective_rank_z": "Effective rank of g(h)",
    "contrastive_loss": "Contrastive loss",
    "code_perplexity": "Hard code perplexity",
    "prob_perplexity": "Soft code perplexity",
    "phone_top1": "Linear phone probe",
    "word_top1": "Linear word probe",
    "speaker_top1": "Linear speaker probe",
    "purity": "Phone purity of the codes",
    "pnmi": "Phone-normalised mutual information",
    "heldout_top1": "Held-out accuracy of the task",
    "heldout_contrastive_loss": "Held-out contrastive loss",
    "heldout_code_perplexity": "Held-out hard perplexity",
    "wer": "Word error rate",
    "cer": "Character error rate",
    "wer_beam": "Word error rate, beam search",
    "cer_beam": "Character error rate, beam search",
}

HEADLINES = ("knn_top1", "phone_top1", "wer", "heldout_top1")


def headline(names: Iterable[str]) -> str:
    """The probe that says most of a run which has those: the first of ``HEADLINES``."""
    have = set(names)
    return next((name for name in HEADLINES if name in have), HEADLINES[0])


def metric_title(name: str) -> str:
    """The words for a metric or probe; factors and unknown names are made readable."""
    if name in METRIC_TITLES:
        return METRIC_TITLES[name]
    if name.startswith("factor_"):
        factor, where = name.removeprefix("factor_"), "h"
        if factor.endswith("_z"):
            factor, where = factor.removesuffix("_z"), "g(h)"
        return f"Factor {factor.replace('_', ' ')}, probe on {where}"
    return name.replace("_", " ").capitalize()


def ago(then: float, now: float) -> str:
    """How long ago, in words; both in seconds since the epoch."""
    seconds = now - then
    if seconds < 45:
        return "just now"
    if seconds < 3600 - 30:
        return _count(round(seconds / 60) or 1, "minute")
    if seconds < 86400 - 1800:
        return _count(round(seconds / 3600), "hour")
    if seconds < 2 * 86400:
        return "yesterday"
    if seconds < 30 * 86400:
        return _count(round(seconds / 86400), "day")
    return f"{datetime.fromtimestamp(then):%Y-%m-%d}"


def absolute(then: float) -> str:
    """The date and time in local time."""
    return f"{datetime.fromtimestamp(then):%Y-%m-%d %H:%M:%S}"


def percent(share: float | None) -> str:
    """A share in 0..1 as a percentage with one decimal, empty when unknown."""
    return "" if share is None or not math.isfinite(share) else f"{100 * share:.1f} %"


def plural(number: int, noun: str) -> str:
    """``1 run``, ``2 runs``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def value_text(value: Any) -> str:
    """A setting's value as a person writes it."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def run_title(info: RunInfo) -> str:
    """The name of a run; of one that has none its method and when it began, of a damaged one its id."""
    if info.name or info.settings is None:
        return info.name or info.id
    return f"{info.settings.method}, {datetime.fromtimestamp(info.created):%d %b %H:%M}"


def distinct_titles(infos: Iterable[RunInfo]) -> dict[str, str]:
    """A title for each run (by id) that no other has: with the second it began, then with the end of its id."""
    infos = list(infos)
    titles = [run_title(info) for info in infos]
    exact = [
        title
        if titles.count(title) == 1 or info.name or not info.settings
        else f"{title}:{datetime.fromtimestamp(info.created):%S}"
        for info, title in zip(infos, titles, strict=True)
    ]
    return {
        info.id: title if exact.count(title) == 1 else f"{title} ({info.id[-6:]})"
        for info, title in zip(infos, exact, strict=True)
    }


def parse_tags(text: str) -> tuple[str, ...]:
    """Tags from ``a, b c, a``: split at commas, trimmed, each once, in the order given."""
    return tuple(dict.fromkeys(tag for tag in (part.strip() for part in text.split(",")) if tag))


def file_name(text: str) -> str:
    """A name that every file system takes."""
    kept = "".join(c if c.isalnum() or c in "-_. " else "_" for c in text).strip(" .")
    return kept[:80] or "run"


def all_tags(tag_lists: Iterable[Iterable[str]]) -> list[str]:
    """Every tag once, sorted."""
    return sorted({tag for tags in tag_lists for tag in tags}, key=str.casefold)


def _count(number: int, noun: str) -> str:
    return f"{plural(number, noun)} ago"
