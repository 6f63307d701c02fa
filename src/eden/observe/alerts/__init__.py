"""Numbers that are watched."""
