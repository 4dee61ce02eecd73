"""The texts one has been at, as a tree: what two of them begin with alike stands once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

MOST = 200  # texts; the oldest go
_LONGEST = 2000  # characters of one


@dataclass
class Branch:
    """``piece`` is what it adds to the text before it; ``text`` is all of it up to here; ``visited``: one was there."""

    piece: str
    text: str
    visited: bool = False
    children: list[Branch] = field(default_factory=list)

    def walk(self) -> Iterator[Branch]:
        """It and all below it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()


def visit(texts: list[str], text: str) -> list[str]:
    """``texts`` with one more. What it goes on from by typing is not a text of its own any more: only where one turned
    off, or stopped, is."""
    text = text[:_LONGEST]
    if not text.strip():
        return texts
    kept = [known for known in texts if known != text]
    if texts and text.startswith(texts[-1]) and text != texts[-1]:
        kept = kept[:-1] if kept and kept[-1] == texts[-1] else kept
    elif any(known.startswith(text) for known in texts):
        return texts  # it lies on a branch that is there: one went back
    return [*kept, text][-MOST:]


def tree(texts: Iterable[str]) -> Branch:
    """The texts cut into words where they part."""
    root = Branch("", "")
    for text in texts:
        _add(root, text)
    _join(root)
    return root


def _pieces(text: str) -> list[str]:
    """Words with the blanks before them."""
    found: list[str] = []
    for letter in text:
        inside = found and not (letter.isspace() and not found[-1].isspace())
        if inside:
            found[-1] += letter
        else:
            found.append(letter)
    return found


def _add(root: Branch, text: str) -> None:
    here = root
    for piece in _pieces(text):
        child = next((c for c in here.children if c.piece == piece), None)
        if child is None:
            child = Branch(piece, here.text + piece)
            here.children.append(child)
        here = child
    here.visited = True


def _join(branch: Branch) -> None:
    """One piece for what never parts."""
    for child in branch.children:
        while len(child.children) == 1 and not child.visited:
            (only,) = child.children
            child.piece += only.piece
            child.text, child.visited, child.children = only.text, only.visited, only.children
        _join(child)
