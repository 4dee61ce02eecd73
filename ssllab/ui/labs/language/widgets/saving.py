"""The board as a file: text, JSON or a picture of lines and words."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ssllab.storage.files import write_whole
from ssllab.ui.labs.language.widgets.branches import Branch, tree
from ssllab.ui.labs.language.widgets.desk import FIRST, SECOND, Desk, Said
from ssllab.ui.labs.language.widgets.ranking import Candidate, rank
from ssllab.ui.plots.export import save_plot

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

FILTERS = "Text (*.txt);;JSON (*.json);;SVG picture (*.svg);;PNG picture (*.png)"


def save(panel: Any, path: str | os.PathLike[str]) -> Path:
    """Write the board of a :class:`.BoardPanel` as the ending of ``path`` says; any other gets ``.txt``. Raises OSError."""
    path = Path(path)
    ending = path.suffix.lower()
    if ending in (".svg", ".png"):
        picture: QWidget = panel
        return save_plot(picture, path)
    if ending not in (".txt", ".json"):
        path = path.with_name(path.name + ".txt")
    content = as_json(panel.desk) if ending == ".json" else as_text(panel.desk)
    try:
        write_whole(path, content.encode("utf-8", "replace"))
    except OSError as error:
        raise OSError(f"Cannot write {path}: {error.strerror or error}. Choose another folder.") from None
    return path


def board(desk: Desk) -> dict[str, Any]:
    """All that stands on the board, as plain values."""
    state = desk.sheet.state
    answers = {which: _told(desk, desk.said.get(which)) for which in (FIRST, SECOND)}
    return {
        "text": state.text,
        "sampling": {"temperature": state.temperature, "top_k": state.top_k, "top_p": state.top_p},
        "models": [told for told in answers.values() if told is not None],
        "pins": [_pin(desk, pin) for pin in desk.pins],
        "texts": desk.sheet.texts,
        "tree": _branch(tree(desk.sheet.texts)),
    }


def as_json(desk: Desk) -> str:
    """The board for programs."""
    return json.dumps(board(desk), ensure_ascii=False, indent=1, allow_nan=False)


def as_text(desk: Desk) -> str:
    """The board for people."""
    told = board(desk)
    lines = [told["text"], ""]
    for model in told["models"]:
        lines.append(f"{model['model']}: {model['entropy_bits']:.2f} bits open")
        for symbol in model["symbols"]:
            bits = symbol["surprisal_bits"]
            lines.append(f"  {'     -' if bits is None else f'{bits:6.2f}'} bits  {symbol['symbol']}")
        lines += [f"  {c['probability']:8.4f}  {c['tag']:6}{c['symbol']}" for c in model["candidates"]]
        lines.append("")
    lines += ["Pinned", *(f"  {pin['text']}: {pin['words']}" for pin in told["pins"]), "", "Where one was"]
    lines += [f"  {text}" for text in told["texts"]]
    lines += ["", "As a tree", *_indented(told["tree"])]
    return "\n".join(lines) + "\n"


def _told(desk: Desk, said: Said | None) -> dict[str, Any] | None:
    if said is None or said.answer is None:
        return None
    answer = said.answer
    reading, state = answer.reading, desk.sheet.state
    found = rank(answer.logs, reading.units, desk.tags, state.sampling)
    shown = [reading.units.shown(int(id)) if id >= 0 else "___" for id in reading.ids[1:]]
    return {
        "model": said.chosen.words,
        "text": reading.text,
        "place": None if reading.at_end else reading.place - 1,
        "entropy_bits": answer.bits,
        "symbols": [
            {
                "symbol": symbol,
                "surprisal_bits": _number(bits),
                "entropy_bits": _number(entropy),
                "rank": int(rank_),
            }
            for symbol, bits, entropy, rank_ in zip(
                shown, answer.surprisal, answer.entropy, answer.rank, strict=True
            )
        ],
        "candidates": [
            {"symbol": c.shown, "probability": c.p, "drawn_with": c.left, "tag": c.tag, "group": c.group}
            for c in found
            if isinstance(c, Candidate)
        ],
    }


def _pin(desk: Desk, pin: str) -> dict[str, Any]:
    said = desk.pinned.get(pin)
    if said is None or said.answer is None:
        return {"text": pin, "words": said.problem if said else "", "entropy_bits": None, "candidates": []}
    found = rank(said.answer.logs, said.answer.reading.units, desk.tags, desk.sheet.state.sampling, top=5)
    told = [(c.shown, c.p) for c in found if isinstance(c, Candidate)]
    words = ", ".join(f"{shown} {p:.3f}" for shown, p in told)
    return {
        "text": pin,
        "words": f"{said.answer.bits:.2f} bits; {words}",
        "entropy_bits": said.answer.bits,
        "candidates": [{"symbol": shown, "probability": p} for shown, p in told],
    }


def _branch(branch: Branch) -> dict[str, Any]:
    return {"piece": branch.piece, "children": [_branch(child) for child in branch.children]}


def _indented(branch: dict[str, Any], depth: int = 1) -> Iterator[str]:
    """A line for each branch, below that which it grows from and further in."""
    for child in branch["children"]:
        yield "  " * depth + child["piece"].strip()
        yield from _indented(child, depth + 1)


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
