"""The face of the lab: the energy of a clip's next frame with its object at every place, over velocities, over shapes, and
where a hand puts it."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedLayout,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from ssllab.looks import EnergyAtHand, Landscape, ShapeEnergies
from ssllab.ui import theme
from ssllab.ui.bench import Bench
from ssllab.ui.flicker import AtMostASecond
from ssllab.ui.labs.energy.landscape_words import (
    hand_words,
    landscape_words,
    shape_words,
    when,
    world_changed,
)
from ssllab.ui.labs.energy.widgets.asking import ClipModels
from ssllab.ui.labs.energy.widgets.clip_pictures import ClipPictures, Shown
from ssllab.ui.labs.energy.widgets.energy_map import MARK_NAMES, EnergyMap
from ssllab.ui.labs.energy.widgets.model_of_now import Chosen, ModelOfNow
from ssllab.ui.labs.energy.widgets.shape_bars import ShapeBars
from ssllab.ui.labs.energy.widgets.valley_log import ValleyLog
from ssllab.ui.panel import Panel
from ssllab.ui.plots.chart import Chart, tool
from ssllab.ui.plots.legend import small_font
from ssllab.ui.plots.time_plot import Curve, TimePlot
from ssllab.ui.scene import Scene
from ssllab.ui.work import Task, Worker

if TYPE_CHECKING:
    from ssllab.data.video.types import VideoData

OVER = ("position", "velocity", "shape")
COARSE, FINE = 16, 32  # places along a side: while it trains, and when nothing moves
CLIPS = 64
_HINT = "Press Start: a valley forms where the model expects the object"
_FILMED = (
    "There is no landscape of video that was filmed: nobody knows where its objects are, so they cannot be put elsewhere. "
    "“Adjacent frames” shows the energy of each frame with those that come after it. "
    "Bouncing and Moving digits, in the list of data above, have a landscape."
)


_CURVES = {
    over: tuple(
        Curve(key, name, role, help=f"From the valley to {where}, this clip.")
        for key, name, role, where in (
            ("truth", "valley to truth", "good", "what is true"),
            ("last", f"to {MARK_NAMES[over]['last'][0]}", "muted", before),
        )
    )
    for over, before in (
        ("position", "where the object was a frame before"),
        ("velocity", "the velocity of an object that stands still"),
    )
}


@dataclass(frozen=True)
class Asked:
    """What is asked of a model: ``key`` tells it from all else."""

    key: Hashable
    work: Callable[[Task], Any]
    take: Callable[[Any], None]


class LandscapePanel(Panel):
    """One question is under way at a time; the object at hand comes first, and of what changed meanwhile the newest is
    asked next."""

    id = "landscape"
    title = "Energy landscape"
    parts = (Landscape,)
    help = """
    <h3>Energy landscape</h3>
    <p>The model has seen the context of a held-out clip. Now the next frame is drawn with its object at every place, and
    each drawing's <b>energy</b> is measured: how badly it follows. Strong colours are the <b>valley</b>, where the model
    expects the object; pale ones do not fit. The <b>ring</b> is the truth, the <b>cross</b> the valley, the
    <b>diamond</b> the last place.</p>
    <p><b>How to read it.</b> A model that knows the motion has one valley, at the truth. A valley at the last
    place: it copies. The colours are absolute, against the range of the untrained model, and logarithmic: a collapsed
    model, to which all frames are alike, has a <b>flat</b> landscape in one colour, also where it has some lowest place.</p>
    <p><b>Velocity</b>: what came, after contexts in which the object came to its last place in another way; one who sees
    only the last frame has no valley there. <b>Shape</b>: the object at its true place in every shape.</p>
    <p><b>Drag the object</b> on the map, or use the arrow keys (Shift: four pixels), and read the energy there;
    Escape takes the hand away.</p>
    <p>LeCun 2022, <i>A Path Towards Autonomous Machine Intelligence</i>, section 4; Bardes, Ponce, LeCun 2022
    (VICReg); Balestriero, LeCun 2025 (LeJEPA).</p>
    """

    def __init__(self, bench: Bench, models: ClipModels | None = None) -> None:
        """``models``: what the page's other panels ask too; its own where it stands alone, as in a film."""
        super().__init__(bench)
        self.model = ModelOfNow(models or ClipModels(bench))
        self.over, self.number = "position", 0
        self._worker = Worker(self)
        self._task: Task | None = None
        self._answered: dict[str, Hashable] = {}  # the last key of each kind of question
        self._look: object = None
        self._moves = False  # whether it trains
        self._filmed: object = None  # data that has no scenes
        self.log = ValleyLog()
        self._scene: Scene | None = None
        self._at_hand: EnergyAtHand | None = None
        self._words = ""
        self._make()
        self.model.changed.connect(self.ask)
        self.map.moved.connect(lambda *_: self.ask())
        self.map.let_go.connect(self._let_go)
        self.tabs.currentChanged.connect(lambda at: self.choose(over=OVER[at]))
        self.before.clicked.connect(lambda: self.choose(number=(self.number - 1) % CLIPS))
        self.after.clicked.connect(lambda: self.choose(number=(self.number + 1) % CLIPS))
        self.destroyed.connect(self._worker.close)
        self.restyle()
        self._show_choice()

    # Parts

    def _make(self) -> None:
        self.tabs = QTabBar()
        for name, tip in (
            ("Position", "The next frame with its object at every place"),
            ("Velocity", "The frame that came, after an object that came in another way"),
            ("Shape", "The next frame with its object in every shape"),
        ):
            self.tabs.setTabToolTip(self.tabs.addTab(name), tip)
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.tabs.setAccessibleName("Energy over")
        self.before, self.after = tool("◀", "The clip before"), tool("▶", "The next clip")
        self.before.setAccessibleName("The clip before")
        self.after.setAccessibleName("The next clip")
        self.clip = QLabel()
        self.clip.setToolTip("Which of the held-out clips is shown; none of them is trained on")
        self._choices = QWidget()
        top = QHBoxLayout(self._choices)
        top.setContentsMargins(6, 3, 6, 0)
        top.setSpacing(3)
        top.addWidget(self.tabs)
        top.addStretch(1)
        for widget in (self.before, self.clip, self.after):
            top.addWidget(widget)
        self.map, self.bars = EnergyMap(_HINT), ShapeBars(_HINT)
        self.distances = TimePlot(
            _CURVES["position"],
            y_label="pixels",
            hint="Press Start: how far the valley is from the truth, over time",
            always=(0.0,),
            empty_y=(0.0, 24.0),
        )
        for name, chart in (("", self.map), ("shapes", self.bars), ("distances", self.distances)):
            chart.tools.serve(self.bench, partial(self._file_name, name))
        self.pictures = ClipPictures()
        self.reading = QLabel(wordWrap=True)
        self.reading.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.reading.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.reading.setContentsMargins(6, 0, 6, 0)
        self.reading.setAlignment(Qt.AlignmentFlag.AlignTop)
        side = QVBoxLayout()
        side.setSpacing(4)
        side.addWidget(self.pictures)
        side.addWidget(self.reading)
        side.addWidget(self.distances, 1)
        self._side = side
        self._faces = QStackedLayout()
        self._faces.addWidget(self.map)
        self._faces.addWidget(self.bars)
        self._body = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._body.setSpacing(2)
        self._body.addLayout(self._faces, 5)
        self._body.addLayout(side, 4)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._choices)
        column.addLayout(self._body, 1)
        self.nothing = QWidget()
        self.told = QLabel(_FILMED, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        instead = QPushButton("Show adjacent frames")
        instead.clicked.connect(lambda: self.panels_wanted.emit(("adjacent",)))
        column = QVBoxLayout(self.nothing)
        column.setContentsMargins(16, 16, 16, 16)
        column.addStretch(1)
        column.addWidget(self.told)
        column.addWidget(instead, 0, Qt.AlignmentFlag.AlignCenter)
        column.addStretch(1)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(page)
        self._pages.addWidget(self.nothing)
        self.setMinimumSize(200, 160)

    def charts(self) -> list[Chart]:
        """All charts, on view or not."""
        return [self.map, self.bars, self.distances]

    def _file_name(self, chart: str) -> str:
        return self.bench.file_name(f"{self.title} over {self.over} {chart}".strip())

    # What is looked at

    def choose(self, *, over: str | None = None, number: int | None = None) -> None:
        """Show the energy over something else, or of another clip."""
        before = self.over, self.number
        self.over, self.number = over or self.over, self.number if number is None else number
        if before == (self.over, self.number):
            return
        self.map.take_hand_away()
        self.map.forget()
        self._answered.clear()
        self._look = None
        self._show_choice()
        if self._scene is not None:
            self.draw(self._scene)
        self.ask()

    def _show_choice(self) -> None:
        self.tabs.setCurrentIndex(OVER.index(self.over))
        self.clip.setText(f"Clip {self.number + 1}")
        self._faces.setCurrentIndex(int(self.over == "shape"))
        self.distances.setVisible(self.over != "shape")
        if self.over != "shape":
            self.distances.set_curves(_CURVES[self.over])
            self.distances.axes[1].setLabel("pixels" if self.over == "position" else "pixels a frame")

    # Asking

    @property
    def asking(self) -> bool:
        """Whether a question is under way."""
        return self._task is not None

    def ask(self) -> None:
        """Ask what is to be asked now, unless it was, or something else is still under way."""
        if self._task is not None or not self.isVisible() or self.model.chosen is None:
            return
        for kind, asked in (("hand", self._hand_question), ("map", self._map_question)):
            question = asked(self.model.chosen)
            if question is not None and question.key != self._answered.get(kind):
                self._answered[kind] = question.key
                self._task = self._worker.submit(
                    question.work, partial(self._take, question), lambda error, trace: self._fail(error)
                )
                return

    def _hand_question(self, chosen: Chosen) -> Asked | None:
        place, number = self.map.hand, self.number
        if place is None or self.over != "position":
            return None
        method, data = chosen.method, self.bench.data

        def work(task: Task) -> EnergyAtHand | None:
            scene = method.scene(cast("VideoData", data), number)
            return None if scene is None else method.at_hand(scene, place)

        return Asked((chosen.key, number, place), work, self._take_hand)

    def _map_question(self, chosen: Chosen) -> Asked | None:
        """Coarse first; while it trains the looks of the run bring what they have."""
        over, number, data = self.over, self.number, cast("VideoData", self.bench.data)
        if data is self._filmed or (self._moves and self._look_has_it):
            return None
        same = chosen.key, over, number
        before = self._answered.get("map")
        coarse = over == "shape" or self._moves or not isinstance(before, tuple) or before[:3] != same
        grid = COARSE if coarse else FINE
        if before == (*same, FINE):
            return None
        method = chosen.method

        def work(task: Task) -> Landscape | ShapeEnergies | None:
            scene = method.scene(data, number)
            if scene is None:
                return None
            if over == "shape":
                return method.over_shapes(scene, data.shape_names)
            return method.landscape(scene, over, grid)  # type: ignore[arg-type]

        def take(part: Landscape | ShapeEnergies | None) -> None:
            if part is None:
                self._filmed = data
                self._pages.setCurrentIndex(1)
            elif (over, number) == (self.over, self.number):
                self._show(part, chosen.step)

        return Asked((*same, grid), work, take)

    def _take(self, question: Asked, answer: Any) -> None:
        self._task = None
        question.take(answer)
        self.ask()

    def _fail(self, error: Exception) -> None:
        """A model that was changed in a way that its copy does not fit is asked again when it is copied again."""
        self._task = None
        self.reading.setText((str(error).strip() or type(error).__name__).splitlines()[0])

    # Showing

    @property
    def _look_has_it(self) -> bool:
        return self.over == "position" and self.number == 0 and self._look is not None

    def draw(self, scene: Scene) -> None:
        """The looks have the first clip's landscape; the rest is asked of a copy of the model."""
        self._scene, self._moves = scene, scene.state == "running"
        if self.bench.data is not None and self._filmed is not self.bench.data:
            self._pages.setCurrentIndex(0)
        for chart in self.charts():
            chart.follow_state(scene.state)
        part = scene.part(Landscape)
        if part is not None and scene.look is not None and part is not self._look:
            if self.over == "position" and self.number == 0 and self._newer(scene.look.step):
                self._show(part, scene.look.step)
            self._look = part
        self._draw_distances()
        if not self._look_has_it or self.map.hand is not None or not self._moves:
            self.model.follow()
            self.ask()

    def _newer(self, step: int) -> bool:
        """Whether a look of that step is to take the place of what is shown, which may be finer."""
        log = self.log.of(self.over, self.number)
        return self._moves or log is None or log.last_step is None or log.last_step < step

    def _show(self, part: Landscape | ShapeEnergies, step: int) -> None:
        if isinstance(part, ShapeEnergies):
            self.bars.show_part(part)
        else:
            self.map.show_part(part, when(step), self._other_world)
            self.log.add(part, self.number, step)
            self._draw_distances()
        self._show_pictures()
        self._say(part, step)

    @property
    def _other_world(self) -> bool:
        """Whether the run sees another world by now than the one that its untrained model's range was measured in."""
        return self._scene is not None and world_changed(self._scene.events)

    def _draw_distances(self) -> None:
        if self._scene is not None:
            log = self.log.of(self.over, self.number)
            self.distances.draw(replace(self._scene, metrics=log, overlays=(), bands=(), no_bands=None))

    def _take_hand(self, answer: EnergyAtHand | None) -> None:
        if answer is not None and self.map.hand is not None:
            self._at_hand = answer
            self._show_pictures()
            self._show_words()

    def _let_go(self) -> None:
        self._at_hand = None
        self._answered.pop("hand", None)
        self._show_pictures()
        self._show_words()

    @property
    def _part(self) -> Landscape | ShapeEnergies | None:
        return self.bars.part if self.over == "shape" else self.map.part

    def _show_pictures(self) -> None:
        part = self._part
        if part is None:
            self.pictures.show_pictures(())
            return
        *context, came = part.frames
        first = -len(context)
        shown = [
            Shown(f"{first + i + 1}" if first + i + 1 else "last", frame) for i, frame in enumerate(context)
        ]
        shown.append(Shown("came", came, "good"))
        if isinstance(part, ShapeEnergies):  # what the bars are of says more
            shown = [
                Shown(name, picture, "good" if i == part.truth else "border")
                for i, (name, picture) in enumerate(zip(part.names, part.shapes, strict=True))
            ]
        if self._at_hand is not None and self.over == "position":
            shown.append(Shown("yours", self._at_hand.frame, "warn"))
        self.pictures.show_pictures(shown)

    def _say(self, part: Landscape | ShapeEnergies, step: int) -> None:
        self._words = landscape_words(part, step) if isinstance(part, Landscape) else shape_words(part, step)
        if step and self._other_world:
            self._words += " The untrained model was measured before the world was changed."
        self._show_words()

    def _show_words(self) -> None:
        words, hand, part = self._words, self._at_hand, self.map.part
        if hand is not None and isinstance(part, Landscape) and self.over == "position":
            words += f"<br>{hand_words(hand, part)}"
        if words != self.reading.text():
            self.reading.setText(words)
            self.map.setAccessibleDescription(words)

    # Panel

    def stand_still(self) -> QWidget:
        self._choices.hide()
        self.pictures.calm = AtMostASecond(math.inf)  # a film has its own speed
        return self

    def reset(self) -> None:
        self._answered.clear()
        self.log.turn_to(self.bench.run_and_parent)
        self._look = self._at_hand = None
        self._words = ""
        for chart in self.charts():
            chart.reset()
        self._show_pictures()
        self._show_words()

    def restyle(self) -> None:
        now = theme.current()
        for chart in self.charts():
            chart.restyle()
        for label in (self.reading, self.clip):
            label.setFont(small_font(0.92))
        self.told.setStyleSheet(f"color: {now.muted};")
        self.pictures.updateGeometry()
        self.pictures.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() > 1.15 * self.height()
        direction = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        if self._body.direction() != direction:
            self._body.setDirection(direction)

    def view_state(self) -> dict[str, Any]:
        return {"over": self.over, "clip": self.number}

    def restore_view(self, state: Mapping[str, Any]) -> None:
        over, number = state.get("over"), state.get("clip")
        self.choose(
            over=over if over in OVER else None,
            number=number if type(number) is int and 0 <= number < CLIPS else None,
        )
