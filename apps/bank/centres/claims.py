"""A short insurance claim: shops of the bank's customers are insured against small damages.

photo or film → rules → pay-out, in one request. Rules are pure (`judge`); what they do not pay at once a person looks
at. A photo or film that was in another claim is refused, whoever sends it: they are kept by their SHA-256.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import Connection, Row, func, insert, select, update

from bank.centres import films, loan_rows, messages, numbers, worklist
from bank.centres.accounting import CLAIMS_PAID, general
from bank.centres.payments import Order, Payments, do_insert
from bank.centres.worklist import Word
from bank.ids import new_hex
from bank.photos import size_of
from bank.refusals import Refusal, yuan
from bank.tables import accounts, claims, documents
from bank.times import shown
from bank.values import Claim
from eden.base.database import Database
from eden.base.ids import now

KINDS = ("glass", "water", "goods")
#: cents: paid at once, and insured at most
AT_ONCE, MOST = 200_000, 2_000_000
#: claims that are paid at once within a year
PER_YEAR = 2
#: a smaller picture shows nothing
LEAST_PIXELS = 240
_YEAR = 365 * 86_400_000_000
#: of claims on the work list, and why they are there: code, Chinese, English
KIND = "claim"
_LARGE = ("claim-large", "金额超过自动赔付上限。", "It is more than what is paid at once.")
_MANY = ("claim-many", "一年内自动赔付次数已用完。", "As many claims as are paid at once in a year were paid already.")
#: kinds among the documents
PHOTO, FILM = "claim-photo", "claim-film"
#: bytes of a film, which comes as base64 in JSON, and seconds of it
MOST_FILM, LEAST_SECONDS, MOST_SECONDS = 5_500_000, 1, 60


class File(Struct, frozen=True):
    """A claim as the customer files it, with a photo or a film of the damage: `photo` is base64 of a JPEG or PNG,
    `film` of an MP4 or QuickTime file of at most a minute."""

    kind: str
    amount: Annotated[int, Meta(ge=1)]
    photo: str = ""
    film: str = ""
    words: Annotated[str, Meta(max_length=200)] = ""


def judge(amount: int, paid_in_year: int, has_shop: bool) -> str:
    """paid, referred or refused."""
    if not has_shop or amount > MOST:
        return "refused"
    return "paid" if amount <= AT_ONCE and paid_in_year < PER_YEAR else "referred"


class Claims:
    """Filing and paying."""

    def __init__(self, database: Database, payments: Payments) -> None:
        self._database, self._payments = database, payments
        payments.finishers["claim"] = _do_paid

    async def file(self, customer: str, key: str, wanted: File) -> Claim:
        """File a claim; the same key with the same wish is the same claim. Refusals "bad-photo", "photo-used", …"""
        identifier = await self._database.write(lambda connection: _do_file(connection, customer, key, wanted, now()))
        order = await self._database.read(lambda connection: _order(connection, customer, identifier))
        if order is not None:
            await self._payments.carry_out(order)
        return await self._database.read(lambda connection: find(connection, customer, identifier))


def find(connection: Connection, customer: str, identifier: str) -> Claim:
    """Refusal "not-found"."""
    row = connection.execute(select(claims).where(claims.c.id == identifier, claims.c.customer_id == customer)).first()
    if row is None:
        raise Refusal("not-found")
    return _shown(row)


def of_customer(connection: Connection, customer: str) -> list[Claim]:
    """The newest first."""
    rows = connection.execute(select(claims).where(claims.c.customer_id == customer).order_by(claims.c.id.desc()))
    return [_shown(row) for row in rows]


def _do_file(connection: Connection, customer: str, key: str, wanted: File, at: int) -> str:
    fingerprint = hashlib.sha256(msgspec.json.encode(wanted)).hexdigest()
    known = connection.execute(select(claims).where(claims.c.customer_id == customer, claims.c.key == key)).first()
    if known is not None:
        if known.fingerprint != fingerprint:
            raise Refusal("key-used")
        return str(known.id)
    if wanted.kind not in KINDS:
        raise Refusal("invalid", what="kind")
    kind, content = _evidence(wanted)
    digest = hashlib.sha256(content).hexdigest()
    if connection.execute(select(documents.c.id).where(documents.c.id == digest)).first() is not None:
        raise Refusal("photo-used")
    rows = connection.execute(
        select(accounts.c.product, accounts.c.id).where(accounts.c.customer_id == customer, accounts.c.state == "open")
    )
    deposits = {row.product: row.id for row in rows}
    paid = connection.execute(
        select(func.count()).where(
            claims.c.customer_id == customer, claims.c.state == "paid", claims.c.created_at > at - _YEAR
        )
    ).scalar_one()
    state = judge(wanted.amount, paid, "MERCHANT" in deposits)
    identifier = new_hex(at)
    number = numbers.new(connection, claims.c.number, "C", at)
    connection.execute(
        insert(documents).values(id=digest, customer_id=customer, kind=kind, content=content, created_at=at)
    )
    connection.execute(
        insert(claims).values(
            id=identifier,
            number=number,
            customer_id=customer,
            key=key,
            fingerprint=fingerprint,
            kind=wanted.kind,
            amount=wanted.amount,
            words=wanted.words,
            photo=digest,
            state=state,
            created_at=at,
        )
    )
    if state == "paid":
        _do_order(connection, identifier, at)
        return identifier
    messages.do_tell(connection, customer, f"claim-{state}", at, number=number, amount=yuan(wanted.amount))
    if state == "referred":
        reason = _LARGE if wanted.amount > AT_ONCE else _MANY
        worklist.do_open(
            connection, KIND, identifier, customer, at, number=number, reasons=[reason], amount=wanted.amount,
            skill="claims",
        )  # fmt: skip
    return identifier


def _do_order(connection: Connection, identifier: str, at: int) -> None:
    """Write the order that pays a claim into the shop account. Refusal "no-account" when that is closed or frozen."""
    row = connection.execute(select(claims).where(claims.c.id == identifier)).one()
    to = connection.execute(
        select(accounts.c.id).where(
            accounts.c.customer_id == row.customer_id, accounts.c.product == "MERCHANT", accounts.c.state == "open"
        )
    ).scalar()
    if to is None:
        raise Refusal("no-account")
    detail: dict[str, Any] = {"name": "理赔", "payer": "小店保险理赔", "remark": row.number}
    debit, key = general(CLAIMS_PAID), _key(identifier)
    do_insert(connection, row.customer_id, key, row.photo, "claim", debit, to, row.amount, detail, at)


def _do_word(connection: Connection, subject: str, officer: str, word: Word, note: str, at: int) -> None:
    """An officer has decided on a claim. What is to be paid is an order then, which `Payments.finish` carries out."""
    if word is Word.ASK_AGAIN:
        raise Refusal("not-possible")
    state = "paid" if word is Word.APPROVE else "refused"
    connection.execute(update(claims).where(claims.c.id == subject).values(state=state))
    if state == "paid":
        _do_order(connection, subject, at)
        return
    row = connection.execute(select(claims).where(claims.c.id == subject)).one()
    messages.do_tell(connection, row.customer_id, "claim-refused", at, number=row.number, amount=yuan(row.amount))


worklist.DECIDERS[KIND] = _do_word


def _evidence(wanted: File) -> tuple[str, bytes]:
    """The kind of document, and its bytes. Refusals "bad-photo", "bad-film", "invalid" (both)."""
    if wanted.photo and wanted.film:
        raise Refusal("invalid", what="photo, film: one of them")
    try:
        content = base64.b64decode(wanted.photo or wanted.film, validate=True)
    except (ValueError, binascii.Error):
        raise Refusal("bad-film" if wanted.film else "bad-photo", seconds=MOST_SECONDS) from None
    if not wanted.film:
        size = size_of(content)
        if size is None or min(size) < LEAST_PIXELS:
            raise Refusal("bad-photo")
        return PHOTO, content
    film = films.read(content) if len(content) <= MOST_FILM else None
    if film is None or min(film.width, film.height) < LEAST_PIXELS:
        raise Refusal("bad-film", seconds=MOST_SECONDS)
    if not LEAST_SECONDS <= film.seconds <= MOST_SECONDS:
        raise Refusal("bad-film", seconds=MOST_SECONDS)
    return FILM, content


def _order(connection: Connection, customer: str, identifier: str) -> Order | None:
    claim = connection.execute(select(claims.c.state).where(claims.c.id == identifier)).scalar_one()
    return loan_rows.find_order(connection, customer, _key(identifier)) if claim == "paid" else None


def _key(identifier: str) -> str:
    return f"claim {identifier}"


def _do_paid(connection: Connection, order: Order, at: int) -> None:
    number = order.detail["remark"]
    messages.do_tell(connection, order.customer_id, "claim-paid", at, number=number, amount=yuan(order.amount))


def _shown(row: Row[Any]) -> Claim:
    return Claim(row.id, row.number, row.kind, row.amount, row.state, shown(row.created_at))
