"""What embeddings and training curves tell: pure functions, and the doctor that reads them."""
