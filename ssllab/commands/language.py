"""``ssllab complete``, ``evaluate`` and ``score``: what a model knows, asked without a window."""

from __future__ import annotations

import argparse
import math
import sys
from typing import Any

import numpy as np
from tqdm import tqdm

from ssllab.assets import SEQUENCE_MODELS
from ssllab.commands.reading import count, read
from ssllab.commands.train import workspace
from ssllab.commands.usage import UsageError, answer
from ssllab.data.text.minimal_pairs import read_pairs
from ssllab.methods.minimal_pairs import Judged, judge, together
from ssllab.methods.predictor import Predictor
from ssllab.methods.registry import method_class
from ssllab.methods.sequences import SequenceMethod, stream
from ssllab.text.units import END
from ssllab.training import checkpoint, stored_predictors
from ssllab.training.device import use_sensible_threads
from ssllab.training.run_record import RunError
from ssllab.training.trainer import Trainer

BLANK = "___"
MANY_UNKNOWN = 0.01


def complete(options: argparse.Namespace) -> int:
    """How surprising each symbol of a text is, and what may come next; a blank asks what stands there."""
    use_sensible_threads(window=False)
    blank = BLANK in options.text
    place = options.model or ("everyday-masked" if blank else "everyday-causal")
    model = _model(place, options)
    if blank:
        return _blank(model, place, options)
    ids = np.concatenate([np.array([END], np.int32), model.units.encode(options.text)])
    told = model.log_probabilities(ids)
    logs = model.next(ids)
    result: dict[str, Any] = {
        "text": options.text,
        "model": place,
        "symbols": [
            {"symbol": model.units.shown(int(i)), "surprisal_bits": -float(log) / math.log(2)}
            for i, log in zip(ids[1:], told, strict=True)
        ],
        **_candidates(model, logs, options.top),
    }
    if options.generate:
        result["generated"] = _generated(model, ids, options)
    if options.json:
        answer(result)
        return 0
    for symbol in result["symbols"]:
        print(f"{symbol['surprisal_bits']:7.2f} bits  {symbol['symbol']}")
    _print_candidates(result)
    if options.generate:
        print(options.text + result["generated"])
    return 0


def _blank(model: Predictor, place: str, options: argparse.Namespace) -> int:
    before, _, after = options.text.partition(BLANK)
    if BLANK in after:
        raise UsageError(f"'{options.text}' has several blanks: expected one {BLANK}.")
    if not hasattr(model, "at"):
        raise UsageError(
            f"'{place}' only looks back, and a blank has words behind it: choose a masked model, or leave {BLANK} out."
        )
    first, last = model.units.encode(before), model.units.encode(after)
    ids = np.concatenate([[END], first, [0], last, [END]]).astype(np.int32)
    result = {
        "text": options.text,
        "model": place,
        **_candidates(model, model.at(ids, 1 + len(first)), options.top),
    }
    if options.json:
        answer(result)
    else:
        _print_candidates(result)
    return 0


def _candidates(model: Predictor, logs: Any, top: int) -> dict[str, Any]:
    p = np.exp(logs.astype(np.float64))
    p /= p.sum()
    best = np.argsort(-p, kind="stable")[:top]
    entropy = -float((p[p > 0] * np.log2(p[p > 0])).sum())
    return {
        "candidates": [{"symbol": model.units.shown(int(i)), "probability": float(p[i])} for i in best],
        "entropy_bits": entropy,
    }


def _print_candidates(result: dict[str, Any]) -> None:
    for candidate in result["candidates"]:
        print(f"{candidate['probability'] * 100:6.1f} %  {candidate['symbol']}")
    print(f"entropy {result['entropy_bits']:.2f} bits ({result['model']})")


def _generated(model: Predictor, ids: Any, options: argparse.Namespace) -> str:
    dice = np.random.default_rng(options.seed)
    written = list(ids)
    for _ in range(options.generate):
        logs = model.next(np.array(written, np.int32)).astype(np.float64)
        if options.temperature == 0:
            written.append(int(logs.argmax()))
            continue
        p = np.exp((logs - logs.max()) / options.temperature)
        written.append(int(dice.choice(len(p), p=p / p.sum())))
    before, after = model.units.decode(ids[1:]), model.units.decode(written[1:])
    return after[len(before) :] if after.startswith(before) else model.units.decode(written[len(ids) :])


def score(options: argparse.Namespace) -> int:
    """Which sentence of a pair a model prefers."""
    use_sensible_threads(window=False)
    files = read_pairs(options.pairs)
    place = options.model or "books-bpe"
    model = _model(place, options)
    waiting = tqdm(files, unit="file", file=sys.stderr, disable=None, leave=False)
    judged = [judge(model, one.pairs) for one in waiting]
    whole = together(judged)
    if not whole.covered:
        raise UsageError(
            f"'{place}' knows every word of none of the {whole.pairs:,} pairs: choose a model of characters, bytes or "
            "parts of words."
        )
    result = {
        "pairs_file": str(options.pairs),
        "model": place,
        **_numbers(whole),
        "files": [
            {"name": one.name, "phenomenon": one.phenomenon, **_numbers(found)}
            for one, found in zip(files, judged, strict=True)
        ],
    }
    if options.json:
        answer(result)
        return 0
    for one, found in zip(files, judged, strict=True):
        said = f"{found.accuracy * 100:5.1f} %" if found.accuracy is not None else "not covered"
        print(f"{said:>12}  {one.name}")
    low, high = whole.interval or (0.0, 1.0)
    print(
        f"{(whole.accuracy or 0) * 100:.1f} % of {whole.covered:,} pairs ({low * 100:.1f} to {high * 100:.1f} %); chance is "
        f"50 %. Covered: {whole.covered:,} of {whole.pairs:,}; ties: {whole.ties:,}."
    )
    return 0


def _numbers(found: Judged) -> dict[str, Any]:
    interval = found.interval
    return {
        "accuracy": found.accuracy,
        "pairs": found.pairs,
        "covered": found.covered,
        "ties": found.ties,
        "interval": list(interval) if interval else None,
    }


def evaluate(options: argparse.Namespace) -> int:
    """What a run's model knows on data it never saw: the run's held-out part, or other data, the whole of it."""
    use_sensible_threads(window=False)
    run = workspace(options).open(options.run)
    settings = run.info.settings
    if settings is None:
        raise RunError(f"run {run.id} has no readable settings: {run.info.problem}")
    method = method_class(settings.method)
    other = getattr(options, "data", None)
    own = {} if other is not None else dict(settings.options)
    whole = {"holdout": 0} if other is not None and "text" in method.kinds else {}
    data = read(
        other or settings.data,
        kinds=method.kinds,
        options=own | whole,
        seed=settings.seed,
        workspace=options.workspace,
    )
    count(data)
    result: dict[str, Any] = {"run": run.id, "method": settings.method, "data": other or settings.data}
    if issubclass(method, SequenceMethod) and method.causal:
        model = stored_predictors.of_run(run)
        split = data.train if other is not None else data.test  # type: ignore[attr-defined]
        result |= _measured(model, split, options.stride)
    else:
        result |= _probed(run, settings, data, other)
    if options.json:
        answer(result)
    else:
        for name, value in result.items():
            print(f"{name:>18}  {value:.6g}" if isinstance(value, float) else f"{name:>18}  {value}")
    return 0


def _measured(model: Predictor, split: Any, stride: int | None) -> dict[str, Any]:
    """Every symbol after the first, once."""
    ids = stream(split, model.units)[1:-1] if len(split) == 1 else stream(split, model.units)
    if len(ids) < 2:
        raise UsageError(
            "nothing is held out: name text that the model never saw with --data, or hold some out."
        )
    step = stride or max(1, model.context // 2)
    if step > model.context:
        raise UsageError(f"--stride {step}: expected at most the context, which is {model.context}.")
    nats = 0.0
    with tqdm(total=len(ids) - 1, unit="symbol", file=sys.stderr, disable=None, leave=False) as bar:
        for part, done in model.scored(ids, step):
            nats -= float(part.sum(dtype=np.float64))
            bar.update(done - bar.n)
    unknown = 0
    if model.units.unknown is not None:
        unknown = int((ids[1:] == model.units.unknown).sum())
        nats += unknown * math.log(max(1, model.units.unknown_stands_for))
    symbols = len(ids) - 1
    if unknown > MANY_UNKNOWN * symbols:
        print(
            f"{unknown / symbols * 100:.1f} % of the symbols are unknown to the model: its loss says little.",
            file=sys.stderr,
        )
    return {
        "loss": nats / symbols,
        "nats_per_symbol": nats / symbols,
        "bits_per_byte": nats / math.log(2) / split.size,
        "symbols": symbols,
        "unknown": unknown,
        "stride": step,
    }


def _probed(run: Any, settings: Any, data: Any, other: str | None) -> dict[str, Any]:
    refs = run.checkpoints()
    if not refs:
        raise RunError(f"run {run.id} has no checkpoint, so it has no model.")
    trainer = Trainer(settings, data)
    tree, _ = checkpoint.load(refs[-1].stem)
    trainer.load(tree)
    return {name: value for name, value in trainer.probe().scalars.items() if math.isfinite(value)}


def _model(place: str, options: argparse.Namespace) -> Predictor:
    if place in SEQUENCE_MODELS:
        return stored_predictors.shipped(place)
    return stored_predictors.of_run(workspace(options).open(place))
