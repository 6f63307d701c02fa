"""The console's pages of observing."""
