"""From what was accepted to what is stored: batches of every wire into rows, rows into the events store, exactly once.

`digest` and the modules of the wires make rows of bytes and have no effects; `inserter` moves them.
"""
