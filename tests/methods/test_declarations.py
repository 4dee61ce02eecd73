"""What methods declare is what they produce: a real run of two steps of each, under the conditions that are named."""

from dataclasses import dataclass, replace
from functools import cache

import pytest

from ssllab.controls import Value
from ssllab.data.images.types import ImageData, ImageSplit
from ssllab.data.speech.types import SpeechData, SpeechSplit
from ssllab.data.text.types import TextData
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
}
# What a condition of :attr:`ssllab.scalars.Series.when` asks of the data.
DATA_CONDITIONS = ("labels", "factors", "phones", "words", "speakers", "transcripts", "truth", "weights")


def bare(data: ImageData | SpeechData | TextData) -> ImageData | SpeechData | TextData:
    """The same data when nobody knows anything about it, but for the texts that a recogniser learns from."""

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


def produced(method: type[Method], data: ImageData | SpeechData | TextData, **config: Value) -> Produced:
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
        data = {"images": rich_images, "speech": rich_speech, "text": everyday_text}[method.kinds[0]]
        return produced(method, data, **pretrained(method, tiny_speech_model))

    return run


def pretrained(method: type[Method], model) -> dict[str, Value]:
    """What a method goes on from, where it must."""
    return {"pretrained": str(model)} if "pretrained" in method.Config.model_fields else {}


def declared(method: type[Method], measured: str) -> dict[str, Series]:
    return {name: series for name, series in method.series.items() if series.measured == measured}


@pytest.mark.parametrize("name", methods())
@pytest.mark.parametrize("measured", ["step", "probe", "once"])
def test_what_is_produced_is_declared_and_the_other_way_round(rich_run, name, measured):
    wanted = declared(methods()[name], measured)
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
    data = {"images": rich_images, "speech": tone_data, "text": everyday_text}[method.kinds[0]]
    found = produced(method, bare(data), **pretrained(method, tiny_speech_model))
    for measured in ("step", "probe", "once"):
        wanted = declared(method, measured)
        forms = {form_of(wanted, scalar) for scalar in getattr(found, measured)}
        known = {"transcripts"} if method.kinds[0] == "speech" else set()
        known |= set() if name == "ngram" else {"weights"}
        for form, series in wanted.items():
            conditions = set(series.when.split(" and ")) if series.when else set()
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
