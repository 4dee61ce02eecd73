"""What the panels of the Contrast lab are made of."""
