"""Reference runs: for the shipped data with the settings they were made with, and nowhere else without a word."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest

from ssllab.data.catalogue import allowed, kind_of, load, source, sources
from ssllab.labs import labs
from ssllab.methods.registry import method_class
from ssllab.training.metrics import MetricsLog
from ssllab.ui.plots.time_plot import Curve, TimePlot
from ssllab.ui.reference import bands
from ssllab.ui.scene import Scene


def defaults(method: str, **changes):
    return method_class(method).Config.make(changes)


SHIPPED = [
    (lab.method, info.name)
    for lab in labs().values()
    for info in sources(lab.kind)
    if info.offline and info.name not in ("takes", "sound_units")  # a person's own
]


@pytest.mark.parametrize(("method", "data"), SHIPPED)
def test_what_a_lab_opens_with_has_a_healthy_reference_on_every_shipped_data_set(method, data):
    config = defaults(method)
    config = config.changed(config.unfit(allowed(data)))
    found, missing = bands(method, data, config, kind_of(data).options_of(source(data)))
    assert missing is None
    assert "healthy" in {band.name for band in found}
    healthy = next(band for band in found if band.healthy)
    steps, low, high = healthy.curves["contrastive_loss" if method == "wav2vec2" else "loss"]
    assert len(steps) >= 10
    assert (low <= high).all()
    probe = {"wav2vec2": "phone_top1", "causal_lm": "held_out_loss", "jepa": "position_r2"}.get(
        method, "linear_top1"
    )
    assert len(healthy.curves[probe][0]) >= 3


def test_a_changed_setting_hides_the_reference_and_says_which():
    found, missing = bands("simclr", "shapes", defaults("simclr", temperature=0.5))
    assert not found
    assert missing.short == "no reference runs with this temperature"
    assert "Temperature: 0.5 here, 0.1 there" in missing.about
    two = bands("simclr", "shapes", defaults("simclr", temperature=0.5, learning_rate=0.1))[1]
    assert two.short.startswith("no reference runs: ")
    assert two.short.endswith(" changed")


def test_the_settings_of_a_sick_reference_show_it_beside_the_healthy_one():
    sick = defaults("simclr", jitter=False, grayscale=False)
    assert {band.name for band in bands("simclr", "shapes", sick)[0]} >= {"healthy", "colour is the shortcut"}
    half = bands("simclr", "shapes", defaults("simclr", jitter=False))[1]
    assert half is not None


def test_other_data_and_other_options_of_the_data_have_no_reference():
    assert bands("simclr", "cifar10", defaults("simclr"))[1].short == "no reference runs for this data"
    found, missing = bands("simclr", "shapes", defaults("simclr"), {"image_size": 64})
    assert not found
    assert "options" in missing.short
    assert bands("simclr", "shapes", defaults("simclr"), {"image_size": 32})[1] is None
    assert bands("mine", "shapes", defaults("simclr")) == ((), None)


def test_a_plot_says_in_its_legend_that_the_reference_is_hidden(qtbot):
    plot = TimePlot([Curve("loss", "loss", "0")], y_label="loss", hint="Press Start")
    qtbot.addWidget(plot)
    log = MetricsLog()
    log.extend(np.arange(50), {"loss": np.ones(50)})
    for temperature, names in (
        (0.1, "healthy"),
        (0.5, "no reference runs with this temperature"),
        (0.1, "healthy"),
    ):
        found, missing = bands("simclr", "shapes", defaults("simclr", temperature=temperature))
        plot.draw(Scene("running", metrics=log, bands=found, no_bands=missing))
        entries = {entry.name: entry for entry in plot.legend.entries()}
        assert names in entries
        assert ("healthy" in entries) == (missing is None)
    other = TimePlot([Curve("mine", "mine", "0")], y_label="mine", hint="Press Start")
    qtbot.addWidget(other)
    other.draw(Scene("running", metrics=log, no_bands=bands("simclr", "cifar10", defaults("simclr"))[1]))
    assert [entry.name for entry in other.legend.entries()] == ["mine"]  # it would have none anyway


@pytest.mark.parametrize("data", ["everyday", "python_docs", "dna"])
def test_text_as_it_is_loaded_has_its_reference(data):
    config = defaults("causal_lm")
    config = config.changed(config.unfit(allowed(data)))
    assert bands("causal_lm", data, config, load(data, kinds=("text",)).options)[1] is None
    few = bands("causal_lm", data, config, load(data, kinds=("text",), options={"holdout": 30}).options)
    assert few[1] is not None
    assert "options" in few[1].short


def test_each_unit_of_a_text_has_its_own_reference():
    last = {}
    for data, unit in (("everyday", "word"), ("everyday", "char"), ("dna", "char"), ("dna", "kmer")):
        (band,), missing = bands("causal_lm", data, defaults("causal_lm", unit=unit))
        assert missing is None
        last[data, unit] = band.curves["loss"][2][-1]
    assert (
        last["dna", "char"] < 1.45 < last["everyday", "char"] < last["everyday", "word"] < last["dna", "kmer"]
    )
