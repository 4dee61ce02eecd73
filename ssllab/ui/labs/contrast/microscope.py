"""The InfoNCE microscope: one anchor, its positive, its candidates, and the arithmetic of its loss."""

from __future__ import annotations

import math

from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QSlider,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from ssllab.looks import Embedding, Negatives
from ssllab.ui import theme
from ssllab.ui.bench import Bench
from ssllab.ui.embedding.anchor import Anchor
from ssllab.ui.embedding.pictures import pixmap
from ssllab.ui.labs.contrast.widgets.candidates import CandidateTable
from ssllab.ui.labs.contrast.widgets.contrast_arithmetic import (
    AnchorContrast,
    contrast,
    exponential_text,
    share_text,
    small_text,
)
from ssllab.ui.labs.contrast.widgets.temperature_curve import HIGHEST, LOWEST, TemperatureCurve
from ssllab.ui.panel import Panel
from ssllab.ui.plots.export import copy_plot, save_plot
from ssllab.ui.scene import Scene, waiting

_EMPTY = "Press Start: here one image is compared with all others; a click on the map chooses it"
_STEPS_PER_DECADE = 250  # every temperature of two digits can be reached


class Microscope(Panel):
    """One anchor's softmax, recomputed from the embeddings at the run's temperature or a supposed one."""

    id = "microscope"
    title = "InfoNCE microscope"
    parts = (Embedding, Negatives)
    help = (
        "<p>One image is the <b>anchor</b> (click another on the map or in the table). Its <b>positive</b> "
        "is the other random view of the same image, framed in blue; all the others are <b>negatives</b>. "
        "The loss asks: of all candidates, which is the positive? It is the cross-entropy of that question, "
        "ℓ = −log p of the positive, with p the softmax of the similarities divided by the temperature τ "
        "(NT-Xent: Chen et al. 2020, SimCLR, equation 1; InfoNCE: van den Oord et al. 2018).</p>"
        "<p><b>Force</b> is the derivative of the loss by each similarity: the positive is pulled with "
        "(1 − p)/τ, each negative is pushed with p/τ; together the pushes equal the pull. A lower "
        "temperature concentrates the pushing on the hardest negatives; at a high one all push alike. That "
        "trades spread over the sphere against tolerance for similar images (Wang and Liu 2021, "
        "<i>Understanding the behaviour of contrastive loss</i>; the two aims are "
        "Wang and Isola's 2020 alignment and uniformity).</p>"
        "<p>The temperature slider is a <b>what-if</b>: it recomputes this table and leaves training alone "
        "until you press the button. The candidates are the fixed images of the map, so that the table can "
        "be followed over time; in training they are the images of the current batch.</p>"
    )

    def __init__(self, bench: Bench, anchor: Anchor) -> None:
        super().__init__(bench)
        self.anchor = anchor
        self._embedding: Embedding | None = None
        self._negatives: Negatives | None = None
        self._supposed: float | None = None  # None: follow the run
        self._contrast: AnchorContrast | None = None
        self.empty = QLabel(_EMPTY, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self.empty.setMargin(12)
        self.setMinimumSize(180, 120)  # longer words on a button must not widen a small panel
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(self._make_page())
        self.slider.valueChanged.connect(self._slide)
        self.curve.dragged.connect(self._suppose)
        self.apply_button.clicked.connect(self._apply)
        self.back_button.clicked.connect(self._back)
        self.table.picked.connect(anchor.set)
        anchor.changed.connect(lambda _: self._refresh())
        bench.config_changed.connect(self._config_changed)
        self.restyle()

    # Panel

    def draw(self, scene: Scene) -> None:
        """A new look brings new embeddings; the anchor and the supposed temperature stay."""
        embedding = scene.part(Embedding)
        self.empty.setText(waiting(_EMPTY, scene.state))
        if embedding is not self._embedding:
            self._embedding, self._negatives = embedding, scene.part(Negatives)
            self._refresh()

    def restyle(self) -> None:
        """The theme or the font size changed."""
        muted = theme.current().muted
        self.empty.setStyleSheet(f"color: {muted};")
        self.note.setStyleSheet(f"color: {muted};")
        self.table.restyle()
        self._refresh()
        self._arrange()

    def reset(self) -> None:
        """A new run: nothing is known until its first look; the what-if ends."""
        self._embedding = self._negatives = self._supposed = None
        self._refresh()

    # Parts

    def _make_page(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(8, 6, 8, 4)
        layout.setSpacing(4)
        self.picture = QLabel()
        self.picture.setToolTip("The anchor: the first view of the image, as the model saw it")
        self.formula = QLabel(textFormat=Qt.TextFormat.RichText, wordWrap=True)
        self.formula.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.formula.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.formula, 1)
        layout.addLayout(head)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, round(_STEPS_PER_DECADE * math.log10(HIGHEST / LOWEST)))
        self.slider.setToolTip("What if the temperature were this? Training goes on with its own.")
        self.slider.setAccessibleName("Supposed temperature")
        self.value = QLabel()
        self.apply_button = QPushButton()
        self.apply_button.setToolTip("Set this temperature in the run, from the next step on")
        self.back_button = QPushButton()
        self.back_button.setToolTip("End the what-if: follow the run's temperature again")
        slide = QHBoxLayout()
        slide.addWidget(QLabel("What if"))
        slide.addWidget(self.value)
        slide.addWidget(self.slider, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self.apply_button)
        buttons.addWidget(self.back_button)
        buttons.addStretch(1)
        self._controls = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._controls.addLayout(slide, 1)
        self._controls.addLayout(buttons)
        layout.addLayout(self._controls)
        self.curve = TemperatureCurve()
        layout.addWidget(self.curve)
        self.table = CandidateTable()
        layout.addWidget(self.table, 1)
        self.note = QLabel(wordWrap=True)
        self.note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        layout.addWidget(self.note)
        return page

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Slider and buttons share a row where they fit; the curve needs a tall panel."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        line = self.fontMetrics().height()
        wide = self.width() > 44 * line
        direction = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        self._controls.setDirection(direction)
        self.value.setFixedWidth(self.fontMetrics().horizontalAdvance("τ = 0.0088 "))
        self.curve.setVisible(self.height() > 30 * line)
        self.note.setVisible(not self._low())
        if self._contrast is not None:
            self.formula.setText(formula_text(self._contrast, short=self._low()))
        self._name_buttons()

    def _low(self) -> bool:
        """Too low for more than the numbers."""
        return self.height() <= 15 * self.fontMetrics().height()

    # State

    def run_temperature(self) -> float:
        """The temperature that training uses now."""
        value = getattr(self.bench.config, "temperature", None)
        if value is None and self._negatives is not None:
            value = self._negatives.temperature
        return float(value) if value else 0.5

    def temperature(self) -> float:
        """The temperature of the table: the supposed one, or the run's."""
        return self.run_temperature() if self._supposed is None else self._supposed

    def _slide(self, position: int) -> None:
        self._suppose(LOWEST * 10.0 ** (position / _STEPS_PER_DECADE))

    def _suppose(self, temperature: float) -> None:
        self._supposed = float(f"{temperature:.2g}")
        self._refresh()

    def _apply(self) -> None:
        self.bench.set("temperature", self.temperature())

    def _back(self) -> None:
        self._supposed = None
        self._refresh()

    def _config_changed(self, key: str, _old: object, new: object) -> None:
        if key == "temperature":
            if new == self._supposed:
                self._supposed = None
            self._refresh()

    # Drawing

    def _refresh(self) -> None:
        embedding, negatives = self._embedding, self._negatives
        images = 0 if embedding is None else embedding.items
        if embedding is None or embedding.views is None or negatives is None or images < 2:
            self._contrast = None
            self._pages.setCurrentIndex(0)
            return
        anchor = self.anchor.index if self.anchor.index < images else 0
        tau = self.temperature()
        self._contrast = result = contrast(embedding.z, anchor, tau, negatives.candidates)
        self._pages.setCurrentIndex(1)
        line = self.fontMetrics().height()
        self.picture.setPixmap(
            pixmap(embedding.views[result.anchor], round(3.3 * line), self.devicePixelRatioF())
        )
        self.formula.setText(formula_text(result, short=self._low()))
        self.table.show_contrast(result, embedding.views)
        self.curve.show_similarities(result.similarity[1:], tau, self.run_temperature())
        self.value.setText(f"τ = {tau:.3g}")
        self.slider.blockSignals(True)
        self.slider.setValue(round(_STEPS_PER_DECADE * math.log10(min(max(tau, LOWEST), HIGHEST) / LOWEST)))
        self.slider.blockSignals(False)
        self.note.setText(note_text(negatives.candidates, images))
        self.table.setAccessibleDescription(self.note.text())
        self._name_buttons()

    def _name_buttons(self) -> None:
        run, tau = self.run_temperature(), self.temperature()
        wide = self.width() > 22 * self.fontMetrics().height()
        self.apply_button.setText(f"Use τ = {tau:.3g} in training" if wide else f"Train with {tau:.3g}")
        self.back_button.setText(f"Back to the run's τ = {run:.3g}" if wide else f"Back to {run:.3g}")
        differs = not math.isclose(run, tau, rel_tol=1e-6)
        self.apply_button.setEnabled(differs)
        self.back_button.setEnabled(differs)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Copy or save what is shown."""
        menu = QMenu(self)
        menu.addAction("Copy picture", lambda: copy_plot(self))
        menu.addAction("Save picture ...", self._save)
        menu.popup(event.globalPos())

    def _save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self, "Save picture", f"{self.bench.file_name(self.title)}.png", "PNG (*.png);;SVG (*.svg)"
        )
        if not path:
            return
        try:
            save_plot(self, path)
        except OSError as error:
            self.bench.say("error", str(error))


def formula_text(result: AnchorContrast, *, short: bool = False) -> str:
    """The loss in symbols, and below with this anchor's numbers (``short``: the numbers alone)."""
    colours = theme.current()

    def blue(words: str) -> str:
        return f"<span style='color:{colours.attract}'>{words}</span>"

    def orange(words: str) -> str:
        return f"<span style='color:{colours.repel}'>{words}</span>"

    plus, minus = "e<sup>s⁺/τ</sup>", "Σ e<sup>s⁻/τ</sup>"
    positive = exponential_text(float(result.logits[0]))
    others = exponential_text(_log_sum(result.logits[1:]))
    p = share_text(float(result.probability[0]), float(result.probability[1:].sum()))
    numbers = (
        f"= −log( {blue(positive)} / ({blue(positive)} + {orange(others)}))"
        f" = −log {p} = <b>{small_text(result.loss)}</b>"
    )
    if short:
        return f"<div>ℓ {numbers}</div>"
    return (
        f"<div>ℓ = −log( {blue(plus)} / ( {blue(plus)} + {orange(minus)} ))</div>"
        f"<div>&nbsp;{numbers}</div>"
        f"<div>pull on the positive (1 − p)/τ = {blue(small_text(float(result.force[0])))}</div>"
    )


def note_text(variant: str, images: int) -> str:
    """Who the candidates are, plainly."""
    if variant == "info_nce":
        who = f"the second views of the map's {images} fixed images"
    else:
        who = f"the other {2 * images - 1} views of the map's {images} fixed images"
    return f"Candidates here: {who}, not the training batch."


def _log_sum(logits: NDArray) -> float:
    largest = float(logits.max())
    return largest + math.log(sum(math.exp(value - largest) for value in logits.tolist()))
