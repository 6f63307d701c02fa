"""The bank's pages for its own people, in the console's frame (docs/bank-staff.md). They are on the bank's port, for
this machine only; the mobile gateway has no way to them."""
