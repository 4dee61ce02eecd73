"""What methods declare is what they produce: a real run of two steps of each, under the conditions that are named."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest

from ssllab.controls import Value
from ssllab.data.images.types import ImageSplit
from ssllab.data.speech.types import SpeechSplit
from ssllab.data.text.types import TextData
from ssllab.data.video.bouncing import bouncing
from ssllab.data.video.types import Clips, VideoData
from ssllab.methods.base import Method
from ssllab.methods.registry import methods
from ssllab.scalars import Series, form_of
from ssllab.training.run_record import RunSettings
from ssllab.training.session import Session

ENGINE = {"gradient_norm", "learning_rate", "items_per_second"}
SMALL: dict[str, dict[str, Value]] = {
    "images": {"batch_size": 8, "dimension": 8, "head_width": 16},
    "speech": {
        "batch_seconds": 4.0,
        "crop_seconds": 1.5,
        "codebook_size": 16,
        "distractors": 10,
        "units": 12,
    },
    "text": {"batch_size": 4, "context": 16, "layers": 1, "width": 16, "heads": 2},
    "video": {"batch_size": 8, "dimension": 8, "width": 4, "predictor_width": 16},
}
RICH: dict[str, dict[str, Value]] = {
    "video": {"background": "fixed", "wall": True, "shapes": 4},
}  # settings under which everything can be measured
# What a condition of :attr:`ssllab.scalars.Series.when` asks of the data.
DATA_CONDITIONS = (
    "labels",
    "factors",
    "phones",
    "words",
    "speakers",
    "transcripts",
    "truth",
    "weights",
    "positions",
)


@dataclass(frozen=True)
class Filmed:
    """Clips of which nothing is known but the frames."""

    source: Any
    longest = 8

    def clips(self, *how) -> Clips:
        return Clips(self.source.clips(*how).frames)


def bare(data: Any) -> Any:
    """The same data when nobody knows anything about it, but for the texts that a recogniser learns from."""

    if isinstance(data, VideoData):
        return replace(data, train=Filmed(data.train), test=Filmed(data.test))
    if isinstance(data, TextData):
        return replace(data, language="prose")

    def unknown(split: ImageSplit | SpeechSplit) -> ImageSplit | SpeechSplit:
        if isinstance(split, ImageSplit):
            return replace(split, labels=None, factors=())
        nobody = (None,) * len(split.names)
        return replace(split, phones=((),) * len(nobody), labels=None, speakers=nobody)

    return replace(data, train=unknown(data.train), test=unknown(data.test), class_names=())


@dataclass(frozen=True)
class Produced:
    """What a run of two steps gave: names by when they are measured, and its last look."""

    step: frozenset[str]
    probe: frozenset[str]
    once: frozenset[str]
    look: object


def produced(method: type[Method], data: Any, **config: Value) -> Produced:
    """Train two steps of ``method`` with small settings and these."""
    fields = method.Config.model_fields
    small = {key: value for key, value in SMALL[method.kinds[0]].items() if key in fields}
    settings = RunSettings(method=method.name, config={**small, **config}, data="made", steps=2)
    session = Session(settings, data)
    session.watched = True
    session.start()
    assert session.wait(120)
    assert session.failure is None, session.failure
    return Produced(
        frozenset(session.metrics.names),
        frozenset(session.probes.names),
        frozenset(session.constants),
        session.look,
    )


@pytest.fixture(scope="module")
def rich_run(rich_images, rich_speech, everyday_text, tiny_speech_model):
    """A run of a method under every condition, made once."""

    @cache
    def run(name: str) -> Produced:
        method = methods()[name]
        kind = method.kinds[0]
        data = {"images": rich_images, "speech": rich_speech, "text": everyday_text, "video": bouncing(16)}[
            kind
        ]
        return produced(method, data, **RICH.get(kind, {}), **pretrained(method, tiny_speech_model))

    return run


def pretrained(method: type[Method], model) -> dict[str, Value]:
    """What a method goes on from, where it must."""
    return {"pretrained": str(model)} if "pretrained" in method.Config.model_fields else {}


def declared(method: type[Method], measured: str, **config: Value) -> dict[str, Series]:
    """What is measured so, where no other value of a control is asked for than those in force."""
    fields = method.Config.model_fields
    values = {key: field.default for key, field in fields.items()} | config

    def met(condition: str) -> bool:
        control, _, wanted = condition.partition("=")
        return not wanted or control not in fields or str(values[control]) in wanted.split(",")

    return {
        name: series
        for name, series in method.series.items()
        if series.measured == measured and all(map(met, series.when.split(" and ")))
    }


@pytest.mark.parametrize("name", methods())
@pytest.mark.parametrize("measured", ["step", "probe", "once"])
def test_what_is_produced_is_declared_and_the_other_way_round(rich_run, name, measured):
    wanted = declared(methods()[name], measured, **RICH.get(methods()[name].kinds[0], {}))
    if name == "ngram":  # it counts
        wanted = {scalar: series for scalar, series in wanted.items() if series.when != "weights"}
    found = getattr(rich_run(name), measured)
    forms = {scalar: form_of(wanted, scalar) for scalar in found}
    assert [scalar for scalar, form in forms.items() if form is None] == [], "not declared"
    assert set(wanted) - set(forms.values()) == set(), "never produced"


@pytest.mark.parametrize("name", methods())
def test_only_what_names_a_condition_depends_on_what_is_known_of_the_data(
    rich_images, tone_data, everyday_text, tiny_speech_model, name
):
    method = methods()[name]
    data = {"images": rich_images, "speech": tone_data, "text": everyday_text, "video": bouncing(16)}[
        method.kinds[0]
    ]
    found = produced(method, bare(data), **pretrained(method, tiny_speech_model))
    for measured in ("step", "probe", "once"):
        wanted = declared(method, measured)
        forms = {form_of(wanted, scalar) for scalar in getattr(found, measured)}
        known = {"transcripts"} if method.kinds[0] == "speech" else set()
        known |= set() if name == "ngram" else {"weights"}
        for form, series in wanted.items():
            conditions = set(series.when.split(" and ")) if series.when else set()
            conditions -= {one for one in conditions if "=" in one}  # met, or it were not wanted
            assert (form in forms) == (conditions <= known), form


@pytest.mark.parametrize("name", methods())
def test_declarations_are_whole(name):
    method = methods()[name]
    assert set(method.series) > ENGINE
    charts = {chart.name: chart for chart in method.charts}
    for scalar, series in method.series.items():
        assert series.title, scalar
        assert set(series.charts) <= set(charts), scalar
        for condition in series.when.split(" and ") if series.when else ():
            assert condition in DATA_CONDITIONS or condition.partition("=")[0] in method.Config.model_fields
    for chart in charts:
        curves = [s for s in method.series.values() if chart in s.charts and s.line == "curve"]
        units = {series.shown_unit for series in method.series.values() if chart in series.charts}
        assert len(units) <= 1, chart
        assert len({series.measured for series in curves}) <= 1, chart


def test_errors_are_better_when_they_are_fewer():
    assert methods()["ctc"].series["wer"].better == methods()["ctc"].series["cer"].better == "lower"
