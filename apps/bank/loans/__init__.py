"""The loan engine: schedules, repayments, annual percentage rates. Pure: amounts are `Decimal`, days are arguments."""
