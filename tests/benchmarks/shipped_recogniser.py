"""Error rates of the shipped recogniser on held-out speech, through ``ssllab transcribe``, clip by clip.

    python tests/benchmarks/shipped_recogniser.py [--data spoken] [--clips 0]

These are the numbers of its card in ``resources/models/speech-letters``. Other data than the samples (a folder with
transcripts) are held out whole: the model never heard them.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import soundfile

from ssllab.cli import main as ssllab
from ssllab.data.catalogue import load
from ssllab.data.speech.types import SpeechSplit
from ssllab.text.alphabet import Alphabet
from ssllab.text.word_error import error_rates


def heard(split: SpeechSplit, clips: Iterator[int] | range) -> list[tuple[str, str, str]]:
    """What was said, and what ``ssllab transcribe`` writes by beam search and greedily, of each of the ``clips``."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder) / "clip.wav"
        for clip in clips:
            samples = split.audio[int(split.starts[clip]) : int(split.starts[clip + 1])].numpy()
            soundfile.write(sound, samples, 16_000)
            said = Alphabet().normalise(split.texts[clip] or "").text
            written = io.StringIO()
            with contextlib.redirect_stdout(written), contextlib.redirect_stderr(io.StringIO()):
                assert ssllab(["transcribe", str(sound), "--json"]) == 0
            answer = json.loads(written.getvalue())
            found.append((said, answer["text"], answer["greedy"]))
    return found


def main() -> None:
    """Print the rates of both ways of reading."""
    options = argparse.ArgumentParser()
    options.add_argument("--data", default="spoken")
    options.add_argument("--clips", type=int, default=0, help="the first so many; 0: all")
    chosen = options.parse_args()
    data = load(chosen.data, kinds=("speech",))
    split = data.test
    count = min(chosen.clips or len(split), len(split))
    said, beam, greedy = zip(*heard(split, range(count)), strict=True)
    print(f"{data.title}: {count} held-out clips, {len(' '.join(said).split())} words")
    for name, written in (("with the n-gram", beam), ("greedy", greedy)):
        rates = error_rates(said, written)
        print(f"{name:>16}  word error {100 * rates.wer:.1f} %  character error {100 * rates.cer:.1f} %")
    for words in list(zip(said, beam, strict=True))[:5]:
        print("\n".join(words))


if __name__ == "__main__":
    main()
