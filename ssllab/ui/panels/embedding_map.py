"""The embedding map: some hundred fixed items on the sphere; images are pulled by positives, pushed by negatives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QActionGroup, QContextMenuEvent, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
    QWidgetAction,
)

from ssllab.looks import Embedding, PairForces
from ssllab.ui import theme
from ssllab.ui.bench import Bench
from ssllab.ui.embedding.anchor import Anchor
from ssllab.ui.embedding.components import COMPONENTS, FIRST, on_components
from ssllab.ui.embedding.geometry import cosines, nearest
from ssllab.ui.embedding.hover_card import NEIGHBOURS, HoverCard
from ssllab.ui.embedding.legend import ClassLegend
from ssllab.ui.embedding.pictures import ramp
from ssllab.ui.embedding.scatter import TRAIL_LOOKS, MapCanvas
from ssllab.ui.panel import Panel
from ssllab.ui.plots.export import copy_plot, save_plot
from ssllab.ui.scene import Scene, Thumbnails, waiting

EMPTY = "Press Start: the images appear here, pulled and pushed; a click makes one the anchor"
_FORCES = {"none": "No arrows", "anchor": "Anchor and pointed image", "all": "All images"}
_IDLE_FRAME_MS = 50


class EmbeddingMap(Panel):
    """Draws the embedding, and its forces where a method gives them, with ``scene.thumbnails``; a click sets the
    anchor. Without ``pictures`` the items have no views: they are dots with names."""

    id = "map"
    title = "Embedding map"
    parts = (Embedding,)
    empty = EMPTY
    help = (
        "<p>Some hundred fixed images where the projection head puts them now. Embeddings have length 1, so "
        "they live on a sphere: a circle when z has two dimensions, a globe when it has three, otherwise the "
        "two principal components that hold most of the variance. The share stands in the corner: at 7 % "
        "the map hides 93 %, and points that touch on it may be far apart. Other components are chosen in View.</p>"
        "<p>Each image is shown by two random views, joined by a thin line: the picture (or filled dot) is "
        "the first view, the ring is the second, its <i>positive</i>. Trails show where an image has been in "
        f"the last {TRAIL_LOOKS} looks. Around the circle stands the density of the directions.</p>"
        "<p><b>Arrows</b> are the negative gradient of the loss, projected: blue pulls towards the positive "
        "(attraction), orange pushes away from the negatives (repulsion), the more similar the harder. "
        "Training moves an image only as far as the encoder's weights can follow.</p>"
        "<p>What to look for: views of one image coming together (alignment) while the images spread over "
        "the sphere (uniformity). If all points gather in one place, the representation has collapsed. "
        "Colour by a factor to see what the embedding kept.</p>"
        "<p>Drag to rotate or pan, wheel to zoom, point at an image for its nearest neighbours, click to "
        "make it the anchor of the microscope, click a class in the legend to show it alone.</p>"
        "<p>Wang and Isola 2020, <i>Understanding contrastive representation learning through alignment and "
        "uniformity on the hypersphere</i>, figure 3; forces: Chen et al. 2020 (SimCLR), table 2, and Wang "
        "and Liu 2021, section 3.</p>"
    )

    def __init__(self, bench: Bench, anchor: Anchor, pictures: bool = True) -> None:
        super().__init__(bench)
        self.anchor = anchor
        self.canvas = MapCanvas()
        self.canvas.empty_text = self.empty
        self.legend = ClassLegend()
        self._over = over = QGridLayout(self.canvas)
        over.addWidget(self.legend, 0, 0, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.card = HoverCard(self)
        self._thumbnails: Thumbnails | None = None
        self._pictures: np.ndarray | None = None
        self._colour_by = ""
        self.components = self._seen_components = FIRST
        self._seen: Embedding | None = None  # the look that is shown, as the method gave it
        self._axes: np.ndarray | None = None  # of the components of the last look
        self._make_actions()
        if not pictures:
            self.show_images.setText("Names")
            self.show_images.setToolTip(
                "Names beside the dots, of as many as have room; nearer there is more"
            )
        self.show_pairs.setVisible(pictures)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._make_bar())
        layout.addWidget(self.canvas, 1)
        self.idle = QTimer(self, interval=_IDLE_FRAME_MS)
        self.idle.timeout.connect(lambda: self.canvas.turn(0.9) if self.isVisible() else None)
        self.canvas.hovered.connect(self._hover)
        self.canvas.picked.connect(anchor.set)
        self.legend.isolated.connect(self._isolate)
        anchor.changed.connect(self._show_anchor)
        self._show_anchor(anchor.index)
        self._refill_colourings()
        self._style()

    # Panel

    def draw(self, scene: Scene) -> None:
        """A new look moves the points; new images or factors refill the legend."""
        embedding = scene.part(Embedding)
        if scene.look is None or embedding is None:
            self._seen = None
            if self.canvas.embedding is not None:
                self.canvas.forget()
        elif embedding is not self._seen or self.components != self._seen_components:
            if self.components != self._seen_components:
                self.canvas.forget()
                self._axes = None
            self._seen, self._seen_components = embedding, self.components
            self._show_look(scene.look.step, embedding, scene.part(PairForces))
        self.legend.setVisible(bool(self.legend.names) and embedding is not None)
        with_forces = self.show_pairs.isVisible() and (
            embedding is None or scene.part(PairForces) is not None
        )
        if with_forces != self.forces_menu.menuAction().isVisible():
            self.forces_menu.menuAction().setVisible(with_forces)
            self._fit_bar()
        pictures = self._pictures_of(scene)
        if pictures is not self._pictures:
            self._pictures = pictures
            self.canvas.set_images(pictures if pictures is not None else np.zeros((0, 1, 1, 3), np.uint8))
        thumbnails = scene.thumbnails or self._thumbnails_of(embedding)
        if thumbnails is not self._thumbnails:
            self._thumbnails = thumbnails
            self.canvas.set_names(thumbnails.names if thumbnails is not None else ())
            self._refill_colourings()
        text = waiting(self.empty, scene.state)
        if text != self.canvas.empty_text:
            self.canvas.empty_text = text
            self.canvas.invalidate()

    def _show_look(self, step: int, embedding: Embedding, forces: PairForces | None) -> None:
        """Show a look on the chosen components; the method's own map is that of the first two, with its forces."""
        width = embedding.z.shape[1]
        other = embedding.kind == "pca" and self.components != FIRST and max(self.components) < width
        for action in self.component_actions.values():
            action.setEnabled(embedding.kind == "pca" and max(COMPONENTS[action.text()]) < width)
        self.canvas.components = self.components if other else FIRST
        if other and np.isfinite(embedding.z).all():
            points, explained, self._axes = on_components(embedding.z, self.components, self._axes)
            embedding, forces = replace(embedding, points=points, explained=explained), None
        self.canvas.show_embedding(step, embedding, forces)

    def stand_still(self) -> QWidget:
        self.move_smoothly.setChecked(False)
        return self.canvas

    def restyle(self) -> None:
        """The theme or the font size changed."""
        self.card.restyle()
        self._style()
        self.legend.updateGeometry()
        self.legend.update()
        self.canvas.invalidate(tiles=True)
        self._fit_bar()

    def reset(self) -> None:
        """A new run: no look, no trails; view and choices stay."""
        self.card.hide()
        self.canvas.forget()
        self._seen = self._axes = None

    def view_state(self) -> dict[str, Any]:
        return {
            "shown": {name: action.isChecked() for name, action in self._switches().items()},
            "colour by": self._colour_by,
            "forces": self.canvas.forces,
            "arrows": self.arrow_slider.value(),
            "components": list(self.components),
        }

    def restore_view(self, state: Mapping[str, Any]) -> None:
        shown = state.get("shown")
        for name, action in self._switches().items():
            if isinstance(shown, dict) and isinstance(shown.get(name), bool):
                action.setChecked(shown[name])
        self._colour_by = str(state.get("colour by", ""))
        self._refill_colourings()
        if (forces := self.forces.get(str(state.get("forces")))) is not None:
            forces.trigger()
        for name, components in COMPONENTS.items():
            if state.get("components") == list(components):
                self.component_actions[name].trigger()
        if isinstance(arrows := state.get("arrows"), int):
            self.arrow_slider.setValue(arrows)

    def _switches(self) -> dict[str, QAction]:
        actions = (self.show_images, self.show_trails, self.show_pairs, self.move_smoothly, self.turn_slowly)
        return {action.text(): action for action in actions}

    # Parts

    def _style(self) -> None:
        colours = theme.current()
        line = self.fontMetrics().height()
        self._over.setContentsMargins(4, 4, 4, round(1.4 * line))  # above the canvas's last line
        self._bar.setStyleSheet(
            f"QToolButton {{ background: {colours.raised}; border: 1px solid {colours.border};"
            f" border-radius: 5px; padding: 3px 8px; color: {colours.text}; }}"
            f"QToolButton:hover {{ border-color: {colours.accent}; }}"
            f"QToolButton:checked {{ border-color: {colours.accent}; color: {colours.accent}; }}"
            "QToolButton::menu-indicator { image: none; }"
        )

    def _make_actions(self) -> None:
        canvas = self.canvas
        self.show_images = self._toggle("Images", "thumbnails", "Pictures instead of dots")
        self.show_trails = self._toggle(
            "Trails", "trails", f"Where each image was in the last {TRAIL_LOOKS} looks"
        )
        self.show_pairs = self._toggle(
            "Pairs", "pairs", "The second view of each image, joined to the first by a thin line"
        )
        self.move_smoothly = self._toggle("Move smoothly", "smooth", "Glide from look to look")
        self.turn_slowly = QAction("Turn slowly", self, checkable=True)
        self.turn_slowly.setToolTip("Turn the sphere slowly by itself")
        self.turn_slowly.toggled.connect(lambda on: self.idle.start() if on else self.idle.stop())
        self.reset_view = QAction("Reset view", self)
        self.reset_view.setToolTip("The whole picture again, unrotated and unzoomed")
        self.reset_view.triggered.connect(canvas.reset_view)
        self.copy = QAction("Copy picture", self)
        self.copy.triggered.connect(lambda: copy_plot(canvas))
        self.save = QAction("Save picture ...", self)
        self.save.triggered.connect(self._save)
        self.forces_menu = QMenu("Forces", self)
        group = QActionGroup(self)
        self.forces: dict[str, QAction] = {}
        for key, words in _FORCES.items():
            action = QAction(words, self, checkable=True, checked=key == canvas.forces)
            action.triggered.connect(lambda _=False, key=key: self._set_forces(key))
            group.addAction(action)
            self.forces_menu.addAction(action)
            self.forces[key] = action
        self.forces_menu.addSeparator()
        self.arrow_slider = QSlider(Qt.Orientation.Horizontal)
        self.arrow_slider.setRange(-100, 100)
        self.arrow_slider.setToolTip("Length of the arrows; the key at the bottom right follows")
        self.arrow_slider.setAccessibleName("Length of the arrows")
        self.arrow_slider.valueChanged.connect(self._set_arrow_length)
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(10, 4, 10, 4)
        row.addWidget(QLabel("Arrow length"))
        row.addWidget(self.arrow_slider, 1)
        slider = QWidgetAction(self)
        slider.setDefaultWidget(holder)
        self.forces_menu.addAction(slider)
        self.auto_length = QAction("Automatic length", self)
        self.auto_length.triggered.connect(self._auto_arrow_length)
        self.forces_menu.addAction(self.auto_length)

        self.components_menu = QMenu("Principal components", self)
        self.component_actions: dict[str, QAction] = {}
        chosen = QActionGroup(self)
        for name, components in COMPONENTS.items():
            action = QAction(name, self, checkable=True, checked=components == FIRST)
            action.setToolTip("Forces are drawn on components 1 and 2" if components != FIRST else "")
            action.triggered.connect(lambda _=False, wanted=components: setattr(self, "components", wanted))
            chosen.addAction(action)
            self.components_menu.addAction(action)
            self.component_actions[name] = action

    def _toggle(self, words: str, attribute: str, tip: str) -> QAction:
        action = QAction(words, self, checkable=True, checked=getattr(self.canvas, attribute))
        action.setToolTip(tip)

        def change(on: bool) -> None:
            setattr(self.canvas, attribute, on)
            self.canvas.invalidate(tiles=True)

        action.toggled.connect(change)
        return action

    def _make_bar(self) -> QWidget:
        bar = QWidget()
        row = QHBoxLayout(bar)
        row.setContentsMargins(4, 3, 4, 3)
        row.setSpacing(4)
        self.colouring = QComboBox()
        self.colouring.setToolTip("Colour the images by their label or by a factor that made them")
        self.colouring.setAccessibleName("Colour by")
        self.colouring.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.colouring.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.colouring.setMinimumContentsLength(5)
        self.colouring.currentTextChanged.connect(self._colour)
        row.addWidget(self.colouring)
        self.buttons = {}
        for action in (self.show_images, self.show_trails, self.show_pairs):
            self.buttons[action.text()] = button = QToolButton()
            button.setDefaultAction(action)
            row.addWidget(button)
        self.forces_button = QToolButton(popupMode=QToolButton.ToolButtonPopupMode.InstantPopup)
        self.forces_button.setText("Forces ▾")
        self.forces_button.setMenu(self.forces_menu)
        self.forces_button.setToolTip("Arrows of attraction and repulsion: whose, and how long")
        row.addWidget(self.forces_button)
        row.addStretch(1)
        self.view_button = QToolButton(popupMode=QToolButton.ToolButtonPopupMode.InstantPopup)
        self.view_button.setText("View ▾")
        self.view_button.setMenu(self._view_menu(self))
        self.view_button.setToolTip("Everything that the map can show")
        self.reset_button = QToolButton()
        self.reset_button.setDefaultAction(self.reset_view)
        row.addWidget(self.view_button)
        row.addWidget(self.reset_button)
        bar.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed
        )  # buttons give way, not the panel
        self._bar = bar
        return bar

    def _view_menu(self, parent: QWidget) -> QMenu:
        menu = QMenu(parent)
        menu.setToolTipsVisible(True)
        menu.addActions([self.show_images, self.show_trails, self.show_pairs])
        menu.addMenu(self.forces_menu)
        menu.addMenu(self.components_menu)
        menu.addSeparator()
        menu.addActions([self.move_smoothly, self.turn_slowly, self.reset_view])
        menu.addSeparator()
        menu.addActions([self.copy, self.save])
        return menu

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as many buttons as fit; the View menu has them all."""
        super().resizeEvent(event)
        self._fit_bar()

    def _fit_bar(self) -> None:
        room = self.width() - 8 - self.colouring.sizeHint().width() - self.view_button.sizeHint().width() - 8
        images, trails, pairs = self.buttons.values()
        actions = {self.forces_button: self.forces_menu.menuAction(), pairs: self.show_pairs}
        for button in (self.forces_button, images, self.reset_button, trails, pairs):
            offered = button not in actions or actions[button].isVisible()
            room -= offered * (button.sizeHint().width() + 4)
            button.setVisible(offered and room >= 0)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The View menu under the pointer."""
        self.card.hide()
        self.view_button.menu().popup(event.globalPos())

    # Answers

    def _thumbnails_of(self, embedding: Embedding | None) -> Thumbnails | None:
        """What the look itself tells of its items, where the data does not; the present ones where it tells the same."""
        if embedding is None or embedding.views is None or not embedding.colourings:
            return None
        told = {name: (classes, names) for name, classes, names, _ in embedding.colourings}
        now = self._thumbnails
        if now is not None and now.colourings.keys() == told.keys():
            same = (
                np.array_equal(classes, now.colourings[name][0]) and names == now.colourings[name][1]
                for name, (classes, names) in told.items()
            )
            if all(same):
                return now
        ramps = {name: ramp(len(names)) for name, _, names, steps in embedding.colourings if steps}
        return Thumbnails(embedding.views[: embedding.items], told, ramps)

    def _pictures_of(self, scene: Scene) -> np.ndarray | None:
        embedding = scene.part(Embedding)
        if embedding is not None and embedding.views is None:
            return None
        images = embedding.items if embedding is not None else -1
        if scene.thumbnails is not None and images in (-1, len(scene.thumbnails.images)):
            return scene.thumbnails.images
        if embedding is None or embedding.views is None:
            return None
        views = embedding.views[:images]
        same = self._pictures is not None and np.array_equal(self._pictures, views)
        return self._pictures if same else views

    def _refill_colourings(self) -> None:
        names = list(self._thumbnails.colourings) if self._thumbnails is not None else []
        self.colouring.blockSignals(True)
        self.colouring.clear()
        self.colouring.addItems(names)
        if self._colour_by in names:  # factors come with the data
            self.colouring.setCurrentText(self._colour_by)
        self.colouring.blockSignals(False)
        self.colouring.setVisible(bool(names))
        self._recolour()
        self._fit_bar()

    def _colour(self, by: str) -> None:
        self._colour_by = by
        self._recolour()

    def _recolour(self) -> None:
        chosen = self.colouring.currentText()
        if self._thumbnails is not None and chosen in self._thumbnails.colourings:
            classes, names = self._thumbnails.colourings[chosen]
            own = self._thumbnails.colours.get(chosen, ())
        else:
            classes, names, own = np.zeros(0, dtype=np.int64), (), ()
        self.canvas.isolated = -1
        self.canvas.set_classes(classes, own)
        self.legend.set_names(tuple(names), own)

    def _isolate(self, index: int) -> None:
        self.canvas.isolated = index
        self.canvas.invalidate()

    def _set_forces(self, key: str) -> None:
        self.canvas.forces = key
        self.canvas.invalidate()

    def _set_arrow_length(self, value: int) -> None:
        self.canvas.arrow_factor = 10.0 ** (value / 100.0)
        self.canvas.invalidate()

    def _auto_arrow_length(self) -> None:
        self.canvas.arrow_scale = None
        self.canvas.rescale_arrows()
        self.arrow_slider.setValue(0)

    def _show_anchor(self, image: int) -> None:
        self.canvas.anchor = image
        self.canvas.update()

    def _hover(self, image: int) -> None:
        embedding = self.canvas.embedding
        pictures = self._pictures
        names = self._thumbnails.names if self._thumbnails is not None else ()
        shown = names if embedding is not None and embedding.views is None else pictures
        if embedding is None or shown is None or not 0 <= image < len(shown) == embedding.items:
            self.card.hide()
            return
        images = embedding.items
        rows, near = nearest(embedding.z[:images], image, NEIGHBOURS)
        self.canvas.set_neighbours(rows)
        if embedding.views is None or pictures is None:
            named = [(names[row], cosine) for row, cosine in zip(rows, near, strict=True)]
            self.card.show_name(names[image], self._facts(image), named)
        else:
            self.card.show_image(
                pictures[image],
                (embedding.views[image], embedding.views[images + image]),
                self._facts(image),
                (embedding.second, float(cosines(embedding.z[image], embedding.z[images + image]))),
                [(pictures[row], cosine) for row, cosine in zip(rows, near, strict=True)],
            )
        self.card.show_beside(self.canvas, self.canvas.place_of(image).toPoint(), round(self.canvas.tile))

    def _facts(self, image: int) -> list[tuple[str, str]]:
        if self._thumbnails is None:
            return []
        facts = []
        for name, (classes, names) in self._thumbnails.colourings.items():
            if image < len(classes) and 0 <= classes[image] < len(names):
                facts.append((name, names[int(classes[image])]))
        return facts

    def _save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self, "Save picture", f"{self.bench.file_name(self.title)}.png", "PNG (*.png)"
        )
        if not path:
            return
        try:
            save_plot(self.canvas, path)
        except OSError as error:
            self.bench.say("error", str(error))
