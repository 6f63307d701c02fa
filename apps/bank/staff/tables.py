"""Tables of the bank's own people: who they are, their sessions, and what one proposes and another decides.

Ids are UUIDs of version 7 as 32 hex digits, times µs in UTC, days ISO dates of the bank's zone.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, String, Table

from bank.tables import metadata

staff = Table(
    "bank_staff",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("login", String(40), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    #: names of `bank.staff.members.ROLES`
    Column("roles", JSON, nullable=False),
    #: Argon2id in PHC form
    Column("password", String(200), nullable=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until", BigInteger, nullable=False),
    #: active, left
    Column("state", String(10), nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

staff_sessions = Table(
    "bank_staff_sessions",
    metadata,
    #: SHA-256 of the cookie's secret
    Column("id", String(64), primary_key=True),
    Column("staff_id", ForeignKey("bank_staff.id"), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

#: what one member of staff proposes and another decides (`bank.staff.proposals`)
proposals = Table(
    "bank_proposals",
    metadata,
    Column("id", String(32), primary_key=True),
    #: product, reversal, lender
    Column("kind", String(10), nullable=False),
    #: a product's code; an order's id; "lender"
    Column("subject", String(32), nullable=False, index=True),
    #: the product or lender as it shall be; what is known of the order
    Column("document", JSON, nullable=False),
    #: the version that it grew from; 0: none
    Column("base", Integer, nullable=False),
    #: the day from which it holds
    Column("effective", String(10), nullable=False),
    #: draft, waiting, approved (its day has not come), done, refused, withdrawn, stale
    Column("state", String(10), nullable=False),
    Column("note", String(500), nullable=False),
    Column("author_id", ForeignKey("bank_staff.id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("decided_by", ForeignKey("bank_staff.id")),
    Column("decided_at", BigInteger),
    Column("decision_note", String(500), nullable=False),
    Index("bank_proposals_by_state", "kind", "state", "id"),
)
