"""My method: two views of an image come together, all views spread out (Wang and Isola, ICML 2020)."""
# Put your loss into step(). docs/your-own-method.md leads from a loss on paper to its curves and map.

from typing import Annotated

import torch
from torch import Tensor

from ssllab.controls import Control
from ssllab.methods.base import StepResult
from ssllab.methods.pair_settings import PairSettings
from ssllab.methods.pairs import PairMethod
from ssllab.objectives.contrast import unit
from ssllab.scalars import Series


class MyMethodConfig(PairSettings):  # each field is a slider and a flag, as --set spread=2
    spread: Annotated[float, Control("Weight of spreading.", low=0, high=10, live=True, group="Loss")] = 1.0


class MyMethod(PairMethod):  # brings encoder, head, views, map, spectrum, probes and doctor
    name, title, paper = "my_method", "My method", "Wang, Isola: Alignment and Uniformity, ICML 2020"
    Config = MyMethodConfig
    series = {  # every scalar of step(): title, help, and the chart in which its curve is drawn
        "loss": Series("Loss", "closeness + spread x uniformity", better="lower", chart="Loss"),
        "closeness": Series("Closeness", "Mean squared distance of two views.", chart="Loss"),
        "uniformity": Series("Uniformity", "Log of the mean Gaussian potential.", chart="Loss"),
    }

    def step(self, images: Tensor, generator: torch.Generator) -> StepResult:
        # images: (B, 3, H, W) uint8, no labels. All randomness is drawn from the generator: runs repeat exactly.
        first, second = self.views(images, generator)  # two augmentations of each image
        _, z = self.embed(torch.cat([first, second]))  # h is kept after training; the loss sees z
        z1, z2 = unit(z).chunk(2)  # (B, D) each, of length one
        closeness = (z1 - z2).square().sum(1).mean()
        potentials = [torch.pdist(part).square().mul(-2).exp().mean() for part in (z1, z2)]
        uniformity = torch.stack(potentials).log().mean()
        loss = closeness + self.config.spread * uniformity  # config is read in every step: it is live
        measured = {"loss": loss, "closeness": closeness, "uniformity": uniformity}
        return StepResult(loss, {name: value.detach() for name, value in measured.items()})
