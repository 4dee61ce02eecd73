"""Files that ship with ssllab."""
