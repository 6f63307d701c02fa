"""The schema's history: one file per step in `versions`, run by `eden.base.migrate`."""
