"""Predicted frames: what a model expects, as pictures: its own, drawn by a decoder that only reads, or the real frames that
fit best."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ssllab.looks import PredictedFrames
from ssllab.ui import theme
from ssllab.ui.asking import Question
from ssllab.ui.flicker import PER_SECOND
from ssllab.ui.labs.energy.widgets.asking import ClipModels, ClipPanel
from ssllab.ui.labs.energy.widgets.frames import image
from ssllab.ui.live_model import Copied
from ssllab.ui.plots.actions import PictureActions
from ssllab.ui.plots.export import FrameCall, frame_of
from ssllab.ui.plots.legend import small_font
from ssllab.ui.work import Task

if TYPE_CHECKING:
    from ssllab.methods.clips import ClipMethod
    from ssllab.methods.latent_decoder import LatentDecoder

LEARNT = 600  # steps of the decoder for one and the same model, then it rests
_STEPS, _FIRST = 20, 100  # at each question, and at the first one
_SMALLEST = 38  # pixels of a frame; further rows of nearest frames come where there is room


class Row(NamedTuple):
    """Frames beside a name, from column ``first`` on."""

    name: str
    frames: list[QImage]
    first: int


class FrameTable(QWidget):
    """Rows of frames over columns of moments."""

    def __init__(self) -> None:
        super().__init__()
        self._columns: list[str] = []
        self._rows: list[Row] = []
        self._least = 0
        self._until: int | None = None
        self.hint = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)

    def sizeHint(self) -> QSize:
        return QSize(400, 200)

    def show_rows(self, columns: list[str], rows: list[Row], least: int) -> None:
        """The first ``least`` rows always, the others where they have room."""
        self._columns, self._rows, self._least = columns, rows, least
        self.update()

    def show_until(self, column: int) -> None:
        """As if what stands right of a column had not come yet."""
        self._until = column
        self.update()

    def frames(self) -> Sequence[FrameCall]:
        """A film of the columns, one after another, on a table that nobody sees."""
        unseen = FrameTable()
        unseen.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        unseen.resize(self.size())
        unseen.show()
        unseen.show_rows(self._columns, self._rows, self._least)
        return [partial(frame_of, unseen, partial(unseen.show_until, at)) for at in range(len(self._columns))]

    def paintEvent(self, event: QPaintEvent) -> None:
        now = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(now.surface))
        painter.setFont(small_font(0.85))
        line = painter.fontMetrics().height()
        if not self._rows:
            painter.setPen(QColor(now.muted))
            words = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(12, 0, -12, 0), words, self.hint)
            return
        label = max(painter.fontMetrics().horizontalAdvance(row.name) for row in self._rows) + 12
        count = len(self._rows)
        while count > self._least and (self.height() - line - 4) / count < _SMALLEST + 3:
            count -= 1
        side = min(
            (self.height() - line - 4) / count - 3, (self.width() - label - 8) / len(self._columns) - 4
        )
        painter.setPen(QColor(now.muted))
        for i, name in enumerate(self._columns):
            box = QRectF(label + i * (side + 4), 1, side, line)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)
        for r, row in enumerate(self._rows[:count]):
            top = line + 4 + r * (side + 3)
            painter.setPen(QColor(now.text))
            painter.drawText(QRectF(8, top, label, side), Qt.AlignmentFlag.AlignVCenter, row.name)
            painter.setPen(QPen(QColor(now.border), 1))
            for i, frame in enumerate(row.frames):
                if self._until is not None and row.first + i > self._until:
                    continue
                box = QRectF(label + (row.first + i) * (side + 4), top, side, side)
                painter.drawImage(box, frame)
                painter.drawRect(box)


class PredictionsPanel(ClipPanel):
    """A decoder learns here, beside the run and a little at each question, from latents of copies of its model: in the
    run's own thread it would cost steps, and its weights would be in checkpoints and its random numbers in the curve."""

    id = "predictions"
    title = "Predicted frames"
    parts = (PredictedFrames,)
    hint = "what is expected of the next frames"
    share = 0.2
    help = """
    <h3>Predicted frames</h3>
    <p>The first frames of a held-out clip, those that <b>came</b> after them, and what the model <b>expected</b>, each from
    what it expected before. The pixel predictor paints frames itself. JEPA predicts latents: a <b>decoder</b> draws them.
    It learns here, from latents of copies of the model, and never teaches: the run is bit for bit the same with and
    without it. <i>Came, from its latent</i> is what the decoder draws of the frames that came: what of a frame the encoder
    keeps. <b>Nearest</b> are those of 512 held-out frames that fit best what was expected.</p>
    <p><b>How to read it.</b> A ball where it came: its place is known and foreseen. The same blur for every frame: latents
    do not tell where it is; give the decoder some seconds first, the line above says how much of the pixels it explains.
    A blurred ball of the pixel predictor: it says the mean of what may come. Of CPC nothing is drawn of what it expects,
    which is of use in a product alone.</p>
    <p>Bordes et al. 2022, <i>High fidelity visualization of what your self-supervised representation knows about</i>;
    Alain and Bengio 2017 on probes that only read; Mathieu et al. 2016 on why squared errors blur.</p>
    """

    def __init__(self, models: ClipModels) -> None:
        super().__init__(models)
        self.table = FrameTable()
        self.table.hint = "In a moment: what is expected, and a decoder that learns to draw it"
        self.found: PredictedFrames | None = None
        self.tools = PictureActions(self.table, self._columns, self.table.frames, PER_SECOND)
        self.tools.serve(self.bench, lambda: self.bench.file_name(self.title))
        self.row.addWidget(self.tools.button())
        self.body.addWidget(self.table, 1)
        self._decoder: LatentDecoder | None = None
        self._decodes: tuple = ()  # whose latents the decoder has learnt
        self._since = (0, 0)  # model's step and decoder's, when the model last changed
        self.restyle()

    def question(self, chosen: Copied[ClipMethod]) -> Question | None:
        data, number = self.data, self.number
        of = chosen.number, id(data)
        if of != self._decodes:
            self._decoder, self._decodes, self._since = None, of, (-1, 0)
        learnt = self._decoder.steps if self._decoder is not None else 0
        if self._since[0] != chosen.step:
            self._since = chosen.step, learnt
        if chosen.built.expects == "frames" or learnt - self._since[1] >= LEARNT:
            learnt = -1  # nothing more is learnt
        decoder = self._decoder

        def work(task: Task) -> tuple[int, LatentDecoder | None, PredictedFrames]:
            from ssllab.methods.latent_decoder import LatentDecoder, predicted_frames
            from ssllab.training.stored_models import drawing

            own = decoder
            if chosen.built.expects != "frames":
                if own is None:
                    with drawing(seed=0):
                        own = LatentDecoder(chosen.built, data)
                if learnt >= 0:
                    own.learn(chosen.built, data, _STEPS if learnt else _FIRST)
            return chosen.step, own, predicted_frames(chosen.built, data, number, own)

        return (of, chosen.step, number, learnt), work

    def show_answer(self, answer: tuple[int, LatentDecoder | None, PredictedFrames]) -> None:
        step, self._decoder, found = answer
        self.found = found
        who = f"Decoder, {found.learnt:,} steps" if found.learnt else "The model's next frame"
        self.say(
            f"{who}: {100 * max(0.0, found.explained):.0f} % of held-out pixels explained; step {step:,}"
        )
        self._show()

    def show_nothing(self, why: str) -> None:
        self.found = None
        self.table.hint = why
        self.table.show_rows([], [], 0)
        self.say("")

    def _show(self) -> None:
        found = self.found
        if found is None:
            return
        context = len(found.context)
        columns = [f"t−{context - 1 - i}" if i < context - 1 else "t" for i in range(context)]
        columns += [f"t+{k + 1}" for k in range(len(found.came))]
        rows = [Row("Came", _images(np.concatenate((found.context, found.came))), 0)]
        if found.predicted is not None:
            rows.append(Row("Expected", _images(found.predicted), context))
        if found.known is not None:
            rows.append(Row("Came, from its latent", _images(found.known), context))
        least = len(rows) + 1
        rows += [
            Row("Nearest" if not rank else f"{rank + 1}. nearest", _images(found.nearest[:, rank]), context)
            for rank in range(found.nearest.shape[1])
        ]
        self.table.show_rows(columns, rows, least)

    def _columns(self) -> dict[str, NDArray]:
        return {} if self.found is None else errors(self.found)

    def restyle(self) -> None:
        super().restyle()
        self.table.update()


def errors(found: PredictedFrames) -> dict[str, NDArray]:
    """For each frame ahead the mean squared error of what is shown for it, pixels from 0 to 1."""
    came = found.came.astype(float) / 255

    def far(frames: NDArray) -> NDArray:
        return np.square(frames.astype(float) / 255 - came).mean((1, 2, 3))

    columns = {"frames ahead": np.arange(1, len(came) + 1), "nearest": far(found.nearest[:, 0])}
    if found.predicted is not None:
        columns["expected"] = far(found.predicted)
    if found.known is not None:
        columns["came, from its latent"] = far(found.known)
    return columns


def _images(frames: NDArray[np.uint8]) -> list[QImage]:
    return [image(frame) for frame in frames]
