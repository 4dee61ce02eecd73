"""Colours and fonts, light and dark, in one place. Attraction is blue and repulsion orange everywhere.

The pair is told apart by every common kind of colour blindness; categories follow Okabe and Ito.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtGui import QColor, QFontMetrics, QPalette
from PySide6.QtWidgets import QApplication


@dataclass(frozen=True)
class Theme:
    """Named colours as ``#rrggbb``; panels take their colours from here and nowhere else."""

    name: str
    window: str
    surface: str
    raised: str
    border: str
    text: str
    muted: str
    grid: str
    accent: str
    accent_text: str
    attract: str
    repel: str
    good: str
    warn: str
    bad: str
    series: tuple[str, ...]
    categories: tuple[str, ...]


LIGHT = Theme(
    name="light",
    window="#f3f4f7",
    surface="#ffffff",
    raised="#eceef3",
    border="#d5d9e2",
    text="#1c2230",
    muted="#667085",
    grid="#d9dde6",
    accent="#2f5fe0",
    accent_text="#ffffff",
    attract="#0b6fc2",
    repel="#d9580d",
    good="#1d7f4e",
    warn="#a86400",
    bad="#c2282d",
    series=("#2f5fe0", "#d9580d", "#1d8a67", "#a03fb8", "#8a6d00", "#00809b", "#c2286f", "#5b6577"),
    categories=(
        "#0072b2",
        "#e69f00",
        "#009e73",
        "#d55e00",
        "#cc79a7",
        "#56b4e9",
        "#8c6d1f",
        "#6a51a3",
        "#4d4d4d",
        "#b3de69",
    ),
)

DARK = Theme(
    name="dark",
    window="#14171d",
    surface="#1b1f27",
    raised="#252a34",
    border="#343b48",
    text="#e7eaf0",
    muted="#98a2b3",
    grid="#39414f",
    accent="#6c93ff",
    accent_text="#0d1220",
    attract="#4fb3ff",
    repel="#ff9455",
    good="#4fcf8f",
    warn="#f2b84b",
    bad="#ff6b6b",
    series=("#7ea2ff", "#ff9455", "#4fd1a5", "#d48cf0", "#e0c255", "#4cc9e0", "#ff85b8", "#a9b3c4"),
    categories=(
        "#56b4e9",
        "#e69f00",
        "#2fcf9c",
        "#ff7f50",
        "#e39ac5",
        "#8fd0ff",
        "#c9a94f",
        "#a48fe0",
        "#b8bfcc",
        "#b3de69",
    ),
)

THEMES = {"light": LIGHT, "dark": DARK}
_current = LIGHT


def current() -> Theme:
    """The theme in force."""
    return _current


def apply(name: str, font_points: float | None = None) -> Theme:
    """Put a theme in force: palette, style sheet, pyqtgraph's defaults and (if given) the font size."""
    global _current
    _current = THEMES[name]
    theme = _current
    pg.setConfigOptions(background=theme.surface, foreground=theme.text, antialias=False)
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        return theme
    font = app.font()
    same_font = font_points in (None, font.pointSizeF())
    if font_points:
        font.setPointSizeF(font_points)
    sheet = _style_sheet(theme, round(0.85 * QFontMetrics(font).height()))
    if app.styleSheet() == sheet and same_font:
        return theme  # styling every widget anew takes a second
    app.setStyle("Fusion")
    if font_points:
        app.setFont(font)
    app.setPalette(_palette(theme))
    for widget in _OUTLINED:
        palette = _outlined(theme) if theme is DARK else _palette(theme)
        app.setPalette(palette, widget)  # type: ignore[arg-type]  # the stubs want bytes for char *
    app.setStyleSheet(sheet)
    return theme


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for which, colour in (
        (role.Window, theme.window),
        (role.WindowText, theme.text),
        (role.Base, theme.surface),
        (role.AlternateBase, theme.raised),
        (role.Text, theme.text),
        (role.Button, theme.raised),
        (role.ButtonText, theme.text),
        (role.ToolTipBase, theme.raised),
        (role.ToolTipText, theme.text),
        (role.Highlight, theme.accent),
        (role.HighlightedText, theme.accent_text),
        (role.PlaceholderText, theme.muted),
        (role.Link, theme.accent),
        (role.Light, theme.raised),
        (role.Midlight, theme.raised),
        (role.Mid, theme.border),
        (role.Dark, theme.border),
        (role.Shadow, theme.border),
    ):
        palette.setColor(which, QColor(colour))
    for which in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(theme.muted))
    return palette


# Fusion draws their outline in a darker tone of the window's colour, which on a dark window cannot be seen.
_OUTLINED = ("QCheckBox", "QLineEdit", "QSpinBox", "QTableView")


def _outlined(theme: Theme) -> QPalette:
    palette = _palette(theme)
    palette.setColor(QPalette.ColorRole.Window, QColor(theme.muted))
    return palette


def _style_sheet(theme: Theme, box: int) -> str:
    focus = f"border: 2px solid {theme.accent}; border-radius: 3px;"
    return f"""
    QToolTip {{ background: {theme.raised}; color: {theme.text}; border: 1px solid {theme.border}; padding: 6px; }}
    QDockWidget {{ color: {theme.text}; }}
    QDockWidget::title {{ background: {theme.raised}; padding: 5px 8px; }}
    QGroupBox {{ border: none; margin-top: 1.5em; font-weight: 600; }}
    QGroupBox::title {{ subcontrol-origin: margin; left: 0; color: {theme.muted}; }}
    QPushButton {{ background: {theme.raised}; border: 1px solid {theme.border}; border-radius: 5px;
                   padding: 4px 10px; }}
    QPushButton:hover {{ border-color: {theme.accent}; }}
    QPushButton:checked {{ border-color: {theme.accent}; color: {theme.accent}; }}
    QPushButton:disabled {{ color: {theme.muted}; }}
    QPushButton[primary="true"] {{ background: {theme.accent}; color: {theme.accent_text};
                                   border-color: {theme.accent}; font-weight: 600; }}
    QPushButton[primary="true"]:disabled {{ background: {theme.raised}; color: {theme.muted};
                                            border-color: {theme.border}; }}
    QToolBar {{ background: {theme.window}; border: none; spacing: 6px; padding: 4px 8px; }}
    QStatusBar {{ color: {theme.muted}; }}
    QMainWindow::separator {{ background: {theme.window}; width: 5px; height: 5px; }}
    QScrollArea {{ border: none; }}
    QCheckBox::indicator, QRadioButton::indicator, QTableView::indicator, QTreeView::indicator {{
        width: {box}px; height: {box}px; }}
    QToolButton#groupHead, QToolButton#groupHead:checked {{ border: none; background: transparent;
                                                            font-weight: 600; padding: 4px 0; text-align: left; }}
    QToolButton#dockButton {{ border: none; color: {theme.muted}; padding: 1px 5px; }}
    QToolButton#dockButton:hover {{ color: {theme.accent}; background: {theme.raised}; border-radius: 3px; }}
    QToolButton#groupHead:hover {{ color: {theme.accent}; }}
    QTabBar::tab {{ padding: 5px 12px; background: transparent; color: {theme.muted};
                    border: none; border-bottom: 2px solid transparent; }}
    QTabBar::tab:selected {{ color: {theme.text}; border-bottom: 2px solid {theme.accent}; }}
    QTabBar::tab:hover {{ color: {theme.text}; }}
    QTabWidget::pane {{ border: none; }}
    QTextBrowser {{ border: 2px solid transparent; }}
    QPushButton:focus {{ {focus} padding: 3px 9px; }}
    QPushButton[primary="true"]:focus {{ border: 2px solid {theme.text}; padding: 3px 9px; }}
    QToolButton:focus, QToolButton#groupHead:focus, QToolButton#groupHead:checked:focus {{ {focus} }}
    QCheckBox:focus, QSlider:focus, QTextBrowser:focus {{ {focus} }}
    QTabBar::tab:selected:focus {{ color: {theme.accent_text}; background: {theme.accent}; }}
    """
