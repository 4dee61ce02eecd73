"""ssllab: a desktop laboratory for self-supervised learning."""

__version__ = "0.1.0"
