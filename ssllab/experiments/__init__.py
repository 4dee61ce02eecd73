"""Many short runs, for a picture that no single run gives."""
