"""The spool: what was accepted and is not stored yet, in files that outlive any process.

Every server process appends to a *segment* of its own (`writer`), the insight process reads all of them back
(`reader`). They share nothing but the folder (`folder`) and the form of its files (`records`).
"""
