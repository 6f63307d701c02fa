"""Running the platform: start, look at, back up, restore, bring up to date."""
