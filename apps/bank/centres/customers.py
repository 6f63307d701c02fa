"""The customer centre: who they are, how sure the bank is of it, what they agreed to, and one view of all of it.

Sign-in is by phone number and password (`centres.secrets`). A failure says nothing of which of the two was wrong and
takes as long as a success; `MOST_FAILURES` in a row lock the customer for `LOCKED`, which an attacker who tries many
can cause, and a customer who waits survives.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import Connection, delete, insert, select, update

from bank.ids import new_hex
from bank.refusals import Refusal
from bank.tables import accounts, consents, customers, identity_steps, sessions
from bank.values import Customer
from eden.base.ids import now
from eden.base.sealing import Seal

MOST_FAILURES = 5
_MINUTE = 60_000_000
LOCKED = 15 * _MINUTE
#: a session ends after half a day, whatever is done in it
SESSION = 12 * 60 * _MINUTE
#: what a new customer agrees to, and the version of its text
PURPOSES = {"terms": "2026-01", "privacy": "2026-01", "credit-bureau": "2026-01", "marketing": "2026-01"}
#: identity steps in their order; a loan needs the first two
STEPS = ("phone", "document", "face")

_PHONE = re.compile(r"1[0-9]{10}")


class Credentials(Struct, frozen=True):
    """What a sign-in is checked against; `password` is a hash, None for nobody."""

    id: str | None
    password: str | None


class Step(Struct, frozen=True):
    step: str
    state: str
    at: int


class Consent(Struct, frozen=True):
    purpose: str
    version: str
    granted_at: int
    withdrawn_at: int | None


class View(Struct, frozen=True):
    """All that the bank holds of a customer; `accounts` are numbers."""

    id: str
    name: str
    phone: str
    document: str
    level: str
    state: str
    made_up: bool
    accounts: list[str]
    steps: list[Step]
    consents: list[Consent]


def masked_phone(phone: str) -> str:
    """13812345820 → 138****5820"""
    return f"{phone[:3]}****{phone[-4:]}"


def masked_number(number: str) -> str:
    """6222021003983016 → 6222 **** **** 3016"""
    return f"{number[:4]} **** **** {number[-4:]}"


def masked_name(name: str) -> str:
    """林晓雨 → 林**: the family name of a Chinese name, the first letter of others."""
    return name[:1] + "*" * max(1, len(name) - 1)


def do_enrol(
    connection: Connection,
    phone: str,
    name: str,
    password: str | None,
    *,
    level: str = "",
    document: bytes | None = None,
    made_up: bool = False,
    identifier: str | None = None,
    steps: Sequence[str] = ("phone",),
    at: int | None = None,
) -> str:
    """A new customer's id; `password` is a hash, None where the keyboard has it;
    `steps` of identification are passed already. Refusals "bad-phone", "phone-taken"."""
    check_phone(connection, phone)
    moment = now() if at is None else at
    customer = identifier or new_hex(moment)
    connection.execute(
        insert(customers).values(
            id=customer,
            phone=phone,
            name=name,
            level=level,
            password=password,
            document=document,
            failures=0,
            locked_until=0,
            state="active",
            made_up=made_up,
            created_at=moment,
        )
    )
    for step in steps:
        do_pass_step(connection, customer, step, {}, moment)
    for purpose in ("terms", "privacy"):
        do_agree(connection, customer, purpose, moment)
    return customer


def check_phone(connection: Connection, phone: str) -> None:
    """Whether somebody could become a customer with it. Refusals "bad-phone", "phone-taken"."""
    if not _PHONE.fullmatch(phone):
        raise Refusal("bad-phone")
    if connection.execute(select(customers.c.id).where(customers.c.phone == phone)).first() is not None:
        raise Refusal("phone-taken")


def credentials(connection: Connection, phone: str, at: int) -> Credentials:
    """Refusals "bad-phone", "locked"."""
    if not _PHONE.fullmatch(phone):
        raise Refusal("bad-phone")
    row = connection.execute(select(customers).where(customers.c.phone == phone)).first()
    if row is None or row.state != "active":
        return Credentials(None, None)
    if row.locked_until > at:
        raise Refusal("locked", minutes=-(-(row.locked_until - at) // _MINUTE))
    return Credentials(row.id, row.password)


def do_fail(connection: Connection, customer: str, at: int) -> None:
    """A wrong password was given."""
    failures = connection.execute(select(customers.c.failures).where(customers.c.id == customer)).scalar_one() + 1
    values = {"failures": failures}
    if failures >= MOST_FAILURES:
        values = {"failures": 0, "locked_until": at + LOCKED}
    connection.execute(update(customers).where(customers.c.id == customer).values(**values))


def do_recognise(connection: Connection, customer: str) -> None:
    """The right password was given: those before count no more."""
    connection.execute(update(customers).where(customers.c.id == customer).values(failures=0))


def do_sign_in(connection: Connection, customer: str, at: int) -> str:
    """A new session's token, which is not kept."""
    token = secrets.token_urlsafe(32)
    do_recognise(connection, customer)
    connection.execute(delete(sessions).where(sessions.c.customer_id == customer, sessions.c.expires_at < at))
    connection.execute(
        insert(sessions).values(id=_digest(token), customer_id=customer, created_at=at, expires_at=at + SESSION)
    )
    return token


def do_sign_out(connection: Connection, token: str) -> None:
    connection.execute(delete(sessions).where(sessions.c.id == _digest(token)))


def do_sign_out_others(connection: Connection, customer: str, token: str) -> None:
    """End all sessions of a customer but this one."""
    connection.execute(delete(sessions).where(sessions.c.customer_id == customer, sessions.c.id != _digest(token)))


def of_session(connection: Connection, token: str, at: int) -> str | None:
    """The customer whose session it is."""
    return connection.execute(
        select(sessions.c.customer_id).where(sessions.c.id == _digest(token), sessions.c.expires_at > at)
    ).scalar()


def find(connection: Connection, customer: str) -> Customer:
    """As the customer sees it."""
    row = connection.execute(select(customers).where(customers.c.id == customer)).one()
    return Customer(row.id, row.name, masked_phone(row.phone), row.level)


def do_pass_step(connection: Connection, customer: str, step: str, detail: dict[str, object], at: int) -> None:
    """A step of identification was passed, perhaps again."""
    connection.execute(
        delete(identity_steps).where(identity_steps.c.customer_id == customer, identity_steps.c.step == step)
    )
    connection.execute(
        insert(identity_steps).values(customer_id=customer, step=step, state="passed", detail=detail, at=at)
    )


def do_agree(connection: Connection, customer: str, purpose: str, at: int) -> None:
    """The customer agrees to a purpose's text of today; once is enough. Refusal "not-found"."""
    if purpose not in PURPOSES:
        raise Refusal("not-found")
    if agrees(connection, customer, purpose):
        return
    connection.execute(
        insert(consents).values(
            id=new_hex(at), customer_id=customer, purpose=purpose, version=PURPOSES[purpose], granted_at=at
        )
    )


def do_withdraw(connection: Connection, customer: str, purpose: str, at: int) -> None:
    """The customer agrees no longer; that there was an agreement stays known."""
    connection.execute(
        update(consents)
        .where(consents.c.customer_id == customer, consents.c.purpose == purpose, consents.c.withdrawn_at.is_(None))
        .values(withdrawn_at=at)
    )


def agrees(connection: Connection, customer: str, purpose: str) -> bool:
    """Whether the customer agrees to the purpose's text of today."""
    return (
        connection.execute(
            select(consents.c.id).where(
                consents.c.customer_id == customer,
                consents.c.purpose == purpose,
                consents.c.version == PURPOSES[purpose],
                consents.c.withdrawn_at.is_(None),
            )
        ).first()
        is not None
    )


def view(connection: Connection, customer: str, seal: Seal, *, masked: bool) -> View:
    """The one view; `masked`: of phone, document and accounts only the ends of their numbers. Refusal "not-found"."""
    row = connection.execute(select(customers).where(customers.c.id == customer)).first()
    if row is None:
        raise Refusal("not-found")
    document = seal.open(row.document, "document", customer).decode() if row.document else ""
    numbers = connection.execute(
        select(accounts.c.number).where(accounts.c.customer_id == customer).order_by(accounts.c.opened_at)
    ).scalars()
    steps = connection.execute(select(identity_steps).where(identity_steps.c.customer_id == customer)).all()
    agreed = connection.execute(
        select(consents).where(consents.c.customer_id == customer).order_by(consents.c.granted_at)
    )
    return View(
        row.id,
        row.name,
        masked_phone(row.phone) if masked else row.phone,
        f"{document[:3]}***********{document[-4:]}" if masked and document else document,
        row.level,
        row.state,
        row.made_up,
        [masked_number(number) if masked else number for number in numbers],
        sorted((Step(one.step, one.state, one.at) for one in steps), key=lambda step: STEPS.index(step.step)),
        [Consent(one.purpose, one.version, one.granted_at, one.withdrawn_at) for one in agreed],
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
