"""The API bank: what third parties whom a customer has allowed to may read and pay (UK Open Banking 4.0, OAuth 2.1).

docs/openbank.md says how it is used, and what of the standards is left out.
"""
