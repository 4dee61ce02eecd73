"""Text: what it is cut into, n-grams, and for speech recognition alphabets, decoding, error rates."""
