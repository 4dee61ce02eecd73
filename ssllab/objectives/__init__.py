"""Training objectives: pure functions from embeddings to a loss, one file each."""
