"""The Energy lab: what fits together, and what keeps everything from becoming one."""

from ssllab.labs import Lab

LAB = Lab(
    "energy",
    "Energy",
    40,
    ("jepa", "pixel_predictor", "cpc", "simsiam", "byol", "vicreg", "barlow_twins", "sigreg", "simclr"),
    "bouncing",
)
