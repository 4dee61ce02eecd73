"""What the panels of the Energy lab share."""
