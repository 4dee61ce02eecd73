"""``ssllab quantize`` and ``ssllab transcribe``: a recording of any length through a model, part by part."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from ssllab.audio import files
from ssllab.audio.quantize import StreamingQuantizer
from ssllab.commands.hub import fetch_named
from ssllab.commands.train import workspace
from ssllab.commands.usage import answer
from ssllab.diagnostics.codes import perplexity
from ssllab.methods.recogniser import assumption, recogniser_of
from ssllab.methods.stored import RECOGNISER, SHIPPED, SHIPPED_MODELS, SMALL, StoredModel
from ssllab.nn.model_files import ModelFileError
from ssllab.nn.wav2vec2.model import Wav2Vec2ForPreTraining
from ssllab.nn.wav2vec2.statistics import statistics_of
from ssllab.training import hub
from ssllab.training.device import use_sensible_threads
from ssllab.training.stored_models import read_model


def quantize(options: argparse.Namespace) -> int:
    """The codes of every frame of a recording, 20 ms in published models."""
    use_sensible_threads(window=False)
    place = _place(options, SHIPPED)
    model = _model(place).model
    if not isinstance(model, Wav2Vec2ForPreTraining):
        raise ModelFileError(
            f"the model '{place}' has no quantizer: choose a pre-trained one, as of 'ssllab train wav2vec2'."
        )
    sound = _Recording(options.audio)
    quantizer = StreamingQuantizer(model, statistics_of(model.wav2vec2, sound.blocks()))
    found = [new[0] for block in sound.blocks() if (new := quantizer.push(block)) is not None]
    groups = model.config.num_codevector_groups
    codes = np.concatenate(found) if found else np.zeros((0, groups), np.int64)
    counts = [np.bincount(codes[:, group]) for group in range(groups)]
    perplexities = [float(perplexity(torch.from_numpy(count))) for count in counts]
    used = [int((count > 0).sum()) for count in counts]
    if options.json:
        result = {
            "audio": str(options.audio),
            "model": place,
            "frame_seconds": model.config.frame_seconds,
            "codes": codes.tolist(),
            "perplexity": sum(perplexities),
            "perplexities": perplexities,
            "used": sum(used),
            "used_by_group": used,
        }
        answer(result)
        return 0
    # The frames that begin within a second; in models of other strides, seconds have unequally many.
    begins = [
        -(-second * files.SAMPLE_RATE // model.config.frame_samples) for second in range(len(codes) + 1)
    ]
    for second, (first, last) in enumerate(pairwise(begins)):
        if first < len(codes):
            row = " ".join("·".join(map(str, frame)) for frame in codes[first:last].tolist())
            print(f"{second:>6} s  {row}")
    print(f"{len(codes)} frames, {sum(used)} codes in use, perplexity {sum(perplexities):.1f}")
    return 0


def transcribe(options: argparse.Namespace) -> int:
    """The text of a recording."""
    use_sensible_threads(window=False)
    place = _place(options, RECOGNISER)
    stored = _model(place)
    if place == RECOGNISER:
        print(f"Written by {SMALL}, see its card; --model names another.", file=sys.stderr)
    recogniser = recogniser_of(stored, place)
    if line := assumption(stored, place):
        print(line, file=sys.stderr)
    sound = _Recording(options.audio)
    parts = list(recogniser.stream(sound.blocks(), statistics_of(recogniser.encoder, sound.blocks())))
    heard = recogniser.read(np.concatenate(parts))
    if options.json:
        result = {
            "audio": str(options.audio),
            "model": place,
            "text": heard.beam,
            "greedy": heard.greedy,
            "frame_seconds": recogniser.encoder.config.frame_seconds,
            "seconds": sum(map(len, parts)) * recogniser.encoder.config.frame_seconds,
        }
        answer(result)
    else:
        print(heard.beam)
    return 0


def _model(place: str) -> StoredModel:
    fetch_named(place)
    return read_model(place)


def _place(options: argparse.Namespace, usual: str) -> str:
    """What ``--model`` names, a run of the workspace by its folder; without it ``usual``."""
    if options.model is None:
        return usual
    if (
        options.model in SHIPPED_MODELS
        or Path(options.model).expanduser().exists()
        or hub.find(options.model)
    ):
        return options.model
    return str(workspace(options).open(options.model).path)


class _Recording:
    """A recording that may be heard twice: some models have to know all of it before they hear a part."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._said: set[str] = set()

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """It in parts, with a progress bar for whoever looks."""
        seconds = files.info(self._path).seconds
        bar: Any
        with tqdm(total=round(seconds, 1), unit="s", file=sys.stderr, disable=None, leave=False) as bar:
            for block in files.stream(self._path, note=self._say):
                yield block
                bar.update(round(len(block) / files.SAMPLE_RATE, 1))

    def _say(self, line: str) -> None:
        """What is found out about the file is said once."""
        if line not in self._said:
            self._said.add(line)
            print(line, file=sys.stderr)
