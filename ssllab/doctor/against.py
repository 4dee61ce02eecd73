"""What speaks against health, whatever the method: with any of it on the table no verdict is a green one.

The rules name sicknesses; this page makes sure that what they do not know yet is not taken for health.
"""

from __future__ import annotations

import math

from ssllab.doctor import speech_signs
from ssllab.doctor.evidence import Evidence
from ssllab.doctor.verdict import lines

PROBES = ("knn_top1", "linear_top1", "phone_top1", "word_top1")  # not the speaker: later layers lose it
LEAST_RANK = (
    2.0  # effective, of the centred covariance; measured in sick runs 1.0 to 1.5, in healthy ones above 4
)
LEAST_RANKME = 0.55  # of the root of the width, 6.2 of 128
RANKED_DIMENSION = 8  # below this width a low rank is the choice of the user (a 2-D head for the circle)
LEAST_SHARE_OF_CODES = 0.05
CHANCE_SHARE = 0.99  # of the loss of a guess: within one percent of it, or above


def against_health(e: Evidence) -> tuple[str, ...]:
    """Lines of evidence that cannot stand beside the word healthy; empty where nothing is known against it.

    A probe under the untrained model's, a rank under 2, a codebook under a twentieth of its ceiling, a loss that is
    above or within 1 % of a guess's, or of one that knows how frequent each symbol is.
    """
    return (*worse_probes(e), *low_ranks(e), *empty_codebooks(e), *guessing(e), *frequencies(e))


def worse_probes(e: Evidence) -> tuple[str, ...]:
    """Probes that know less than those of the untrained model."""
    return lines(*(e.probe_line(name) for name in PROBES if below_untrained(e, name)))


def below_untrained(e: Evidence, name: str) -> bool:
    """Whether a probe knows less than on the untrained model."""
    now, before = e.now(name), e.untrained(name)
    return now is not None and before is not None and now < before


def low_ranks(e: Evidence) -> tuple[str, ...]:
    """Representations of fewer than two dimensions."""
    head = e.constant("dimension_z")
    narrow = head is not None and head < RANKED_DIMENSION
    ranks = (
        {} if narrow else {f"effective_rank_{part}": e.constant(f"dimension_{part}") or 0.0 for part in "hz"}
    )
    ranks["rankme_context"] = math.inf
    return lines(
        *(
            e.line(name, rank, at_most=width if math.isfinite(width) else None)
            for name, width in ranks.items()
            if (rank := e.now(name)) is not None and rank < LEAST_RANK and width >= RANKED_DIMENSION
            if not _many_small(e, name, width)
        )
    )


def _many_small(e: Evidence, name: str, width: float) -> bool:
    """Whether one direction outweighs many small ones that are alive all the same, where no negatives spread them: SimSiam
    that learns has an effective rank of 1.4 and a RankMe of 18 of 128, collapsed ones at most 5.4."""
    rankme = e.now(name.replace("effective_rank", "rankme"))
    return e.recent("chance_loss") is None and rankme is not None and rankme > LEAST_RANKME * math.sqrt(width)


def empty_codebooks(e: Evidence) -> tuple[str, ...]:
    """Codebooks of which hardly a code is chosen."""
    codes, hard = e.constant("codes"), speech_signs.hard(e)
    empty = codes is not None and any(perplexity < LEAST_SHARE_OF_CODES * codes for perplexity in hard)
    return lines(speech_signs.hard_line(e) if empty else None)


def guessing(e: Evidence, share: float = CHANCE_SHARE) -> tuple[str, ...]:
    """A loss that a guess would have as well, or at least ``share`` of it."""
    loss, guess = speech_signs.loss(e), speech_signs.guess(e)
    flat = loss is not None and guess is not None and loss >= share * guess
    return lines(speech_signs.loss_line(e) if flat else None)


def frequencies(e: Evidence) -> tuple[str, ...]:
    """A held-out loss that frequencies alone would have as well."""
    loss, unigram = e.now("held_out_loss"), e.constant("unigram_loss")
    flat = loss is not None and unigram is not None and loss >= CHANCE_SHARE * unigram
    return lines(e.line("held_out_loss", loss, frequencies_alone=unigram) if flat else None)
