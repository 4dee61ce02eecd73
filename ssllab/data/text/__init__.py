"""Sequences of symbols: prose, a language whose truth is known, genomes, units of sound."""
