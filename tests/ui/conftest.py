"""Scenes of real short runs: what panels are drawn from in tests is what methods really produce."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest

from tests.ui.real_looks import real_looks  # noqa: F401


def scene_of(data, method: str, **config):
    """Three steps of ``method`` on ``data``, as a panel is given them."""
    from ssllab.training.run_record import RunSettings
    from ssllab.training.session import Session
    from ssllab.ui.scene import Scene

    session = Session(RunSettings(method=method, config=config, data=data.name, steps=3), data)
    session.watched = True
    session.start()
    assert session.wait(120)
    assert session.failure is None, session.failure
    return Scene(
        "finished",
        config=session.config,
        metrics=session.metrics,
        probes=session.probes,
        events=session.events,
        look=session.look,
        verdict=session.verdict,
        constants=session.constants,
        class_names=data.class_names,
    )


SMALL = {"batch_seconds": 4.0, "crop_seconds": 1.5}


@pytest.fixture(scope="session")
def scenes(rich_images, rich_speech, tiny_speech_model):
    """The scene of a real run of each method, by its name."""
    small = {"batch_size": 16, "dimension": 8, "head_width": 16}
    return {
        "simclr": scene_of(rich_images, "simclr", **small),
        "wav2vec2": scene_of(rich_speech, "wav2vec2", codebook_size=16, distractors=10, **SMALL),
        "hubert": scene_of(rich_speech, "hubert", units=12, **SMALL),
        "ctc": scene_of(rich_speech, "ctc", pretrained=str(tiny_speech_model), batch_seconds=4.0),
    }


@pytest.fixture(autouse=True)
def same_font(qapp):
    """A test that tries large text leaves the size as it found it: the room that panels have depends on it."""
    from ssllab.ui import theme

    before = qapp.font().pointSizeF()
    yield
    if qapp.font().pointSizeF() != before:
        theme.apply("light", before)
