"""Praat's TextGrids beside recordings, as phoneticians and forced aligners keep them."""

from __future__ import annotations

from ssllab.data.speech.layouts.reading import Reading, Recordings, Row, Tables, ending, without_ending
from ssllab.data.speech.textgrid import parsed
from ssllab.storage.errors import DataError

#: What aligners write into a tier of words where nobody speaks or nothing was understood.
_NO_WORDS = frozenset(("sil", "sp", "spn", "<sil>", "<p:>", "<eps>", "#", "xxx"))


def textgrids(tables: Tables, recordings: Recordings) -> Reading:
    """A TextGrid with the name of its recording, beside it or in a tree of the same folders (Montreal Forced Aligner)::

        kalpa/anna_01.wav   kalpa/anna_01.TextGrid             tiers "words" and "phones"
        corpus/anna/01.wav  aligned/anna/01.TextGrid

    Words in their order are also the transcript, where no other table has one.
    """
    reading = Reading()
    for table, content in tables.items():
        key = without_ending(table)
        if ending(table) != ".textgrid" or not recordings.finds("", key):
            continue
        try:
            grid = parsed(content, "")
        except DataError as error:
            reading.refuse(table, str(error).strip().rstrip("."))
            continue
        spoken = [span.label for span in grid.words if span.label.lower() not in _NO_WORDS]
        reading.take(table, [Row(table, key, " ".join(spoken) or None, words=grid.words, phones=grid.phones)])
    return reading
