"""Where one was on the board: the texts as a tree that one can go back in."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QTreeWidgetItemIterator,
    QVBoxLayout,
)

from ssllab.ui import theme
from ssllab.ui.labs.language.widgets.branches import Branch, tree
from ssllab.ui.labs.language.widgets.desk import Desk
from ssllab.ui.labs.language.widgets.desk_panel import DeskPanel

TEXT = Qt.ItemDataRole.UserRole + 1


class TextsPanel(DeskPanel):
    """A branch for each way that was gone."""

    id = "texts"
    title = "Where I was"
    help = """
    <h3>Where I was</h3>
    <p>Every text that was on the board, as a tree: what two texts begin with alike stands once, and branches where they
    part. Click a branch, or Enter, to go back to it and on another way. It is kept with the window and saved with the
    board.</p>
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setAccessibleName("Texts that were on the board")
        self.tree.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.tree.setIndentation(14)
        self.tree.itemClicked.connect(self._go)
        self.tree.itemActivated.connect(self._go)
        self.nothing = QLabel("Texts that were on the board stand here.", wordWrap=True)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.clear_button = QToolButton()
        self.clear_button.setText("Clear")
        self.clear_button.setToolTip("Forget these texts")
        self.clear_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clear_button.clicked.connect(desk.sheet.forget)
        row = QHBoxLayout()
        row.setContentsMargins(8, 4, 8, 0)
        row.addStretch(1)
        row.addWidget(self.clear_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.nothing, 1)
        column.addWidget(self.tree, 1)
        desk.sheet.texts_changed.connect(self._show)
        desk.sheet.changed.connect(lambda before: self._mark())
        self.restyle()
        self._show()

    def _go(self, item: QTreeWidgetItem, column: int = 0) -> None:
        self.desk.stop_writing()
        self.desk.sheet.write(item.data(0, TEXT))

    def _show(self) -> None:
        root = tree(self.desk.sheet.texts)
        self.tree.clear()
        for child in root.children:
            self.tree.addTopLevelItem(_item(child))
        self.tree.expandAll()
        has = bool(root.children)
        self.tree.setVisible(has)
        self.nothing.setVisible(not has)
        self.clear_button.setEnabled(has)
        self._mark()

    def _mark(self) -> None:
        """The branch of the text that stands on the board is in bold."""
        text, every = self.sheet.state.text, QTreeWidgetItemIterator(self.tree)
        while (item := every.value()) is not None:
            font = self.tree.font()
            font.setBold(item.data(0, TEXT) == text)
            item.setFont(0, font)
            every += 1

    def restyle(self) -> None:
        self.nothing.setStyleSheet(f"color: {theme.current().muted};")


def _item(branch: Branch) -> QTreeWidgetItem:
    item = QTreeWidgetItem([branch.piece.strip().replace("\n", " ↵ ") or "␣"])
    item.setData(0, TEXT, branch.text)
    item.setToolTip(0, branch.text)
    for child in branch.children:
        item.addChild(_item(child))
    return item
