"""The engine: trainer, session, run store."""
