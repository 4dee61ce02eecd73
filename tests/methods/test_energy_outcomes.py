"""What an honest implementation shows on Bouncing, in runs of the real size: seed 0 here, all seeds in
``tests/benchmarks/energy.py``."""

from functools import cache
from statistics import median

import pytest
import torch

from ssllab.data.catalogue import load
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
STEPS = 400  # as measured beforehand


@cache
def trained(remedy, background="off", strength=1.0, seed=0, steps=STEPS):
    """The probes after so many steps with the defaults, and how far apart energies of a landscape are."""
    method = "pixel_predictor" if remedy == "pixels" else "jepa"
    config = {"background": background, "background_strength": strength}
    config |= {} if remedy == "pixels" else {"remedy": remedy}
    data = load("bouncing", kinds=("video",))
    trainer = Trainer(RunSettings(method=method, config=config, data="bouncing", seed=seed), data)
    for _ in range(steps):
        trainer.train_step()
    energies = trainer.look().parts[0].energies
    return trainer.probe().scalars | {"range": float(energies.max() - energies.min())}


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """So small a model gains little from two, and a busy machine makes two wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_without_a_remedy_everything_becomes_one_vector():
    """Measured beforehand: std .008; the valley 10 to 12 pixels off, its range 2e-4. R² says little here: latents are
    standardised before they are read, and what little is left may still be read (.58)."""
    found = trained("none", steps=250)
    assert found["std"] < 0.05
    assert found["valley_error"] > 6
    assert found["temporal_variance_share"] > 0.5, "what is left is noise"


@pytest.mark.parametrize("remedy", ["ema", "vicreg", "sigreg"])
def test_a_remedy_keeps_the_ball_and_a_valley_at_the_truth(remedy):
    found = trained(remedy)
    assert found["position_r2"] > 0.9
    assert found["valley_error"] < 2
    assert found["range"] > 100 * trained("none", steps=250)["range"]


@pytest.mark.parametrize("remedy", ["ema", "vicreg", "sigreg"])
def test_noise_that_nobody_can_predict_is_left_out(remedy):
    assert trained(remedy, "flicker")["position_r2"] > 0.85


@pytest.mark.parametrize(
    "remedy",
    [
        "ema",
        "vicreg",
        pytest.param(
            "sigreg", marks=pytest.mark.xfail(reason="measured .966 against .978 of the pixels", strict=False)
        ),
    ],
)
def test_who_must_tell_every_pixel_of_noise_knows_the_ball_no_better(remedy):
    assert trained("pixels", "flicker")["position_r2"] <= trained(remedy, "flicker")["position_r2"]


FORGETS = [
    "none",
    "stop_gradient",
    "ema",
    "contrastive",
    "vicreg",
    pytest.param(
        "sigreg",
        marks=pytest.mark.xfail(
            reason="expected -.01; measured .66 on seed 0",
            strict=False,
        ),
    ),
]


@pytest.mark.parametrize("remedy", FORGETS)
def test_a_background_that_stands_still_is_learnt_in_place_of_the_ball(remedy):
    found = trained(remedy, "fixed")
    assert found["position_r2"] < 0.1
    assert found["background_accuracy"] > 0.9


def test_and_its_spread_and_rank_look_healthy():
    found = trained("vicreg", "fixed")
    assert found["std"] > 0.5
    assert found["effective_rank"] > 10
    assert found["temporal_variance_share"] < 0.1


def test_who_must_tell_every_pixel_still_knows_the_ball():
    pixels = [trained("pixels", "fixed", seed=seed)["position_r2"] for seed in range(3)]
    assert median(pixels) >= trained("vicreg", "fixed")["position_r2"] + 0.3, pixels


def test_vicreg_tips_between_a_quarter_and_the_whole_strength():
    assert trained("vicreg", "fixed", 0.25)["position_r2"] > 0.9
    assert trained("vicreg", "fixed", 1.0)["position_r2"] < 0.1


def test_a_valley_before_a_collapsed_model_is_anywhere():
    assert trained("none", steps=250)["valley_error"] > 3 * trained("vicreg")["valley_error"]
