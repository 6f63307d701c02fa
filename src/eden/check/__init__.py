"""`eden check`: every page of a mini program in a real browser."""
