"""A window.ini that was edited, cut short or is of another time: the window opens, and says what it passed over."""

import shutil
from pathlib import Path

import pytest

from ssllab.labs import labs
from ssllab.ui import theme
from ssllab.ui.app import build_window
from ssllab.ui.window_state import Remembered

CASES = Path(__file__).parents[2].parent / "shared" / "cases" / "images" / "18-window-ini"
GENERAL = ("theme", "font", "geometry", "lab", "tab")
OF_A_LAB = ("arrangement", "views", "method", "data", "device", "seed", "controls")
ODD = (
    "hello",
    "",
    "-1",
    "99999999999999999999",
    "nan",
    "a, b",
    "@ByteArray(\\0\\x1\\xff)",
    "@Variant(\\0\\0\\0\\x7f)",
    "@Invalid()",
    "@Rect(1 2 3 4)",
    '"[1, 2]"',
    '"{\\"temperature\\": [1], \\"map\\": {\\"charts\\": 3, \\"shown\\": 7, \\"tab\\": \\"x\\"}}"',
    '"{\\"batch_size\\": null, \\"loss\\": {\\"charts\\": {\\"Loss\\": {\\"log\\": 1, \\"hidden\\": 2}}}}"',
)


@pytest.fixture
def opened(qtbot):
    """``open(folder)`` shows the window on a workspace: the window and the first line it says."""
    made = []

    def open_window(folder, **wishes):
        window = build_window(folder, **wishes)
        qtbot.addWidget(window)
        made.append(window)
        for bench in window.benches.all.values():
            bench.begin = lambda: None  # no torch: only what stands in the file matters
        window.show()
        window.draw()
        return window, window.messages.text.text()

    yield open_window
    for window in made:
        window.close()
    theme.apply("light")


def write(folder, group, key, value):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "window.ini").write_text(f"[{group}]\n{key}={value}\n")


@pytest.mark.parametrize(
    "name", ["seed-word", "seed-huge", "font-word", "theme-unknown", "geometry-text", "arrangement-text"]
)
def test_each_damage_that_was_seen_opens_with_the_usual_and_a_line(opened, tmp_path, name):
    if not CASES.is_dir():
        pytest.skip("the case files are not here")
    shutil.copytree(CASES / name, tmp_path / "w")
    window, said = opened(tmp_path / "w")
    assert f"{name.partition('-')[0]}" in said
    assert "the usual is taken instead" in said
    assert "\n" not in said
    assert (window.bench.seed, theme.current().name) == (0, "light")


@pytest.mark.parametrize("value", ODD)
def test_no_value_of_any_key_keeps_the_window_shut(opened, tmp_path, value):
    lines = ["[General]", *(f"{key}={value}" for key in GENERAL)]
    for lab in labs():
        lines += [f"[{lab}]", *(f"{key}={value}" for key in OF_A_LAB)]
    (tmp_path / "window.ini").write_text("\n".join(lines) + "\n")
    window, said = opened(tmp_path)
    assert window.isVisible()
    assert value.startswith(("@Invalid", "@Variant")) or "is damaged" in said  # those are no value to Qt
    assert all(
        bench.seed >= 0 and bench.data_name == labs()[name].data for name, bench in window.benches.all.items()
    )
    window.close()
    assert Remembered(tmp_path / "window.ini").value("theme") == "light"


@pytest.mark.parametrize(
    "content", [b"\x00\xff" * 300, b"[contrast\nseed=3\n===\n", b"", b"\xef\xbb\xbf[General]\n"]
)
def test_no_file_keeps_the_window_shut(opened, tmp_path, content):
    (tmp_path / "window.ini").write_bytes(content)
    assert opened(tmp_path)[0].isVisible()


def test_a_folder_in_its_place(opened, tmp_path):
    (tmp_path / "window.ini").mkdir()
    assert opened(tmp_path)[0].isVisible()


def test_data_that_has_gone_is_said_and_the_labs_own_is_taken(opened, tmp_path):
    write(tmp_path, "contrast", "data", str(tmp_path / "gone"))
    window, said = opened(tmp_path)
    usual = labs()["contrast"].data
    assert window.bench.data_name == usual
    assert (
        said
        == f"{window.bench.lab.title}: the data of the last time, {tmp_path / 'gone'}, is gone; {usual} is taken instead."
    )


def test_nothing_is_said_of_a_file_that_is_whole(opened, tmp_path):
    window, said = opened(tmp_path)
    assert said == ""
    window.close()
    assert opened(tmp_path)[1] == ""
