"""Secure input: keys, sessions, and the process that opens what was sealed."""
