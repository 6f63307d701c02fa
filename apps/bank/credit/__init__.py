"""The micro-credit factory: from a scanned code to a loan and what comes after. Decisions are pure and repeatable."""
