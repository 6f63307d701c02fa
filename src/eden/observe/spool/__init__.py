"""Batches on the disk between the answer and the store."""
