"""Text: sequences of words, characters and other discrete units."""
