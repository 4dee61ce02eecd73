"""Models of sequences of symbols: the Transformer, causal or looking both ways, and the LSTM."""
