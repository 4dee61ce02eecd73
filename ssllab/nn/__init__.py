"""Networks that methods are built from."""
