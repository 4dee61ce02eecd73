"""Any picture is copied and saved as image, table and film, by its ⋮ and the right mouse button, in the background."""

from functools import partial

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QColor, QGuiApplication, QPainter
from PySide6.QtWidgets import QFileDialog, QWidget

from ssllab.training.run_store import Workspace
from ssllab.ui.bench import Bench
from ssllab.ui.flicker import PER_SECOND
from ssllab.ui.labs.contrast.ablation import ABLATION_GRID, NAMES
from ssllab.ui.labs.language.text_amount import TEXT_AMOUNT
from ssllab.ui.labs.speech.label_efficiency import LABEL_EFFICIENCY
from ssllab.ui.panels.sweep import SweepPanel
from ssllab.ui.plots.actions import PictureActions
from ssllab.ui.plots.export import frame_of
from ssllab.ui.work import LongWork


class Square(QWidget):
    level = 0

    def show_level(self, level: int) -> None:
        self.level = level
        self.update()

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.level, 0, 0))
        painter.end()


@pytest.fixture
def bench(qapp, tmp_path):
    bench = Bench(Workspace(tmp_path), "contrast", LongWork())
    bench.said = []
    bench.message.connect(lambda level, text, detail: bench.said.append((level, text)))
    return bench


@pytest.fixture
def chosen(monkeypatch, tmp_path):
    """The file that the person names, without an ending; what was proposed."""
    proposed = []

    def ask(parent, title, name, kinds):
        proposed.append(name)
        return str(tmp_path / "mine"), kinds.split(";;")[0]

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    return proposed


def entries(tools: PictureActions) -> dict:
    menu = tools.menu()
    return {action.text(): action for action in menu.actions() if action.text()}


def saved(qtbot, bench, action) -> None:
    action.trigger()
    qtbot.waitUntil(lambda: not bench.long_work.busy and bool(bench.said), timeout=20_000)
    assert bench.said.pop()[0] == "info"


def test_a_picture_with_values_and_a_past_becomes_image_table_and_film(
    qtbot, bench, chosen, tmp_path
) -> None:
    square = Square()
    qtbot.addWidget(square)
    square.resize(80, 60)
    columns = {"name": np.array(["a", "b"]), "level": np.array([1.5, 2.5])}
    frames = lambda: [partial(frame_of, square, partial(square.show_level, k)) for k in (40, 140, 240)]  # noqa: E731
    tools = PictureActions(square, lambda: columns, frames, PER_SECOND)
    tools.serve(bench, lambda: "a-square")
    assert tools.button().text() == "⋮"
    offered = entries(tools)
    assert list(offered) == ["Copy image", "Save image…", "Save data as CSV…", "Save film as GIF…"]
    for words in list(offered)[1:]:
        saved(qtbot, bench, offered[words])
    assert chosen == ["a-square.png", "a-square.csv", "a-square.gif"]
    with Image.open(tmp_path / "mine.png") as image:
        assert image.size == (160, 120)
    assert (tmp_path / "mine.csv").read_text().split() == ["name,level", "a,1.5", "b,2.5"]
    with Image.open(tmp_path / "mine.gif") as image:
        levels = []
        for i in range(image.n_frames):
            image.seek(i)
            levels.append(int(image.convert("RGB").getpixel((5, 5))[0]))
        image.seek(0)
        assert image.info["duration"] >= 1000 / PER_SECOND
    np.testing.assert_allclose(levels, [40, 140, 240], atol=5)
    offered["Copy image"].trigger()
    assert not QGuiApplication.clipboard().pixmap().isNull()


def test_what_is_not_there_is_not_offered(qtbot, bench) -> None:
    square = Square()
    qtbot.addWidget(square)
    offered = entries(PictureActions(square))
    assert "Save film as GIF…" not in offered
    assert not offered["Save data as CSV…"].isEnabled()
    assert not entries(PictureActions(square, frames=lambda: [square.grab]))["Save film as GIF…"].isEnabled()


def test_the_ablation_grid_saves_its_picture_and_its_numbers(qtbot, bench, chosen, tmp_path) -> None:
    panel = SweepPanel(bench, ABLATION_GRID)
    qtbot.addWidget(panel)
    panel.resize(500, 400)
    panel.show()
    panel.picture.show_results({(NAMES[0], NAMES[0]): 0.25, (NAMES[0], NAMES[1]): 0.5})
    offered = entries(panel.tools)
    saved(qtbot, bench, offered["Save image…"])
    assert (tmp_path / "mine.png").read_bytes().startswith(b"\x89PNG")
    saved(qtbot, bench, offered["Save data as CSV…"])
    assert (tmp_path / "mine.csv").read_text().split() == [
        "first,second,accuracy",
        f"{NAMES[0]},{NAMES[0]},0.25",
        f"{NAMES[0]},{NAMES[1]},0.5",
    ]
    assert "ablation" in chosen[0]


@pytest.mark.parametrize("sweep", [TEXT_AMOUNT, LABEL_EFFICIENCY], ids=lambda sweep: sweep.id)
def test_a_chart_of_a_sweep_is_heard_when_it_is_to_be_saved(qtbot, bench, chosen, tmp_path, sweep) -> None:
    panel = SweepPanel(bench, sweep)
    qtbot.addWidget(panel)
    saved(qtbot, bench, entries(panel.tools)["Save image…"])
    panel.tools.table_asked.emit({"amount": np.array([1.0])}, tmp_path / "mine.csv")
    qtbot.waitUntil((tmp_path / "mine.csv").exists, timeout=10_000)
