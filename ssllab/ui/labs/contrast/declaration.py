"""The Contrast lab: what attracts and what repels."""

from ssllab.labs import Lab

LAB = Lab("contrast", "Contrast", 10, ("simclr", "moco"), "shapes")
