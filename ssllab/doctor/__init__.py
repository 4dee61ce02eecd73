"""Reads metrics and probes and names the state of a run in words, with the evidence and a remedy."""
