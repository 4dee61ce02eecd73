"""One lab a file: which panels it has and where they stand at first."""
