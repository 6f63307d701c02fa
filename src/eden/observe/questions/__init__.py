"""Questions about events, as values; each names the SQL that it is."""
