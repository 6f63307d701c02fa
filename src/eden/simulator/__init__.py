"""The server behind `eden dev` and `eden demo`."""
