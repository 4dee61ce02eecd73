"""A help page for each lab: what it is for, the words it uses, its keys, and what each of its panels shows."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from ssllab.assets import asset
from ssllab.ui.lab_page import LabPage


class HelpPage(QDialog):
    """It stays beside the window while one works."""

    def __init__(self, page: LabPage, keys: Sequence[tuple[str, str]], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Help: {page.lab.title}")
        self.text = QTextBrowser()
        self.text.setOpenExternalLinks(True)
        self.text.setHtml(help_text(page, keys))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self.text, 1)
        column.addWidget(buttons)
        line = self.fontMetrics().height()
        self.resize(min(42 * line, parent.width()), min(40 * line, parent.height()))


def help_text(page: LabPage, keys: Sequence[tuple[str, str]]) -> str:
    """All of it as rich text. A lab that ships no page of its own has its keys and its panels."""
    shipped = asset("help", f"{page.lab.name}.md")
    words = QTextDocument()
    words.setMarkdown(shipped.read_text(encoding="utf-8") if shipped.is_file() else "")
    rows = "".join(f"<tr><td><b>{key}</b>&nbsp;&nbsp;</td><td>{does}</td></tr>" for key, does in keys)
    panels = "".join(f"<h3>{panel.title}</h3>{panel.help}" for panel in page.panels if panel.help)
    return (
        f"<h1>{page.lab.title}</h1>{words.toHtml()}<h2>Keys</h2><table>{rows}</table><h2>Panels</h2>{panels}"
    )
