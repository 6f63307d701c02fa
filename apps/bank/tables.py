"""The bank's tables beside the ledger: who its customers are, what they ordered, what they were told.

No balance stands here: money is the ledger's alone. An order is written before its transfer is posted and names the
transfer's id, so a process that dies in between finishes it when it starts again (`centres.payments.finish`).

Ids are UUIDs of version 7 as 32 hex digits (the ledger's form), times µs in UTC, days ISO dates of the bank's zone,
amounts cents.
"""

from __future__ import annotations

import hmac

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    insert,
    select,
)

from eden.base.database import Database
from eden.base.errors import EdenError
from eden.base.tables import audit, audit_heads

#: grows with every change of the tables; a newer file is refused
STEP = 1

metadata = MetaData()

schema = Table("bank_schema", metadata, Column("step", Integer, primary_key=True))

#: one row: which secret of the bank everything sealed here is sealed under (`do_bind`)
bindings = Table("bank_bindings", metadata, Column("mark", String(64), primary_key=True))

customers = Table(
    "bank_customers",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("phone", String(20), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    Column("level", String(20), nullable=False),
    #: Argon2id in PHC form
    Column("password", String(200)),
    #: the number of the identity document, sealed under the bank's secret; its form is that of GB 11643
    Column("document", LargeBinary),
    Column("failures", Integer, nullable=False),
    Column("locked_until", BigInteger, nullable=False),
    Column("state", String(10), nullable=False),
    #: what a seed has made up is marked for ever
    Column("made_up", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

sessions = Table(
    "bank_sessions",
    metadata,
    #: SHA-256 of the token
    Column("id", String(64), primary_key=True),
    Column("customer_id", ForeignKey("bank_customers.id"), nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

identity_steps = Table(
    "bank_identity_steps",
    metadata,
    Column("customer_id", ForeignKey("bank_customers.id"), primary_key=True),
    #: phone, document, face
    Column("step", String(20), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("detail", JSON, nullable=False),
    Column("at", BigInteger, nullable=False),
)

consents = Table(
    "bank_consents",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("customer_id", ForeignKey("bank_customers.id"), nullable=False, index=True),
    Column("purpose", String(40), nullable=False),
    #: of the text that was agreed to
    Column("version", String(20), nullable=False),
    Column("granted_at", BigInteger, nullable=False),
    Column("withdrawn_at", BigInteger),
)

products = Table(
    "bank_products",
    metadata,
    Column("code", String(20), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("document", JSON, nullable=False),
    Column("author", String(80), nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

accounts = Table(
    "bank_accounts",
    metadata,
    #: the ledger's id of it
    Column("id", String(32), primary_key=True),
    Column("customer_id", ForeignKey("bank_customers.id"), nullable=False, index=True),
    Column("product", String(20), nullable=False),
    Column("product_version", Integer, nullable=False),
    Column("number", String(30), nullable=False, unique=True),
    Column("state", String(10), nullable=False),
    Column("opened_at", BigInteger, nullable=False),
)

payees = Table(
    "bank_payees",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("customer_id", ForeignKey("bank_customers.id"), nullable=False),
    Column("name", String(80), nullable=False),
    #: name of the other bank; "" for this one
    Column("bank", String(80), nullable=False),
    Column("number", String(30), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("customer_id", "number"),
)

orders = Table(
    "bank_orders",
    metadata,
    #: the transfer's id
    Column("id", String(32), primary_key=True),
    Column("customer_id", ForeignKey("bank_customers.id"), nullable=False),
    #: what the client calls it, and what it asked for: the same again is answered the same
    Column("key", String(200), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("kind", String(20), nullable=False),
    #: created, pending, posted, refused, reversed
    Column("state", String(10), nullable=False),
    Column("debit", String(32), nullable=False),
    Column("credit", String(32), nullable=False),
    Column("amount", BigInteger, nullable=False),
    #: who is paid, and what for: name, bank, number, remark, kind, …
    Column("detail", JSON, nullable=False),
    Column("reason", String(40), nullable=False),
    Column("day", String(10), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("done_at", BigInteger),
    UniqueConstraint("customer_id", "key"),
    Index("bank_orders_by_account", "debit", "day"),
    Index("bank_orders_by_state", "state"),
)

movements = Table(
    "bank_movements",
    metadata,
    Column("customer_id", String(32), nullable=False),
    Column("account_id", String(32), nullable=False),
    #: of the transfer; sorts by time
    Column("id", String(32), nullable=False),
    #: positive: money came in
    Column("amount", BigInteger, nullable=False),
    Column("name", String(80), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("note", String(120), nullable=False),
    #: posted, pending, or returned: then it counts no more
    Column("state", String(10), nullable=False),
    Column("at", BigInteger, nullable=False),
    # the order in which a customer reads them, and the rows' own: thousands a second are written at one place each
    PrimaryKeyConstraint("customer_id", "id", "account_id"),
    sqlite_with_rowid=False,
)

messages = Table(
    "bank_messages",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("customer_id", ForeignKey("bank_customers.id"), nullable=False),
    Column("kind", String(20), nullable=False),
    #: [Chinese, English]
    Column("title", JSON, nullable=False),
    Column("text", JSON, nullable=False),
    Column("read", Boolean, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("bank_messages_by_customer", "customer_id", "id"),
)

applications = Table(
    "bank_applications",
    metadata,
    Column("id", String(32), primary_key=True),
    #: what people call it
    Column("number", String(20), nullable=False, unique=True),
    Column("customer_id", ForeignKey("bank_customers.id"), nullable=False, index=True),
    Column("key", String(200), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("product", String(20), nullable=False),
    Column("product_version", Integer, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("term", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    #: what was said and shown, what was decided and why
    Column("detail", JSON, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    UniqueConstraint("customer_id", "key"),
    Index("bank_applications_by_state", "state", "id"),
)

cases = Table(
    "bank_cases",
    metadata,
    #: of the application
    Column("id", ForeignKey("bank_applications.id"), primary_key=True),
    #: where it stands (`credit.applications.STATIONS`), since when, and until when it should have left
    Column("station", String(20), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("deadline", BigInteger),
    Column("rework", Integer, nullable=False),
    Column("history", JSON, nullable=False),
    Index("bank_cases_by_deadline", "deadline"),
)

papers = Table(
    "bank_papers",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("customer_id", ForeignKey("bank_customers.id"), nullable=False, index=True),
    Column("application_id", ForeignKey("bank_applications.id"), nullable=False),
    #: id-front, id-back, licence
    Column("kind", String(10), nullable=False),
    #: reading, retake, doubtful, confirmed, refused, forgotten
    Column("state", String(10), nullable=False),
    #: the photo, sealed under the bank's secret; its SHA-256 before that
    Column("content", LargeBinary),
    Column("sha256", String(64), nullable=False),
    #: what was read and what the person said, sealed
    Column("reading", LargeBinary),
    #: how many photos were taken of it
    Column("photos", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    #: photo and reading go then
    Column("keep_until", BigInteger, nullable=False),
    UniqueConstraint("application_id", "kind"),
    Index("bank_papers_by_state", "state", "changed_at"),
)

work_items = Table(
    "bank_work_items",
    metadata,
    Column("id", String(32), primary_key=True),
    #: what somebody has to look at: credit (an application), and what other rooms have; its id there
    Column("kind", String(20), nullable=False),
    Column("subject", String(32), nullable=False),
    Column("customer_id", ForeignKey("bank_customers.id"), nullable=False),
    #: a code; what it says to people is in the detail
    Column("reason", String(40), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("skill", String(20), nullable=False),
    #: the officer who has taken it; "" for nobody
    Column("owner", String(80), nullable=False),
    #: open, done
    Column("state", String(10), nullable=False),
    #: number, reasons, needed, words, outcome
    Column("detail", JSON, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("deadline", BigInteger, nullable=False),
    Column("done_at", BigInteger),
    Index("bank_work_items_by_deadline", "state", "deadline", "id"),
    Index("bank_work_items_by_subject", "kind", "subject"),
)

loans = Table(
    "bank_loans",
    metadata,
    #: that of the application
    Column("id", String(32), primary_key=True),
    Column("number", String(20), nullable=False, unique=True),
    Column("customer_id", ForeignKey("bank_customers.id"), nullable=False, index=True),
    Column("product", String(20), nullable=False),
    Column("product_version", Integer, nullable=False),
    #: the ledger's account of what is owed, and the deposit that it was paid into and is repaid from
    Column("account_id", String(32), nullable=False),
    Column("deposit_id", String(32), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("rate_bp", Integer, nullable=False),
    Column("term", Integer, nullable=False),
    Column("start", String(10), nullable=False),
    #: signed, active, closed, written-off
    Column("state", String(10), nullable=False),
    #: SHA-256 of the contract, which is in the ledger's tree
    Column("contract", String(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

#: the lender as regulation looks at it (`bank.centres.lender`)
lenders = Table(
    "bank_lenders",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("document", JSON, nullable=False),
    Column("author", String(80), nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

#: loans that another lender gives a share of
joint_loans = Table(
    "bank_joint_loans",
    metadata,
    Column("loan_id", ForeignKey("bank_loans.id"), primary_key=True),
    Column("partner", String(40), nullable=False),
    #: the bank's own, basis points
    Column("own_share", Integer, nullable=False),
)

repayments = Table(
    "bank_repayments",
    metadata,
    #: of the order
    Column("id", String(32), primary_key=True),
    Column("loan_id", ForeignKey("bank_loans.id"), nullable=False, index=True),
    Column("day", String(10), nullable=False),
    #: interest and principal; what else was paid stands beside it
    Column("amount", BigInteger, nullable=False),
    Column("interest", BigInteger, nullable=False),
    Column("penalty", BigInteger, nullable=False),
    Column("charge", BigInteger, nullable=False),
    #: of a prepayment
    Column("fee", BigInteger, nullable=False),
    #: customer, collected, recovery
    Column("kind", String(12), nullable=False),
)

documents = Table(
    "bank_documents",
    metadata,
    #: SHA-256 of the content
    Column("id", String(64), primary_key=True),
    Column("customer_id", ForeignKey("bank_customers.id"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

claims = Table(
    "bank_claims",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("number", String(20), nullable=False, unique=True),
    Column("customer_id", ForeignKey("bank_customers.id"), nullable=False),
    Column("key", String(200), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("words", String(200), nullable=False),
    #: of the documents
    Column("photo", String(64), nullable=False),
    Column("state", String(10), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("customer_id", "key"),
)

batches = Table(
    "bank_batches",
    metadata,
    #: the business day that it ends
    Column("day", String(10), primary_key=True),
    Column("name", String(20), primary_key=True),
    #: in the order of its day, from 0
    Column("place", Integer, nullable=False),
    #: waiting, running, done, failed
    Column("state", String(10), nullable=False),
    #: what it counted; grows with each piece of work, in the same write
    Column("figures", JSON, nullable=False),
    Column("error", Text, nullable=False),
    #: how often it was begun
    Column("tries", Integer, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
)

bookings = Table(
    "bank_bookings",
    metadata,
    #: of the transfer that is to be posted; the row goes when the ledger has it
    Column("id", String(32), primary_key=True),
    Column("day", String(10), nullable=False),
    Column("batch", String(20), nullable=False),
    Column("debit", String(32), nullable=False),
    Column("credit", String(32), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("code", Integer, nullable=False),
    Column("reference", String(64), nullable=False),
)

deposit_interest = Table(
    "bank_deposit_interest",
    metadata,
    Column("account_id", ForeignKey("bank_accounts.id"), primary_key=True),
    #: interest is booked for all nights before this day
    Column("until", String(10), nullable=False),
    #: what is left of a cent, an exact fraction
    Column("carry", String(60), nullable=False),
    #: cents that are booked and not paid yet
    Column("accrued", BigInteger, nullable=False),
)

loan_states = Table(
    "bank_loan_states",
    metadata,
    Column("loan_id", ForeignKey("bank_loans.id"), primary_key=True),
    #: interest is booked until this day; arrears were looked at until that one
    Column("until", String(10), nullable=False),
    Column("looked_at", String(10), nullable=False),
    #: cents of interest that have become income
    Column("interest", BigInteger, nullable=False),
    #: all penalty interest since the start, an exact fraction of cents, and all charges, cents
    Column("penalty", String(60), nullable=False),
    Column("charges", BigInteger, nullable=False),
    Column("days_overdue", Integer, nullable=False),
    #: of five: normal, special mention, substandard, doubtful, loss
    Column("class", String(20), nullable=False),
    #: False: interest is income only when it is paid
    Column("accruing", Boolean, nullable=False),
    #: cents that are set aside for its loss
    Column("allowance", BigInteger, nullable=False),
    #: cents that were owed, with everything, when it was written off
    Column("written_off", BigInteger, nullable=False),
    #: what the monitoring saw last: level, signals, day
    Column("alert", JSON, nullable=False),
)


def bring_up_to_date(database: Database) -> None:
    """Make what is missing. Raises EdenError "bank-newer" when a newer version of the bank has used the database."""
    with database.changing_schema() as connection:
        metadata.create_all(connection)
        # the record of what staff see and do is the ground's chain (`bank.staff.trail`)
        audit.metadata.create_all(connection, tables=[audit, audit_heads])
        found = connection.execute(select(schema.c.step)).scalar()
        if found is None:
            connection.execute(insert(schema).values(step=STEP))
        elif found > STEP:
            raise EdenError(
                "bank-newer",
                f"A newer version of the bank has used this database (step {found}, known is {STEP}).",
                "Start that version.",
            )


def mark_of(secret: bytes) -> str:
    """What tells one secret of the bank from another, and says nothing of it."""
    return hmac.digest(secret, b"bank binding", "sha256").hex()


def do_bind(connection: Connection, secret: bytes) -> None:
    """Hold the database to the secret that it is used with first. Raises EdenError "bank-secret" for another one."""
    mark = connection.execute(select(bindings.c.mark)).scalar()
    if mark is None:
        connection.execute(insert(bindings).values(mark=mark_of(secret)))
    elif mark != mark_of(secret):
        raise EdenError(
            "bank-secret",
            "The file secret in the bank's folder is not the one that this database was used with.",
            "Restore the file from the database's backup; after a rotate-secret that was cut short, run that again.",
        )


def is_empty(connection: Connection) -> bool:
    """Whether nobody has an account yet."""
    return connection.execute(select(customers.c.id).limit(1)).first() is None
