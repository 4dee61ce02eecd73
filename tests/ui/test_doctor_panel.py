"""The doctor's panel: all that it says can be read, however small it is."""

import pytest
from PySide6.QtWidgets import QLabel

from ssllab.doctor.verdict import Verdict
from ssllab.training.run_store import Workspace
from ssllab.ui.bench import Bench
from ssllab.ui.panels.doctor import DoctorPanel
from ssllab.ui.scene import Scene
from ssllab.ui.work import LongWork

LONG = " ".join(["The standard deviation of a dimension is a tenth of what it was."] * 4)
SICK = Verdict("complete collapse", LONG, (LONG, LONG), LONG, {"remedy": "vicreg"}, 100)


@pytest.fixture
def panel(qtbot, tmp_path):
    bench = Bench(Workspace(tmp_path), "energy", LongWork())
    made = DoctorPanel(bench)
    made.resize(400, 170)
    qtbot.addWidget(made)
    made.show()
    yield made
    bench.close()


def test_no_text_is_cut_and_the_remedy_is_at_hand(qtbot, panel):
    for verdict in (Verdict("healthy", "It learns", ("a number",)), SICK):
        panel.draw(Scene("running", verdict=verdict))
    body = panel.area.widget()

    def whole():
        seen = [label for label in body.findChildren(QLabel) if not label.isHidden()]
        tall = all(label.height() >= label.heightForWidth(label.width()) for label in seen)
        return len(seen) == 5 and tall and body.height() > panel.area.viewport().height()

    qtbot.waitUntil(whole, timeout=3_000)
    assert body.width() <= panel.area.viewport().width()
    assert panel.area.verticalScrollBar().maximum() > 0
    button = panel.apply_button
    assert panel.rect().contains(button.geometry())
    assert button.height() >= button.sizeHint().height()
