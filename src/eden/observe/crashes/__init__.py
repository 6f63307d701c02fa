"""Errors and crashes: grouped, mapped to sources, worked on by people."""
