"""What the gateway does with a call besides passing it on. Pure: time, randomness and shared counters come in."""
