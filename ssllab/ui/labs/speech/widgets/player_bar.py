"""Play, stop, loop, speed, and where the player is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSlider, QWidget

from ssllab.ui import theme
from ssllab.ui.labs.speech.widgets.axis import clock
from ssllab.ui.labs.speech.widgets.desk import Desk
from ssllab.ui.labs.speech.widgets.signs import sign

_SLOWEST = 50  # percent


class PlayerBar(QWidget):
    """Plays the desk's selection, or its clip from the beginning."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.play_button = QPushButton()
        self.play_button.setToolTip(
            "Play the selection, or the whole clip (P). Double-click in a lane to play from there"
        )
        self.loop_button = QPushButton("Loop")
        self.loop_button.setCheckable(True)
        self.loop_button.setToolTip("Over and over, until it is stopped (L)")
        self.speed_slider = QSlider(Qt.Orientation.Horizontal)
        self.speed_slider.setRange(_SLOWEST, 100)
        self.speed_slider.setValue(100)
        self.speed_slider.setPageStep(10)
        self.speed_slider.setToolTip("Slower at the same pitch")
        self.speed_slider.setAccessibleName("Playing speed")
        self.speed_label = QLabel()
        self.place = QLabel()
        for button in (self.play_button, self.loop_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.play_button)
        row.addWidget(self.loop_button)
        row.addSpacing(6)
        row.addWidget(self.speed_slider)
        row.addWidget(self.speed_label)
        row.addStretch(1)
        row.addWidget(self.place)
        self.play_button.clicked.connect(self.toggle)
        self.loop_button.toggled.connect(self._set_loop)
        self.speed_slider.valueChanged.connect(self._set_speed)
        desk.playback.changed.connect(self.refresh)
        for signal in (desk.cursor_changed, desk.selection_changed, desk.audio_changed, desk.audio_grew):
            signal.connect(self.refresh)
        self.restyle()

    def restyle(self) -> None:
        """Another font: words and numbers must not move their neighbours."""
        metrics = self.fontMetrics()
        self.play_button.setMinimumWidth(metrics.horizontalAdvance("Stop") + metrics.height() + 34)
        self.speed_label.setFixedWidth(metrics.horizontalAdvance("0.75× "))
        self.speed_slider.setFixedWidth(6 * metrics.height())
        self.refresh()

    def refresh(self) -> None:
        """Bring words and numbers up to date."""
        desk = self.desk
        playing = desk.playback.playing
        self.play_button.setText("Stop" if playing else "Play")
        size = self.fontMetrics().ascent()
        self.play_button.setIcon(sign("stop" if playing else "play", QColor(theme.current().text), size))
        self.play_button.setEnabled(playing or (desk.clip is not None and not desk.live))
        self.speed_label.setText(f"{self.speed_slider.value() / 100:.2g}×")
        self.place.setText(self._words())

    def _words(self) -> str:
        desk = self.desk
        if desk.clip is None:
            return ""
        whole = clock(desk.clip.seconds, 0.1)
        if desk.cursor is not None:
            return f"{clock(desk.cursor, 0.1)} / {whole}"
        if desk.selection is not None:
            start, end = desk.selection
            return f"{clock(start, 0.01)} – {clock(end, 0.01)} of {whole}"
        return whole

    def toggle(self) -> None:
        """Play, or be quiet."""
        if self.desk.playback.playing:
            self.desk.playback.stop()
        else:
            self.desk.play()

    def _set_loop(self, on: bool) -> None:
        self.desk.playback.loop = on
        self.desk.playback.restart()

    def _set_speed(self, percent: int) -> None:
        self.desk.playback.speed = percent / 100
        self.desk.playback.restart()
        self.refresh()
