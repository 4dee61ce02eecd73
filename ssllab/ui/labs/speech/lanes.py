"""Inspect: the clip's sound, words, codes, confidence and context under one time axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QContextMenuEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QScrollArea, QToolButton, QVBoxLayout

from ssllab.looks import Inspection
from ssllab.ui.labs.speech.widgets.canvas import LanesCanvas
from ssllab.ui.labs.speech.widgets.chooser import Chooser
from ssllab.ui.labs.speech.widgets.code_lanes import CodeLane, MaskLane, code_spans
from ssllab.ui.labs.speech.widgets.curve_lanes import ConfidenceLane, PosteriorLane, SimilarityLane
from ssllab.ui.labs.speech.widgets.desk import Desk
from ssllab.ui.labs.speech.widgets.lane import Lane
from ssllab.ui.labs.speech.widgets.models import RUN
from ssllab.ui.labs.speech.widgets.player_bar import PlayerBar
from ssllab.ui.labs.speech.widgets.sound_lanes import MelLane, WaveLane
from ssllab.ui.labs.speech.widgets.span_lanes import PhoneLane, WordLane
from ssllab.ui.panel import Panel
from ssllab.ui.plots.export import copy_plot, save_plot
from ssllab.ui.runs.words import file_name, plural
from ssllab.ui.scene import Scene

if TYPE_CHECKING:
    from ssllab.data.speech.types import Span
    from ssllab.ui.labs.speech.widgets.clip import Clip

_FOLLOW_MS = 1500  # from one look at the live run to the next: each copies its model between two steps
_EMPTY = "Record a sentence, or choose a clip above"


class LanesPanel(Panel):
    """All lanes of the clip on the desk, the boxes that choose clip and model, and the player."""

    id = "lanes"
    title = "Inspect"
    parts = (Inspection,)
    help = (
        "<p>One clip, and what the model makes of it. <b>Waveform</b> and <b>spectrogram</b> are the sound; "
        "<b>words</b> and <b>phones</b> stand there where the data knows them (the model never sees them).</p>"
        "<p>The <b>codes</b> are the discrete units of wav2vec 2.0: every 20 ms the quantizer picks one entry "
        "from each of its codebooks (product quantization; Baevski et al. 2020, section 2). Each has a colour of "
        "its own. <b>Confidence</b> is the softmax probability of the chosen entry.</p>"
        "<p>At <b>masked</b> spans the Transformer does not see the sound and has to tell the true code from "
        "distractors: <b>similarity</b> shows its cosine with the true one (blue) and with distractors (orange "
        "band). Blue above the band: it knows what was hidden from its context (equation 3).</p>"
        "<p>Drag: select; Shift+click or Shift+drag moves the nearer end, a click clears. Wheel: zoom. A drag in the "
        "ruler, or with the middle button: pan. Double-click: play from there. Click a code: all its occurrences. "
        "Keys: P plays, L loops, arrows move and zoom, 0 shows the whole clip, Return the selection, Escape clears.</p>"
        "<p>Times of words and phones come in and go out as Praat's TextGrids: drop one here, or see <b>Lanes</b>. The "
        "codes are written as tiers.</p>"
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.bench)
        self.desk = desk
        self.chooser = Chooser()
        self.canvas = LanesCanvas(self.desk)
        self.canvas.empty_text = _EMPTY
        self.player = PlayerBar(self.desk)
        self._groups = -1
        self._shown: list[Lane] = []
        self._model_shown: tuple[str, str, bool] | None = None
        self._again = QTimer(self, interval=_FOLLOW_MS)
        self._make_view()
        self._connect()
        self._make_lanes()
        self._list_clips()
        self._audio_changed()

    def _make_view(self) -> None:
        scroll = QScrollArea()
        scroll.setWidget(self.canvas)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.lanes_menu = QMenu(self)
        self.lanes_menu.aboutToShow.connect(self._fill_menu)
        self.lanes_button = QToolButton(popupMode=QToolButton.ToolButtonPopupMode.InstantPopup)
        self.lanes_button.setText("Lanes ▾")
        self.lanes_button.setMenu(self.lanes_menu)
        self.lanes_button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self.lanes_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.whole_button = QToolButton()
        self.whole_button.setText("Whole clip")
        self.whole_button.setToolTip("The whole clip in view (0)")
        self.whole_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.player, 1)
        foot.addWidget(self.whole_button)
        foot.addWidget(self.lanes_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.setSpacing(4)
        layout.addWidget(self.chooser)
        layout.addWidget(scroll, 1)
        layout.addLayout(foot)

    def _connect(self) -> None:
        desk, canvas = self.desk, self.canvas
        desk.clips_changed.connect(self._list_clips)
        desk.audio_changed.connect(self._audio_changed)
        desk.audio_grew.connect(canvas.follow)
        desk.sound_changed.connect(canvas.redraw_soon)
        desk.inspection_changed.connect(self._inspected)
        desk.selection_changed.connect(canvas.update)
        desk.picked_changed.connect(canvas.redraw)
        desk.marked_changed.connect(self._marked)
        desk.cursor_changed.connect(self._cursor_moved)
        desk.models.changed.connect(self._show_model)
        canvas.axis_changed.connect(lambda: desk.look_near(canvas.axis.start + canvas.axis.span / 2))
        canvas.play_asked.connect(desk.play)
        canvas.code_clicked.connect(self._code_clicked)
        self.chooser.clip_chosen.connect(desk.open_listed)
        self.chooser.model_chosen.connect(self._choose_model)
        self.chooser.refresh_asked.connect(desk.models.refresh)
        self.chooser.follow_asked.connect(self._follow)
        self._again.timeout.connect(self._fetch_newer)
        self.whole_button.clicked.connect(canvas.show_all)
        for key, act in (("P", self.player.toggle), ("L", self.player.loop_button.toggle)):
            QShortcut(QKeySequence(key), self, act, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)

    # Panel

    def draw(self, scene: Scene) -> None:
        """The live run goes on: its codes of now may be others."""
        self._show_model()

    def restyle(self) -> None:
        self.player.restyle()
        self.canvas.arrange()

    def view_state(self) -> dict[str, Any]:
        return {"hidden": sorted(self.canvas.hidden), "follow": self.chooser.follow_button.isChecked()}

    def restore_view(self, state: Mapping[str, Any]) -> None:
        hidden = state.get("hidden")
        if isinstance(hidden, list):
            self.canvas.hidden = {key for key in hidden if isinstance(key, str)}
            self.canvas.arrange()
        if isinstance(state.get("follow"), bool):
            self.chooser.follow_button.setChecked(state["follow"])

    # Clips

    def _list_clips(self) -> None:
        self.chooser.show_clips(self.desk.clips)
        self.chooser.show_clip(self.desk.clip)

    def _audio_changed(self) -> None:
        self.chooser.show_clip(self.desk.clip)
        self.canvas.arrange()
        self.canvas.show_all()

    # The model

    def _show_model(self) -> None:
        models = self.desk.models
        words = models.chosen.words if models.chosen is not None else ""
        if models.name == RUN and self.bench.live_run is None:
            words = "press Start"  # or nobody knows why there are no codes
        shown = models.name, words, models.can_be_newer()
        if shown != self._model_shown:
            self._model_shown = shown
            self.chooser.show_model(*shown)

    def _follow(self, on: bool) -> None:
        self.desk.models.following = on
        self._again.start() if on else self._again.stop()
        self._fetch_newer()

    def _fetch_newer(self) -> None:
        if self.isVisible() and not self.desk.live and not self.desk.reader.busy:
            self.desk.models.follow()

    def _choose_model(self, name: str) -> None:
        self._model_shown = None
        if name:  # empty: the choice of a folder was cancelled
            self.desk.models.choose(name)
        self._show_model()

    def _inspected(self) -> None:
        reading = self.desk.inspection
        groups = reading.groups if reading is not None else 0
        if groups != self._groups:
            self._make_lanes()
        elif self.canvas.shown() != self._shown:
            self.canvas.arrange()
        self._shown = self.canvas.shown()
        if self.desk.live:
            self.canvas.redraw()  # sound and its codes, in one picture and at once
        else:
            self.canvas.redraw_soon()

    def _make_lanes(self) -> None:
        desk = self.desk
        self._groups = desk.inspection.groups if desk.inspection is not None else 0
        self.canvas.show_lanes(
            [
                WaveLane(desk),
                MelLane(desk),
                WordLane(desk),
                PhoneLane(desk),
                MaskLane(desk),
                *(CodeLane(desk, group) for group in range(self._groups)),
                ConfidenceLane(desk),
                SimilarityLane(desk),
                PosteriorLane(desk),
            ]
        )

    # What a person does

    def _code_clicked(self, group: int, code: int) -> None:
        self.desk.pick(None if self.desk.picked == (group, code) else (group, code))

    def _marked(self) -> None:
        if self.desk.marked is not None:
            self.canvas.point_at(*self.desk.marked)
        self.canvas.update()

    def _cursor_moved(self) -> None:
        if self.desk.cursor is not None:
            self.canvas.reveal(self.desk.cursor)
        self.canvas.update()

    def _fill_menu(self) -> None:
        self.lanes_menu.clear()
        for key, title in {lane.key: lane.title.rstrip(" 0123456789") for lane in self.canvas.lanes}.items():
            action = self.lanes_menu.addAction(title)
            action.setCheckable(True)
            action.setChecked(key not in self.canvas.hidden)
            action.toggled.connect(lambda on, key=key: self._show_lane(key, on))

        self.lanes_menu.addSeparator()
        self._add_grids(self.lanes_menu)

    def _add_grids(self, menu: QMenu) -> None:
        here = self.desk.clip is not None and not self.desk.live
        menu.addAction("Read TextGrid …", self._ask_grid).setEnabled(here)
        menu.addAction("Save TextGrid …", self._save_grid).setEnabled(here)

    def _show_lane(self, key: str, on: bool) -> None:
        (self.canvas.hidden.discard if on else self.canvas.hidden.add)(key)
        self.canvas.arrange()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with the selection and the picture."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chosen = self.desk.selection is not None
        menu.addAction("Play the selection", self.desk.play).setEnabled(chosen)
        menu.addAction("Zoom to the selection", self._zoom).setEnabled(chosen)
        menu.addAction("Clear the selection", lambda: self.desk.select(None)).setEnabled(chosen)
        menu.addSeparator()
        self._add_grids(menu)
        menu.addSeparator()
        menu.addAction("Copy picture", lambda: copy_plot(self.canvas))
        menu.addAction("Save picture ...", self._save)
        menu.popup(event.globalPos())

    def _zoom(self) -> None:
        if self.desk.selection is not None:
            self.canvas.show_span(*self.desk.selection)

    # Praat

    def drop(self, path: Path) -> bool:
        if path.suffix.lower() != ".textgrid" or self.desk.clip is None or self.desk.live:
            return False
        self.read_grid(path)
        return True

    def read_grid(self, path: Path) -> None:
        """Put the words and phones of a TextGrid over the clip on the desk."""
        from ssllab.data.speech.textgrid import read

        clip = self.desk.clip
        assert clip is not None  # what asks is offered with a clip only
        try:
            found = read(path)
        except ValueError as error:
            self.bench.say("error", str(error))
            return
        self.desk.annotate(found)
        count = [
            plural(len(spans), what)
            for spans, what in ((found.words, "word"), (found.phones, "phone"))
            if spans
        ]
        line = f"{' and '.join(count)} from {path.name}."
        if found.others:
            line += f" Tiers that are not shown: {', '.join(found.others)}."
        other_length = abs(found.seconds - clip.seconds) > 0.1 + 0.01 * clip.seconds
        if other_length:
            line += f" It is {found.seconds:.2f} s long and the clip {clip.seconds:.2f} s: is it of this recording?"
        self.bench.say("warning" if other_length else "info", line)

    def _ask_grid(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Read TextGrid", "", "TextGrid (*.TextGrid *.textgrid)")
        if path:
            self.read_grid(Path(path))

    def _save_grid(self) -> None:
        clip = self.desk.clip
        assert clip is not None
        suggested = f"{file_name(clip.name)}.TextGrid"
        path, _ = QFileDialog.getSaveFileName(self, "Save TextGrid", suggested, "TextGrid (*.TextGrid)")
        if not path:
            return
        from ssllab.data.speech.textgrid import write

        target = Path(path) if Path(path).suffix else Path(f"{path}.TextGrid")
        try:
            write(target, self._tiers(clip), clip.seconds)
        except OSError as error:
            self.bench.say("error", f"{target} cannot be written: {error.strerror or error}.")
            return
        self.bench.say("info", f"Words, phones and codes are in {target}.")

    def _tiers(self, clip: Clip) -> dict[str, Sequence[Span]]:
        """What is known of the clip, as tiers: a stretch of one code is one interval."""
        tiers: dict[str, Sequence[Span]] = {"words": clip.spoken, "phones": clip.phones}
        if (reading := self.desk.inspection) is not None:
            for group in range(reading.groups):
                tiers[f"codes {group + 1}"] = code_spans(reading.codes[:, group], reading.frame_seconds)
        return {
            name: spans for name, spans in tiers.items() if spans or name == "words"
        }  # to be written in Praat

    def _save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save picture", "lanes.png", "PNG (*.png);;SVG (*.svg)")
        if not path:
            return
        try:
            save_plot(self.canvas, path)
        except OSError as error:
            self.bench.say("error", str(error))
