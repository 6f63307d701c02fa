"""Compiler: mini-program project → package."""
