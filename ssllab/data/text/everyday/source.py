"""Everyday English as data: sentences drawn from the grammar, each a document."""

from __future__ import annotations

import numpy as np

from ssllab.data.text.everyday.grammar import everyday
from ssllab.data.text.types import TextData, split_of

SENTENCES = 60_000  # to learn from: more than half a million words
LEAST = 1000  # held out


def everyday_english(seed: int, holdout: int) -> TextData:
    """``holdout`` hundredths as many sentences again are drawn to be held out, and never learned from on purpose: a short
    sentence may come up twice, as in any language."""
    grammar = everyday()
    held_out = max(LEAST, SENTENCES * holdout // 1000) if holdout else 0
    sentences = grammar.sample(np.random.default_rng(seed), SENTENCES + held_out)
    texts = [sentence.text for sentence in sentences]
    return TextData(
        "everyday",
        "Everyday English",
        split_of(texts[held_out:]),
        split_of(texts[:held_out]),
        language="everyday",
        whole=True,
        options={"holdout": holdout},
    )
