"""The reference bank: its services. The mini program is in `miniprogram`."""
