"""Clips: sources of them, made on the fly or cut from video."""
