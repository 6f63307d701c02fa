"""The centres of the bank: customers, products, payments, messages, accounting. Money is the ledger's."""
