"""One control as a row: its name, a slider and a number, a tick, a choice or a line of text; made from its declaration."""

from __future__ import annotations

import math
import re
import time

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QSizePolicy,
    QSlider,
    QWidget,
)

from ssllab.controls import ControlSpec, Value
from ssllab.ui import theme

STEPS = 1000  # positions of a slider
_WHOLE = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
ONE_PULL_SECONDS = 1.0  # steps of a slider by keys or wheel that follow one another so soon are one gesture
SMALLEST_LOG = 1e-6  # where a logarithmic slider that may be 0 begins; its leftmost position is 0


class CalmSlider(QSlider):
    """A slider that leaves the wheel to the scroll area, so that scrolling changes nothing by accident."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class CalmCombo(QComboBox):
    """A combo box that leaves the wheel to the scroll area."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class ControlRow(QWidget):
    """Shows a control's value and says when a person changed it (``edited``), or typed what is no number (``refused``).

    ``gesture`` counts what a person does; all moves of one pull at the slider have the same number.
    """

    edited = Signal(object)
    refused = Signal(str)

    def __init__(self, spec: ControlSpec) -> None:
        super().__init__()
        self.spec = spec
        self.value: Value = spec.default
        self.gesture = 0
        self._moved = 0.0
        self.setToolTip(tooltip(spec))
        self.name = QLabel(spec.title)
        self.name.installEventFilter(self)
        # In a large font a long name gives way, not the number; the tooltip has it whole.
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.slider: CalmSlider | None = None
        self.number: QLineEdit | None = None
        self.tick: QCheckBox | None = None
        self.choice: CalmCombo | None = None
        self.line: QLineEdit | None = None
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 1, 0, 1)
        layout.setHorizontalSpacing(8)
        layout.setVerticalSpacing(0)
        if spec.kind == "bool":
            self.tick = QCheckBox(spec.title)
            self.tick.toggled.connect(self._person_changed)
            layout.addWidget(self.tick, 0, 0, 1, 2)
            self.name.hide()
        elif spec.kind == "choice":
            self.choice = CalmCombo()
            for choice in spec.choices:
                self.choice.addItem(spec.titled(choice), choice)
            self.choice.activated.connect(lambda: self._person_changed(self.choice.currentData()))
            layout.addWidget(self.name, 0, 0)
            layout.addWidget(self.choice, 0, 1)
        elif spec.kind == "text":
            self._add_line(layout)
        else:
            self._add_number(layout)
        layout.setColumnStretch(0, 1)
        self.show_value(spec.default)

    def _add_number(self, layout: QGridLayout) -> None:
        spec = self.spec
        self.number = QLineEdit()
        self.number.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.number.editingFinished.connect(self._number_typed)
        layout.addWidget(self.name, 0, 0)
        layout.addWidget(self.number, 0, 1)
        if spec.control.unit:
            self.name.setText(f"{spec.title} ({spec.control.unit})")
        if spec.control.low is not None and spec.control.high is not None:
            self.slider = CalmSlider(Qt.Orientation.Horizontal)
            self.slider.setRange(0, STEPS)
            self.slider.setAccessibleName(spec.title)
            self.slider.sliderPressed.connect(self._begin)
            self.slider.valueChanged.connect(self._slider_moved)
            layout.addWidget(self.slider, 1, 0, 1, 2)

    def _add_line(self, layout: QGridLayout) -> None:
        self.line = QLineEdit()
        self.line.setAccessibleName(self.spec.title)
        self.line.editingFinished.connect(lambda: self._line_edited(self.line.text().strip()))
        layout.addWidget(self.name, 0, 0)
        layout.addWidget(self.line, 1, 0, 1, 2)
        if self.spec.control.browse:
            self.browse = QPushButton("Browse…")
            self.browse.clicked.connect(self._browse)
            layout.addWidget(self.browse, 0, 1)

    def show_value(self, value: Value) -> None:
        """Show a value without saying that a person changed it."""
        self.value = value
        parts = [
            part for part in (self.slider, self.tick, self.choice, self.number, self.line) if part is not None
        ]
        for part in parts:
            part.blockSignals(True)
        if self.tick is not None:
            self.tick.setChecked(bool(value))
        elif self.choice is not None:
            self.choice.setCurrentIndex(self.choice.findData(str(value)))
        elif self.number is not None:
            self.number.setText(_written(value))
            if self.slider is not None and not self.slider.isSliderDown():
                self.slider.setValue(position(float(value), self.spec))
        elif self.line is not None:
            self.line.setText(str(value))
        for part in parts:
            part.blockSignals(False)
        self.restyle()

    def restyle(self) -> None:
        """A control away from its default stands out; a number's field is as wide as a number in this font."""
        metrics = self.fontMetrics()
        words = (self.name.text(), "Temperature  ")
        self.name.setMinimumWidth(min(metrics.horizontalAdvance(text) for text in words))
        if self.number is not None:
            self.number.setFixedWidth(metrics.horizontalAdvance("0.000123") + 8)
        now = theme.current()
        changed = self.value != self.spec.default
        style = f"color: {now.accent}; font-weight: 600;" if changed else f"color: {now.text};"
        (self.tick or self.name).setStyleSheet(style if self.isEnabled() else f"color: {now.muted};")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.EnabledChange:
            self.restyle()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonDblClick:
            self.to_default()
            return True
        return super().eventFilter(watched, event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.to_default()

    def to_default(self) -> None:
        """As a person would: back to the default."""
        self._show_and_say(self.spec.default)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        back = menu.addAction(f"Back to the default ({self.spec.titled(self.spec.default) or 'empty'})")
        back.triggered.connect(self.to_default)
        menu.exec(event.globalPos())

    def _begin(self) -> None:
        self.gesture += 1

    def _show_and_say(self, value: Value) -> None:
        self.show_value(value)
        self._begin()
        self.edited.emit(value)

    def _person_changed(self, value: Value) -> None:
        self._begin()
        self._say(value)

    def _say(self, value: Value) -> None:
        self.value = value
        self.restyle()
        self.edited.emit(value)

    def _slider_moved(self, at: int) -> None:
        value = at_position(at, self.spec)
        assert self.number is not None
        self.number.setText(_written(value))
        now = time.monotonic()
        if self.slider is None or not (self.slider.isSliderDown() or now - self._moved < ONE_PULL_SECONDS):
            self._begin()
        self._moved = now
        self._say(value)

    def _number_typed(self) -> None:
        assert self.number is not None
        typed = self.number.text().strip()
        if typed == _written(self.value):
            return
        try:
            value = number(typed, whole=self.spec.kind == "int")
        except ValueError as error:
            self.show_value(self.value)
            self.refused.emit(f"{self.spec.title}: {error} {_written(self.value)} stays.")
            return
        if value != self.value:
            self._show_and_say(value)
        else:
            self.show_value(value)

    def _line_edited(self, text: str) -> None:
        if text != self.value:
            self._person_changed(text)

    def _browse(self) -> None:
        if self.spec.control.browse == "folder":
            chosen = QFileDialog.getExistingDirectory(self, self.spec.title, str(self.value))
        else:
            chosen, _ = QFileDialog.getOpenFileName(self, self.spec.title, str(self.value))
        if chosen:
            self._show_and_say(chosen)


def number(text: str, *, whole: bool = False) -> Value:
    """What a person typed as a number, with a point or a comma as the decimal sign.

    Raises ValueError with one line for what is none, or may be two: ``1,000``.
    """
    if whole:
        if not _WHOLE.fullmatch(text):
            raise ValueError(f"'{text}' is not a whole number.")
        return int(text)
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"'{text}' is not a number; write it as 0.2 or 0,2.")
    if _THOUSANDS.fullmatch(text):
        raise ValueError(
            f"'{text}' may be two numbers: write {text.replace(',', '')} or {text.replace(',', '.')}."
        )
    if not math.isfinite(found := float(text.replace(",", "."))):
        raise ValueError(f"'{text}' is too large.")
    return found


def tooltip(spec: ControlSpec) -> str:
    """Meaning, paper, range, default, and when a change takes effect; rich text."""
    control = spec.control
    lines = [f"<b>{spec.title}</b>", control.help]
    if control.paper:
        lines.append(f"<i>{control.paper}</i>")
    expects = spec.expected()
    if spec.kind == "choice":
        expects = "one of " + ", ".join(spec.titled(choice) for choice in spec.choices)
    default = (
        "true" if spec.default is True else "false" if spec.default is False else spec.titled(spec.default)
    )
    lines.append(f"{expects[0].upper()}{expects[1:]}; default {default or 'empty'}.")
    lines.append("Takes effect at the next step." if spec.live else "Takes effect after Reset.")
    lines.append(f"<code>--set {spec.name}={_written(spec.default)}</code>")
    return "<div style='max-width: 340px'>" + "<br>".join(lines) + "</div>"


def position(value: float, spec: ControlSpec) -> int:
    """Where on the slider a value stands, 0..STEPS."""
    low, high = float(spec.control.low or 0.0), float(spec.control.high or 1.0)
    if spec.control.log:
        if value <= 0:
            return 0
        start = math.log(max(low, SMALLEST_LOG))
        share = (math.log(value) - start) / (math.log(high) - start)
    else:
        share = (value - low) / (high - low)
    return max(0, min(STEPS, round(share * STEPS)))


def at_position(at: int, spec: ControlSpec) -> Value:
    """The value at a slider's position, rounded to three significant digits."""
    low, high = float(spec.control.low or 0.0), float(spec.control.high or 1.0)
    share = at / STEPS
    if spec.control.log:
        if at == 0:
            value = low
        else:
            start = math.log(max(low, SMALLEST_LOG))
            value = math.exp(start + share * (math.log(high) - start))
    else:
        value = low + share * (high - low)
    value = float(f"{value:.3g}")
    value = min(max(value, low), high)
    return round(value) if spec.kind == "int" else value


def _written(value: Value | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)
