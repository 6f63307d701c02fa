"""From batches to rows of the events store."""
