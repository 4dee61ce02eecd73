"""What is known of symbols besides how often they come: part of speech and meaning, where a grammar tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ssllab.text.symbols import Units

#: Universal parts of speech in words, in the order in which they are listed.
PARTS_OF_SPEECH = {
    "NOUN": "nouns",
    "VERB": "verbs",
    "ADJ": "adjectives",
    "DET": "determiners",
    "ADP": "prepositions",
    "PROPN": "names",
    "PRON": "pronouns",
    "ADV": "adverbs",
    "AUX": "auxiliaries",
    "NUM": "numbers",
    "CCONJ": "conjunctions",
    "SCONJ": "subordinators",
    "PART": "particles",
    "PUNCT": "punctuation",
    "END": "the end",
}


def tags_of(units: Units, language: str) -> dict[str, tuple[str, str]]:
    """Symbol -> (part of speech, meaning: "" for words of grammar), by its most frequent reading; nothing in a ``language``
    whose grammar is not known. The grammar is built at the first call: some seconds."""
    if language != "everyday" or units.name not in ("word", "bpe"):
        return {}
    from ssllab.data.text.everyday.grammar import everyday
    from ssllab.text.symbols import END, END_NAME

    readings = everyday().usual
    found = {END_NAME: ("END", "")}
    for id in range(END + 1, len(units.symbols)):
        reading = None if units.continues(id) else readings.get(units.decode([id]).strip())
        if reading is not None:
            found[units.symbols[id]] = reading.tag, reading.group
    return found
