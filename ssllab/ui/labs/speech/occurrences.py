"""Where else it sounds like this: all occurrences of a code, and the spans nearest to the selected one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtGui import QColor, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
)

from ssllab.ui.labs.speech.widgets.clip import Listed
from ssllab.ui.labs.speech.widgets.colours import palette
from ssllab.ui.labs.speech.widgets.desk import Desk
from ssllab.ui.labs.speech.widgets.index import ClipCodes, Index, Place, commonest
from ssllab.ui.labs.speech.widgets.models import Chosen
from ssllab.ui.labs.speech.widgets.places import COSINE, DISTANCE, LENGTH, PlacesModel, PlacesTable
from ssllab.ui.panel import Panel
from ssllab.ui.playback import Passage
from ssllab.ui.runs.words import plural
from ssllab.ui.scene import Scene
from ssllab.ui.widgets.progress_row import ProgressRow

_MARGIN = 0.12  # seconds heard before and after a place: 20 ms alone are a click
_LONGEST = 10.0  # seconds of a span that is searched for
_SETTLED_MS = 250  # a selection that has not moved for this long is meant
_MODES = {
    LENGTH: ("Code", "Every place with the code that was clicked"),
    DISTANCE: ("Like the span: codes", "The spans with the fewest differing codes (edit distance)"),
    COSINE: ("Like the span: latents", "The spans with the nearest mean latent vector (cosine)"),
}


@dataclass(frozen=True, eq=False)
class Query:
    """A selected span: where it is, what it sounds like, to which model, and in which of its states."""

    clip: str
    frames: tuple[int, int]
    codes: ClipCodes
    model: tuple
    state: tuple


class OccurrencesPanel(Panel):
    """Lists places in all clips; a click goes there and plays it."""

    id = "occurrences"
    title = "Occurrences"
    help = (
        "<p><b>Click a code</b> in the lanes: every place in all clips and takes where the quantizer gave this "
        "code, how often that is, and, where the data knows them, on which phones. Press <b>Play all</b> to hear "
        "them one after another: does the code mean a sound?</p>"
        "<p><b>Select a span</b> (drag in the lanes): where else does it sound like this? By the "
        "<b>edit distance</b> of codes: how many frames have to be exchanged, left out or put in (Levenshtein "
        "1966; a frame counts by the share of its codebook groups that differ). Or by the <b>cosine</b> of the "
        "mean latents, the vectors that the quantizer reads.</p>"
        "<p>All clips are read once per model, in the background. A live run is read as it was when its codes "
        "were fetched; what is found is compared at that step, also when the lanes have gone on.</p>"
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.bench)
        self.desk = desk
        self.places = PlacesModel()
        self.table = PlacesTable(self.places)
        self._nearest: dict[str, list[Place]] = {}
        self._query: Query | None = None  # it stays while the person looks at what was found in other clips
        self._came_for: tuple | None = None  # clip and selection for which it came forward
        self._asked: tuple | None = None  # query and index that _nearest answers, or will
        self._settled = QTimer(self, interval=_SETTLED_MS, singleShot=True)
        self._make_view()
        self._connect()
        self.restyle()

    def _make_view(self) -> None:
        self.modes = QButtonGroup(self)
        self.mode_buttons: dict[str, QPushButton] = {}
        row = QHBoxLayout()
        row.setSpacing(6)
        for mode, (words, tip) in _MODES.items():
            button = QPushButton(words)
            button.setCheckable(True)
            button.setChecked(mode == LENGTH)
            button.setToolTip(tip)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self.modes.addButton(button)
            self.mode_buttons[mode] = button
            row.addWidget(button)
        row.addStretch(1)
        self.headline = QLabel(textFormat=Qt.TextFormat.RichText, wordWrap=True)
        self.headline.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.play_button = QPushButton("Play all")
        self.play_button.setToolTip("Play the listed places one after another, from the selected one on")
        self.search_button = QPushButton("Search all clips")
        self.search_button.setToolTip("Read all clips and takes with the chosen model, once")
        for button in (self.play_button, self.search_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        foot = QHBoxLayout()
        foot.setSpacing(6)
        foot.addWidget(self.play_button)
        foot.addWidget(self.search_button)
        foot.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.setSpacing(5)
        layout.addLayout(row)
        layout.addWidget(self.headline)
        layout.addWidget(self.table, 1)
        layout.addWidget(ProgressRow(self.desk.search.reading))
        layout.addLayout(foot)

    def _connect(self) -> None:
        desk = self.desk
        desk.picked_changed.connect(self._picked)
        desk.selection_changed.connect(self._settled.start)
        desk.inspection_changed.connect(self._settled.start)
        desk.models.changed.connect(self.refresh)
        desk.search.changed.connect(self.refresh)
        desk.playback.changed.connect(self._show_heard)
        self._settled.timeout.connect(self._span_settled)
        self.modes.buttonClicked.connect(lambda _: self.refresh())
        self.table.clicked.connect(self._go)
        self.table.activated.connect(self._go)
        self.play_button.clicked.connect(self._play_all)
        self.search_button.clicked.connect(lambda: self._search(again=True))

    # Panel

    def draw(self, scene: Scene) -> None:
        """Nothing here follows the training; see :meth:`refresh`."""

    def restyle(self) -> None:
        self.table.restyle()
        self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def view_state(self) -> dict[str, Any]:
        return {"mode": self.mode}

    def restore_view(self, state: Mapping[str, Any]) -> None:
        if (button := self.mode_buttons.get(str(state.get("mode")))) is not None:
            button.setChecked(True)

    # What is asked

    @property
    def mode(self) -> str:
        """``LENGTH`` for a code, ``DISTANCE`` or ``COSINE`` for a span."""
        return next(mode for mode, button in self.mode_buttons.items() if button.isChecked())

    def _picked(self) -> None:
        if self.desk.picked is not None:
            self.mode_buttons[LENGTH].setChecked(True)
            self._come_forward()
        self.refresh()

    def _span_settled(self) -> None:
        if (query := self._selected()) is not None:
            before, self._query = self._came_for, query
            self._came_for = (query.clip, self.desk.selection)
            if self._came_for != before:  # else another model, or a later step, read the same span anew
                if self.mode == LENGTH and self.desk.picked is None:
                    self.mode_buttons[DISTANCE].setChecked(True)
                self._come_forward()
        self.refresh()

    def _come_forward(self) -> None:
        """What was asked for is shown, where the panel is a tab behind others."""
        if isinstance(dock := self.parentWidget(), QDockWidget):
            dock.raise_()

    def _selected(self) -> Query | None:
        """The selection as a query; None where nothing is selected, or not yet read, or it is the same as before."""
        clip, reading, model = self.desk.clip, self.desk.inspection, self.desk.models.chosen
        if self.desk.selection is None or clip is None or reading is None or model is None:
            return None
        if self.desk.models.following and self.desk.reader.busy:
            return None  # the reading is of an earlier step than the model
        first, last = (math.ceil(time / reading.frame_seconds - 0.5) for time in self.desk.selection)
        last = min(last, reading.frames)
        old, key = self._query, clip.key
        if old is not None and (old.clip, old.frames, old.model) == (key, (first, last), self._key(model)):
            return None
        if last <= first or not reading.known[first:last].all():
            return None
        part = slice(first, last)
        codes = ClipCodes(reading.codes[part].copy(), reading.latents[part].copy(), reading.frame_seconds)
        return Query(key, (first, last), codes, self._key(model), model.key)

    def _key(self, model: Chosen) -> tuple:
        """What a question was asked of: where the lanes follow a run, of the run, so that its answer stays a while."""
        return self.desk.models.source if self.desk.models.following else model.key

    def refresh(self) -> None:
        """Bring list and words up to date; look through the clips if that has not been done."""
        if not self.isVisible():
            return
        model = self.desk.models.chosen
        if self._query is not None and (model is None or self._key(model) != self._query.model):
            self._query = None
        if (self.desk.picked if self.mode == LENGTH else self._query) is not None:
            self._search()
        if self.mode == LENGTH:
            self._list_code()
        else:
            self._list_span()
        complete = model is not None and self.desk.search.complete(model)
        self.search_button.setVisible(
            model is not None and not complete and not self.desk.search.reading.busy
        )
        self._show_heard()

    def _search(self, *, again: bool = False) -> None:
        """Read the clips; where the lanes follow a run, only when it is asked for: it would never end."""
        if self.desk.models.chosen is not None and (again or not self.desk.models.following):
            self.desk.search.read_all(self.desk.models.chosen, again=again)

    def _read_by(self) -> Chosen | None:
        """The state of the chosen model that read the clips; None where another model did, or none."""
        model = self.desk.models.chosen
        return None if model is None else self.desk.search.read_by(model)

    def _index(self) -> Index | None:
        """Of all clips as far as they are read; until then, of the one on the desk."""
        if self._read_by() is not None:
            return self.desk.search.index
        clip, reading = self.desk.clip, self.desk.inspection
        if clip is None or reading is None or not reading.groups or not reading.complete:
            return None
        listed = Listed(clip.key, clip.name, "", clip.seconds, lambda: clip, clip.phones, clip.words)
        return Index([listed], [ClipCodes(reading.codes, reading.latents, reading.frame_seconds)])

    def _as_read(self) -> str:
        """Said where the lanes show a later state of the run than the clips were read by."""
        by, now = self._read_by(), self.desk.models.chosen
        return (
            "" if by is None or now is None or by.key == now.key else f" The clips were read at {by.words}."
        )

    # Lists

    def _list_code(self) -> None:
        index = self._index()
        if self.desk.picked is None or index is None:
            self._show([], "Click a code in the lanes to find all its occurrences.")
            return
        group, code = self.desk.picked
        places = index.occurrences(group, code)
        self._show(places, code_words(group, code, places, index) + self._as_read())

    def _list_span(self) -> None:
        query, by = self._query, self._read_by()
        index = self.desk.search.index if by is not None else None
        if query is None:
            self._show([], "Select a span in the lanes (drag) to find where else it sounds like that.")
        elif len(query.codes.codes) * query.codes.frame_seconds > _LONGEST:
            self._show([], f"Select at most {_LONGEST:.0f} s: a word or a few.")
        elif by is None or index is None:
            self._show([], f"{span_words(query.codes.codes)}<br>The clips have not been read yet.")
        else:
            # Codes of one state mean nothing to another: what is compared was read by one and the same.
            asked = query.codes if by.key == query.state else index.part(query.clip, *query.frames)
            if asked is None:
                self._show(
                    [], f"{span_words(query.codes.codes)}<br>The clips were read at {by.words}, not now."
                )
                return
            if self._asked != (id(query), id(index)):
                self._asked, self._nearest = (id(query), id(index)), {}
                leave_out = query.clip, *query.frames
                self.desk.search.nearest(asked.codes, asked.latents, leave_out, self._found)
            waiting = "" if self._nearest else "<br>Looking for the nearest spans …"
            words = f"{span_words(asked.codes)}.{self._as_read()}{waiting}"
            self._show(self._nearest.get(self.mode, []), words)

    def _found(self, by_codes: list[Place], by_latents: list[Place]) -> None:
        self._nearest = {DISTANCE: by_codes, COSINE: by_latents}
        self.refresh()

    def _show(self, places: Sequence[Place], words: str) -> None:
        if places is not self.places.places or self.mode != self.places.measure:
            self.places.show(places, self.mode)
        self.headline.setText(words)
        self.play_button.setEnabled(bool(places) or self.desk.playback.playing)

    # Going there

    def _go(self, index: QModelIndex) -> None:
        place = self.places.places[index.row()]
        self.desk.open_listed(place.clip)
        self.desk.mark((place.start, place.end))
        self.desk.playback.play_all([self._passage(index.row())])

    def _passage(self, row: int) -> Passage:
        place = self.places.places[row]
        return Passage(row, place.clip.load, place.start - _MARGIN, place.end + _MARGIN)

    def _play_all(self) -> None:
        if self.desk.playback.playing:
            self.desk.playback.stop()
            return
        first = max(0, self.table.currentIndex().row())
        self.desk.playback.play_all([self._passage(row) for row in range(first, len(self.places.places))])

    def _show_heard(self) -> None:
        playback = self.desk.playback
        self.play_button.setText("Stop" if playback.playing else "Play all")
        if 0 <= playback.row < len(self.places.places):
            self.table.setCurrentIndex(self.places.index(playback.row, 0))


def code_words(group: int, code: int, places: Sequence[Place], index: Index) -> str:
    """How often a code occurs, where, and on which phones; rich text with its colour."""
    colour = QColor(*palette(group, code + 1)[code].tolist()).name()
    frames = round(sum(place.end - place.start for place in places) / index.frame_seconds)
    clips = len({place.clip.key for place in places})
    share = 100 * frames / max(1, int(index.starts[-1]))
    words = (
        f"<span style='background:{colour}'>&nbsp;&nbsp;&nbsp;</span> <b>Code {code}</b> of group {group + 1}: "
        f"{plural(frames, 'frame')} ({share:.2g} %) at {plural(len(places), 'place')} in {clips} of "
        f"{plural(len(index.clips), 'clip')}"
    )
    phones = commonest(places)
    if phones:
        words += ", most often on " + ", ".join(
            f"{escape(phone)} ({100 * part:.0f} %)" for phone, part in phones
        )
    return words + "."


def span_words(codes: NDArray[np.int32]) -> str:
    """The codes of a span ``(m, G)``, a group after the other."""
    groups = [f"group {g + 1}: {' '.join(code_runs_words(codes[:, g]))}" for g in range(codes.shape[1])]
    return f"{plural(len(codes), 'frame')} selected; {'; '.join(groups)}"


def code_runs_words(codes: NDArray[np.int32], most: int = 12) -> list[str]:
    """Codes in order with how long each stays, as ``39×4``."""
    words: list[str] = []
    first = 0
    for i in range(1, len(codes) + 1):
        if i == len(codes) or codes[i] != codes[first]:
            words.append(f"{codes[first]}×{i - first}" if i - first > 1 else str(codes[first]))
            first = i
    return words if len(words) <= most else [*words[:most], "…"]
