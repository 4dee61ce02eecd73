"""The commands of ``ssllab`` that need the engine."""
