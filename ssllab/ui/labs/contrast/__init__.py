"""The Contrast lab: what attracts and what repels."""
