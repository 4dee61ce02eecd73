"""Word and character error rates, and where two texts differ (through jiwer)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jiwer


@dataclass(frozen=True)
class ErrorRates:
    """Errors of all texts together over the words (characters) of all references together.

    Nought errors in no words is no error; any error in no words is one whole (infinitely many would not draw).
    """

    word_errors: int
    words: int
    character_errors: int
    characters: int

    @property
    def wer(self) -> float:
        """Word error rate, 0..1 and above: insertions count."""
        return _rate(self.word_errors, self.words)

    @property
    def cer(self) -> float:
        """Character error rate; the space between words is a character."""
        return _rate(self.character_errors, self.characters)


@dataclass(frozen=True)
class Piece:
    """A stretch of words in which two texts agree or differ; either side may be empty."""

    kind: str  # "equal", "substitute", "insert" or "delete"
    reference: str
    hypothesis: str


def error_rates(references: Sequence[str], hypotheses: Sequence[str]) -> ErrorRates:
    """Substitutions, deletions and insertions of the cheapest alignment. Texts are compared as they are."""
    pairs = [(_tidy(r), _tidy(h)) for r, h in zip(references, hypotheses, strict=True)]
    # jiwer 3 refuses an empty reference; everything said in its place is inserted.
    word_errors = sum(len(h.split()) for r, h in pairs if not r)
    character_errors = sum(len(h) for r, h in pairs if not r)
    words = characters = 0
    if filled := [(r, h) for r, h in pairs if r]:
        by_word = jiwer.process_words([r for r, _ in filled], [h for _, h in filled])
        by_character = jiwer.process_characters([r for r, _ in filled], [h for _, h in filled])
        word_errors += by_word.substitutions + by_word.deletions + by_word.insertions
        character_errors += by_character.substitutions + by_character.deletions + by_character.insertions
        words = sum(len(r.split()) for r, _ in filled)
        characters = sum(len(r) for r, _ in filled)
    return ErrorRates(word_errors, words, character_errors, characters)


def differences(reference: str, hypothesis: str) -> list[Piece]:
    """Both texts in pieces, in order: where they agree and what was put, added or left out."""
    reference, hypothesis = _tidy(reference), _tidy(hypothesis)
    if not reference:
        return [Piece("insert", "", hypothesis)] if hypothesis else []
    output = jiwer.process_words(reference, hypothesis)
    here, there = reference.split(), hypothesis.split()
    return [
        Piece(
            chunk.type,
            " ".join(here[chunk.ref_start_idx : chunk.ref_end_idx]),
            " ".join(there[chunk.hyp_start_idx : chunk.hyp_end_idx]),
        )
        for chunk in output.alignments[0]
    ]


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _rate(errors: int, of: int) -> float:
    return errors / of if of else float(errors > 0)
