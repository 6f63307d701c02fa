"""What the mini program asks of the bank, below `/v1`; `apps/bank/gateway.toml` gives each its operation's name."""
