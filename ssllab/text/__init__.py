"""Text for speech recognition: alphabet, n-gram, decoding, error rates."""
