"""What a model writes by itself, again and again: one watches text become sensible."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from dataclasses import replace
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from ssllab.looks import Babble
from ssllab.ui import theme
from ssllab.ui.bench import Bench
from ssllab.ui.panel import Panel
from ssllab.ui.playback import Playback, Samples
from ssllab.ui.scene import Scene, waiting

_HINT = "Press Start: what the model writes by itself appears here, the newest on top"
_KEPT = 200
_HEARD = 40  # of the newest can be listened to
_CHOPPY = "Stored sounds of each code, one after the other: choppy by nature."


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
    <p><b>Units of sound</b> can be heard: for each code a typical piece of the recordings is put behind the one before,
    repeats once, with short cross-fades. Nothing else is done, so it is <b>choppy by nature</b>: what to listen for is the
    order of sounds. First any follows any; then come syllables, pauses and a rhythm, long before anything is a word.</p>
    <p>Lakhotia et al. 2021, <i>On Generative Spoken Language Modeling from Raw Audio</i>.</p>
    """

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._babbled: list[Babble] = []
        self._state = ""
        self.playback = Playback(self)
        self.play_button = QPushButton("Play")
        self.play_button.setToolTip("What the newest sounds like; a click on a step plays that one")
        self.play_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.play_button.clicked.connect(self._toggle)
        self.choppy = QLabel(_CHOPPY, wordWrap=True)
        self.sound_row = QWidget()
        row = QHBoxLayout(self.sound_row)
        row.setContentsMargins(8, 4, 8, 0)
        row.addWidget(self.play_button)
        row.addWidget(self.choppy, 1)
        self.text = QTextBrowser()
        self.text.setOpenLinks(False)
        self.text.anchorClicked.connect(lambda url: self._play(int(url.toString())))
        self.playback.changed.connect(self._show_heard)
        self.playback.failed.connect(lambda line: self.bench.say("warning", line))
        self.text.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.text.setAccessibleName("What the model writes by itself")
        self.nothing = QLabel(wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.sound_row)
        column.addWidget(self.text, 1)
        column.addWidget(self.nothing, 1)
        self.restyle()
        self._show()

    def draw(self, scene: Scene) -> None:
        part = scene.part(Babble)
        fresh = part is not None and (not self._babbled or part is not self._babbled[0])
        if fresh and part is not None:
            old = [replace(babble, sound=None) for babble in self._babbled[_HEARD - 1 :]]
            self._babbled = [part, *self._babbled[: _HEARD - 1], *old][:_KEPT]
        if fresh or scene.state != self._state:
            self._state = scene.state
            self._show()

    def stand_still(self) -> QWidget:
        self.text.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        return self.text

    def reset(self) -> None:
        self.playback.stop()
        self._babbled = []
        self._show()

    def restyle(self) -> None:
        now = theme.current()
        self.nothing.setStyleSheet(f"color: {now.muted}; padding: 8px;")
        self.choppy.setStyleSheet(f"color: {now.muted};")
        self.text.setStyleSheet(f"QTextBrowser {{ background: {now.surface}; color: {now.text}; }}")
        self._show()

    def _show(self) -> None:
        has = bool(self._babbled)
        self.text.setVisible(has)
        self.sound_row.setVisible(has and self._babbled[0].sound is not None)
        self.nothing.setVisible(not has)
        self.nothing.setText(waiting(_HINT, self._state))
        if has:
            bar = self.text.verticalScrollBar()
            place, high = bar.value(), bar.maximum()
            self.text.setHtml("".join(map(_paragraph, self._babbled)))
            if place:  # one reads further down: what is read stays where it is
                bar.setValue(place + bar.maximum() - high)

    # Listening

    def _toggle(self) -> None:
        if self.playback.playing:
            self.playback.stop()
        elif self._babbled:
            self._play(self._babbled[0].step)

    def _play(self, step: int) -> None:
        """What was written at that step, as sound."""
        found = next((babble for babble in self._babbled if babble.step == step), None)
        if found is not None and found.sound is not None:
            self.playback.play(Samples(str(step), found.sound))

    def _show_heard(self) -> None:
        heard = self.playback.clip
        self.play_button.setText("Play" if heard is None else f"Stop (step {int(heard.key):,})")


def _paragraph(babble: Babble) -> str:
    now = theme.current()
    words = escape(babble.text.strip("\n")).replace("\n", "<br>") or "<i>an end at once</i>"
    step = f"step {babble.step:,}"
    if babble.sound is not None:
        step = f"<a href='{babble.step}' style='color:{now.accent}'>{step}, play</a>"
    return f"<p><span style='color:{now.muted}'>{step}</span><br>{words}</p>"
