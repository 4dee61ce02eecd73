"""The face of the Energy lab: what it shows of a landscape, what it asks of a model, and what a person can do with it."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QPushButton, QWidget

from ssllab.looks import Landscape, Look
from ssllab.training.run_record import Event, RunSettings
from ssllab.training.run_store import Workspace
from ssllab.ui.bench import Bench
from ssllab.ui.flicker import AtMostASecond
from ssllab.ui.labs.energy.landscape import COARSE, FINE, LandscapePanel
from ssllab.ui.labs.energy.landscape_words import copies
from ssllab.ui.labs.energy.widgets.clip_pictures import ClipPictures, Shown
from ssllab.ui.labs.energy.widgets.energy_map import EnergyMap, height
from ssllab.ui.scene import Scene
from ssllab.ui.work import LongWork

SMALL = {"batch_size": 8, "width": 4, "dimension": 8, "predictor_width": 16}


def bowl(depth=2.0, valley=(12.0, 20.0), grid=16, low=0.1, high=0.5, **more):
    """The landscape of one who expects the object at ``valley``."""
    places = np.linspace(3.5, 28.5, grid).astype(np.float32)
    x, y = np.meshgrid(places, places)
    far = (x - valley[0]) ** 2 + (y - valley[1]) ** 2
    energies = (0.01 * depth + depth * far / far.max()).astype(np.float32)
    row, column = np.unravel_index(energies.argmin(), energies.shape)
    lowest = float(places[column]), float(places[row])
    frames = np.zeros((4, 32, 32, 3), np.uint8)
    return replace(
        Landscape(energies, places, (12.0, 20.0), (10.0, 18.0), lowest, low, high, 32, frames), **more
    )


def of_step(step, part, state="running"):
    return Scene(state, look=Look(step, (part,)))


def see(bench, panel):
    """What the window's timer does."""
    bench.poll()
    panel.draw(bench.scene())


@pytest.fixture
def bench(qtbot, tmp_path):
    threads = torch.get_num_threads()
    made = Bench(Workspace(tmp_path), "energy", LongWork(), device="cpu", settings=SMALL)
    yield made
    made.close()
    torch.set_num_threads(threads)


@pytest.fixture
def panel(qtbot, bench):
    """Shown, with no data loaded: it draws what it is given."""
    made = LandscapePanel(bench)
    made.resize(560, 420)
    qtbot.addWidget(made)
    made.show()
    yield made
    made.model.close()


@pytest.fixture
def ready(qtbot, bench, panel):
    """The same with data, before Start."""
    bench.begin()
    qtbot.waitUntil(lambda: bench.state == "ready", timeout=60_000)

    def settled():
        see(bench, panel)
        part = panel.map.part
        return part is not None and len(part.places) == FINE

    qtbot.waitUntil(settled, timeout=30_000)
    return panel


# The picture


def test_a_collapsed_landscape_is_flat_however_it_is_shaped():
    healthy, collapsed = bowl(depth=2.0), bowl(depth=0.002)
    assert height(healthy.energies, healthy.low, healthy.high).max() > 0.7
    assert height(collapsed.energies, collapsed.low, collapsed.high).max() < 0.05
    same = height(collapsed.energies, collapsed.energies.min(), collapsed.energies.max())
    assert same.max() > 0.6  # what a scale of its own would make of it


def test_energies_may_be_of_any_sign():
    part = bowl()
    np.testing.assert_allclose(
        height(part.energies, 0.1, 0.5), height(part.energies - 40.0, -0.7, -0.3), atol=1e-4
    )


def test_the_colours_of_the_valley_are_the_strongest(qtbot, panel):
    part = bowl()
    panel.draw(of_step(5, part))
    pixels = panel.map._image.image[..., :3].astype(int).sum(-1)
    row, column = np.unravel_index(part.energies.argmin(), part.energies.shape)
    assert pixels[row, column] == pixels.min()  # dark on a light ground
    assert pixels.max() - pixels.min() > 300
    panel.draw(of_step(6, bowl(depth=0.002)))
    flat = panel.map._image.image[..., :3].astype(int).sum(-1)
    assert flat.max() - flat.min() < 60


def test_the_marks_stand_where_the_landscape_has_them(qtbot, panel):
    panel.draw(of_step(5, bowl(valley=(22.0, 8.0))))
    part = panel.map.part
    places = {
        key: item.getData() for key in ("truth", "last", "valley") for item in panel.map._items[key][-1:]
    }
    for key, (x, y) in places.items():
        assert (x[0], y[0]) == pytest.approx(getattr(part, key))
    assert {entry.key for entry in panel.map.legend.entries()} == {"truth", "last", "valley"}


def test_words_tell_a_valley_a_copy_and_a_flat_landscape(qtbot, panel):
    panel.draw(of_step(5, bowl(valley=(12.0, 20.0))))
    assert "from the truth" in panel.reading.text()
    assert "copies" not in panel.reading.text()
    panel.draw(of_step(6, bowl(valley=(9.8, 17.9), grid=64, depth=20.0)))
    assert "copies the last frame" in panel.reading.text()
    panel.draw(of_step(7, bowl(depth=0.002)))
    assert "flat" in panel.reading.text()


def test_distances_are_kept_over_time_and_a_run_that_goes_back_goes_on_from_there(qtbot, panel):
    for step, valley in ((10, (25.0, 5.0)), (20, (16.0, 18.0)), (30, (12.0, 20.0))):
        panel.draw(of_step(step, bowl(valley=valley)))
    steps, truth = panel.log.of("position", 0).column("truth")
    assert list(steps) == [10, 20, 30]
    assert truth[0] > truth[1] > truth[2]
    panel.draw(of_step(15, bowl()))
    assert list(panel.log.of("position", 0).column("last")[0]) == [10, 15]
    assert set(panel.distances.columns()) >= {"step"}
    panel.reset()
    assert panel.map.part is None
    assert panel.log.of("position", 0) is None


def noted(panel, step):
    panel.draw(of_step(step, bowl()))


def test_a_run_that_was_rewound_keeps_its_distances_up_to_there_and_an_undo_brings_back_all(panel, bench):
    store = bench.workspace
    settings = RunSettings(method="jepa", config=SMALL, data="bouncing")

    def put(run):
        bench.session = SimpleNamespace(run=run, stop=lambda timeout: None, problem=None)
        panel.reset()

    first = store.create(settings)
    put(first)
    for step in (10, 20, 30):
        noted(panel, step)
    put(store.create(settings, parent=(first.id, 20)))
    noted(panel, 25)
    assert list(panel.log.of("position", 0).column("truth")[0]) == [10, 20, 25]
    put(first)
    noted(panel, 40)
    assert list(panel.log.of("position", 0).column("truth")[0]) == [10, 20, 30, 40]
    put(store.create(settings))  # a run of its own has no past
    assert panel.log.of("position", 0) is None
    bench.session = None


def changed(key, old, new, step=5):
    return Event(step, 0.0, "set", key, old, new)


def test_a_change_of_the_world_is_said_wherever_the_untrained_model_is_a_measure(panel):
    def draw(step, *events):
        panel.draw(replace(of_step(step, bowl()), events=events))

    draw(10, changed("learning_rate", 0.001, 0.002))
    assert "world" not in panel.reading.text() + panel.map.scale.caption
    there, back = changed("background", "off", "fixed"), changed("background", "fixed", "off", 15)
    draw(11, there)
    assert "before the world was changed" in panel.reading.text()
    assert "whole range was 0.400, before the world was changed" in panel.map.scale.caption
    draw(20, there, back)
    assert "world" not in panel.reading.text() + panel.map.scale.caption


def test_a_copy_is_claimed_only_of_a_sharp_valley_that_is_clearly_at_the_last_place():
    at_last = bowl(valley=(10.0, 18.0), grid=64, depth=20.0)
    assert copies(at_last)
    assert not copies(replace(at_last, low=0.0, high=12.0))  # flat
    assert not copies(bowl(valley=(10.0, 18.0), grid=64))  # diffuse: the truth fits nearly as well
    assert not copies(replace(at_last, truth=(11.0, 18.5)))  # the truth is as near
    assert not copies(bowl(valley=(12.0, 20.0), grid=64))


def test_the_untrained_model_is_no_multiple_of_itself_and_what_is_off_the_scale_says_so(panel):
    panel.draw(of_step(0, bowl()))
    assert "× untrained" not in panel.reading.text()
    panel.draw(of_step(5, bowl(depth=2.0)))
    assert "× untrained" in panel.reading.text()
    assert panel.map.scale._ends[0] == "10 × untrained"
    panel.draw(of_step(6, bowl(depth=8.0)))
    assert panel.map.scale._ends[0] == "≥ 10 × untrained"


def test_curve_and_map_call_the_last_velocity_by_one_name(panel):
    panel.choose(over="velocity")
    assert [entry.name for entry in panel.distances.legend.entries()] == ["valley to truth", "to rest"]
    panel.choose(over="position")
    assert [entry.name for entry in panel.distances.legend.entries()] == ["valley to truth", "to last place"]


def test_other_axes_belong_to_velocities(qtbot, panel):
    panel.map.show_part(bowl(over="velocity", places=np.linspace(-4, 4, 16)))
    assert panel.map.axes[0].labelText == "x (pixels a frame)"
    assert {entry.name for entry in panel.map.legend.entries()} == {"truth", "rest", "valley"}
    panel.map.put_hand(1.0, 1.0)
    assert panel.map.hand is None
    panel.map.show_part(bowl())
    assert panel.map.axes[0].labelText == "x (pixels)"


@pytest.mark.parametrize("theme_name", ["light", "dark"])
def test_it_is_drawn_in_both_themes_and_narrow_or_wide(qtbot, panel, theme_name):
    from ssllab.ui import theme

    panel.draw(of_step(5, bowl()))
    try:
        theme.apply(theme_name)
        panel.restyle()
        for size in ((560, 420), (300, 600)):
            panel.resize(*size)
            assert not panel.grab().isNull()
            assert panel.map.plot.height() > 100
            assert panel.map.width() <= panel.width()
    finally:
        theme.apply("light")


def test_pictures_of_flicker_change_at_most_three_times_a_second_and_the_newest_comes(qtbot):
    now = [0.0]
    strip = ClipPictures()
    qtbot.addWidget(strip)
    strip.calm = AtMostASecond(clock=lambda: now[0])
    noise = np.random.default_rng(0)
    changed = []
    for i in range(30):
        now[0] = i / 10
        before, flicker = strip.shown, [Shown("last", noise.integers(0, 255, (32, 32, 3), np.uint8))]
        strip.show_pictures(flicker)
        if strip.shown is not before:
            changed.append(now[0])
    assert len(changed) >= 6
    assert min(np.diff(changed)) >= 1 / 3
    now[0] = 9.0
    qtbot.waitUntil(lambda: strip.shown[0] is flicker[0], timeout=2_000)


# The hand


def moved(panel):
    places = []
    panel.map.moved.connect(lambda x, y: places.append((x, y)))
    return places


def test_arrow_keys_move_the_object_and_escape_takes_the_hand_away(qtbot, panel):
    panel.draw(of_step(5, bowl()))
    places = moved(panel)
    panel.map.setFocus()
    qtbot.keyClick(panel.map, Qt.Key.Key_Right)
    qtbot.keyClick(panel.map, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert places == [(13.0, 20.0), (13.0, 16.0)]
    assert "yours" in {entry.name for entry in panel.map.legend.entries()}
    for _ in range(40):
        qtbot.keyClick(panel.map, Qt.Key.Key_Left)
    assert panel.map.hand == (3.5, 16.0)  # no further than the object has room
    qtbot.keyClick(panel.map, Qt.Key.Key_Escape)
    assert panel.map.hand is None


def test_a_click_and_a_drag_on_the_map_move_the_object(qtbot, panel):
    panel.draw(of_step(5, bowl()))
    places = moved(panel)
    view = panel.map.view

    def pixel(x, y):
        return panel.map.plot.mapFromScene(view.mapViewToScene(QPointF(x, y)))

    canvas: QWidget = panel.map.plot.viewport()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=pixel(20, 9))
    assert places[-1] == pytest.approx((20, 9), abs=0.3)
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=pixel(20, 9))
    for at in (pixel(18, 12), pixel(15, 15), pixel(10, 24)):
        qtbot.mouseMove(canvas, at + QPoint(1, 0))
        qtbot.mouseMove(canvas, at)
        qtbot.wait(20)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=pixel(10, 24))
    assert len(places) > 2
    assert places[-1] == pytest.approx((10, 24), abs=1.0)
    assert view.viewRange()[0] == pytest.approx(panel.map.view.viewRange()[0])


def test_the_energy_at_hand_is_asked_of_the_model_and_the_newest_place_wins(qtbot, ready):
    asked = []
    method = ready.model.chosen.method
    at_hand = method.at_hand
    method.at_hand = lambda scene, place: asked.append(place) or at_hand(scene, place)
    for x in range(5, 25):
        ready.map.put_hand(float(x), 10.0)
    qtbot.waitUntil(lambda: not ready.asking and ready._at_hand is not None, timeout=10_000)
    qtbot.waitUntil(lambda: ready._at_hand.place == (24.0, 10.0), timeout=10_000)
    assert asked[-1] == (24.0, 10.0)
    assert len(asked) < 10  # not one for each place on the way
    exact = at_hand(method.scene(ready.bench.data, 0), (24.0, 10.0)).energy
    assert ready._at_hand.energy == pytest.approx(exact)
    assert "Yours" in ready.reading.text()
    qtbot.waitUntil(lambda: [one.name for one in ready.pictures.shown][-1] == "yours", timeout=2_000)
    ready.map.take_hand_away()
    assert "Yours" not in ready.reading.text()


# What is asked


def test_before_start_the_model_that_start_will_train_is_shown(qtbot, ready, bench):
    shown = ready.map.part
    assert "untrained" in ready.reading.text()
    bench.step()
    qtbot.waitUntil(lambda: bench.session is not None and bench.session.step == 1, timeout=30_000)
    untrained = bench.session._trainer.method.untrained.tolist()
    assert [shown.low, shown.high] == pytest.approx(untrained)


def test_a_setting_that_is_changed_before_start_changes_what_is_shown(qtbot, ready, bench):
    before = ready.map.part
    bench.set("dimension", 16)

    def other():
        see(bench, ready)
        return ready.map.part is not before and ready.model.chosen.method.config.dimension == 16

    qtbot.waitUntil(other, timeout=30_000)


def test_when_nothing_moves_the_landscape_is_refined_and_another_clip_is_another_scene(qtbot, ready, bench):
    first = ready.map.part
    assert first.energies.shape == (FINE, FINE)
    grids = []
    show = ready.map.show_part
    ready.map.show_part = lambda part, *more: grids.append(len(part.places)) or show(part, *more)
    qtbot.mouseClick(ready.after, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: grids[-1:] == [FINE], timeout=10_000)
    assert grids == [COARSE, FINE]
    assert ready.clip.text() == "Clip 2"
    assert math.dist(ready.map.part.truth, first.truth) > 0
    qtbot.mouseClick(ready.before, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: ready.map.part.truth == first.truth, timeout=10_000)


def test_velocity_and_shape_are_asked_too_and_come_back_with_the_window(qtbot, ready):
    ready.tabs.setCurrentIndex(1)
    qtbot.waitUntil(lambda: ready.map.part.over == "velocity", timeout=10_000)
    qtbot.waitUntil(lambda: not ready.asking, timeout=10_000)
    ready.tabs.setCurrentIndex(2)
    qtbot.waitUntil(lambda: ready.bars.part is not None, timeout=10_000)
    assert ready.bars.part.names == ("ball", "square", "triangle", "ring")
    assert ready.bars.isVisible()
    assert "fits best" in ready.reading.text()
    state = ready.view_state()
    ready.choose(over="position", number=3)
    ready.restore_view(state)
    assert (ready.over, ready.number) == ("shape", 0)
    ready.restore_view({"over": "nonsense", "clip": -1})
    assert (ready.over, ready.number) == ("shape", 0)


def test_filmed_video_has_no_landscape_and_the_panel_says_what_to_look_at(qtbot, ready, bench):
    bench.data = replace(bench.data, test=Filmed(bench.data.test), train=Filmed(bench.data.train))
    bench.data_loaded.emit()

    def said():
        see(bench, ready)
        return ready.nothing.isVisible()

    qtbot.waitUntil(said, timeout=30_000)
    assert "Adjacent frames" in ready.told.text()
    wanted = []
    ready.panels_wanted.connect(wanted.append)
    ready.nothing.findChild(QPushButton).click()
    assert wanted == [("adjacent",)]


class Filmed:
    """Clips of which nothing is known."""

    def __init__(self, source):
        self.source, self.longest = source, source.longest

    def clips(self, *asked):
        return replace(self.source.clips(*asked), truth=None, scene=None)


def test_an_answer_that_comes_late_does_not_take_the_place_of_another_clips(qtbot, ready):
    ready.choose(number=7)
    ready.choose(number=8)
    qtbot.waitUntil(lambda: not ready.asking, timeout=10_000)
    scene = ready.model.chosen.method.scene(ready.bench.data, 8)
    assert ready.map.part.truth == pytest.approx(scene.centre[0, -1, 0].tolist())


def test_while_it_trains_the_looks_bring_the_first_clip_and_a_copy_the_others(qtbot, ready, bench):
    bench.start()
    asked = []
    question = ready._map_question
    ready._map_question = lambda chosen: (found := question(chosen)) and (asked.append(found.key), found)[1]

    def drawn():
        see(bench, ready)
        return ready.map.part is not None and ready._look is not None and "step" in ready.reading.text()

    qtbot.waitUntil(drawn, timeout=30_000)
    assert len(ready.map.part.places) == COARSE
    asked.clear()
    qtbot.wait(200)
    drawn()
    assert not asked
    ready.choose(number=2)

    def other():
        see(bench, ready)
        return (
            bool(asked)
            and not ready.asking
            and ready.map.part.truth != bench.session.look.part(Landscape).truth
        )

    qtbot.waitUntil(other, timeout=30_000)
    assert all(key[3] == COARSE for key in asked)
    bench.pause()

    def fine():
        see(bench, ready)
        return bench.state == "paused" and len(ready.map.part.places) == FINE

    qtbot.waitUntil(fine, timeout=30_000)


def test_a_control_that_is_moved_while_paused_changes_the_landscape(qtbot, ready, bench):
    bench.step()

    def shown():
        see(bench, ready)
        chosen = ready.model.chosen
        return chosen is not None and chosen.key[0] == "run" and not ready.asking

    qtbot.waitUntil(shown, timeout=30_000)
    bench.set("background", "fixed")

    def other():
        see(bench, ready)
        part = ready.map.part
        return part is not None and part.frames[..., 2].mean() > 60

    qtbot.waitUntil(other, timeout=30_000)


def test_the_landscape_is_saved_as_picture_and_table(qtbot, panel, tmp_path):
    panel.draw(of_step(5, bowl()))
    path = panel.map.tools.save(tmp_path / "map.png")
    assert path.stat().st_size > 1000
    table = panel.map.columns()
    assert len(table["energy"]) == len(table["x"]) == 256
    at = table["energy"].argmin()
    assert (table["x"][at], table["y"][at]) == (table["valley x"][0], table["valley y"][0])
    assert isinstance(panel.map, EnergyMap)
    assert "landscape" in panel.map.tools.name().lower()


def test_the_landscape_over_training_is_a_film_of_one_clip(qtbot, panel):
    frames = panel.map.frames
    assert len(frames()) == 0
    for step in range(1, 4):
        panel.draw(of_step(10 * step, bowl(depth=2.0**step)))
    first, *_, last = [call() for call in frames()]
    assert len(frames()) == 3
    assert first.shape == last.shape == (panel.map.height(), panel.map.width(), 3)
    assert not np.array_equal(first, last)
    assert panel.map.part.energies.max() > 7  # what is on view stays
    panel.choose(number=3)
    assert len(frames()) == 0


def test_the_panel_is_the_face_in_the_film_of_a_run(qtbot, tmp_path):
    from ssllab.data.catalogue import load
    from ssllab.methods.jepa import JEPA
    from ssllab.training.run_record import RunSettings
    from ssllab.training.session import Session
    from ssllab.ui.film import Reel
    from ssllab.ui.labs.energy.page import FACES

    store = Workspace(tmp_path)
    settings = RunSettings(method="jepa", config=SMALL, data="bouncing", steps=2)
    run = store.create(settings)
    session = Session(settings, load("bouncing", kinds=("video",)), run)
    session.start()
    assert session.wait(60)
    looks = [Look(step, (bowl(depth=step / 10),)) for step in (1, 50, 100)]
    reel = Reel(Bench(store, "energy", LongWork()), run, JEPA, FACES, looks, Scene("finished"))
    frames = [reel.frame(i) for i in range(3)]
    face = reel._panel
    assert isinstance(face, LandscapePanel)
    for part in (
        face.map.scale,
        face.reading,
    ):  # words have the room that they need, also without an event loop
        assert part.height() >= part.heightForWidth(part.width())
    assert face.pictures.height() == face.pictures.sizeHint().height()
    assert not np.array_equal(frames[0], frames[2])
    reel.close()
