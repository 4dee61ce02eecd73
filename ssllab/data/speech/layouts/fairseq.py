"""fairseq: manifests of recordings, and their texts line by line."""

from __future__ import annotations

import re

from ssllab.data.speech.layouts.reading import (
    Reading,
    Recordings,
    Row,
    Tables,
    ending,
    lines_of,
    without_ending,
)

_TEXTS = (".wrd", ".ltr")


def fairseq(tables: Tables, recordings: Recordings) -> Reading:
    r"""wav2vec 2.0's manifests (https://github.com/facebookresearch/fairseq, ``examples/wav2vec``)::

        train.tsv    /data/librispeech                    the folder, which is not looked at
                     19/198/19-198-0000.flac \t 31360     path and samples
        train.wrd    WELL YES                             words, line by line
        train.ltr    W E L L | Y E S |                    the same in letters

    ``train`` is learned from, ``valid``, ``dev`` and ``test`` are held out.
    """
    reading = Reading()
    for table, content in tables.items():
        lines = lines_of(content)
        if ending(table) != ".tsv" or len(lines) < 2 or "\t" in lines[0]:
            continue
        if not all(re.fullmatch(r"[^\t]+\t\d+", line) for line in lines[1:]):
            continue
        paths = [line.split("\t")[0] for line in lines[1:]]
        texts: list[str] = [""] * len(paths)
        for end in (*_TEXTS, ".phn"):
            beside = without_ending(table) + end
            if beside not in tables:
                continue
            own = lines_of(tables[beside])
            if end not in _TEXTS:
                reading.refuse(beside, "phones without times are not read")
            elif len(own) != len(paths):
                reading.refuse(
                    beside, f"has {len(own):,} lines for the {len(paths):,} recordings of its .tsv"
                )
            else:
                reading.took.add(beside)
                said = own if end == ".wrd" else [_words(line) for line in own]
                texts = [text or other.strip() for text, other in zip(texts, said, strict=True)]
        reading.take(table, [Row(table, path, text or None) for path, text in zip(paths, texts, strict=True)])
    return reading


def _words(letters: str) -> str:
    """``W E L L | Y E S |`` is ``WELL YES``."""
    return " ".join("".join(letters.split()).replace("|", " ").split())
