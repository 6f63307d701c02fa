"""Observe: what apps report, kept in one events store, asked in one SQL."""
