"""The payment centre: transfers between own accounts, to payees here and at other banks, and reversals.

Written first, posted next: an order is a row before its transfer, whose id it has, is in the ledger. Whoever dies in
between finds the order when it starts again and posts it once more, which the ledger takes for the same transfer. So
an order is done exactly once, and a client that does not know what became of its order sends it again with its key.

Money for other banks is reserved (a pending transfer to the clearing account) and moves when the other bank confirms;
it comes back when the other bank refuses, or says nothing for `OUTSIDE_SECONDS`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, func, insert, select, update

from bank.centres import messages, products, statements
from bank.centres.accounting import CLEARING, CNY, Code, balances, general
from bank.centres.customers import masked_number
from bank.ids import new_hex
from bank.ledger.interfaces import Flag, Outcome, Transfer
from bank.ledger.ledger import Ledger
from bank.refusals import Refusal, yuan
from bank.tables import accounts, customers, movements, orders, payees
from bank.times import day_of
from bank.values import Account, Ordered, Payee
from eden.base.database import Database
from eden.base.ids import now

HERE = ("伊甸银行", "Eden Bank")
#: after a day without a word from the other bank the money is free again
OUTSIDE_SECONDS = 86_400
#: µs until a transfer can be reversed no more: after a quarter its receiver may rely on it
REVERSIBLE = 90 * 86_400_000_000
#: kinds that count for the limits
_LIMITED = ("inside", "outside")
_CODES = {
    "own": Code.OWN,
    "inside": Code.INSIDE,
    "outside": Code.OUTSIDE,
    "reversal": Code.REVERSAL,
    "disbursement": Code.DISBURSEMENT,
    "repayment": Code.REPAYMENT,
    "claim": Code.CLAIM,
}
#: kinds whose money is reserved first and moves when somebody has spoken
_TWO_STEPS = ("outside", "disbursement")
#: what the statement calls them; "transfer" otherwise
_LINES = {"own": "own", "reversal": "reversal", "disbursement": "loan", "repayment": "loan", "claim": "claim"}
#: what the ledger says of a pending transfer that has ended
_SETTLED = (
    Outcome.PENDING_TRANSFER_ALREADY_POSTED,
    Outcome.PENDING_TRANSFER_ALREADY_VOIDED,
    Outcome.PENDING_TRANSFER_EXPIRED,
    Outcome.ID_ALREADY_FAILED,
)


class Wanted(Struct, frozen=True):
    """A transfer as a customer asks for it: to a payee, or to another account of their own."""

    account: str
    amount: int
    payee: str = ""
    to: str = ""
    remark: str = ""


class Creditor(Struct, frozen=True):
    """Who is paid without being one of the customer's payees, as the customer has agreed to elsewhere. `bank` is the
    name of another bank; "" for this one."""

    name: str
    bank: str
    number: str


class Order(Struct, frozen=True):
    """A row of `orders`."""

    id: str
    customer_id: str
    key: str
    fingerprint: str
    kind: str
    state: str
    debit: str
    credit: str
    amount: int
    detail: dict[str, Any]
    reason: str
    day: str
    created_at: int
    done_at: int | None

    @property
    def transfers(self) -> list[Transfer]:
        """Its own, and those of `legs` in the detail (id, debit, credit, amount, code): all or none."""
        pending, legs = self.kind in _TWO_STEPS, self.detail.get("legs", [])
        flags = int(Flag.PENDING) if pending else int(Flag.LINKED) if legs else 0
        first = Transfer(
            self.id,
            self.debit,
            self.credit,
            self.amount,
            CNY,
            int(_CODES[self.kind]),
            flags,
            # nobody else's word ends a disbursement: a bank that was away for longer than a day pays it out, too
            timeout_s=OUTSIDE_SECONDS if self.kind == "outside" else 0,
            reference=self.detail.get("remark", ""),
        )
        more = [
            Transfer(identifier, debit, credit, amount, CNY, code, 0 if place == len(legs) else int(Flag.LINKED))
            for place, (identifier, debit, credit, amount, code) in enumerate(legs, 1)
        ]
        return [first, *more]


#: what else belongs to an order that has been posted, in the same write
Finisher = Callable[[Connection, Order, int], None]


class Payments:
    """Orders in the database and their transfers in the ledger. `finishers`: by kind, of other centres."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database, self._ledger = database, ledger
        self.finishers: dict[str, Finisher] = {}

    async def order(self, customer: str, key: str, wanted: Wanted) -> Ordered:
        """Make a transfer; the same key with the same wish is the same transfer. Refusals of all kinds."""
        fingerprint = hashlib.sha256(msgspec.json.encode(wanted)).hexdigest()
        order = await self._database.write(
            lambda connection: _do_order(connection, customer, key, fingerprint, wanted, now())
        )
        return await self._answer(await self.carry_out(order))

    async def is_ordered(self, customer: str, key: str) -> bool:
        """Whether there is an order with this key."""
        known = select(orders.c.id).where(orders.c.customer_id == customer, orders.c.key == key)
        return await self._database.read(lambda connection: connection.execute(known).first()) is not None

    async def order_to(
        self, customer: str, key: str, account: str, amount: int, creditor: Creditor, remark: str
    ) -> Ordered:
        """A transfer to somebody who is no payee, under the same rules and limits."""
        wanted = Wanted(account, amount, remark=remark)
        fingerprint = hashlib.sha256(msgspec.json.encode((wanted, creditor))).hexdigest()
        order = await self._database.write(
            lambda connection: _do_order(connection, customer, key, fingerprint, wanted, now(), creditor)
        )
        return await self._answer(await self.carry_out(order))

    async def reverse(self, order_id: str) -> Ordered:
        """Undo a posted transfer within the bank by one in the other direction. Refusal "not-reversible"."""
        order = await self._database.write(lambda connection: _do_order_reversal(connection, order_id, now()))
        return await self._answer(await self.carry_out(order))

    async def finish(self) -> int:
        """Carry out what a process that died has left; how many orders that were. Of loans, their own centre does."""
        rows = await self._database.read(
            lambda connection: connection.execute(
                select(orders).where(orders.c.state == "created", orders.c.kind != "disbursement")
            ).all()
        )
        for row in rows:
            await self.carry_out(Order(*row))
        return len(rows)

    async def waiting(self, before: int) -> list[Order]:
        """Orders that other banks have had since `before` (µs) without a word."""
        rows = await self._database.read(
            lambda connection: connection.execute(
                select(orders)
                .where(orders.c.state == "pending", orders.c.kind == "outside", orders.c.done_at < before)
                .order_by(orders.c.id)
            ).all()
        )
        return [Order(*row) for row in rows]

    async def settle(self, order: Order, confirmed: bool) -> None:
        """The other bank's word on a pending order. It may come twice, or the other one after it: the first counts."""
        flag = int(Flag.POST if confirmed else Flag.VOID)
        (outcome,) = await self._ledger.post(
            [Transfer(settling_id(order.id, confirmed), flags=flag, pending_id=order.id)]
        )
        if outcome.done or outcome in _SETTLED:
            # what it was settled with is in the ledger, and nowhere else: this process may have died after it
            (posted,) = await self._ledger.transfers([settling_id(order.id, True)])
            await self._database.write(lambda connection: self._do_settle(connection, order, posted is not None, now()))

    async def carry_out(self, order: Order) -> Order:
        """Post an order that has been written; as it is afterwards. What was done is not done again."""
        if order.state != "created":
            return order
        outcomes = await self._ledger.post(order.transfers)
        outcome = next((one for one in outcomes if not (one.done or one is Outcome.LINKED_EVENT_FAILED)), outcomes[0])
        return await self._database.write(lambda connection: self._do_finish(connection, order, outcome, now()))

    async def _answer(self, order: Order) -> Ordered:
        if order.state == "refused":
            raise refusal(order.reason)
        found = await balances(self._ledger, [order.debit])
        available = found[order.debit].available if order.debit in found else 0
        return Ordered(order.id, order.state, order.debit, order.amount, order.detail["name"], available)

    def _do_finish(self, connection: Connection, order: Order, outcome: Outcome, at: int) -> Order:
        """The ledger has answered. Another process may have been told already: the state is looked at again."""
        row = connection.execute(select(orders).where(orders.c.id == order.id)).one()
        if row.state != "created":
            return Order(*row)
        if not outcome.done:
            return _do_set(connection, order, "refused", at, reason=outcome.value)
        _do_note_lines(connection, order, at)
        amount, name, remark = yuan(order.amount), order.detail["name"], order.detail["remark"]
        if order.kind == "disbursement":
            return _do_set(connection, order, "pending", at)
        if order.kind == "outside":
            bank = order.detail["bank"]
            messages.do_tell(
                connection, order.customer_id, "transfer-sent", at, name=name, amount=amount, bank=bank, remark=remark
            )
            return _do_set(connection, order, "pending", at)
        if order.kind == "reversal":
            connection.execute(update(orders).where(orders.c.id == order.detail["reverses"]).values(state="reversed"))
            for owner in _owners(connection, order):
                messages.do_tell(connection, owner, "reversed", at, amount=amount)
        elif order.kind == "inside":
            messages.do_tell(
                connection, order.customer_id, "transfer-done", at, name=name, amount=amount, remark=remark
            )
            receiver = _owner(connection, order.credit)
            if receiver and receiver != order.customer_id:
                payer = order.detail["payer"]
                messages.do_tell(connection, receiver, "received", at, name=payer, amount=amount, remark=remark)
        elif order.kind in self.finishers:
            self.finishers[order.kind](connection, order, at)
        return _do_set(connection, order, "posted", at)

    def _do_settle(self, connection: Connection, order: Order, posted: bool, at: int) -> None:
        row = connection.execute(select(orders).where(orders.c.id == order.id)).one()
        if row.state != "pending":
            return
        lines = movements.c.customer_id.in_(_owners(connection, order)) & (movements.c.id == order.id)
        connection.execute(update(movements).where(lines).values(state="posted" if posted else "returned"))
        if order.kind != "outside":
            if posted:
                self.finishers[order.kind](connection, order, at)
            _do_set(connection, order, "posted" if posted else "returned", at)
            return
        amount, name = yuan(order.amount), order.detail["name"]
        code = "transfer-done" if posted else "transfer-back"
        remark = order.detail["remark"]
        messages.do_tell(connection, order.customer_id, code, at, name=name, amount=amount, remark=remark)
        _do_set(connection, order, "posted" if posted else "returned", at)


def settling_id(order: str, confirmed: bool) -> str:
    """The id of the transfer that settles a pending order: the same word is the same transfer. It stands for the time
    of the order, since the ledger looks up all ids once many seem to come from the future."""
    return order[:12] + hashlib.sha256(f"settle {order} {confirmed}".encode()).hexdigest()[:20]


def is_reversible(order: Order, at: int) -> bool:
    """Whether an order may be undone: a transfer within the bank that has moved money, and not too long ago."""
    return order.state == "posted" and order.kind in ("own", "inside") and order.created_at >= at - REVERSIBLE


def refusal(reason: str) -> Refusal:
    """What the ledger refused, said to a person."""
    if reason in (Outcome.EXCEEDS_CREDITS, Outcome.ID_ALREADY_FAILED):
        return Refusal("insufficient-funds")
    if reason in (Outcome.DEBIT_ACCOUNT_FROZEN, Outcome.CREDIT_ACCOUNT_FROZEN):
        return Refusal("account-frozen")
    return Refusal("no-account")


def list_payees(connection: Connection, customer: str, chinese: bool) -> list[Payee]:
    rows = connection.execute(select(payees).where(payees.c.customer_id == customer).order_by(payees.c.created_at))
    return [
        Payee(row.id, row.name, row.bank or HERE[not chinese], " ".join(re.findall(".{1,4}", row.number)), not row.bank)
        for row in rows
    ]


def do_add_payee(connection: Connection, customer: str, name: str, bank: str, number: str, at: int) -> str:
    """A new payee's id; one with this number again is the same. Refusal "invalid"."""
    number = number.replace(" ", "")
    if not re.fullmatch(r"[0-9]{12,24}", number) or not 1 <= len(name.strip()) <= 80 or len(bank) > 80:
        raise Refusal("invalid", what="name, bank, number")
    known = connection.execute(
        select(payees.c.id).where(payees.c.customer_id == customer, payees.c.number == number)
    ).scalar()
    if known is not None:
        return str(known)
    payee = new_hex(at)
    bank = "" if bank in HERE else bank
    connection.execute(
        insert(payees).values(
            id=payee, customer_id=customer, name=name.strip(), bank=bank, number=number, created_at=at
        )
    )
    return payee


def day_limit(connection: Connection, customer: str) -> int:
    """The limit of the customer's first account that pays."""
    rows = connection.execute(
        select(accounts).where(accounts.c.customer_id == customer).order_by(accounts.c.opened_at)
    ).all()
    for row in rows:
        product = products.find(connection, row.product, row.product_version).product
        if isinstance(product, products.Deposit) and product.is_payment:
            return product.day_limit
    return 0


def list_accounts(connection: Connection, customer: str) -> list[Account]:
    """Without their money."""
    rows = connection.execute(
        select(accounts).where(accounts.c.customer_id == customer).order_by(accounts.c.opened_at, accounts.c.id)
    ).all()
    found = []
    for row in rows:
        product = products.find(connection, row.product, row.product_version).product
        number = masked_number(row.number)
        found.append(Account(row.id, product.name, product.name_en, number, 0, 0, row.product, row.state))
    return found


async def with_money(ledger: Ledger, found: Sequence[Account]) -> list[Account]:
    """The same accounts with what is in them."""
    money = await balances(ledger, [one.id for one in found])
    return [
        msgspec.structs.replace(one, balance=money[one.id].available, pending=money[one.id].debits_pending)
        for one in found
        if one.id in money
    ]


def _do_order(
    connection: Connection,
    customer: str,
    key: str,
    fingerprint: str,
    wanted: Wanted,
    at: int,
    creditor: Creditor | None = None,
) -> Order:
    row = connection.execute(select(orders).where(orders.c.customer_id == customer, orders.c.key == key)).first()
    if row is not None:
        if row.fingerprint != fingerprint:
            raise Refusal("key-used")
        return Order(*row)
    account = _own(connection, customer, wanted.account)
    product = products.find(connection, account.product, account.product_version).product
    if not isinstance(product, products.Deposit) or not product.is_payment:
        raise Refusal("no-account")
    kind, credit, detail = _target(connection, customer, wanted, creditor)
    detail["remark"] = "".join(character for character in wanted.remark if character.isprintable())[:30]
    if credit == wanted.account:
        raise Refusal("same-account")
    if wanted.amount < 1 or wanted.amount > products.MOST:
        raise Refusal("bad-amount", low=yuan(1), high=yuan(product.transfer_limit))
    day = day_of(at).isoformat()
    if kind in _LIMITED:
        if wanted.amount > product.transfer_limit:
            raise Refusal("over-transfer-limit", limit=yuan(product.transfer_limit))
        left = product.day_limit - _spent(connection, wanted.account, day)
        if wanted.amount > left:
            raise Refusal("over-daily-limit", left=yuan(max(0, left)))
    return do_insert(connection, customer, key, fingerprint, kind, wanted.account, credit, wanted.amount, detail, at)


def _do_order_reversal(connection: Connection, order_id: str, at: int) -> Order:
    row = connection.execute(select(orders).where(orders.c.id == order_id)).first()
    if row is None:
        raise Refusal("no-transaction")
    order, key = Order(*row), f"reversal {order_id}"
    known = connection.execute(
        select(orders)
        .where(orders.c.customer_id == order.customer_id, orders.c.kind == "reversal", orders.c.fingerprint == order_id)
        .order_by(orders.c.created_at.desc())
    ).first()
    if known is not None and known.state != "refused":
        return Order(*known)
    if not is_reversible(order, at):
        raise Refusal("not-reversible")
    if known is not None:
        key = f"{key} {at}"
    detail = {"name": order.detail["name"], "payer": order.detail["payer"], "remark": "", "reverses": order.id}
    return do_insert(
        connection, order.customer_id, key, order.id, "reversal", order.credit, order.debit, order.amount, detail, at
    )


def do_insert(
    connection: Connection,
    customer: str,
    key: str,
    fingerprint: str,
    kind: str,
    debit: str,
    credit: str,
    amount: int,
    detail: dict[str, Any],
    at: int,
) -> Order:
    """Write an order, which is to be carried out next."""
    day = day_of(at).isoformat()
    order = Order(
        new_hex(at), customer, key, fingerprint, kind, "created", debit, credit, amount, detail, "", day, at, None
    )
    connection.execute(insert(orders).values(msgspec.structs.asdict(order)))
    return order


def _own(connection: Connection, customer: str, account: str) -> Any:
    row = connection.execute(
        select(accounts).where(accounts.c.id == account, accounts.c.customer_id == customer)
    ).first()
    if row is None:
        raise Refusal("no-account")
    if row.state != "open":
        raise Refusal("account-frozen")
    return row


def _target(
    connection: Connection, customer: str, wanted: Wanted, creditor: Creditor | None
) -> tuple[str, str, dict[str, Any]]:
    """Kind, credited account and what is to be told of it."""
    payer = connection.execute(select(customers.c.name).where(customers.c.id == customer)).scalar_one()
    if wanted.to:
        account = _own(connection, customer, wanted.to)
        product = products.find(connection, account.product, account.product_version).product
        return "own", account.id, {"name": product.name, "payer": payer}
    payee = (
        creditor
        or connection.execute(
            select(payees).where(payees.c.id == wanted.payee, payees.c.customer_id == customer)
        ).first()
    )
    if payee is None:
        raise Refusal("no-payee")
    detail = {"name": payee.name, "payer": payer, "bank": payee.bank, "number": payee.number}
    if payee.bank:
        return "outside", general(CLEARING), detail
    account_id = connection.execute(
        select(accounts.c.id).where(accounts.c.number == payee.number, accounts.c.state == "open")
    ).scalar()
    if account_id is None:
        raise Refusal("no-payee")
    return "inside", account_id, detail


def _spent(connection: Connection, account: str, day: str) -> int:
    return int(
        connection.execute(
            select(func.coalesce(func.sum(orders.c.amount), 0)).where(
                orders.c.debit == account,
                orders.c.day == day,
                orders.c.kind.in_(_LIMITED),
                orders.c.state.in_(("created", "pending", "posted")),
            )
        ).scalar_one()
    )


def _do_note_lines(connection: Connection, order: Order, at: int) -> None:
    """The order's lines in the statements of both sides."""
    kind = _LINES.get(order.kind, "transfer")
    state = "pending" if order.kind in _TWO_STEPS else "posted"
    name, payer = order.detail["name"], order.detail["payer"]
    if order.kind == "reversal":
        name, payer = payer, name
    for account, amount, other in ((order.debit, -order.amount, name), (order.credit, order.amount, payer)):
        if owner := _owner(connection, account):
            statements.do_note(
                connection, owner, account, order.id, amount, other, kind, order.detail["remark"], at, state
            )


def _do_set(connection: Connection, order: Order, state: str, at: int, reason: str = "") -> Order:
    connection.execute(update(orders).where(orders.c.id == order.id).values(state=state, reason=reason, done_at=at))
    return msgspec.structs.replace(order, state=state, reason=reason, done_at=at)


def _owner(connection: Connection, account: str) -> str | None:
    return connection.execute(select(accounts.c.customer_id).where(accounts.c.id == account)).scalar()


def _owners(connection: Connection, order: Order) -> set[str]:
    return {owner for account in (order.debit, order.credit) if (owner := _owner(connection, account))}
