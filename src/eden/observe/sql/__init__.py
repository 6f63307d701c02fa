"""Questions in SQL, from those with the right."""
