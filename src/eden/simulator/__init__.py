"""The server behind `eden dev`, and the phone of `eden demo`."""
