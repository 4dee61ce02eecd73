"""``ssllab quantize`` and ``ssllab transcribe``: a recording of any length through a model, part by part."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
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
from ssllab.diagnostics.codes import perplexity
from ssllab.methods.recogniser import recogniser_of
from ssllab.methods.stored import SHIPPED, StoredModel
from ssllab.nn.wav2vec2.config import FRAME_SECONDS
from ssllab.nn.wav2vec2.files import ModelFileError
from ssllab.nn.wav2vec2.model import Wav2Vec2ForPreTraining
from ssllab.training import hub
from ssllab.training.device import use_sensible_threads
from ssllab.training.stored_models import read_model


def quantize(options: argparse.Namespace) -> int:
    """The codes of every 20 ms of a recording."""
    use_sensible_threads(window=False)
    model = _model(options).model
    if not isinstance(model, Wav2Vec2ForPreTraining):
        raise ModelFileError(
            f"the model '{_place(options)}' has no quantizer: choose a pre-trained one, as of 'ssllab train wav2vec2'."
        )
    quantizer = StreamingQuantizer(model, exact=model.config.feat_extract_norm == "layer")
    found = [new[0] for block in _blocks(options.audio) if (new := quantizer.push(block)) is not None]
    groups = model.config.num_codevector_groups
    codes = np.concatenate(found) if found else np.zeros((0, groups), np.int64)
    counts = [np.bincount(codes[:, group]) for group in range(groups)]
    perplexities = [float(perplexity(torch.from_numpy(count))) for count in counts]
    used = [int((count > 0).sum()) for count in counts]
    if options.json:
        result = {
            "audio": str(options.audio),
            "model": _place(options),
            "frame_seconds": FRAME_SECONDS,
            "codes": codes.tolist(),
            "perplexity": sum(perplexities),
            "perplexities": perplexities,
            "used": sum(used),
            "used_by_group": used,
        }
        print(json.dumps(result))
        return 0
    a_second = round(1 / FRAME_SECONDS)
    for second in range(0, len(codes), a_second):
        row = " ".join("·".join(map(str, frame)) for frame in codes[second : second + a_second].tolist())
        print(f"{second // a_second:>6} s  {row}")
    print(f"{len(codes)} frames, {sum(used)} codes in use, perplexity {sum(perplexities):.1f}")
    return 0


def transcribe(options: argparse.Namespace) -> int:
    """The text of a recording."""
    use_sensible_threads(window=False)
    recogniser = recogniser_of(_model(options), _place(options))
    parts = list(recogniser.stream(_blocks(options.audio)))
    heard = recogniser.read(np.concatenate(parts))
    if options.json:
        result = {
            "audio": str(options.audio),
            "model": _place(options),
            "text": heard.beam,
            "greedy": heard.greedy,
            "seconds": sum(map(len, parts)) * FRAME_SECONDS,
        }
        print(json.dumps(result))
    else:
        print(heard.beam)
    return 0


def _model(options: argparse.Namespace) -> StoredModel:
    place = _place(options)
    fetch_named(place)
    return read_model(place)


def _place(options: argparse.Namespace) -> str:
    """What ``--model`` names, a run of the workspace by its folder."""
    if options.model is None:
        return SHIPPED
    if options.model == SHIPPED or Path(options.model).expanduser().exists() or hub.find(options.model):
        return options.model
    return str(workspace(options).open(options.model).path)


def _blocks(path: Path) -> Iterator[NDArray[np.float32]]:
    """The recording in parts, with a progress bar for whoever looks."""
    seconds = files.info(path).seconds

    def note(line: str) -> None:
        print(line, file=sys.stderr)

    bar: Any
    with tqdm(total=round(seconds, 1), unit="s", file=sys.stderr, disable=None, leave=False) as bar:
        for block in files.stream(path, note=note):
            yield block
            bar.update(round(len(block) / files.SAMPLE_RATE, 1))
