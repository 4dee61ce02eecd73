"""The Language lab: what is learnt by predicting the next symbol, or a hidden one."""

from ssllab.labs import Lab

LAB = Lab("language", "Language", 30, ("causal_lm", "masked_lm", "lstm_lm", "ngram"), "everyday")
