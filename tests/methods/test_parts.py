"""What a method says it gives it gives, in a real run of two steps; and nothing else."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import pkgutil
from dataclasses import is_dataclass

import numpy as np
import pytest
import torch

import ssllab.ui
from ssllab import looks
from ssllab.data.images.digits import digits
from ssllab.data.images.types import ImageData, ImageSplit
from ssllab.data.video.bouncing import bouncing
from ssllab.methods import clip_views
from ssllab.methods.context_use import context_use
from ssllab.methods.latent_decoder import LatentDecoder, predicted_frames
from ssllab.methods.registry import methods
from ssllab.methods.symbol_stream import first_symbols
from ssllab.training.run_record import RunSettings
from ssllab.training.stored_clips import of_copy as clip_model
from ssllab.training.stored_models import inspector_of
from ssllab.training.stored_predictors import of_copy
from ssllab.training.trainer import Trainer
from ssllab.ui.panel import Panel

SMALL = {
    "simclr": {"batch_size": 16},
    "moco": {"batch_size": 16, "queue_size": 32},
    "wav2vec2": {"batch_seconds": 2.0, "crop_seconds": 1.0, "codebook_size": 8, "distractors": 10},
    "hubert": {"batch_seconds": 2.0, "crop_seconds": 1.0, "units": 8},
    "ctc": {"batch_seconds": 2.0},
    "causal_lm": {"batch_size": 4, "context": 16, "layers": 1, "width": 16},
    "masked_lm": {"batch_size": 4, "context": 16, "layers": 1, "width": 16},
    "lstm_lm": {"batch_size": 4, "context": 16, "width": 16},
    "ngram": {"chunk": 1},
    **{name: {"batch_size": 16} for name in ("byol", "simsiam", "vicreg", "barlow_twins", "sigreg")},
    **{name: {"batch_size": 8, "width": 4} for name in ("jepa", "pixel_predictor", "cpc")},
}


PAIRS = {"simclr", "moco", "byol", "simsiam", "vicreg", "barlow_twins", "sigreg"}


@pytest.fixture(autouse=True)
def one_thread():
    """Such small tensors gain nothing from two."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def given(method, data, **config) -> set[type]:
    """The parts that two steps and a probe give, those included that are given when asked for."""
    trainer = Trainer(RunSettings(method=method, config=SMALL[method] | config, data=data.name), data)
    for _ in range(2):
        trainer.train_step()
    trainer.probe()
    parts = [type(part) for part in trainer.look().parts]
    assert len(parts) == len(set(parts)), "a look has one part of each kind"
    if data.kind == "speech":
        model, sound = inspector_of(trainer.copy_model()), data.test.samples(0)
        parts.append(type(model.inspect_audio(sound)))
        if hasattr(model, "transcribe"):
            parts.append(type(model.transcribe(sound)))
    if data.kind == "text":
        model, ids = of_copy(trainer.copy_model()), np.arange(5, dtype=np.int32)
        held_out = first_symbols(data.test, model.units)
        asked = (
            model.by_layer(ids, 5),
            model.attention(ids),
            model.vectors(),
            context_use(model, held_out, places=2),
        )
        parts += [type(part) for part in asked if part is not None]
    if data.kind == "video":
        parts += asked_of_clips(trainer, data)
    return set(parts)


def asked_of_clips(trainer: Trainer, data) -> list[type]:
    """The parts that are given of a copy of a model that learns from clips."""
    model = clip_model(trainer.copy_model(), data)
    scene = model.scene(data)
    decoder = LatentDecoder(model, data) if model.expects != "frames" else None
    asked = [
        lambda: clip_views.energy_over_time(model, data, "cut", 0),
        lambda: clip_views.adjacent_energies(model, data, 0),
        lambda: clip_views.horizon(model, data),
        lambda: clip_views.prediction_cost(model, data, True, 0.1),
        lambda: predicted_frames(model, data, 0, decoder),
        lambda: model.over_shapes(scene, data.shape_names),
        lambda: model.at_hand(scene, (8.0, 8.0)),
    ]
    parts = []
    for ask in asked:
        with contextlib.suppress(ValueError):  # of what was filmed
            parts.append(type(ask()))
    return parts


@pytest.fixture
def data_of(tone_data, tone_data_with_phones, everyday_text):
    """Small data for a method: with or without what conditions ask for."""
    whole = digits(size=16)
    train, test = (
        ImageSplit(split.images[:n], split.labels[:n]) for split, n in ((whole.train, 60), (whole.test, 20))
    )
    images = ImageData("digits", "Digits", train, test, class_names=whole.class_names)

    def choose(method, with_phones):
        if methods()[method].kinds == ("images",):
            return images
        if methods()[method].kinds == ("text",):
            return everyday_text
        if methods()[method].kinds == ("video",):
            return bouncing(16)
        return tone_data_with_phones if with_phones else tone_data

    return choose


@pytest.mark.parametrize("name", methods())
def test_every_part_is_given_under_its_condition_and_no_other(name, data_of, tiny_speech_model):
    declared = methods()[name].parts
    extra = {"pretrained": str(tiny_speech_model)} if name == "ctc" else {}
    assert given(name, data_of(name, True), **extra) == set(declared)
    without_phones = {part for part, when in declared.items() if when != "phones"}
    if without_phones != set(declared):
        assert given(name, data_of(name, False), **extra) == without_phones
    for control, values in {when.partition("=")[::2] for when in declared.values() if "=" in when}:
        bounds = methods()[name].Config.controls()[control].control
        others = {str(value) for value in range(int(bounds.low), int(bounds.high) + 1)} - set(
            values.split(",")
        )
        bare = {part for part, when in declared.items() if not when.startswith(f"{control}=")}
        for other in others:
            assert given(name, data_of(name, True), **extra, **{control: int(other)}) == bare


def panels() -> list[type[Panel]]:
    """Every panel that there is."""
    found = []
    for module in pkgutil.walk_packages(ssllab.ui.__path__, "ssllab.ui."):
        members = vars(importlib.import_module(module.name)).values()
        classes = [kind for kind in members if inspect.isclass(kind) and kind.__module__ == module.name]
        found += [kind for kind in classes if issubclass(kind, Panel)]
    return found


def test_every_part_that_a_panel_draws_is_a_part_that_some_method_gives():
    known = {kind for kind in vars(looks).values() if is_dataclass(kind)} - {looks.Look}
    declared = {part for method in methods().values() for part in method.parts}
    assert declared == known
    drawn = {part for panel in panels() for part in panel.parts}
    assert drawn <= known
    # The map draws forces where there are any; the landscape asks for the other two, and its films do without.
    assert known - drawn == {looks.PairForces, looks.ShapeEnergies, looks.EnergyAtHand}


def test_panels_that_draw_what_others_have_not_are_offered_with_their_own_methods_alone():
    wanted = {
        "microscope": {"simclr", "moco"},
        "map": PAIRS | {"jepa", "pixel_predictor", "cpc"},
        "augmentations": PAIRS,
        "usage": {"wav2vec2", "hubert"},
        "joint": {"wav2vec2"},
        "transcription": {"wav2vec2", "hubert", "ctc"},  # a recogniser ships
        "lanes": {"wav2vec2", "hubert", "ctc"},
    }
    by_id = {panel.id: panel for panel in panels() if hasattr(panel, "id")}
    for name, expected in wanted.items():
        assert {
            key for key, method in methods().items() if by_id[name].suits(by_id[name], method)
        } == expected, name


def test_a_look_has_the_parts_it_was_made_of():
    usage = looks.JointUsage(None)
    look = looks.Look(3, (usage,))
    assert look.part(looks.JointUsage) is usage
    assert look.part(looks.Embedding) is None
