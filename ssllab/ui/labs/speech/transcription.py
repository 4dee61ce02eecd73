"""What fine-tuning writes: error rates over time, held-out clips word by word, and the take on the desk."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from ssllab.looks import Inspection, Transcript, Transcripts
from ssllab.ui import theme
from ssllab.ui.labs.speech.widgets.desk import Desk
from ssllab.ui.labs.speech.widgets.heard_text import coloured, legend
from ssllab.ui.labs.speech.widgets.transcriber import Transcriber
from ssllab.ui.panel import Panel
from ssllab.ui.plots.time_plot import Curve, Level, TimePlot
from ssllab.ui.rewind import ask_rewind
from ssllab.ui.scene import Scene

if TYPE_CHECKING:
    from ssllab.methods.base import Method

_HINT = "Press Start: error rates appear here"
_NO_RATES = "Error rates and held-out clips stand here while the method is CTC to text."
_SHIPPED_TIP = (
    "Trained on 18 minutes of synthetic voices with 97 words: it spells those, and little else. Press Start on CTC to "
    "text, or choose a fine-tuned model on the desk, and that one writes."
)


def _rates() -> TimePlot:
    curves = [
        Curve("wer", "WER", "0", 100, primary=False, help="Word errors of the best path, held-out clips."),
        Curve("cer", "CER", "2", 100, primary=False, help="Character errors of the best path."),
        Curve("wer_beam", "WER beam", "0", 100, dash=True, primary=False, overlay=False,
              help="Word errors of beam search with the n-gram."),
        Curve("cer_beam", "CER beam", "2", 100, dash=True, primary=False, overlay=False,
              help="Character errors of beam search."),
    ]  # fmt: skip
    silent = Level(
        "writes nothing", lambda scene: 100.0, "muted", "A model that writes no word has this rate."
    )
    return TimePlot(
        curves,
        y_label="error rate",
        unit="%",
        levels=[silent],
        source="probes",
        hint=_HINT,
        always=(0.0,),
        empty_y=(0.0, 105.0),
    )


class TranscriptionPanel(Panel):
    """Error rates, held-out clips, and the text of the desk's audio."""

    id = "transcription"
    title = "Transcription"
    parts = (Transcript, Transcripts)
    help = """
    <h3>Transcription</h3>
    <p><b>Rates.</b> Word and character error rates on held-out clips: substitutions, deletions and insertions over what was
    said. <b>Greedy</b> takes the most probable class of every frame, merges repeats and drops blanks. <b>Beam search</b>
    adds up all timings of a text and lets an n-gram of the training transcripts weigh in (alpha and beta under
    <i>Search</i>, live).</p>
    <p><b>Clips.</b> What was said and what was written at the last probe; click a clip to put it on the desk, where
    the posteriors of blank and letters stand as a lane.</p>
    <p><b>Transcribe this take</b> writes with the model chosen on the desk, or with the live run; where neither can, with
    the shipped recogniser, a small model of twenty minutes.</p>
    <p><b>How to read it.</b> For a while nothing is written: blanks are the safe guess. Then letters come by their
    sound, long before words are spelled right, so the CER falls first. A training loss that falls while the held-out WER
    rises is learning by heart.</p>
    <p>Graves et al. 2006, <i>Connectionist temporal classification</i>; Hannun et al. 2014 (prefix beam search).</p>
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.bench)
        self.desk = desk
        self.transcriber = Transcriber(self.desk)
        self._scene: Scene | None = None
        self._written: Any = None
        self._make_view()
        self.transcriber.changed.connect(self._show_heard)
        self.transcriber.failed.connect(lambda line, trace: self.bench.say("error", line, trace))
        self.desk.audio_changed.connect(self._show_heard)
        self.desk.models.changed.connect(self._show_heard)
        self.bench.state_changed.connect(lambda state: self._show_heard())
        self.restyle()

    def _make_view(self) -> None:
        self.plot = _rates()
        self.plot.tools.serve(self.bench, lambda: self.bench.file_name(self.title))
        self.plot.marker_clicked.connect(lambda marker: ask_rewind(self, self.bench, marker))
        self.clips = QTextBrowser()
        self.clips.setOpenLinks(False)
        self.clips.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.clips.anchorClicked.connect(self._open)
        self.button = QPushButton("Transcribe this take")
        self.button.clicked.connect(self.transcriber.transcribe)
        self.heard = QLabel(textFormat=Qt.TextFormat.RichText, wordWrap=True)
        self.heard.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.heard.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.sides = QButtonGroup(self)
        self.rates_button, self.clips_button = QPushButton("Rates"), QPushButton("Clips")
        row = QHBoxLayout()
        row.addWidget(self.button)
        row.addStretch(1)
        for button in (self.rates_button, self.clips_button):
            button.setCheckable(True)
            self.sides.addButton(button)
            row.addWidget(button)
        for button in (self.button, self.rates_button, self.clips_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.rates_button.setChecked(True)
        self.sides.buttonClicked.connect(lambda _: self._arrange())
        head = QWidget()
        top = QVBoxLayout(head)
        top.setContentsMargins(8, 6, 8, 2)
        top.setSpacing(4)
        top.addLayout(row)
        top.addWidget(self.heard)
        self.nothing = QLabel(_NO_RATES, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self.nothing.hide()
        self._box = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._box.setSpacing(4)
        self._box.addWidget(self.plot, 1)
        self._box.addWidget(self.clips, 1)
        self._box.addWidget(self.nothing, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        column.addLayout(self._box, 1)

    # Panel

    def suits(self, method: type[Method]) -> bool:
        """With every method whose clips can be inspected: where it does not write, the shipped recogniser does."""
        return Inspection in method.parts

    def _learns(self) -> bool:
        """Whether the method learns to write, so that there are rates and clips."""
        method = self.bench.methods.get(self.bench.method_name)
        return method is None or Transcripts in method.parts

    def draw(self, scene: Scene) -> None:
        self._scene = scene
        if self._learns() == self.nothing.isVisible():
            self._arrange()
            return
        if self.plot.isVisible():
            self.plot.draw(scene)
        if self.clips.isVisible():
            self._show_clips(scene.part(Transcripts))

    def reset(self) -> None:
        self.plot.reset()
        self._show_clips(None)

    def restyle(self) -> None:
        self.plot.restyle()
        now = theme.current()
        self.nothing.setStyleSheet(f"color: {now.muted};")
        self.clips.setStyleSheet(f"QTextBrowser {{ background: {now.surface}; color: {now.text}; }}")
        written, self._written = self._written, object()
        self._show_clips(written)
        self._show_heard()

    def view_state(self) -> dict[str, Any]:
        return {"clips": self.clips_button.isChecked(), **self.plot.view_state()}

    def restore_view(self, state: Mapping[str, Any]) -> None:
        (self.clips_button if state.get("clips") is True else self.rates_button).setChecked(True)
        self.plot.restore_view(state)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.transcriber.listen(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.transcriber.listen(False)

    def _arrange(self) -> None:
        """Rates and clips beside or below one another where both have room, else the one chosen."""
        line, width, height = self.fontMetrics().height(), self.width(), self.height()
        wide, high = width >= 60 * line, height >= 34 * line
        sideways = wide and not high
        self._box.setDirection(
            QBoxLayout.Direction.LeftToRight if sideways else QBoxLayout.Direction.TopToBottom
        )
        both, learns = wide or high, self._learns()
        self.nothing.setVisible(not learns)
        for button in (self.rates_button, self.clips_button):
            button.setVisible(learns and not both)
        self.plot.setVisible(learns and (both or self.rates_button.isChecked()))
        self.clips.setVisible(learns and (both or self.clips_button.isChecked()))
        if self._scene is not None and self.nothing.isVisible() != learns:
            self.draw(self._scene)

    # Held-out clips

    def _show_clips(self, written: Transcripts | None) -> None:
        if written is self._written:
            return
        self._written = written
        bar = self.clips.verticalScrollBar()
        place = bar.value()
        self.clips.setHtml(self._table(written))
        bar.setValue(place)

    def _table(self, written: Transcripts | None) -> str:
        now = theme.current()
        if written is None:
            return f"<p style='color:{now.muted}'>{_HINT}, and here what was written.</p>"
        muted = f"style='color:{now.muted}'"
        rows = []
        for clip, name, said, greedy, beam in zip(
            written.clips, written.names, written.references, written.greedy, written.beam, strict=True
        ):
            link = f"<a href='clip:{clip}' style='color:{now.accent}'>{escape(name)}</a>"
            rows.append(
                f"<tr><td colspan=2 style='padding-top:5px'>{link}</td></tr>"
                f"<tr><td {muted}>said</td><td>{escape(said)}</td></tr>"
                f"<tr><td {muted}>greedy&nbsp;&nbsp;</td><td>{coloured(said, greedy)}</td></tr>"
                f"<tr><td {muted}>beam</td><td>{coloured(said, beam)}</td></tr>"
            )
        head = f"<p {muted}>At step {written.step:,}: {legend()}</p>"
        return f"{head}<table cellspacing=0 cellpadding=1>{''.join(rows)}</table>"

    def _open(self, url: QUrl) -> None:
        data = self.bench.data
        key = f"{data.name}/test/{url.path()}" if data is not None else ""
        for listed in self.desk.clips:
            if listed.key == key:
                self.desk.open_listed(listed)

    # The take on the desk

    def _show_heard(self) -> None:
        transcriber = self.transcriber
        self.button.setEnabled(transcriber.possible() and not transcriber.busy)
        heard = transcriber.transcript
        if heard is None:
            self.heard.setVisible(transcriber.busy)
            self.heard.setText("Listening …" if transcriber.busy else "")
            return
        said = self._said()
        self.heard.setVisible(True)
        tips = [f"Against its transcript: {legend()}"] if said is not None else []
        text = f"<b>{escape(heard.beam) or '(nothing)'}</b>" if said is None else coloured(said, heard.beam)
        if transcriber.shipped:
            from ssllab.methods.stored import SMALL  # brings torch, for which the window does not wait

            tips.append(_SHIPPED_TIP)
            text += f" &nbsp;<span style='color:{theme.current().muted}'>({SMALL})</span>"
        self.heard.setToolTip("".join(f"<p>{tip}</p>" for tip in tips))
        self.heard.setText(text)

    def _said(self) -> str | None:
        """The transcript of what was heard, as the alphabet writes it, where it is known."""
        from ssllab.text.alphabet import Alphabet

        clip = self.transcriber.clip
        return Alphabet().normalise(clip.text).text if clip is not None and clip.text else None
