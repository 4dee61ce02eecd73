"""The Speech lab: what a model hears in speech without being told."""
