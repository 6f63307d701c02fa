"""Release: versions, trust, deltas, and bringing a version to its users in reversible steps."""
