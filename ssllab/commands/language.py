"""``ssllab complete`` and ``score``: what a model of sequences knows, asked without a window."""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ssllab.audio import files
from ssllab.commands.hub import fetch_named
from ssllab.commands.train import workspace
from ssllab.commands.usage import UsageError, answer
from ssllab.data.text.minimal_pairs import read_pairs
from ssllab.methods.minimal_pairs import Judged, judge, together
from ssllab.methods.predictor import Predictor
from ssllab.methods.sound_codes import heard
from ssllab.methods.writing import drawn
from ssllab.text.codes import Codes
from ssllab.text.units import END
from ssllab.training import hub, stored_predictors
from ssllab.training.device import use_sensible_threads

BLANK = "___"
SENTENCE_ENDS = (".", "!", "?")


def complete(options: argparse.Namespace) -> int:
    """How surprising each symbol of a text is, and what may come next; a blank asks what stands there."""
    use_sensible_threads(window=False)
    options.text = re.sub("_{4,}", BLANK, options.text)
    blank = BLANK in options.text
    if blank and options.out is not None:
        raise UsageError(f"--out writes what codes sound like: leave {BLANK} out.")
    if options.text.count(BLANK) > 1:
        raise UsageError(f"'{options.text}' has several blanks: expected one {BLANK}.")
    if blank and options.generate:
        raise UsageError(f"--generate goes on at the end of a text: leave {BLANK} out.")
    place = options.model or ("everyday-masked" if blank else "everyday-causal")
    model = _model(place, options)
    if not blank:
        options.text = _read(model, options.text)
    result: dict[str, Any] = {"text": options.text, "model": place}
    if blank:
        result |= _hidden(model, options)
    else:
        ids = np.concatenate([np.array([END], np.int32), model.units.encode(options.text)])
        told = _symbols(model, ids[1:], model.log_probabilities(ids))
        result |= {"symbols": told, **_candidates(model, model.next(ids), options.top)}
        written = ids
        if options.generate:
            written = _generated(model, ids, options)
            result["generated"] = _added(model, ids, written)
        if options.out is not None:
            result |= _sounding(model, written, options)
    result["unknown"] = _unknown(model, options.text.replace(BLANK, " "))
    for word in result["unknown"]:
        print(f"'{word}' is not in the vocabulary of {place}, which reads it as unknown.", file=sys.stderr)
    if options.json:
        answer(result)
        return 0
    for symbol in result["symbols"]:
        print(f"{symbol['surprisal_bits']:7.2f} bits  {symbol['symbol']}")
    for candidate in result["candidates"]:
        print(f"{candidate['probability'] * 100:6.1f} %  {candidate['symbol']}")
    print(f"entropy {result['entropy_bits']:.2f} bits ({place})")
    if options.generate:
        print(options.text + result["generated"])
    return 0


def _read(model: Predictor, text: str) -> str:
    """The text without what is no whole symbol at its end, as of k-mers, which is said."""
    places = model.units.cut(text)
    end = places[-1][1] if places else 0
    if not text[end:].strip():
        return text
    print(f"'{text[end:]}' at the end is no whole symbol of the model and is not read.", file=sys.stderr)
    return text[:end]


def _hidden(model: Predictor, options: argparse.Namespace) -> dict[str, Any]:
    """What stands at the blank; the other symbols are each hidden in turn, beside the blank."""
    before, _, after = options.text.partition(BLANK)
    if model.causal:
        raise UsageError(
            f"'{options.model}' only looks back, and a blank has words behind it: choose a masked model, or leave {BLANK} "
            "out."
        )
    if model.units.name == "bpe":  # its parts begin with the blank before a word
        before = before.rstrip(" ")
    first, last = model.units.encode(before), model.units.encode(after)
    end = [END] if after.rstrip().endswith(SENTENCE_ENDS) else []
    ids = np.concatenate([[END], first, [model.mask], last, end]).astype(np.int32)
    asked = 1 + len(first)
    others = [place for place in range(1, len(ids) - len(end)) if place != asked]
    told = [float(model.at(ids, place)[ids[place]]) for place in others]
    return {
        "symbols": _symbols(model, ids[others], told),
        **_candidates(model, model.at(ids, asked), options.top),
    }


def _symbols(model: Predictor, ids: NDArray[np.int32], logs: Iterable[float]) -> list[dict[str, Any]]:
    shown = [model.units.shown(int(i)) for i in ids]
    if shown and model.units.name == "bpe":
        shown[0] = shown[0].removeprefix("·")  # no word went on: a text begins without a blank
    return [
        {"symbol": symbol, "surprisal_bits": -float(log) / math.log(2)}
        for symbol, log in zip(shown, logs, strict=True)
    ]


def _unknown(model: Predictor, text: str) -> list[str]:
    """What of ``text`` is not in the vocabulary, each once."""
    if model.units.unknown is None:
        return []
    cut = zip(model.units.encode(text), model.units.cut(text), strict=True)
    return list(dict.fromkeys(text[first:last] for i, (first, last) in cut if i == model.units.unknown))


def _candidates(model: Predictor, logs: Any, top: int) -> dict[str, Any]:
    p = np.exp(logs.astype(np.float64))
    p /= p.sum()
    best = np.argsort(-p, kind="stable")[:top]
    entropy = -float((p[p > 0] * np.log2(p[p > 0])).sum())
    return {
        "candidates": [{"symbol": model.units.shown(int(i)), "probability": float(p[i])} for i in best],
        "entropy_bits": entropy,
    }


def _generated(model: Predictor, ids: NDArray[np.int32], options: argparse.Namespace) -> NDArray[np.int32]:
    """``ids (n,)`` and those that are drawn after them."""
    dice = np.random.default_rng(options.seed)
    written = list(ids)
    for _ in range(options.generate):
        written.append(drawn(model, np.array(written, np.int32), dice, options.temperature))
    return np.array(written, np.int32)


def _added(model: Predictor, ids: NDArray[np.int32], written: NDArray[np.int32]) -> str:
    """What stands behind ``ids`` in ``written``, as it is written there."""
    before, after = model.units.decode(ids[1:]), model.units.decode(written[1:])
    return after[len(before) :] if after.startswith(before) else model.units.decode(written[len(ids) :])


def _sounding(model: Predictor, ids: NDArray[np.int32], options: argparse.Namespace) -> dict[str, Any]:
    """Write what the symbols sound like to a file."""
    if not isinstance(model.units, Codes):
        raise UsageError(
            f"--out: '{options.model or 'everyday-causal'}' writes no sound: name a run with unit=code, or leave --out out."
        )
    sound = heard(model.units, ids[1:])
    if not sound.any():
        raise UsageError(
            "--out: there is nothing to hear: expected codes, as in 'c5 c17', or --generate 200."
        )
    files.write(options.out, sound / np.float32(32768))
    seconds = round(len(sound) / files.SAMPLE_RATE, 2)
    print(
        f"{options.out}: {seconds} s, stored sounds of the codes put behind one another: choppy by nature.",
        file=sys.stderr,
    )
    return {"out": str(options.out), "seconds": seconds}


def score(options: argparse.Namespace) -> int:
    """Which sentence of a pair a model prefers."""
    use_sensible_threads(window=False)
    suites = read_pairs(options.pairs)
    place = options.model or "books-bpe"
    model = _model(place, options)
    waiting = tqdm(suites, unit="file", file=sys.stderr, disable=None, leave=False)
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
            for one, found in zip(suites, judged, strict=True)
        ],
    }
    if options.json:
        answer(result)
        return 0
    for one, found in zip(suites, judged, strict=True):
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


def _model(place: str, options: argparse.Namespace) -> Predictor:
    fetch_named(place, hub.LANGUAGE)
    return stored_predictors.named(place, workspace(options))
