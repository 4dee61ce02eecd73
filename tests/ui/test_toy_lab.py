"""A toy lab with a toy kind of data and a method, in one folder, works in command line, window and tour.

The folder is only added to the search path: no line of ssllab knows of it.
"""

import json
from pathlib import Path

import pytest

from ssllab.cli import main
from ssllab.storage import search_path

FILES = {
    "declaration.py": """
from ssllab.labs import Lab

LAB = Lab("toy", "Toy", 5, ("line",), "noisy_line")
""",
    "kind.py": """
from ssllab.data.kind import Kind, SourceInfo


def load(name, request):
    from .points import Points

    return Points.drawn(request.seed)


KIND = Kind(
    name="points",
    title="Points",
    item="points",
    own="points",
    default="noisy_line",
    load=load,
    sources=(SourceInfo("noisy_line", "Noisy line", "Points about a line.", "Drawn here; MIT licence."),),
)
""",
    "points.py": """
from dataclasses import dataclass, replace

import torch


@dataclass(frozen=True)
class Points:
    train: torch.Tensor  # (N, 2)
    test: torch.Tensor
    kind = name = "points"
    title = "Noisy line"
    options = {}
    skipped = class_names = ()

    @classmethod
    def drawn(cls, seed):
        generator = torch.Generator().manual_seed(seed)
        along = torch.randn(500, 1, generator=generator)
        points = torch.cat([along, 2 * along], 1) + 0.1 * torch.randn(500, 2, generator=generator)
        return cls(points[:400], points[400:])

    def to(self, device):
        return replace(self, train=self.train.to(device), test=self.test.to(device))
""",
    "methods/line.py": """
from typing import Annotated

import torch
from torch import nn

from ssllab.controls import Control
from ssllab.data.sampler import Sampler
from ssllab.looks import Look
from ssllab.methods.base import Method, Probe, StepResult
from ssllab.methods.settings import BatchSettings, OptimizerSettings
from ssllab.scalars import Series


class LineConfig(OptimizerSettings, BatchSettings):
    noise: Annotated[float, Control("Added to every point.", low=0, high=1, live=True)] = 0.1


class PointBatches:
    def __init__(self, points, seed, rank, ranks):
        self.points, self.sampler = points, Sampler(len(points), seed, rank, ranks)
        self.state, self.load = self.sampler.state, self.sampler.load

    def next(self, config):
        return self.points[self.sampler.next(config.batch_size)]


class Line(Method):
    name, title, paper, kinds = "line", "Linear autoencoder", "", ("points",)
    Config = LineConfig
    series = {
        "loss": Series("Squared error", better="lower", chart="Loss"),
        "held_out": Series("Held-out error", better="lower", chart="Held out", measured="probe", headline=1),
    }

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.down, self.up = nn.Linear(2, 1), nn.Linear(1, 2)

    @classmethod
    def build(cls, config, data, read_model=None):
        return cls(config)

    def batches(self, data, seed, rank=0, ranks=1):
        return PointBatches(data.train, seed, rank, ranks)

    def step(self, batch, generator):
        noisy = batch + self.config.noise * torch.randn(batch.shape, generator=generator)
        loss = (self.up(self.down(noisy)) - batch).square().mean()
        return StepResult(loss, {"loss": loss.detach()})

    def look(self, data, step):
        return Look(step, ())

    @torch.no_grad()
    def probe(self, data):
        return Probe({"held_out": float((self.up(self.down(data.test)) - data.test).square().mean())})
""",
    "page.py": """
from ssllab.ui.lab_page import Column, LabPage, Place
from ssllab.ui.panels.curves import CurvesPanel
from ssllab.ui.panels.doctor import DoctorPanel


def page(bench):
    panels = [CurvesPanel(bench, "loss", "Curves", ("loss",)), DoctorPanel(bench)]
    return LabPage(bench, panels, (Column(600, (Place(("loss",), 400), Place(("doctor",), 200))),))
""",
}


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "labs" / "toy"
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(search_path, "LABS", [*search_path.LABS, folder.parent])
    monkeypatch.setattr(search_path, "KINDS", [*search_path.KINDS, folder.parent])
    monkeypatch.setattr(search_path, "METHODS", [*search_path.METHODS, folder / "methods"])
    return folder


def test_the_command_line_lists_and_trains_it(toy: Path, tmp_path: Path, capsys) -> None:
    assert main(["data"]) == 0
    assert "noisy_line: Noisy line" in capsys.readouterr().out
    assert main(["methods"]) == 0
    assert "line: Linear autoencoder" in capsys.readouterr().out
    words = ["--workspace", str(tmp_path / "w"), "--json"]
    assert (
        main(
            [
                "train",
                "line",
                "--steps",
                "40",
                "--set",
                "learning_rate=0.05",
                "--at",
                "20",
                "noise=0.2",
                *words,
            ]
        )
        == 0
    )
    told = json.loads(capsys.readouterr().out)
    assert told["steps"] == 40
    assert told["probes"]["held_out"] < 1
    assert main(["resume", Path(told["run"]).name, "--steps", "45", *words]) == 0
    assert json.loads(capsys.readouterr().out)["steps"] == 45


def test_the_window_has_its_tab_and_draws_its_curves(toy: Path, tmp_path: Path, qtbot) -> None:
    from ssllab.ui.app import build_window

    window = build_window(tmp_path / "w", lab="toy", device="cpu")
    qtbot.addWidget(window)
    window.show()
    bench = window.bench
    qtbot.waitUntil(lambda: bench.state == "ready", timeout=60_000)
    assert window.tabs.tabText(0) == "Toy"
    assert "400 to learn from" in window.data_label.text()
    assert {"noise", "batch_size", "learning_rate"} <= set(window.lab.controls.rows)
    assert [name for name, _ in window.lab.docks["loss"].panel._charts] == ["Loss", "Held out"]
    bench.start()
    qtbot.waitUntil(lambda: bench.live_run.step > 20 and bench.scene().look is not None, timeout=60_000)
    bench.pause()
    window.draw()
    window.close()


def test_the_tour_visits_it(toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ssllab.ui.tour import tour

    monkeypatch.setattr(search_path, "LABS", [toy.parent])
    assert tour(1.0, tmp_path / "pictures") == 0
    assert (tmp_path / "pictures" / "toy.png").stat().st_size > 5000
