"""The Energy lab: what fits together, and what keeps everything from becoming one."""
