"""Serve: the API catalogue and the proxy in front of business services."""
