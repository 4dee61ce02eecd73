"""The map: geometry against known values, and the panel by its real buttons, mouse and wheel."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QObject, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QImage, QWheelEvent

from ssllab.looks import Embedding, Look
from ssllab.ui import theme
from ssllab.ui.embedding.anchor import Anchor
from ssllab.ui.embedding.camera import Camera
from ssllab.ui.embedding.geometry import (
    circular_density,
    covering_box,
    globe,
    nearest,
    round_length,
    steady_scale,
)
from ssllab.ui.panels.embedding_map import EMPTY, EmbeddingMap
from ssllab.ui.plots.export import save_plot
from ssllab.ui.scene import Scene, Thumbnails
from tests.ui.count_of_none import count_of_none

M = 40


class FakeBench(QObject):
    data_loaded = Signal()
    config = None


def map_on(bench):
    return EmbeddingMap(bench, Anchor(bench))


def thumbnails():
    images = np.random.default_rng(0).integers(0, 255, (M, 12, 12, 3), dtype=np.uint8)
    labels = np.arange(M) % 3
    return Thumbnails(
        images, {"label": (labels, ("cat", "dog", "owl")), "hue": (np.arange(M) % 2, ("red", "blue"))}
    )


@pytest.fixture
def scene(real_looks):
    """What a real run of SimCLR shows after ``step`` steps; its z has 2, 3 or 16 dimensions."""

    def make(kind="sphere", step=0):
        run = real_looks("simclr", 20, dimension={"circle": 2, "sphere": 3, "pca": 16}[kind])
        return run.scene(step, thumbnails=thumbnails())

    return make


@pytest.fixture
def panel(qtbot):
    widget = map_on(FakeBench())
    qtbot.addWidget(widget)
    widget.resize(700, 560)
    widget.show()
    widget.move_smoothly.setChecked(False)
    return widget


# Geometry


def test_rotation_keeps_lengths_and_dragging_right_turns_the_front_to_the_right():
    camera = Camera()
    camera.rotation = np.eye(3)
    points = np.random.default_rng(0).normal(size=(20, 3))
    for _ in range(500):
        camera.rotate(3.0, -2.0)
    plane, depth = camera.flatten(points)
    np.testing.assert_allclose(
        np.hypot(np.hypot(plane[:, 0], plane[:, 1]), depth), np.linalg.norm(points, axis=1), rtol=1e-9
    )
    camera.rotation = np.eye(3)
    camera.rotate(10.0, 0.0)
    assert camera.pixels(np.array([[0.0, 0.0, 1.0]]))[0][0, 0] > camera.width / 2
    camera.rotate(-10.0, 10.0)
    assert camera.pixels(np.array([[0.0, 0.0, 1.0]]))[0][0, 1] > camera.height / 2


def test_zoom_keeps_the_point_under_the_pointer():
    camera = Camera()
    point = np.array([[0.3, -0.2]])
    before = camera.pixels(point)[0][0]
    camera.zoom_by(3.0, *before)
    np.testing.assert_allclose(camera.pixels(point)[0][0], before, atol=1e-9)
    assert camera.zoom == pytest.approx(3.0)


def test_the_globe_lies_on_the_unit_sphere():
    np.testing.assert_allclose(np.linalg.norm(globe(), axis=2), 1.0, atol=1e-12)


def test_density_on_the_circle_is_one_for_uniform_directions_and_peaks_where_points_gather():
    turn = np.linspace(-np.pi, np.pi, 3600, endpoint=False)
    even = circular_density(np.stack([np.cos(turn), np.sin(turn)], axis=1))
    np.testing.assert_allclose(even, 1.0, atol=0.02)
    gathered = circular_density(np.tile([[0.0, 1.0]], (50, 1)))
    assert gathered.mean() == pytest.approx(1.0)
    assert gathered.min() >= 0.0  # not even by rounding: its root is drawn
    peak = -np.pi + (gathered.argmax() + 0.5) * 2 * np.pi / len(gathered)
    assert peak == pytest.approx(np.pi / 2, abs=0.06)


def test_nearest_neighbours_are_first_views_sorted_by_cosine_without_the_image_itself(scene):
    z = scene().part(Embedding).z
    rows, cosines = nearest(z[: len(z) // 2], 4, 5)
    reference = {i: float(z[i].astype(np.float64) @ z[4].astype(np.float64)) for i in range(M) if i != 4}
    best = sorted(reference, key=reference.get, reverse=True)[:5]
    assert rows.tolist() == best
    np.testing.assert_allclose(cosines, [reference[i] for i in best])


@pytest.mark.parametrize(
    ("value", "length"), [(0.7, 0.5), (1.0, 1.0), (0.0023, 0.002), (49.0, 20.0), (5.0, 5.0)]
)
def test_the_key_shows_a_round_length(value, length):
    assert round_length(value) == pytest.approx(length)


def test_the_scale_of_arrows_stays_while_they_are_readable():
    first = steady_scale(None, np.full(10, 2.0), 1.0)
    assert first * 2.0 == pytest.approx(0.33)
    assert steady_scale(first, np.full(10, 1.2), 1.0) == first
    assert steady_scale(first, np.full(10, 0.01), 1.0) > first
    assert steady_scale(None, np.zeros(10), 1.0) == 1.0


def test_the_plane_is_only_ever_enlarged():
    box = covering_box(None, np.array([[0.0, 0.0], [1.0, 1.0]]))
    assert covering_box(box, np.array([[0.4, 0.4], [0.5, 0.5]])) is box
    larger = covering_box(box, np.array([[3.0, 0.5], [0.5, 0.5]]))
    assert larger[1] > 3.0
    assert larger[0] == box[0]


# The panel


def test_the_empty_map_invites(panel):
    panel.draw(Scene(state="ready"))
    assert panel.canvas.empty_text == EMPTY
    panel.grab()


@pytest.mark.parametrize("kind", ["circle", "sphere", "pca"])
def test_a_click_on_an_image_makes_it_the_anchor(panel, qtbot, kind, scene):
    panel.draw(scene(kind))
    place = panel.canvas.place_of(7).toPoint()
    expected = panel.canvas.image_at(place.x(), place.y())
    assert expected >= 0
    with qtbot.waitSignal(panel.anchor.changed) as changed:
        qtbot.mouseClick(panel.canvas, Qt.MouseButton.LeftButton, pos=place)
    assert changed.args == [expected]
    assert panel.canvas.anchor == expected


def test_pointing_at_an_image_shows_its_card(panel, qtbot, scene):
    panel.draw(scene("circle"))
    place = panel.canvas.place_of(3).toPoint()
    image = panel.canvas.image_at(place.x(), place.y())
    qtbot.mouseMove(panel.canvas, QPoint(2, panel.canvas.height() - 40))
    qtbot.mouseMove(panel.canvas, place)
    assert panel.card.isVisible()
    assert ("cat", "dog", "owl")[image % 3] in panel.card.text.text()
    assert len(panel.canvas._neighbours) == 5
    panel.grab()
    qtbot.mouseMove(panel.canvas, QPoint(2, panel.canvas.height() - 40))
    assert not panel.card.isVisible()


def test_dragging_turns_the_sphere_and_is_no_click(panel, qtbot, scene):
    panel.draw(scene("sphere"))
    before = panel.canvas.camera.rotation.copy()
    canvas, place = panel.canvas, panel.canvas.place_of(0).toPoint()
    with qtbot.assertNotEmitted(panel.anchor.changed):
        qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=place)
        qtbot.mouseMove(canvas, place + QPoint(60, 10))
        qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=place + QPoint(60, 10))
    assert not np.allclose(canvas.camera.rotation, before)
    qtbot.mouseClick(panel.reset_button, Qt.MouseButton.LeftButton)
    np.testing.assert_allclose(canvas.camera.rotation, before)


def test_the_wheel_zooms_and_reset_view_undoes_it(panel, qtbot, scene):
    panel.draw(scene("pca"))
    place = QPointF(200, 150)
    event = QWheelEvent(
        place,
        panel.canvas.mapToGlobal(place),
        QPoint(0, 0),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    panel.canvas.wheelEvent(event)
    assert panel.canvas.camera.zoom > 1.2
    qtbot.mouseClick(panel.reset_button, Qt.MouseButton.LeftButton)
    assert panel.canvas.camera.zoom == 1.0


def test_a_click_in_the_legend_shows_one_class_and_a_second_click_all(panel, qtbot, scene):
    panel.draw(scene("circle"))
    place = panel.legend.row_centre(1).toPoint()
    qtbot.mouseClick(panel.legend, Qt.MouseButton.LeftButton, pos=place)
    assert panel.canvas.isolated == 1
    panel.grab()
    qtbot.mouseClick(panel.legend, Qt.MouseButton.LeftButton, pos=place)
    assert panel.canvas.isolated == -1


def test_the_colouring_follows_the_box(panel, scene):
    panel.draw(scene())
    assert [panel.colouring.itemText(k) for k in range(panel.colouring.count())] == ["label", "hue"]
    panel.colouring.setCurrentText("hue")
    assert panel.legend.names == ("red", "blue")
    panel.draw(scene(step=1))
    assert panel.colouring.currentText() == "hue"


@pytest.mark.parametrize("name", ["Images", "Trails", "Pairs"])
def test_buttons_change_the_picture(panel, qtbot, name, scene):
    panel.draw(scene("circle", 0))
    panel.draw(scene("circle", 1))
    before = panel.canvas.grab().toImage()
    qtbot.mouseClick(panel.buttons[name], Qt.MouseButton.LeftButton)
    assert panel.canvas.grab().toImage() != before
    qtbot.mouseClick(panel.buttons[name], Qt.MouseButton.LeftButton)
    assert panel.canvas.grab().toImage() == before


def test_arrows_point_along_the_forces_and_the_slider_scales_them(panel, scene):
    panel.draw(scene("pca"))
    panel.canvas.forces = "all"
    starts, tips = panel.canvas._arrows(np.arange(M), "attraction")
    along = (tips - starts) * [1, -1]  # pixels count downwards
    force = panel.canvas._force("attraction")
    np.testing.assert_allclose(
        along, force * panel.canvas.arrow_length() * panel.canvas.camera.scale, rtol=1e-6
    )
    short = panel.canvas.arrow_length()
    panel.arrow_slider.setValue(50)
    assert panel.canvas.arrow_length() == pytest.approx(short * 10**0.5)
    panel.auto_length.trigger()
    assert panel.arrow_slider.value() == 0


def test_choosing_no_arrows_removes_their_key(panel, scene):
    panel.draw(scene("circle"))
    panel.forces["all"].trigger()
    with_arrows = panel.canvas.grab().toImage()
    panel.forces["none"].trigger()
    assert panel.canvas.forces == "none"
    assert panel.canvas.grab().toImage() != with_arrows


def test_the_trail_keeps_the_last_twelve_looks_and_reset_forgets_them(panel, scene):
    for step in range(20):
        panel.draw(scene("sphere", step))
    assert len(panel.canvas._history) == 12
    np.testing.assert_allclose(panel.canvas._history[-1], scene("sphere", 18).part(Embedding).points[:M])
    panel.reset()
    assert panel.canvas.embedding is None
    assert len(panel.canvas._history) == 0


def test_another_kind_of_sphere_starts_anew(panel, scene):
    panel.draw(scene("sphere", 0))
    panel.draw(scene("sphere", 1))
    panel.draw(scene("circle", 2))
    assert len(panel.canvas._history) == 0
    panel.grab()


def test_a_diverged_look_keeps_the_last_good_picture(panel, scene):
    good = scene("sphere", 0)
    panel.draw(good)
    seen = good.part(Embedding)
    bad = replace(seen, points=np.full_like(seen.points, np.nan))
    panel.draw(Scene(state="running", look=Look(1, (bad,)), thumbnails=good.thumbnails))
    assert panel.canvas.embedding is seen
    panel.grab()


def test_points_glide_to_a_new_look_and_arrive(panel, qtbot, scene):
    panel.move_smoothly.setChecked(True)
    panel.draw(scene("sphere", 0))
    panel.draw(scene("sphere", 1))
    qtbot.waitUntil(lambda: not panel.canvas._timer.isActive(), timeout=3000)
    np.testing.assert_allclose(panel.canvas._shown, scene("sphere", 1).part(Embedding).points)


def test_a_small_panel_keeps_the_view_menu(panel, qtbot):
    panel.resize(300, 220)
    qtbot.waitUntil(lambda: panel.width() == 300)
    assert panel.view_button.isVisible()
    assert not panel.buttons["Pairs"].isVisible()
    right = panel.view_button.mapTo(panel, QPoint(panel.view_button.width(), 0)).x()
    assert right <= 300


def test_a_class_beyond_the_palette_is_still_told_apart():
    from ssllab.ui.embedding.pictures import category_colour

    assert len({category_colour(k).name() for k in range(20)}) == 20
    assert category_colour(-1) == QColor(theme.current().muted)


def test_colours_are_shown_in_their_own_colour(panel, scene):
    few = thumbnails()
    own = {"hue": ("#d03030", "#3050d0")}
    panel.draw(replace(scene(), thumbnails=Thumbnails(few.images, few.colourings, own)))
    panel.show_images.setChecked(False)
    panel.colouring.setCurrentText("hue")
    shown = panel.canvas.grab().toImage(), panel.legend.grab().toImage()
    for picture in shown:
        seen = {
            picture.pixelColor(x, y).name() for x in range(picture.width()) for y in range(picture.height())
        }
        assert set(own["hue"]) <= seen


def test_shapes_names_its_colours_as_they_look():
    from ssllab.data.images.shapes import shapes

    factor = next(f for f in shapes(train=8, test=8).test.factors if f.name == "colour")
    hues = dict(zip(factor.names, (QColor(colour).hue() for colour in factor.colours), strict=True))
    assert hues["red"] < 30 or hues["red"] > 330
    assert hues["red"] % 330 < hues["orange"] < hues["yellow"] < hues["green"] < hues["teal"] < hues["blue"]


def test_the_map_says_how_much_it_hides_and_other_components_hide_more(panel, scene):
    from ssllab.ui.embedding.backdrop import key_words

    look = scene("pca", step=0)
    panel.draw(look)
    first = panel.canvas.embedding
    said = key_words(0, first, panel.canvas.components, panel.canvas.camera)
    assert said.startswith(f"{100 * first.explained:.0f} % of the variance · components 1, 2 of 16")
    panel.component_actions["3 and 4"].trigger()
    panel.draw(look)
    third = panel.canvas.embedding
    assert third.explained < first.explained
    assert panel.canvas.pair_forces is None  # they are known on the first two alone
    centred = third.z - third.z.mean(axis=0)
    lengths = np.linalg.svd(centred, compute_uv=False)
    assert np.allclose(np.linalg.norm(third.points, axis=0), lengths[2:4], rtol=1e-3)
    assert "components 3, 4" in key_words(0, third, panel.canvas.components, panel.canvas.camera)
    panel.component_actions["1 and 2"].trigger()
    panel.draw(look)
    assert panel.canvas.embedding.explained == first.explained


def test_a_turn_of_the_map_on_three_components_shows_more_of_the_variance(panel, scene):
    panel.draw(scene("pca"))
    before = panel.canvas.embedding.explained
    panel.component_actions["1, 2 and 3 (drag to turn)"].trigger()
    panel.draw(scene("pca"))
    assert panel.canvas.solid
    assert panel.canvas.embedding.explained > before


def test_the_picture_can_be_copied(panel, scene):
    panel.draw(scene())
    QGuiApplication.clipboard().clear()
    panel.copy.trigger()
    assert not QGuiApplication.clipboard().pixmap().isNull()


@pytest.mark.parametrize("name", ["map.png", "map.svg"])
def test_the_saved_picture_shows_the_map(panel, tmp_path, name, scene):
    panel.draw(scene())
    saved = QImage(str(save_plot(panel.canvas, tmp_path / name)))
    shown = panel.canvas.grab().toImage()
    assert len({saved.pixel(x, 200) for x in range(saved.width())}) > 20
    assert abs(saved.width() / saved.height() - shown.width() / shown.height()) < 0.01


def test_images_without_labels_or_thumbnails_are_drawn_from_the_views(panel, scene):
    panel.draw(replace(scene("sphere"), thumbnails=None))
    assert not panel.colouring.isVisible()
    assert len(panel.canvas._images) == M
    panel.grab()


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal from Python 3.12 on")
def test_redrawing_does_not_release_none(panel, qtbot, scene):
    before = count_of_none()
    for step in range(150):
        panel.draw(scene("sphere", step % 20))
        panel.canvas.grab()
    assert count_of_none() > before - 100


def test_a_method_without_forces_has_no_arrows_and_no_choice_of_them(panel, scene):
    panel.draw(scene("circle"))
    panel.forces["all"].trigger()
    assert panel.forces_button.isVisible()
    with_arrows = panel.canvas.grab().toImage()
    bare = Look(1, (scene("circle").part(Embedding),))
    panel.reset()
    panel.draw(replace(scene("circle"), look=bare))
    assert not panel.forces_button.isVisible()
    assert panel.canvas.grab().toImage() != with_arrows
    panel.draw(scene("circle", 1))
    assert panel.forces_button.isVisible()
    assert panel.canvas.forces == "all"
