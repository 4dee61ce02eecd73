"""What a model writes by itself, again and again: one watches text become sensible."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QTextBrowser, QVBoxLayout

from ssllab.looks import Babble
from ssllab.ui import theme
from ssllab.ui.bench import Bench
from ssllab.ui.panel import Panel
from ssllab.ui.scene import Scene, waiting

_HINT = "Press Start: what the model writes by itself appears here, the newest on top"
_KEPT = 200


class BabblePanel(Panel):
    """The newest text on top, each with its step."""

    id = "babble"
    title = "What it writes"
    parts = (Babble,)
    help = """
    <h3>What it writes</h3>
    <p>From nothing the model draws symbol after symbol from its own predictions, always with the same dice, so that
    what changes from text to text is the model. The newest stands on top, each with its step.</p>
    <p><b>How to read it.</b> First noise, in which every symbol is as likely as any. Then the frequent ones, in no
    order; then pairs that go together; then phrases, then sentences that hold together. One phrase again and again is a
    repetition loop; whole sentences of the training text may be learned by heart.</p>
    """

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._babbled: list[Babble] = []
        self._state = ""
        self.text = QTextBrowser()
        self.text.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.text.setAccessibleName("What the model writes by itself")
        self.nothing = QLabel(wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.text, 1)
        column.addWidget(self.nothing, 1)
        self.restyle()
        self._show()

    def draw(self, scene: Scene) -> None:
        part = scene.part(Babble)
        fresh = part is not None and (not self._babbled or part is not self._babbled[0])
        if fresh and part is not None:
            self._babbled = [part, *self._babbled][:_KEPT]
        if fresh or scene.state != self._state:
            self._state = scene.state
            self._show()

    def reset(self) -> None:
        self._babbled = []
        self._show()

    def restyle(self) -> None:
        now = theme.current()
        self.nothing.setStyleSheet(f"color: {now.muted}; padding: 8px;")
        self.text.setStyleSheet(f"QTextBrowser {{ background: {now.surface}; color: {now.text}; }}")
        self._show()

    def _show(self) -> None:
        has = bool(self._babbled)
        self.text.setVisible(has)
        self.nothing.setVisible(not has)
        self.nothing.setText(waiting(_HINT, self._state))
        if has:
            bar = self.text.verticalScrollBar()
            place, high = bar.value(), bar.maximum()
            self.text.setHtml("".join(map(_paragraph, self._babbled)))
            if place:  # one reads further down: what is read stays where it is
                bar.setValue(place + bar.maximum() - high)


def _paragraph(babble: Babble) -> str:
    muted = theme.current().muted
    words = escape(babble.text.strip("\n")).replace("\n", "<br>") or "<i>an end at once</i>"
    return f"<p><span style='color:{muted}'>step {babble.step:,}</span><br>{words}</p>"
