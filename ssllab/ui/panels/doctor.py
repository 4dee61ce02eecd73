"""The doctor: the run's state in words, the numbers it saw, and a remedy that a click applies."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from ssllab.doctor.verdict import NOT_SURE
from ssllab.ui import theme
from ssllab.ui.bench import Bench
from ssllab.ui.panel import Panel
from ssllab.ui.scene import Scene, waiting
from ssllab.ui.setup import FEW_CONTROLS, remedy_words, settings_words

_AROUND_BUTTON = 60  # pixels of the panel's width that are not the button's words
_WAITS = "Press Start: the doctor watches the run and says how it is."


class DoctorPanel(Panel):
    """A coloured state, the evidence, the remedy."""

    id = "doctor"
    title = "Doctor"
    help = (
        "<p>Reads the loss, the accuracy of the task and the probes, and what the method gives besides: the spread of "
        "its embeddings or the use of its codes. It names the state of the run, says by which numbers, and offers a "
        "remedy.</p>"
        "<p>A low loss alone proves nothing. <b>Images</b>: complete collapse shows in the raw standard deviation of h "
        "(Chen and He 2021, section 4.1), dimensional collapse in its effective rank (Jing et al. 2022), a "
        "shortcut in a high contrastive accuracy beside a low probe (SimCLR, section 3.2).</p>"
        "<p><b>Speech</b>: a distractor equal to the true code does not count (wav2vec 2.0, section 3.2), so a codebook "
        "with one code left has a loss of 0 and an accuracy of 100 %. Collapse is told from loss, hard perplexity and "
        "dead codes together; undecided frames from a soft perplexity far above the hard one; the shortcut through "
        "volume from codes that know no more about the phone than the loudness does.</p>"
        "<p><b>Not sure</b>: a probe under the untrained model's, a rank under 2, a codebook under a twentieth of its "
        "ceiling or a loss that a guess would have is never called healthy; both sides are shown.</p>"
    )

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.badge = QLabel()
        self.badge.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.headline = QLabel()
        self.headline.setWordWrap(True)
        self.evidence = QLabel()
        self.evidence.setWordWrap(True)
        self.evidence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.remedy = QLabel()
        self.remedy.setWordWrap(True)
        self.apply_button = QPushButton()
        self.apply_button.setProperty("primary", True)
        self.apply_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.apply_button.clicked.connect(self._apply)
        self.history = QLabel()
        self.history.setWordWrap(True)
        top = QHBoxLayout()
        top.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignTop)
        top.addWidget(self.headline, 1)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 6, 0)
        column.addLayout(top)
        for label in (self.evidence, self.remedy, self.history):
            column.addWidget(label)
        column.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(body)
        # All that is said scrolls as one; the remedy is always at hand.
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.addWidget(self.area, 1)
        layout.addWidget(self.apply_button, 0, Qt.AlignmentFlag.AlignLeft)
        self._button_words = ""
        self._verdict: object = None
        self._changes: dict[str, float | bool | str] = {}
        self._rewind_to: int | None = None
        self._seen: list[tuple[int, str]] = []
        self.reset()

    def reset(self) -> None:
        self._verdict, self._changes, self._rewind_to, self._seen = None, {}, None, []
        self.badge.clear()
        self.badge.hide()
        self.headline.setText(_WAITS)
        for label in (self.evidence, self.remedy, self.history):
            label.clear()
            label.hide()
        self.apply_button.hide()
        self.restyle()

    def draw(self, scene: Scene) -> None:
        verdict = scene.verdict
        if verdict is None and self._verdict is None:
            self.headline.setText(waiting(_WAITS, scene.state))
        if verdict is None or verdict is self._verdict:
            return
        self._verdict = verdict
        self._changes, self._rewind_to = dict(verdict.changes), verdict.rewind_to
        self.badge.setText(verdict.state)
        self.badge.show()
        self.headline.setText(verdict.title)
        self._put(self.evidence, "<br>".join(verdict.evidence))
        many = len(self._changes) > FEW_CONTROLS
        listed = f"<br>Sets {settings_words(self._changes)}." if many else ""
        self._put(self.remedy, verdict.remedy + listed)
        anew = self._rewind_to == 0 or self.bench.begins_anew(self._changes)
        self._button_words = remedy_words(self._changes, self._rewind_to, anew)
        self.apply_button.setText(self._in_lines(self._button_words))
        self.apply_button.setVisible(bool(self._changes) or self._rewind_to is not None)
        step = (scene.metrics.last_step if scene.metrics is not None else 0) or 0
        if not self._seen or self._seen[-1][1] != verdict.state:
            self._seen.append((step, verdict.state))
        earlier = [f"step {at:,}: {state}" for at, state in self._seen[-4:]]
        self._put(self.history, " → ".join(earlier) if len(self._seen) > 1 else "")
        self.restyle()

    def restyle(self) -> None:
        now = theme.current()
        state = self.badge.text()
        quiet = {"healthy": now.good, NOT_SURE: now.warn, **dict.fromkeys(("", "warming up"), now.muted)}
        colour = quiet.get(state, now.bad)
        self.badge.setStyleSheet(
            f"background: {colour}; color: {now.surface}; border-radius: 4px; padding: 3px 8px; font-weight: 600;"
        )
        self.headline.setStyleSheet("font-weight: 600;" if state else f"color: {now.muted};")
        self.evidence.setStyleSheet(f"color: {now.muted};")
        self.history.setStyleSheet(f"color: {now.muted};")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.apply_button.setText(self._in_lines(self._button_words))

    def _put(self, label: QLabel, text: str) -> None:
        label.setText(text)
        label.setVisible(bool(text))

    def _in_lines(self, text: str) -> str:
        """Lines that are no wider than the panel: a long button would push the panels beside it away."""
        metrics = self.apply_button.fontMetrics()
        lines = [""]
        for word in text.split():
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and metrics.horizontalAdvance(longer) > self.width() - _AROUND_BUTTON:
                lines.append(word)
            else:
                lines[-1] = longer
        return "\n".join(lines)

    def _apply(self) -> None:
        self.bench.cure(self._changes, self._rewind_to)
