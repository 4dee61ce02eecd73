"""What the panels of the Speech lab share."""
