"""The Speech lab: what a model hears in speech without being told."""

from ssllab.labs import Lab

LAB = Lab("speech", "Speech", 20, ("wav2vec2", "ctc", "hubert"), "spoken")
