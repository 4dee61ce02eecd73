"""Sources of images and their augmentations."""
