"""The recorder: which microphone, how loud, and Record, Pause, Stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
)

from ssllab.ui import theme
from ssllab.ui.labs.speech.widgets.axis import clock
from ssllab.ui.labs.speech.widgets.desk import Desk
from ssllab.ui.labs.speech.widgets.level_meter import LevelMeter
from ssllab.ui.labs.speech.widgets.recording import Recording
from ssllab.ui.labs.speech.widgets.signs import sign
from ssllab.ui.panel import Panel
from ssllab.ui.runs.words import plural
from ssllab.ui.work import Background

if TYPE_CHECKING:
    from ssllab.audio.devices import Device

KEYS = "Ctrl+R"
GAIN_DB = (-12, 30)
_WORDS = {
    "idle": "Ready",
    "opening": "Opening the microphone",
    "listening": "Listening, not recording",
    "recording": "Recording",
    "paused": "Paused",
    "saving": "Saving",
}


class RecorderPanel(Panel):
    """Signal ``import_wanted``: without a microphone, files will do."""

    id = "recorder"
    title = "Recorder"
    help = (
        f"<p>Speak, and see what the model makes of it: while you record, the lanes scroll with your voice; when you "
        f"stop, the take lies on the desk and in the list of takes. {KEYS} records and stops.</p>"
        "<p><b>Level.</b> Speech is well recorded when its peaks lie between -18 and -6 dB. A light says when the "
        "input was cut off (clipped): lower the gain. The gain is applied before the file is written.</p>"
        "<p><b>Rate.</b> The microphone runs at its own rate; a good resampler (soxr) makes 16 kHz mono of it, which "
        "is what wav2vec 2.0 hears. Takes are written to the disk while you speak: not even a crash loses more than "
        "the last second.</p>"
    )
    import_wanted = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.bench)
        self.shelf = desk.shelf
        self.recording = Recording(desk, desk.shelf)
        self._background = Background(self)
        self._asked = 0  # the rate of the latest choice counts
        self._looked_for_devices = False
        self._wished: str | None = None  # name of the device of last time
        self._no_devices: str | None = None
        self._make()
        self._connect()
        self.restyle()
        self._show_line()

    def _make(self) -> None:
        self.devices = QComboBox()
        self.devices.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.devices.setMinimumContentsLength(8)
        self.devices.setAccessibleName("Microphone")
        self.devices.setToolTip("The microphone")
        self.refresh_button = QPushButton("Refresh")
        self.refresh_button.setToolTip("Look for microphones that were plugged in or out")
        self.rate = QLabel()
        self.rate.setToolTip(
            "Rate at which the microphone works, and what is kept: the rate that the model hears"
        )
        self.record_button = QPushButton("Record")
        self.record_button.setToolTip(f"Record, or stop ({KEYS})")
        self.pause_button = QPushButton("Pause")
        self.pause_button.setToolTip("Pause the recording, or go on")
        self.stop_button = QPushButton("Stop")
        self.stop_button.setToolTip(f"End the recording and keep it ({KEYS})")
        self.elapsed = QLabel()
        self.elapsed.setAccessibleName("Recorded time")
        self.words = QLabel()
        self.meter = LevelMeter()
        self.gain = QSlider(Qt.Orientation.Horizontal)
        self.gain.setRange(*GAIN_DB)
        self.gain.setPageStep(3)
        self.gain.setAccessibleName("Input gain")
        self.gain.setToolTip("Input gain: what comes in is amplified by this, in the recording too")
        self.gain_value = QLabel()
        self.level_button = QPushButton("Check level")
        self.level_button.setCheckable(True)
        self.level_button.setToolTip("Open the microphone and show its level without recording")
        self.monitor = QCheckBox("Hear myself")
        self.monitor.setToolTip(
            "Play the microphone through the loudspeaker. Use headphones: an open loudspeaker feeds back into "
            "the microphone and howls."
        )
        self.dropped = QLabel()
        self.dropped.setToolTip(
            "Frames of the microphone that were lost because the computer was too busy to take them in time"
        )
        self.dropped.hide()
        self.line = QFrame()
        self.line.setObjectName("recorderLine")
        self.line_text = QLabel(wordWrap=True)
        self.line_text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.import_button = QPushButton("Import files…")
        for button in (
            self.refresh_button,
            self.record_button,
            self.pause_button,
            self.stop_button,
            self.level_button,
            self.import_button,
        ):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._lay_out()

    def _lay_out(self) -> None:
        def row(*parts: Any) -> QHBoxLayout:
            made = QHBoxLayout()
            made.setSpacing(6)
            for part in parts:
                if part is None:
                    made.addStretch(1)
                else:
                    made.addWidget(part, 1 if part in (self.devices, self.gain) else 0)
            return made

        told = QHBoxLayout(self.line)
        told.setContentsMargins(8, 3, 4, 3)
        told.addWidget(self.line_text, 1)
        told.addWidget(self.import_button, 0, Qt.AlignmentFlag.AlignTop)
        times = QVBoxLayout()
        times.setSpacing(0)
        times.addWidget(self.elapsed, 0, Qt.AlignmentFlag.AlignRight)
        times.addWidget(self.words, 0, Qt.AlignmentFlag.AlignRight)
        keys = row(self.record_button, self.pause_button, self.stop_button, None)
        keys.addLayout(times)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(6)
        column.addLayout(row(self.devices, self.refresh_button, self.rate))
        column.addWidget(self.line)
        column.addLayout(keys)
        column.addWidget(self.meter)
        self._gain_label = QLabel("Gain")
        column.addLayout(row(self._gain_label, self.gain, self.gain_value, self.level_button, self.monitor))
        column.addWidget(self.dropped)
        column.addStretch(1)

    def _connect(self) -> None:
        recording = self.recording
        recording.state_changed.connect(self._show_state)
        recording.looked.connect(self._show_sound)
        recording.problem_changed.connect(self._show_line)
        self.devices.activated.connect(self._choose)
        self.refresh_button.clicked.connect(lambda: self.look_for_devices(again=True))
        self.record_button.clicked.connect(self.record)
        self.pause_button.clicked.connect(recording.pause)
        self.stop_button.clicked.connect(lambda: recording.stop())
        self.gain.valueChanged.connect(self._set_gain)
        self.level_button.clicked.connect(lambda on: recording.listen() if on else recording.deafen())
        self.monitor.toggled.connect(self._set_monitor)
        self.import_button.clicked.connect(self.import_wanted)

    # What a person does

    def record(self) -> None:
        """Begin a recording."""
        self.meter.clear()
        self.recording.start()

    def record_or_stop(self) -> None:
        """What the key does: begin a recording, or end the one under way."""
        if self.recording.state in ("recording", "paused"):
            self.recording.stop()
        elif self.record_button.isEnabled():
            self.record()

    def _set_gain(self, level: int) -> None:
        self.gain_value.setText(f"{level:+d} dB" if level else "0 dB")
        self.recording.set_gain(10 ** (level / 20))

    def _set_monitor(self, on: bool) -> None:
        if on and self.recording.state == "idle":
            self.recording.listen()  # heard as soon as the microphone is open
        else:
            self.recording.monitor(on, self._not_heard)

    def _not_heard(self, line: str) -> None:
        self.monitor.setChecked(False)
        self.bench.say("warning", line)

    # Devices

    def look_for_devices(self, again: bool = False) -> None:
        """List the microphones, in the background; ``again``: also those that were plugged in meanwhile."""
        self._looked_for_devices = True
        self.refresh_button.setEnabled(False)
        self.recording.dismiss()

        def work() -> Callable[[], None]:
            from ssllab.audio.devices import input_devices

            found = input_devices(again)
            return lambda: self._show_devices(found)

        self._background.run(work, lambda line, trace: self._show_devices([], line))

    def _show_devices(self, found: list[Device], none: str | None = None) -> None:
        before = self.recording.device
        wanted = before.name if before is not None else self._wished
        self._no_devices = none
        self.devices.clear()
        for device in found:
            self.devices.addItem(device.name, device)
            self.devices.setItemData(
                self.devices.count() - 1, f"{device.name} ({device.host})", Qt.ItemDataRole.ToolTipRole
            )
        if not found:
            self.devices.addItem("No microphone")
        row = next((i for i, device in enumerate(found) if device.name == wanted), 0)
        self.devices.setCurrentIndex(row)
        self._take(found[row] if found else None)
        self._show_state()
        self._show_line()

    def _choose(self, row: int) -> None:
        device = self.devices.itemData(row)
        if device is not None and device != self.recording.device:
            self.recording.deafen()
            self._take(device)

    def _take(self, device: Device | None) -> None:
        """Record from ``device`` from now on, and show the rate at which it works."""
        self.recording.device = device
        self.rate.clear()
        self._asked += 1
        asked = self._asked
        if device is None:
            return

        def work() -> Callable[[], None]:
            from ssllab.audio.devices import negotiate

            rate, channels = negotiate(device)
            return lambda: show(f"{rate / 1000:g} kHz {_channel_words(channels)} → 16 kHz")

        def show(text: str) -> None:
            if asked == self._asked:
                self.rate.setText(text)

        self._background.run(work, lambda line, trace: show("refuses"))

    # Showing

    def _show_state(self) -> None:
        state = self.recording.state
        running = state in ("recording", "paused")
        there = self.recording.device is not None
        self.record_button.setEnabled(there and state in ("idle", "listening"))
        self.pause_button.setEnabled(running)
        self.pause_button.setText("Go on" if state == "paused" else "Pause")
        self.stop_button.setEnabled(running)
        for widget in (self.devices, self.refresh_button):
            widget.setEnabled(state == "idle" and (there or widget is self.refresh_button))
        self.level_button.setEnabled(there and state in ("idle", "listening"))
        self.level_button.setChecked(state == "listening")
        self.monitor.setEnabled(there)
        self.words.setText(_WORDS[state] if there else "")
        now = theme.current()
        self.elapsed.setStyleSheet(f"color: {now.bad if state == 'recording' else now.text};")
        if state in ("listening", "recording") and self.monitor.isChecked():
            self.recording.monitor(True, self._not_heard)
        self._paint_signs()
        self._show_sound()

    def _show_sound(self) -> None:
        recorder, state = self.recording.recorder, self.recording.state
        if recorder is None or state in ("idle", "opening", "saving"):
            self.meter.fall_silent()
        else:
            self.meter.show_level(recorder.level)
        if recorder is not None and state in ("recording", "paused"):
            self.elapsed.setText(clock(recorder.seconds, 0.1))
        elif state in ("idle", "listening", "opening"):
            self.elapsed.setText(clock(0, 0.1))
        if recorder is not None:  # the number stays in sight until the next recording
            self.dropped.setVisible(recorder.dropped > 0)
            self.dropped.setText(f"{plural(recorder.dropped, 'frame')} dropped")

    def _show_line(self) -> None:
        line = self._no_devices or self.recording.problem
        self.line.setVisible(line is not None)
        self.line_text.setText(line or "")
        self.import_button.setVisible(self.recording.device is None)

    def _paint_signs(self) -> None:
        now = theme.current()
        state = self.recording.state
        height = self.fontMetrics().height()
        signs = (
            (self.record_button, "record", now.bad),
            (self.pause_button, "record" if state == "paused" else "pause", now.text),
            (self.stop_button, "stop", now.text),
        )
        for button, name, colour in signs:
            button.setIcon(sign(name, QColor(colour if button.isEnabled() else now.border), height))
            button.setIconSize(QSize(height, height))

    # Panel

    def restyle(self) -> None:
        now = theme.current()
        metrics = self.fontMetrics()
        for button in (self.record_button, self.pause_button, self.stop_button):
            button.setMinimumHeight(round(2.2 * metrics.height()))
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 1.5)
        font.setBold(True)
        self.elapsed.setFont(font)
        self.gain_value.setMinimumWidth(metrics.horizontalAdvance("+30 dB"))
        for label in (self.rate, self.words):
            label.setStyleSheet(f"color: {now.muted};")
        self.dropped.setStyleSheet(f"color: {now.warn};")
        self.line.setStyleSheet(
            f"#recorderLine {{ background: {now.raised}; border-left: 4px solid {now.warn}; }}"
        )
        self._set_gain(self.gain.value())
        self._show_state()
        self.meter.updateGeometry()

    def view_state(self) -> dict[str, Any]:
        device = self.recording.device
        return {"gain": self.gain.value(), "device": device.name if device is not None else self._wished}

    def restore_view(self, state: Mapping[str, Any]) -> None:
        if isinstance(state.get("gain"), int):
            self.gain.setValue(state["gain"])
        if isinstance(state.get("device"), str):
            self._wished = state["device"]

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shelf.open()
        if not self._looked_for_devices:
            self.look_for_devices()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.recording.deafen()


def _channel_words(channels: int) -> str:
    return {1: "mono", 2: "stereo"}.get(channels, f"{channels} channels")
