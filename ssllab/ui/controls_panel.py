"""Every control of the method, made from its declaration; a move of a slider is in the training at once."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QScrollArea, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from ssllab.controls import ControlSpec
from ssllab.data.catalogue import allowed
from ssllab.ui import theme
from ssllab.ui.bench import Bench
from ssllab.ui.widgets.control_row import ControlRow

# What is played with most stands first; groups that are not named here come last, in their own order.
ORDER = (
    "Method",
    "Collapse",
    "World",
    "Symbols",
    "Loss",
    "MoCo",
    "Fine-tuning",
    "Augmentations",
    "Codes",
    "Contrast",
    "Against collapse",
    "Masking",
    "Regularisation",
    "Search",
    "Optimizer",
    "Model",
)


class ControlsPanel(QWidget):
    """Groups of controls with a filter."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self.bench = bench
        self.rows: dict[str, ControlRow] = {}
        self._groups: list[tuple[QToolButton, QWidget, list[str]]] = []
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a control")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 4, 6)
        layout.addWidget(self.search)
        layout.addWidget(self.area, 1)
        self.area.setWidget(QLabel("Loading the controls"))
        self.setMinimumWidth(220)
        bench.loaded.connect(self.build)
        bench.config_changed.connect(self._config_changed)
        bench.data_loaded.connect(self._enable)
        if bench.config is not None:
            self.build()

    def build(self) -> None:
        """Make the rows of the present method."""
        config = self.bench.config
        if config is None:
            return
        self.rows.clear()
        self._groups.clear()
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(2)
        grouped: dict[str, list[ControlSpec]] = {}
        for spec in config.controls().values():
            grouped.setdefault(spec.control.group, []).append(spec)
        for group in sorted(grouped, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER)):
            self._add_group(column, group, grouped[group])
        column.addStretch(1)
        self.area.setWidget(body)
        self._show_all()
        self._fit()

    def _add_group(self, column: QVBoxLayout, title: str, specs: list[ControlSpec]) -> None:
        head = QToolButton()
        head.setText(title)
        head.setCheckable(True)
        head.setChecked(True)
        head.setAutoRaise(True)
        head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        head.setArrowType(Qt.ArrowType.DownArrow)
        head.setObjectName("groupHead")
        head.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        head.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        inside = QWidget()
        rows = QVBoxLayout(inside)
        rows.setContentsMargins(6, 0, 0, 8)
        rows.setSpacing(1)

        def fold(open_: bool) -> None:
            inside.setVisible(open_)
            head.setArrowType(Qt.ArrowType.DownArrow if open_ else Qt.ArrowType.RightArrow)

        head.toggled.connect(fold)
        if not all(spec.live for spec in specs):
            note = "" if any(spec.live for spec in specs) else "Changes here apply after Reset."
            if note:
                label = QLabel(note)
                label.setWordWrap(True)
                label.setStyleSheet(f"color: {theme.current().muted};")
                rows.addWidget(label)
        for spec in specs:
            row = ControlRow(spec)
            row.edited.connect(
                lambda value, name=spec.name, row=row: self.bench.set(name, value, drag=(name, row.gesture))
            )
            row.refused.connect(lambda line: self.bench.say("warning", line))
            rows.addWidget(row)
            self.rows[spec.name] = row
        column.addWidget(head)
        column.addWidget(inside)
        self._groups.append((head, inside, [spec.name for spec in specs]))

    def restyle(self) -> None:
        """The theme changed."""
        for row in self.rows.values():
            row.restyle()
        self._fit()

    def _fit(self) -> None:
        """As wide as the widest row: there is no horizontal scroll bar."""
        if self.rows:
            widest = max(row.minimumSizeHint().width() for row in self.rows.values())
            bar = self.area.verticalScrollBar().sizeHint().width()
            self.setMinimumWidth(max(220, widest + bar + 34))

    def _config_changed(self, name: str, old: object, new: object) -> None:
        row = self.rows.get(name)
        if row is not None and row.value != new:
            row.show_value(new)  # type: ignore[arg-type]
        elif row is not None:
            row.restyle()
        self._enable()

    def _show_all(self) -> None:
        for name, row in self.rows.items():
            row.show_value(getattr(self.bench.config, name))
        self._enable()

    def _enable(self) -> None:
        """Grey what has no effect: a strength whose operator is off, what data allows one value of."""
        config, fits = self.bench.config, allowed(self.bench.data_name, self.bench.data)
        for name, row in self.rows.items():
            chosen = len(fits.get(name, (0, 1))) > 1
            row.setEnabled(config is None or (config.matters(name) and chosen))

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        for head, inside, names in self._groups:
            shown = 0
            for name in names:
                spec = self.rows[name].spec
                hay = f"{name} {spec.title} {spec.control.group} {spec.control.help}".lower()
                fits = all(word in hay for word in words)
                self.rows[name].setVisible(fits)
                shown += fits
            head.setVisible(shown > 0)
            inside.setVisible(shown > 0 and (head.isChecked() or bool(words)))
