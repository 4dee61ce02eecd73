"""Keys: who gets them, where Tab goes, what a person typed."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QDockWidget, QToolBar, QWidget

from ssllab.ui import theme
from ssllab.ui.app import build_window
from ssllab.ui.widgets.control_row import number
from ssllab.ui.widgets.whole_number_box import WholeNumberBox

WAIT = 120_000


@pytest.fixture(scope="module")
def window(qapp, tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    (folder / "window.ini").write_text("[contrast]\ndata=digits\n")
    made = build_window(folder, lab="contrast", device="cpu")
    made.resize(1280, 800)
    made.show()
    yield made
    made.close()


@pytest.fixture
def pressed(window, qtbot, monkeypatch) -> list[str]:
    """What the shortcuts did."""
    qtbot.waitUntil(lambda: window.bench.state == "ready", timeout=WAIT)
    done: list[str] = []
    for name in ("start_or_pause", "step", "reset"):
        monkeypatch.setattr(window.bench, name, lambda name=name: done.append(name))
    window.activateWindow()
    window.lab.setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is window.lab, timeout=5_000)
    return done


def test_on_the_page_space_s_and_r_are_shortcuts(window, qtbot, pressed) -> None:
    for key in (Qt.Key.Key_Space, Qt.Key.Key_S, Qt.Key.Key_R):
        qtbot.keyClick(QApplication.focusWidget(), key)
    assert pressed == ["start_or_pause", "step", "reset"]


def test_space_on_a_focused_check_box_toggles_it(window, qtbot, pressed) -> None:
    box = window.lab.controls.rows["flip"].tick
    box.setFocus(Qt.FocusReason.TabFocusReason)
    before = box.isChecked()
    qtbot.keyClick(box, Qt.Key.Key_Space)
    assert box.isChecked() != before
    assert window.bench.config.flip == box.isChecked()
    qtbot.keyClick(box, Qt.Key.Key_Space)
    assert box.isChecked() == before
    assert pressed == []


def test_no_letter_throws_a_run_away_while_somebody_types_or_tabs(window, qtbot, pressed) -> None:
    page = window.lab
    for box in (
        page.controls.search,
        page.controls.rows["temperature"].number,
        page.toolbar.seed_box,
        page.toolbar.method_box,
        page.controls.rows["head"].choice,
    ):
        box.setFocus()
        for key in (Qt.Key.Key_R, Qt.Key.Key_S):
            qtbot.keyClick(box, key)
        assert pressed == [], box
    page.controls.search.clear()
    page.setFocus()
    for _ in range(30):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_R)
    assert pressed == []
    page.controls.search.clear()


@pytest.mark.parametrize("name", ["number", "search", "seed"])
def test_enter_hands_the_focus_back_to_the_page(window, qtbot, pressed, name) -> None:
    page = window.lab
    boxes = {
        "number": page.controls.rows["temperature"].number,
        "search": page.controls.search,
        "seed": page.toolbar.seed_box,
    }
    boxes[name].setFocus()
    qtbot.keyClick(boxes[name], Qt.Key.Key_Return)
    assert QApplication.focusWidget() is page
    qtbot.keyClick(page, Qt.Key.Key_Space)
    assert pressed == ["start_or_pause"]


def test_tab_goes_through_a_lab_in_the_order_of_reading_and_round(window, qtbot, pressed) -> None:
    page = window.lab
    stops = [window.tabs.tabBar()]
    stops[0].setFocus()
    for _ in range(200):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        if QApplication.focusWidget() is stops[0]:
            break
        stops.append(QApplication.focusWidget())
    assert QApplication.focusWidget() is stops[0]
    toolbar = page.toolbar
    data = [toolbar.data_box, toolbar.options_button]
    boxes = [toolbar.method_box, toolbar.code_button, *data, toolbar.device_box, toolbar.seed_box]
    assert stops[1:10] == [toolbar.start_button, toolbar.step_button, toolbar.reset_button, *boxes]
    assert stops[10] is page.controls.search
    rows = [stop for stop in stops if page.controls.isAncestorOf(stop)]
    heights = [
        stop.mapTo(page, QPoint(0, 0)).y() for stop in rows[1:]
    ]  # below the search, which does not scroll
    assert len(rows) > 30
    assert all(later > earlier - 12 for earlier, later in pairwise(heights))
    seen = []
    for stop in stops[10:]:
        dock = stop
        while not isinstance(dock, (QDockWidget, QToolBar)) and dock.parentWidget() is not None:
            dock = dock.parentWidget()
        if isinstance(dock, QDockWidget) and (not seen or seen[-1] is not dock):
            seen.append(dock)
    places = [(dock.x() // 40, dock.y()) for dock in seen]
    assert places == sorted(places)
    assert len(seen) == len(set(seen)) >= 4
    qtbot.keyClick(stops[0], Qt.Key.Key_Backtab)
    assert QApplication.focusWidget() is stops[-1]


@pytest.mark.parametrize("name", ["light", "dark"])
def test_focus_is_seen_wherever_tab_goes(window, qtbot, pressed, name) -> None:
    window.set_theme(name)
    page = window.lab
    kinds: dict[type, QWidget] = {}
    page.setFocus()
    for _ in range(80):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        stop = QApplication.focusWidget()
        if type(stop) not in kinds:
            kinds[type(stop)] = stop
    assert len(kinds) >= 6
    unseen = []
    for kind, widget in kinds.items():
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        with_focus = widget.grab().toImage()
        page.setFocus()
        if widget.grab().toImage() == with_focus:
            unseen.append(kind.__name__)
    window.set_theme("light")
    assert theme.current().name == "light"
    assert unseen == []


@pytest.mark.parametrize(
    ("typed", "value"),
    [("0,2", 0.2), (",5", 0.5), ("1,5e-3", 0.0015), ("0.2", 0.2), ("-3", -3.0), ("1000", 1000.0)],
)
def test_a_comma_is_a_decimal_sign(typed, value) -> None:
    assert number(typed) == value


@pytest.mark.parametrize("typed", ["1,000", "1.000,5", "0,2,3", "", "nan", "1 5", "a"])
def test_what_is_no_number_or_may_be_two_is_refused_in_one_line(typed) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        number(typed)


def test_a_whole_number_takes_no_comma() -> None:
    assert number("64", whole=True) == 64
    for typed in ("6,4", "6.4", "1,000"):
        with pytest.raises(ValueError, match="whole number"):
            number(typed, whole=True)


def test_a_comma_typed_in_a_box_is_never_lost(window, qtbot, pressed) -> None:
    said: list[str] = []
    window.bench.message.connect(lambda level, text, detail: said.append(text))
    rows = window.lab.controls.rows
    for name, typed, value in (
        ("temperature", "0,2", 0.2),
        ("batch_size", "0,2", None),
        ("temperature", "x", None),
    ):
        before = getattr(window.bench.config, name)
        box = rows[name].number
        box.setFocus()
        box.selectAll()
        qtbot.keyClicks(box, typed)
        assert box.text() == typed
        qtbot.keyClick(box, Qt.Key.Key_Return)
        assert getattr(window.bench.config, name) == (before if value is None else value)
    assert [line.split(":")[0] for line in said] == ["Batch size", "Temperature"]
    window.bench.set_seed(7)
    seed, before = window.lab.toolbar.seed_box, 7
    seed.setFocus()
    seed.selectAll()
    qtbot.keyClicks(seed, "0,2")
    qtbot.keyClick(seed, Qt.Key.Key_Return)
    assert (seed.value(), window.bench.seed) == (before, before)


@pytest.mark.parametrize(
    ("typed", "value"), [("0,2", 7), ("12", 12), ("abc", 7), ("1e3", 7), ("999999", 7), ("", 7)]
)
def test_a_box_for_whole_numbers_takes_what_is_typed_as_a_whole_or_not_at_all(qtbot, typed, value) -> None:
    box = WholeNumberBox()
    qtbot.addWidget(box)
    box.setRange(0, 99999)
    box.setValue(7)
    box.show()
    box.selectAll()
    qtbot.keyClick(box, Qt.Key.Key_Backspace)
    qtbot.keyClicks(box, typed)
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert (box.value(), box.text()) == (value, str(value))
