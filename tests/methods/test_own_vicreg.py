"""A method in one file of sixty lines: VICReg on the pairs' base, as a person would write it."""

from __future__ import annotations

import math

import pytest
import torch

from ssllab.data.images.digits import digits
from ssllab.data.images.types import ImageData, ImageSplit
from ssllab.labs import labs, methods_of
from ssllab.looks import Embedding, Spectrum
from ssllab.methods.registry import methods
from ssllab.training.run_record import RunSettings
from ssllab.training.run_store import Workspace
from ssllab.training.session import Session
from ssllab.ui.bench import Bench
from ssllab.ui.labs.contrast.page import page as contrast_lab
from ssllab.ui.work import LongWork

VICREG = '''"""VICReg: variance, invariance, covariance (Bardes, Ponce, LeCun, ICLR 2022); terms as in main_vicreg.py."""

from typing import Annotated

import torch
from torch.nn import functional as F

from ssllab.controls import Control
from ssllab.methods.base import StepResult
from ssllab.methods.pair_settings import PairSettings
from ssllab.methods.pairs import PairMethod
from ssllab.scalars import Series


def weight(help: str) -> Control:
    return Control(help, low=0.0, high=100.0, live=True, group="Loss", paper="VICReg, table 7")


class VICRegSettings(PairSettings):
    """The three weights."""

    invariance_weight: Annotated[float, weight("Pulls the two views of an image together.")] = 25.0
    variance_weight: Annotated[float, weight("Keeps every dimension's standard deviation at 1.")] = 25.0
    covariance_weight: Annotated[float, weight("Makes dimensions say different things.")] = 1.0


def variance(z: torch.Tensor) -> torch.Tensor:
    """Mean hinge on the standard deviation of each dimension, z: (B, D)."""
    return F.relu(1 - (z.var(0) + 1e-4).sqrt()).mean()


def covariance(z: torch.Tensor) -> torch.Tensor:
    """Sum of the squared covariances of different dimensions, over D."""
    square = torch.cov(z.T).square()
    return (square.sum() - square.diagonal().sum()) / z.shape[1]


class VICReg(PairMethod):
    """Equation 6."""

    name = "own_vicreg"
    title = "VICReg"
    paper = "Bardes, Ponce, LeCun: VICReg, ICLR 2022"
    Config = VICRegSettings
    series = {
        "loss": Series("Loss", "The weighted sum of the three terms.", better="lower", chart="Loss"),
        "invariance": Series("Invariance", "Mean squared distance of two views.", better="lower", chart="Terms"),
        "variance": Series("Variance", "How far standard deviations fall short of 1.", better="lower", chart="Terms"),
        "covariance": Series("Covariance", "What dimensions have in common.", better="lower", chart="Terms"),
    }

    def step(self, images, generator):
        first, second = self.views(images, generator)
        x, y = self.embed(torch.cat([first, second]))[1].float().chunk(2)
        terms = {
            "invariance": F.mse_loss(x, y),
            "variance": (variance(x) + variance(y)) / 2,
            "covariance": covariance(x) + covariance(y),
        }
        loss = sum(getattr(self.config, f"{name}_weight") * term for name, term in terms.items())
        return StepResult(loss, {"loss": loss.detach(), **{k: v.detach() for k, v in terms.items()}})
'''


@pytest.fixture
def vicreg(methods_folder):
    """The class in the person's own file."""
    (methods_folder / "vicreg.py").write_text(VICREG)
    return methods()["own_vicreg"]


@pytest.fixture
def images():
    whole = digits(size=16)
    few = [ImageSplit(s.images[:n], s.labels[:n]) for s, n in ((whole.train, 120), (whole.test, 40))]
    return ImageData("digits", "Digits", *few, class_names=whole.class_names)


def test_the_file_is_short_and_its_fixed_point_is_the_papers(vicreg):
    assert sum(1 for line in VICREG.splitlines() if line.strip()) <= 60
    module = vicreg.step.__globals__
    one_point = torch.ones(8, 4)
    assert 25 * float(module["variance"](one_point)) == pytest.approx(24.75)
    assert float(module["covariance"](one_point)) == 0.0
    x = torch.randn(64, 5, generator=torch.Generator().manual_seed(0))
    off = (torch.cov(x.T) * (1 - torch.eye(5))).square().sum() / 5
    assert float(module["covariance"](x)) == pytest.approx(float(off), rel=1e-5)


def test_its_page_offers_map_spectrum_and_bench_and_neither_microscope_nor_temperature(
    qtbot, tmp_path, vicreg, images
):
    bench = Bench(Workspace(tmp_path / "w"), "contrast", LongWork(), data="digits")
    bench.methods = methods_of(labs()["contrast"], methods())
    bench.data = images
    bench.config = methods()["simclr"].Config.make()
    page = contrast_lab(bench)
    qtbot.addWidget(page)
    page.resize(1200, 800)
    page.show()
    bench.loaded.emit()

    def offered():
        hidden = {name for name, dock in page.docks.items() if dock.isHidden()}
        listed = {action.text() for action in page.actions_to_show()}
        assert {dock.windowTitle() for name, dock in page.docks.items() if name not in hidden} == listed
        return set(page.docks) - hidden

    everything = set(page.docks)
    assert offered() == everything
    before = page.save()
    bench.set_method("own_vicreg")
    assert everything - offered() == {"microscope", "similarity", "forces", "accuracy"}
    charts = dict(page.docks["loss"].panel._charts)
    assert list(charts) == ["Loss", "Terms"]
    assert len({curve.role for curve in charts["Terms"]._curves}) == 3  # told apart by colour
    assert "temperature" not in page.controls.rows
    assert {"invariance_weight", "variance_weight", "covariance_weight", "crop"} <= set(page.controls.rows)
    page.show_panel("microscope")
    assert page.docks["microscope"].isHidden()
    # What is remembered is how the person left it, not what this method has no use for.
    left = page.save()
    assert page.docks["microscope"].isHidden()
    again = contrast_lab(bench)
    qtbot.addWidget(again)
    again.restore(left)
    assert {name for name, dock in again.docks.items() if dock.isHidden()} == {
        "microscope",
        "similarity",
        "forces",
        "accuracy",
    }
    bench.set_method("simclr")
    assert offered() == everything
    assert not any(dock.isHidden() for dock in again.docks.values())
    page.docks["forces"].close()
    bench.set_method("own_vicreg")
    bench.set_method("simclr")
    assert [name for name, dock in page.docks.items() if dock.isHidden()] == ["forces"]
    page.restore(before)
    assert offered() == everything
    bench.close()


def test_it_trains_with_its_own_curves_map_spectrum_and_probes(vicreg, images, qtbot):
    config = {"batch_size": 16, "dimension": 8, "variance_weight": 10.0}
    session = Session(RunSettings(method="own_vicreg", config=config, data="digits"), images, None)
    session.watched = True
    session.step_once()
    qtbot.waitUntil(lambda: session.step == 1 and session.state == "paused", timeout=60_000)
    session.step_once()
    qtbot.waitUntil(lambda: session.step == 2 and session.look is not None, timeout=60_000)
    assert session.failure is None
    metrics = session.metrics
    assert {"loss", "invariance", "variance", "covariance"} <= set(metrics.names)
    terms = {name: metrics.last(name) for name in ("invariance", "variance", "covariance")}
    weights = {"invariance": 25.0, "variance": 10.0, "covariance": 1.0}
    assert metrics.last("loss") == pytest.approx(sum(weights[k] * v for k, v in terms.items()), rel=1e-5)
    assert {type(part) for part in session.look.parts} == {Embedding, Spectrum} == set(vicreg.parts)
    qtbot.waitUntil(lambda: session.probes.last("knn_top1") is not None, timeout=60_000)
    assert math.isfinite(session.probes.last("rankme_h"))
    assert session.verdict is None or session.verdict.state == "warming up"
    session.stop(timeout=10)
