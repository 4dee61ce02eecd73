"""The Language lab: what comes next."""
