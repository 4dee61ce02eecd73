"""wav2vec 2.0 as published, with the parameter names of Hugging Face."""
