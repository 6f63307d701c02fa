"""What those who work on Eden itself need: its tests and its published figures. Works in a source tree only."""
