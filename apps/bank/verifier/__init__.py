"""The page on which a customer checks a receipt without the bank: one file, to be kept, that asks nobody anything."""
