"""The runs as rows and columns, and the filter over them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QColor

from ssllab.doctor.verdict import gravity, worst
from ssllab.scalars import Series, headline, series_of
from ssllab.storage.one_line import one_line
from ssllab.ui import theme
from ssllab.ui.runs.curves import NOTHING, CurveReader
from ssllab.ui.runs.words import absolute, ago, differences, run_title
from ssllab.ui.widgets.item_types import Index

if TYPE_CHECKING:
    from ssllab.training.run_record import RunInfo

Role = Qt.ItemDataRole
SORT = Role.UserRole + 1
CURVE = Role.UserRole + 2
INFO = Role.UserRole + 3
TAGS = Role.UserRole + 4


class Column(IntEnum):
    """The columns from left to right."""

    LAB = 0
    NAME = 1
    LOSS = 2
    PROBE = 3
    VERDICT = 4
    METHOD = 5
    DATA = 6
    SETTINGS = 7
    STEPS = 8
    STARTED = 9
    TAGS = 10
    NOTE = 11


LATELY_SAID = 8  # verdicts of a run's life that its tooltip lists

OPEN = {"running": "training now", "paused": "paused"}  # runs that some ssllab has open, in words

HEADINGS = {
    Column.LAB: ("Lab", "Ticked runs are drawn behind the live one in the lab's plots."),
    Column.NAME: ("Name", "Double click or F2 to rename. The dot is the run's colour in the plots below."),
    Column.LOSS: ("Loss", "The loss over the whole run, on its own scale, and its last value."),
    Column.PROBE: (
        "Probe",
        "What the run learned, on held-out data, and its last value: of what its method measures that which says "
        "most. Sorted, like stands by like, the better ones together.",
    ),
    Column.VERDICT: (
        "Doctor",
        "What the doctor said last, since which step, and the worst he said before; failed: an error ended the run.",
    ),
    Column.METHOD: ("Method", ""),
    Column.DATA: ("Data", ""),
    Column.SETTINGS: (
        "Settings",
        "What differs from the method's usual settings; an arrow is a change while it trained.",
    ),
    Column.STEPS: ("Steps", "Training steps done."),
    Column.STARTED: ("Started", ""),
    Column.TAGS: ("Tags", "Double click to change; separate tags by commas."),
    Column.NOTE: ("Note", "Double click to change."),
}


def verdict_of(info: RunInfo) -> str:
    """The doctor's last word on a run, empty when there was none; "failed" for one that an error ended."""
    if info.state == "failed":
        return "failed"
    verdict = info.summary.get("verdict")
    if isinstance(verdict, Mapping):
        verdict = verdict.get("state")
    return str(verdict or "").replace("_", " ")


def verdicts_said(info: RunInfo) -> str:
    """The last verdict with the step since when, and the worst before it where that was graver."""
    last, life = verdict_of(info), info.life
    if not life or last != life[-1][1]:
        return last
    gravest = worst(life)
    before = f", was {gravest[1]}" if gravest and gravity(gravest[1]) > gravity(last) else ""
    return f"{last} since {life[-1][0]:,}{before}"


def said_briefly(info: RunInfo) -> str:
    """What is wrong with a run, without the folder that its row stands for."""
    return info.problem.replace(f"{info.path}{os.sep}", "").replace(str(info.path), "the folder")


def failure_of(info: RunInfo) -> str:
    """The error that ended a run, empty when none did."""
    return str(info.summary.get("failure", ""))


def summary_number(info: RunInfo, name: str) -> float | None:
    """The last value of a metric or probe that the run's summary holds, None when it does not."""
    for part in (info.summary.get("probes"), info.summary.get("metrics")):
        value = part.get(name) if isinstance(part, Mapping) else None
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
    return None


def _headline(info: RunInfo) -> tuple[str, Series]:
    """The probe that says most of a run, and what it is."""
    name = headline(info.scalars, info.summary.get("probes", ()))
    return name, series_of(info.scalars, name)


def stamp(info: RunInfo) -> object:
    """Changes when the run has grown, so that its small curves are read anew."""
    return (info.steps, info.state)


class RunsModel(QAbstractTableModel):
    """Rows are runs, newest first. Edits of name, tags and note are asked for by :attr:`edited`."""

    edited = Signal(str, str, str)  # id, "name" | "tags" | "note", text
    overlay_toggled = Signal(str, bool)

    def __init__(self, curves: CurveReader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._curves = curves
        self._infos: list[RunInfo] = []
        self._rows: dict[str, int] = {}
        self._overlays: set[str] = set()
        self._colours: dict[str, str] = {}
        curves.arrived.connect(lambda run_id: self._changed([run_id], Column.LOSS, Column.PROBE))

    @property
    def infos(self) -> Sequence[RunInfo]:
        """Every run, newest first."""
        return self._infos

    def info(self, run_id: str) -> RunInfo | None:
        """The run of that id, None when it is not (or no more) in the workspace."""
        row = self._rows.get(run_id)
        return None if row is None else self._infos[row]

    def set_runs(self, infos: Iterable[RunInfo]) -> None:
        """Take over a fresh listing, keeping selection and scroll position of what stayed."""
        fresh = list(infos)
        wanted = {info.id for info in fresh}
        self._curves.keep_only(wanted)
        for first, last in reversed(_stretches([info.id not in wanted for info in self._infos])):
            self.beginRemoveRows(QModelIndex(), first, last)
            del self._infos[first : last + 1]
            self._index()
            self.endRemoveRows()
        known = {info.id: info for info in self._infos}
        if [info.id for info in fresh if info.id in known] != [info.id for info in self._infos]:
            self.beginResetModel()  # an order that changed is rare: only a clock that was set back does it
            self._infos = fresh
            self._index()
            self.endResetModel()
            return
        for first, last in _stretches([info.id not in known for info in fresh]):
            self.beginInsertRows(QModelIndex(), first, last)
            self._infos[first:first] = fresh[first : last + 1]
            self._index()
            self.endInsertRows()
        changed = [info.id for info in fresh if known.get(info.id, info) != info]
        self._infos = fresh
        self._changed(changed)

    def replace(self, info: RunInfo) -> None:
        """Show a change before the disk has confirmed it."""
        row = self._rows.get(info.id)
        if row is not None:
            self._infos[row] = info
            self._changed([info.id])

    def set_overlays(self, ids: Iterable[str]) -> None:
        """Which runs the lab draws behind the live one."""
        before, self._overlays = self._overlays, set(ids)
        self._changed(before ^ self._overlays, Column.LAB, Column.LAB)

    def set_colours(self, colours: dict[str, str]) -> None:
        """The colour of each compared run."""
        before, self._colours = self._colours, dict(colours)
        self._changed(
            {i for i in before.keys() | colours.keys() if before.get(i) != colours.get(i)},
            Column.NAME,
            Column.PROBE,
        )

    def tick(self) -> None:
        """Time has passed: "2 minutes ago" is said anew."""
        if self._infos:
            self.dataChanged.emit(
                self.index(0, Column.STARTED), self.index(len(self._infos) - 1, Column.STARTED)
            )

    def _index(self) -> None:
        self._rows = {info.id: row for row, info in enumerate(self._infos)}

    def _changed(self, ids: Iterable[str], first: Column = Column.LAB, last: Column = Column.NOTE) -> None:
        for run_id in ids:
            row = self._rows.get(run_id)
            if row is not None:
                self.dataChanged.emit(self.index(row, first), self.index(row, last))

    # What Qt asks

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._infos)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(Column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Role.DisplayRole:
            return HEADINGS[Column(section)][0]
        if role == Role.ToolTipRole:
            return HEADINGS[Column(section)][1] or None
        if role == Role.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section == Column.STEPS else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if self._infos[index.row()].settings is None:
            return flags
        if index.column() in (Column.NAME, Column.TAGS, Column.NOTE):
            flags |= Qt.ItemFlag.ItemIsEditable
        if index.column() == Column.LAB:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        info = self._infos[index.row()]
        column = Column(index.column())
        if role == INFO:
            return info
        if role == CURVE:
            return NOTHING if info.settings is None else self._curves.get(info, stamp(info))
        answer = _ROLES.get(role)
        return answer(self, info, column) if answer else None

    def setData(self, index: Index, value: Any, role: int = Role.EditRole) -> bool:
        info = self._infos[index.row()]
        if role == Role.CheckStateRole and index.column() == Column.LAB:
            ticked = Qt.CheckState(value) == Qt.CheckState.Checked
            self.overlay_toggled.emit(info.id, ticked)
            return True
        editable: dict[int, str] = {Column.NAME: "name", Column.TAGS: "tags", Column.NOTE: "note"}
        what = editable.get(index.column())
        if role != Role.EditRole or what is None:
            return False
        text = " ".join(str(value).split()) if what != "note" else str(value).strip()
        if (what == "name" and not text) or text == self._edit_text(info, Column(index.column())):
            return False
        self.edited.emit(info.id, what, text)
        return True

    def _text(self, info: RunInfo, column: Column) -> str | None:
        match column:
            case Column.NAME:
                return run_title(info)
            case Column.VERDICT:
                return "damaged" if info.settings is None else verdicts_said(info)
            case Column.METHOD:
                return info.method
            case Column.DATA:
                return "" if info.settings is None else one_line(info.settings.data)
            case Column.SETTINGS:
                return ", ".join(differences(info))
            case Column.STEPS:
                return "" if info.settings is None else f"{info.steps:,}"
            case Column.STARTED:
                if info.state in OPEN:
                    return OPEN[info.state]
                return ago(info.created, time.time()) if info.created else ""
            case Column.NOTE:
                return said_briefly(info) or " ".join((info.note or failure_of(info)).split())
        return None

    def _edit_text(self, info: RunInfo, column: Column) -> str | None:
        match column:
            case Column.NAME:
                return info.name
            case Column.TAGS:
                return ", ".join(info.tags)
            case Column.NOTE:
                return info.note
        return None

    def _sort(self, info: RunInfo, column: Column) -> Any:
        match column:
            case Column.LAB:
                return int(info.id in self._overlays)
            case Column.LOSS:
                # Runs without a value come last when the best are first.
                value = self._last(info, column)
                return float("inf") if value is None else value
            case Column.PROBE:
                return self._goodness(info)
            case Column.STEPS:
                return info.steps
            case Column.STARTED:
                return info.created
            case Column.TAGS:
                return ", ".join(info.tags)
        return self._text(info, column)

    def _last(self, info: RunInfo, column: Column) -> float | None:
        """The last value of the loss or probe, None while unknown or not a number."""
        value = summary_number(info, "loss" if column == Column.LOSS else _headline(info)[0])
        if value is None and (curves := self._curves.known(info.id)):
            value = curves.last_loss if column == Column.LOSS else curves.last_probe
        return None if value is None or value != value else float(value)

    def _goodness(self, info: RunInfo) -> tuple[int, str, float]:
        """Larger is better: numbers of different kinds are not compared, each kind stands together."""
        value = self._last(info, Column.PROBE)
        if value is None:
            return (-1, "", 0.0)
        name, series = _headline(info)
        return (series.headline, name, -value if series.better == "lower" else value)

    def _decoration(self, info: RunInfo, column: Column) -> Any:
        colour = self._colours.get(info.id)
        return QColor(colour) if column == Column.NAME and colour else None

    def _check(self, info: RunInfo, column: Column) -> Any:
        if column != Column.LAB or info.settings is None:
            return None
        return Qt.CheckState.Checked if info.id in self._overlays else Qt.CheckState.Unchecked

    def _foreground(self, info: RunInfo, column: Column) -> Any:
        now = theme.current()
        if info.problem and (column == Column.NOTE or (column == Column.VERDICT and info.settings is None)):
            return QColor(now.bad)
        if info.settings is None:
            return QColor(now.muted)
        if column == Column.STARTED and info.state == "running":
            return QColor(now.good)
        if column in (Column.METHOD, Column.DATA, Column.SETTINGS, Column.STARTED, Column.NOTE):
            return QColor(now.muted)
        if column == Column.VERDICT and info.state == "failed":
            return QColor(now.bad)
        if column == Column.VERDICT:
            last = verdict_of(info)
            return QColor((now.good if last == "healthy" else now.muted, now.warn, now.bad)[gravity(last)])
        return None

    def _alignment(self, info: RunInfo, column: Column) -> Any:
        side = Qt.AlignmentFlag.AlignRight if column == Column.STEPS else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter

    def _tooltip(self, info: RunInfo, column: Column) -> Any:
        if info.problem and (info.settings is None or column == Column.NOTE):
            return info.problem
        match column:
            case Column.LAB:
                return HEADINGS[Column.LAB][1]
            case Column.NAME:
                return f"{run_title(info)}\n{info.state}, {info.id}"
            case Column.SETTINGS:
                return "\n".join(differences(info)) or None
            case Column.PROBE:
                name, series = _headline(info)
                value = summary_number(info, name)
                return f"{series.title}: {series.said(value)}" if value is not None else None
            case Column.STARTED:
                return f"{absolute(info.created)}, {info.state}" if info.created else None
            case Column.TAGS:
                return ", ".join(info.tags) or None
            case Column.NOTE:
                return info.note or failure_of(info) or None
            case Column.VERDICT if info.state == "failed":
                return failure_of(info)
            case Column.VERDICT:
                return _verdict_help(info)
        return None

    def _tags(self, info: RunInfo, column: Column) -> Any:
        return tuple(info.tags)


def _verdict_help(info: RunInfo) -> str | None:
    """The worst and the last verdict, and the last ones of the run's life, a line each."""
    life = info.life
    gravest = worst(life)
    if gravest is None:
        return None
    until = next((step for step, _ in life if step > gravest[0]), None)
    ended = "" if until is None else f" until step {until:,}"
    lately = [f"step {step:,}: {state}" for step, state in life[-LATELY_SAID:]]
    more = f"{len(life) - LATELY_SAID} earlier verdicts" if len(life) > LATELY_SAID else ""
    worst_line = f"Worst: {gravest[1]}, from step {gravest[0]:,}{ended}"
    last_line = f"Last: {life[-1][1]}, since step {life[-1][0]:,}"
    return "\n".join(filter(None, (worst_line, last_line, more, *lately)))


_ROLES: dict[int, Callable[[RunsModel, RunInfo, Column], Any]] = {
    Role.DisplayRole: RunsModel._text,
    Role.EditRole: RunsModel._edit_text,
    Role.DecorationRole: RunsModel._decoration,
    Role.CheckStateRole: RunsModel._check,
    Role.ForegroundRole: RunsModel._foreground,
    Role.TextAlignmentRole: RunsModel._alignment,
    Role.ToolTipRole: RunsModel._tooltip,
    TAGS: RunsModel._tags,
    SORT: RunsModel._sort,
}


def _stretches(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """First and last index of every stretch of True."""
    found: list[tuple[int, int]] = []
    for i, flag in enumerate(flags):
        if flag and found and found[-1][1] == i - 1:
            found[-1] = (found[-1][0], i)
        elif flag:
            found.append((i, i))
    return found
