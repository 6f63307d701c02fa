"""Log lines: search, live, and pulled from a phone."""
