"""The window follows the kind of the data that a lab has now."""

from dataclasses import replace

from ssllab.labs import labs
from ssllab.methods.registry import methods
from ssllab.ui.app import build_window


def test_a_method_of_another_kind_brings_its_data_and_words(qtbot, tmp_path):
    (tmp_path / "window.ini").write_text("[contrast]\ndata=digits\n")
    window = build_window(tmp_path, device="cpu")
    qtbot.addWidget(window)
    window.show()
    bench = window.bench
    qtbot.waitUntil(lambda: bench.state == "ready", timeout=60_000)
    box = window.lab.toolbar.data_box
    assert box.findData("shapes") >= 0
    assert box.findData("spoken") < 0
    assert "images" in window.open_action.text()
    assert "images of 32x32" in window.data_label.text()
    bench.methods["wav2vec2"] = methods()["wav2vec2"]  # as a lab of several kinds lists them
    bench.set_method("wav2vec2")
    assert bench.method_name == "simclr"  # until its data is there
    qtbot.waitUntil(lambda: bench.method_name == "wav2vec2", timeout=60_000)
    assert (bench.data_name, bench.data.kind) == ("spoken", "speech")
    assert box.findData("shapes") < 0
    assert box.currentData() == "spoken"
    assert "recordings" in window.open_action.text()
    assert "of speech to learn from" in window.data_label.text()
    window.close()


def test_data_that_the_first_method_cannot_learn_from_chooses_another(qtbot, tmp_path, monkeypatch):
    lab = labs()["contrast"]
    monkeypatch.setitem(labs(), "contrast", replace(lab, methods=("simclr", "wav2vec2"), data="digits"))
    window = build_window(tmp_path, lab="contrast", data="spoken", device="cpu")
    qtbot.addWidget(window)
    window.show()
    bench = window.bench
    qtbot.waitUntil(lambda: bench.state == "ready", timeout=60_000)
    assert (bench.method_name, bench.data.kind) == ("wav2vec2", "speech")
    window.close()
