"""The takes: what was recorded and imported, to play, name, transcribe, export and learn from."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ssllab.ui.labs.speech.widgets.clip import Clip
from ssllab.ui.labs.speech.widgets.desk import Desk
from ssllab.ui.labs.speech.widgets.no_takes import NoTakes
from ssllab.ui.labs.speech.widgets.take_list import TakeList, TakesModel
from ssllab.ui.labs.speech.widgets.take_shelf import clip_of_take, key_of
from ssllab.ui.labs.speech.widgets.transcript_edit import TranscriptEdit
from ssllab.ui.panel import Panel
from ssllab.ui.runs.bars import UndoBar
from ssllab.ui.runs.export_menu import free_paths
from ssllab.ui.runs.words import file_name, plural

DATA = "takes"  # the catalogue's name of the takes as training data
_EXPORTS = {".wav": ("As WAV…", "WAV (*.wav)"), ".flac": ("As FLAC…", "FLAC (*.flac)")}
_HINT = "What is said in it? Return goes to the next take."
_NO_HINT = "Select a take to write its transcript"


class TakesPanel(Panel):
    """Signal ``record_wanted``: the empty list's button was pressed."""

    id = "takes"
    title = "Takes"
    help = (
        "<p>Everything you recorded or imported, newest first. Click one: it lies on the desk, with its codes. The "
        "round button (or Return) plays it. Double click or F2 renames it, Delete moves it to the trash and Ctrl+Z "
        "brings it back.</p>"
        "<p><b>Transcript.</b> Write what is said, and the take can teach a model to write (fine-tuning by CTC). "
        "Without one it is still material for pre-training, which needs no labels.</p>"
        "<p>Drop audio files or folders here: WAV, FLAC, OGG, MP3, M4A of any rate, with 1 to 8 channels, also "
        "hours long. They are kept as 16 kHz mono in the workspace.</p>"
    )
    record_wanted = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.bench)
        self.desk, self.shelf = desk, desk.shelf
        self.model = TakesModel(self)
        self.list = TakeList(self.model)
        self.transcript = TranscriptEdit()
        self.undo_bar = UndoBar("take")
        self.empty = NoTakes()
        self._make()
        self._connect()
        self._show_takes()
        self.setAcceptDrops(True)

    def _make(self) -> None:
        self.import_button = QPushButton("Import…")
        self.import_button.setToolTip("Audio files of any kind; or drop files and folders on the list")
        self.export_button = QPushButton("Export")
        self.delete_button = QPushButton("Delete")
        self.delete_button.setToolTip(
            "Move the selected takes to the trash (Delete); Ctrl+Z brings them back"
        )
        self.train_button = QPushButton("Train on takes")
        self.train_button.setToolTip("Use all takes as training data; press again when there are new ones")
        menu = QMenu(self)
        for ending, (text, _) in _EXPORTS.items():
            menu.addAction(text, lambda ending=ending: self.ask_export(ending))
        self.export_button.setMenu(menu)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        for button in (self.import_button, self.export_button, self.delete_button, self.train_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            if button is self.train_button:
                buttons.addStretch(1)
            buttons.addWidget(button)
        self._filled = QWidget()
        column = QVBoxLayout(self._filled)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(buttons)
        column.addWidget(self.list, 1)
        column.addWidget(self.transcript)
        self.stack = QStackedWidget()
        self.stack.addWidget(self._filled)
        self.stack.addWidget(self.empty)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(8, 6, 8, 6)
        outer.setSpacing(6)
        outer.addWidget(self.undo_bar)
        outer.addWidget(self.stack, 1)

    def _connect(self) -> None:
        shelf, listing = self.shelf, self.list
        shelf.changed.connect(self._show_takes)
        shelf.added.connect(self._came_in)
        self.model.renamed.connect(shelf.rename)
        self.transcript.typed.connect(shelf.set_transcript)
        self.transcript.next_wanted.connect(self._next)
        self.undo_bar.undo_wanted.connect(lambda ids: shelf.undo_delete(len(ids)))
        self._settle = QTimer(
            self, singleShot=True, interval=120
        )  # arrow keys held down open the last take only
        self._settle.timeout.connect(self._open_selected)
        listing.selection_changed.connect(self._show_selection)
        listing.selection_changed.connect(self._settle.start)
        listing.play_wanted.connect(self.play)
        listing.deletion_wanted.connect(self.delete_selected)
        listing.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        listing.customContextMenuRequested.connect(self._context_menu)
        self.desk.playback.moved.connect(self._show_heard)
        self.import_button.clicked.connect(self.ask_import)
        self.delete_button.clicked.connect(self.delete_selected)
        self.train_button.clicked.connect(lambda: self.bench.set_data(DATA))
        self.empty.import_button.clicked.connect(self.ask_import)
        self.empty.record_button.clicked.connect(self.record_wanted)

    # Showing

    def _show_takes(self) -> None:
        chosen = self.list.selected_ids()
        before = [take.id for take in self.model.takes]
        self.model.set_takes(self.shelf.takes)
        if before != [take.id for take in self.model.takes]:
            self.list.select([id for id in chosen if self.shelf.take(id) is not None])
        self._show_selection()
        self.stack.setCurrentWidget(self._filled if self.shelf.takes else self.empty)

    def _came_in(self, ids: Sequence[str]) -> None:
        self.list.select(ids)

    def _show_selection(self) -> None:
        ids = self.list.selected_ids()
        take = self.shelf.take(ids[0]) if len(ids) == 1 else None
        if take is not None:
            self.transcript.show_take(take.id, take.transcript, _HINT)
        else:
            self.transcript.show_take(None, "", f"{plural(len(ids), 'take')} selected" if ids else _NO_HINT)
        for button in (self.export_button, self.delete_button):
            button.setEnabled(bool(ids))

    def _show_heard(self) -> None:
        clip, position = self.desk.playback.clip, self.desk.playback.position
        if clip is None or position is None:
            self.list.show_heard(None)
        else:
            self.list.show_heard((clip.key, position / max(clip.seconds, 1e-6)))

    # What a person does

    def _open_selected(self) -> None:
        """The one take that is selected lies on the desk, unless the microphone is on or nobody sees the list."""
        ids = self.list.selected_ids()
        if len(ids) == 1 and not self.desk.live and self.isVisible():
            self._open(ids[0])

    def _open(self, id: str) -> Clip | None:
        """Put a take on the desk, if it does not lie there; None when the disk refuses."""
        take = self.shelf.take(id)
        if take is None:
            return None
        if self.desk.clip is not None and self.desk.clip.key == key_of(take):
            return self.desk.clip
        try:
            clip = clip_of_take(take)
        except (OSError, EOFError, wave.Error) as error:
            self.bench.say("error", f"'{take.name}' cannot be read ({error}). Delete it or import it again.")
            return None
        if not self.desk.live:
            self.desk.open(clip)
        return clip

    def play(self, id: str) -> None:
        """Play a take, or end it when it is playing."""
        playing = self._plays(id)
        self.desk.playback.stop()
        if not playing:
            self.list.select([id])
            if (clip := self._open(id)) is not None:
                self.desk.playback.play(clip)

    def _plays(self, id: str) -> bool:
        take, clip = self.shelf.take(id), self.desk.playback.clip
        return take is not None and clip is not None and clip.key == key_of(take)

    def delete_selected(self) -> None:
        """Move the selected takes to the trash; the bar above offers them back."""
        ids = self.list.selected_ids()
        if not ids:
            return
        if any(self._plays(id) for id in ids):
            self.desk.playback.stop()
        row = self.list.selectedIndexes()[0].row()

        def gone() -> None:
            self.undo_bar.offer(ids)
            rest = [take.id for take in self.shelf.takes if take.id not in ids]
            self.list.select(rest[min(row, len(rest) - 1) :][:1])

        self.shelf.delete(ids, gone)

    def _next(self) -> None:
        """The transcript is written: on to the take below."""
        row = self.list.currentIndex().row() + 1
        if 0 < row < len(self.model.takes):
            self.list.select([self.model.takes[row].id])

    def ask_import(self) -> None:
        """Ask for audio files, then copy them in."""
        from ssllab.audio.formats import SUFFIXES

        kinds = " ".join(f"*{suffix}" for suffix in SUFFIXES)
        chosen, _ = QFileDialog.getOpenFileNames(self, "Import audio", "", f"Audio ({kinds});;All files (*)")
        self.shelf.import_files([Path(path) for path in chosen])

    def ask_export(self, ending: str) -> None:
        """Ask where to, then write the selected takes; several go into a folder, each under its name."""
        takes = [take for id in self.list.selected_ids() if (take := self.shelf.take(id)) is not None]
        if len(takes) == 1:
            suggested = file_name(takes[0].name) + ending
            path, _ = QFileDialog.getSaveFileName(
                self, f"Export {takes[0].name}", suggested, _EXPORTS[ending][1]
            )
            if path:
                target = Path(path)
                self.shelf.export(takes, [target if target.suffix.lower() == ending else Path(path + ending)])
        elif takes:
            folder = QFileDialog.getExistingDirectory(
                self, f"Export {plural(len(takes), 'take')} into a folder"
            )
            if folder:
                self.shelf.export(takes, free_paths(Path(folder), [take.name for take in takes], ending))

    def _context_menu(self, at: QPoint) -> None:
        ids = self.list.selected_ids()
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Play or stop", lambda: self.play(ids[0])).setEnabled(len(ids) == 1)
        menu.addAction("Rename", self.list.rename_selected).setEnabled(len(ids) == 1)
        export = menu.addMenu("Export")
        export.addActions(self.export_button.menu().actions())
        export.setEnabled(bool(ids))
        menu.addAction("Delete", self.delete_selected).setEnabled(bool(ids))
        menu.addSeparator()
        menu.addAction("Import…", self.ask_import)
        menu.popup(self.list.viewport().mapToGlobal(at))

    # Drops and keys

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        self.shelf.import_files(paths)

    def event(self, event: QEvent) -> bool:
        # Ctrl+Z brings deleted takes back while the bar offers them; else it is the lab's.
        if (
            isinstance(event, QKeyEvent)
            and event.type() in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
            and event.matches(QKeySequence.StandardKey.Undo)
            and not self.undo_bar.isHidden()
        ):
            if event.type() == QEvent.Type.KeyPress:
                self.undo_bar.undo()
            event.accept()
            return True
        return super().event(event)

    # Panel

    def drop(self, path: Path) -> bool:
        from ssllab.audio.formats import SUFFIXES

        if path.suffix.lower() not in SUFFIXES:
            return False
        self.shelf.import_files([path])
        return True

    def restyle(self) -> None:
        for part in (self.list, self.undo_bar, self.empty, self.transcript):
            part.restyle()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shelf.open()
