"""`eden demo`: a phone with a bank, the platform that released it, and a month of generated history."""
