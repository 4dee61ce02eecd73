"""A ``window.ini`` of an earlier ssllab (``tests/stored``) brings the window back as it was left."""

import shutil
from pathlib import Path

from ssllab.ui import theme
from ssllab.ui.app import build_window

STORED = Path(__file__).parents[1] / "stored"


def test_the_window_comes_back_as_it_was_left(tmp_path, qtbot) -> None:
    shutil.copy(STORED / "window.ini", tmp_path / "window.ini")
    window = build_window(tmp_path)
    qtbot.addWidget(window)
    window.show()
    assert theme.current().name == "dark"
    assert window.tab == "speech"
    speech = window.bench
    qtbot.waitUntil(lambda: speech.state == "ready", timeout=60_000)
    assert (speech.config.groups, speech.config.mask_probability) == (4, 0.4)
    assert window.lab.docks["joint"].isHidden()
    assert not window.lab.docks["usage"].isHidden()

    window.show_tab("contrast")
    contrast = window.bench
    qtbot.waitUntil(lambda: contrast.state == "ready", timeout=60_000)
    assert (contrast.method_name, contrast.data_name, contrast.seed) == ("moco", "digits", 7)
    assert (contrast.config.temperature, contrast.config.queue_size) == (0.25, 512)
    assert window.lab.docks["ablation"].isHidden()
    loss = next(panel for panel in window.lab.panels if panel.id == "loss")
    view = loss.view_state()["charts"]["Loss"]
    assert (view["smoothing"], view["log"][0]) == (100, True)
    window.close()
    theme.apply("light")
