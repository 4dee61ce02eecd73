"""Images: sources of them, and their augmentations."""
