"""Taking batches from apps and client packages: authenticated, counted, fsynced, answered."""
