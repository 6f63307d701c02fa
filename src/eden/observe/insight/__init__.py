"""The insight process: the one that owns the events store."""
