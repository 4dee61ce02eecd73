"""``ssllab evaluate``: what a run's model knows on data that it never saw."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sized
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from ssllab.commands.reading import count, read
from ssllab.commands.train import workspace
from ssllab.commands.usage import UsageError, answer
from ssllab.data.batches import Data
from ssllab.data.catalogue import absolute, exists, source
from ssllab.data.text.types import TextData, TextSplit, split_of
from ssllab.methods.sequences import SequenceMethod
from ssllab.methods.symbol_stream import stream
from ssllab.storage.one_line import one_line
from ssllab.training import stored_predictors
from ssllab.training.device import autocast, use_sensible_threads
from ssllab.training.fingerprint import difference, fingerprint
from ssllab.training.run_method import method_of
from ssllab.training.run_record import RunSettings
from ssllab.training.run_store import Run
from ssllab.training.stored_models import read_model
from ssllab.training.trainer import Trainer

MANY_UNKNOWN = 0.01
MOST_BATCHES = 64  # of held-out items, where the loss is that of a training step


def evaluate(options: argparse.Namespace) -> int:
    """A run's held-out part, or other data, the whole of it."""
    use_sensible_threads(window=False)
    run = workspace(options).open(options.run)
    method, changed = method_of(run.info)
    settings = run.info.settings
    assert settings is not None  # or it had no method
    if changed:
        print(changed, file=sys.stderr)
    other = getattr(options, "data", None)
    place = settings.data if other is None else absolute(other)
    if place == settings.data and source(place):  # of a set of ours what it never saw is what was held out
        other = None
    if other is None and not exists(place):
        raise UsageError(
            f"the data of run {options.run} is no longer at {one_line(place)}: say where other data is with --data."
        )
    sequences = issubclass(method, SequenceMethod)
    if options.stride and not (sequences and getattr(method, "causal", False)):
        raise UsageError(f"--stride: '{settings.method}' reads no text from left to right; leave it out.")
    given = dict(settings.options) if other is None else {"holdout": 0} if "text" in method.kinds else {}
    data = read(place, kinds=method.kinds, options=given, seed=settings.seed, workspace=options.workspace)
    count(data)
    if other is None and difference(run.info.data, fingerprint(data)):
        print("The data is not what the run learned from: some of it may not be held out.", file=sys.stderr)
    result: dict[str, Any] = {"run": str(run.path), "method": settings.method, "data": place}
    if issubclass(method, SequenceMethod):
        asked = stored_predictors.method_of_run(run)
        try:
            text: TextData = asked.read(data, read_model)  # type: ignore[arg-type]
        except ValueError as error:
            raise UsageError(str(error)) from error
        split = text.train if other is not None else text.test
        if (
            other is not None and settings.data == "everyday" and text.language == "prose"
        ):  # a sentence a line
            lines = (line for document in split.documents() for line in document.splitlines())
            split = split_of(line for line in lines if line.strip())
        result |= _measured(asked, split, options.stride)
    else:
        result |= _probed(run, settings.model_copy(update={"device": "auto", "data": place}), data)
    if options.json:
        answer(result)
    else:
        for name, value in result.items():
            print(f"{name:>24}  {value:.6g}" if isinstance(value, float) else f"{name:>24}  {value}")
    return 0


def _measured(method: SequenceMethod, split: TextSplit, stride: int | None) -> dict[str, Any]:
    """Of a causal model every symbol after the first, once; of a masked one what the usual dice hide."""
    units = method.units
    ids = stream(split, units)
    if len(split) == 1:  # a text without an end of its own before and behind it
        ids = ids[1:-1]
    if len(ids) < 2:
        raise UsageError(
            "nothing is held out: name text that the model never saw with --data, or hold some out."
        )
    unknown = 0 if units.unknown is None else int((ids[1:] == units.unknown).sum())
    symbols = len(ids) - 1
    if unknown > MANY_UNKNOWN * symbols:
        print(
            f"{unknown / symbols * 100:.1f} % of the symbols are unknown to the model: its loss says little.",
            file=sys.stderr,
        )
    if not method.causal:
        logs = method.held_out(ids).astype(np.float64)
        return {"loss": -float(logs.mean()), "hidden": len(logs), "symbols": symbols, "unknown": unknown}
    model = method.asked()
    step = stride or max(1, model.context // 2)
    if step > model.context and not model.whole:
        raise UsageError(f"--stride {step}: expected at most the context, which is {model.context}.")
    nats = unknown * math.log(max(1, units.unknown_stands_for))
    with tqdm(total=symbols, unit="symbol", file=sys.stderr, disable=None, leave=False) as bar:
        for part, done in model.scored(ids, step):
            nats -= float(part.sum(dtype=np.float64))
            bar.update(done - bar.n)
    written = units.name != "code"
    if not written:
        print("Sound is not written in bytes: there are no bits per byte.", file=sys.stderr)
    elif unknown and not units.unknown_stands_for:
        written = False
        print(
            "The model's text had no unknown word, so unknown ones have no price: no bits per byte.",
            file=sys.stderr,
        )
    return {
        "loss": nats / symbols,
        "nats_per_symbol": nats / symbols,
        **({"bits_per_byte": nats / math.log(2) / split.size} if written else {}),
        "symbols": symbols,
        "unknown": unknown,
        "stride": 1 if model.whole else step,
    }


def _probed(run: Run, settings: RunSettings, data: Data) -> dict[str, Any]:
    """The loss on held-out items, and what the representation knows by its probes."""
    trainer = Trainer(settings, data, stored_predictors.last_checkpoint(run))
    trainer.method.eval()
    found = {name: value for name, value in trainer.probe().scalars.items() if math.isfinite(value)}
    losses = [value for name, value in found.items() if name.startswith("heldout_") and name.endswith("loss")]
    loss = losses[0] if losses else _held_out_loss(trainer)
    return {"loss": loss, **found}


@torch.no_grad()
def _held_out_loss(trainer: Trainer) -> float | None:
    """That of training steps over the held-out items, once, without a step; None where none are held out."""
    test = trainer.data.test  # type: ignore[attr-defined]
    config: Any = trainer.config
    steps = MOST_BATCHES  # of what is made without end
    if isinstance(test, Sized):
        if not len(test):
            return None
        steps = min(MOST_BATCHES, max(1, len(test) // getattr(config, "batch_size", len(test))))
    batches = trainer.method.batches(
        replace(trainer.data, train=test),  # type: ignore[type-var]
        trainer.settings.seed,
    )
    dice = torch.Generator(trainer.device).manual_seed(trainer.settings.seed)
    with autocast(trainer.device, trainer.precision):
        losses = [float(trainer.method.step(batches.next(config), dice).loss) for _ in range(steps)]
    return sum(losses) / len(losses)
