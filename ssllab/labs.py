"""The labs by name: each is a tab of the window, with the method and the data it opens with.

Neither Qt nor torch is imported: the command line and the window read this before either is there.
"""

from __future__ import annotations

from dataclasses import dataclass

from ssllab.data.catalogue import DEFAULTS, Kind


@dataclass(frozen=True)
class Lab:
    """One topic. ``kind`` is what its methods learn from (:attr:`ssllab.methods.base.Method.data_kind`)."""

    name: str
    title: str
    kind: Kind
    method: str

    @property
    def data(self) -> str:
        """The data it opens with."""
        return DEFAULTS[self.kind]


LABS = {
    lab.name: lab
    for lab in (
        Lab("contrast", "Contrast", "images", "simclr"),
        Lab("speech", "Speech", "speech", "wav2vec2"),
    )
}


def lab_for(kind: Kind) -> Lab:
    """The first lab that learns from data of that kind."""
    return next(lab for lab in LABS.values() if lab.kind == kind)
