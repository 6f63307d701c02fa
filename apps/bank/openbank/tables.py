"""Tables of the open-banking surface: who may ask, what customers allowed, and what was issued for it.

Nothing that opens a door stands here: codes, tokens and sessions are kept as SHA-256 of what the other side holds.
Ids are UUIDs of version 7 as 32 hex digits, times µs in UTC.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from bank.tables import metadata

third_parties = Table(
    "bank_third_parties",
    metadata,
    #: its client_id
    Column("id", String(32), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("redirect_uris", JSON, nullable=False),
    #: JSON Web Key Set of public keys
    Column("keys", JSON, nullable=False),
    #: accounts, payments
    Column("scopes", JSON, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)

access_consents = Table(
    "bank_access_consents",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("third_party_id", ForeignKey("bank_third_parties.id"), nullable=False),
    #: accounts or payments: the scope that it is for
    Column("kind", String(10), nullable=False),
    #: AWAU, AUTH, RJCT, COND, CANC; that time has run out is seen when it is read
    Column("state", String(4), nullable=False),
    #: of the code set OBExternalStatusReason1Code
    Column("reason", String(4), nullable=False),
    #: what was asked for, as it was asked
    Column("document", JSON, nullable=False),
    #: who decided, and the accounts that they chose; none before
    Column("customer_id", ForeignKey("bank_customers.id"), index=True),
    Column("accounts", JSON, nullable=False),
    #: what the third party calls its request (payments only): the same again is answered the same
    Column("key", String(40)),
    Column("fingerprint", String(64), nullable=False),
    Column("expires_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    UniqueConstraint("third_party_id", "key"),
)

domestic_payments = Table(
    "bank_domestic_payments",
    metadata,
    Column("id", String(32), primary_key=True),
    #: a consent is good for one payment
    Column("consent_id", ForeignKey("bank_access_consents.id"), nullable=False, unique=True),
    Column("third_party_id", ForeignKey("bank_third_parties.id"), nullable=False),
    Column("key", String(40), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    #: of `bank_orders`, once there is one; or why there is none
    Column("order_id", String(32)),
    Column("reason", String(40), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    UniqueConstraint("third_party_id", "key"),
)

pushed_requests = Table(
    "bank_pushed_requests",
    metadata,
    #: SHA-256 of the last part of request_uri
    Column("id", String(64), primary_key=True),
    Column("third_party_id", ForeignKey("bank_third_parties.id"), nullable=False),
    Column("consent_id", ForeignKey("bank_access_consents.id"), nullable=False),
    Column("redirect_uri", String(400), nullable=False),
    Column("scope", String(10), nullable=False),
    Column("state", String(500), nullable=False),
    Column("challenge", String(43), nullable=False),
    #: thumbprint of the key that the tokens will be bound to; "" when it is said later
    Column("jkt", String(43), nullable=False),
    #: zh, en, or "" to go by the browser
    Column("language", String(2), nullable=False),
    #: who has signed in, and SHA-256 of their browser's cookie
    Column("customer_id", String(32)),
    Column("session", String(64), nullable=False),
    #: wrong passwords; after some the request leads nowhere
    Column("tries", Integer, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
)

grants = Table(
    "bank_access_grants",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("third_party_id", ForeignKey("bank_third_parties.id"), nullable=False),
    Column("consent_id", ForeignKey("bank_access_consents.id"), nullable=False, index=True),
    Column("scope", String(10), nullable=False),
    #: SHA-256 of the authorization code, and what it is bound to
    Column("code", String(64), nullable=False, unique=True),
    Column("redirect_uri", String(400), nullable=False),
    Column("challenge", String(43), nullable=False),
    Column("jkt", String(43), nullable=False),
    Column("code_expires_at", BigInteger, nullable=False),
    Column("code_used_at", BigInteger),
    Column("revoked_at", BigInteger),
)

tokens = Table(
    "bank_access_tokens",
    metadata,
    #: SHA-256 of the token
    Column("id", String(64), primary_key=True),
    #: access or refresh
    Column("kind", String(10), nullable=False),
    #: the family that it belongs to; none: the third party's own (client credentials)
    Column("grant_id", ForeignKey("bank_access_grants.id"), index=True),
    Column("third_party_id", ForeignKey("bank_third_parties.id"), nullable=False),
    Column("scope", String(10), nullable=False),
    #: thumbprint of the key that must prove itself with it; "" for refresh tokens, which the client's own key guards
    Column("jkt", String(43), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    #: a refresh token is good for once
    Column("used_at", BigInteger),
)

#: proofs and assertions that were used, until they would be too old anyway
seen_proofs = Table(
    "bank_seen_proofs",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
    Index("bank_seen_proofs_by_expiry", "expires_at"),
)
