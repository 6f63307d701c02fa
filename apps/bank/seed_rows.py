"""Rows of loans in a made-up past: as the centres would have written them."""

from __future__ import annotations

import datetime
import hashlib
import random
from typing import Any

import msgspec
from sqlalchemy import Connection, insert

from bank.centres import contracts, deciding, products
from bank.centres.contracts import Contracts
from bank.ids import new_hex
from bank.made_up_loans import Story
from bank.tables import applications, cases, documents, loan_states, loans, repayments
from bank.times import moment
from eden.base.sealing import Seal

#: before it no rules hold by which an application could be decided
_RULES_SINCE = datetime.date(2026, 1, 1)


def number_of(identifier: str, start: datetime.date) -> str:
    """What people call an application."""
    return f"L{start:%Y%m%d}{int(identifier[-8:], 16) % 1_000_000:06d}"


def do_loan(
    connection: Connection,
    seal: Seal,
    signer: Contracts,
    story: Story,
    identifier: str,
    customer: str,
    until: datetime.date,
    chance: random.Random,
) -> str:
    """Everything that is kept of a loan; the contract's SHA-256."""
    plan, at, number = story.plan, moment(story.start, 10), number_of(identifier, story.start)
    found = products.find(connection, plan.product, 1)
    decided = moment(max(story.start, _RULES_SINCE), 10)
    made = deciding.decision(connection, seal, customer, identifier, found, plan.amount, plan.term, decided)
    verdict = {"outcome": "offered", "amount": plan.amount, "rate_bp": story.product.rate_bp, "reasons": []}
    shared: dict[str, Any] = {"id": identifier, "number": number, "customer_id": customer, "product": plan.product}
    shared |= {"product_version": 1, "amount": plan.amount, "term": plan.term, "created_at": at}
    detail = {"decision": msgspec.to_builtins(made), "verdict": verdict, "made_up": True}
    connection.execute(
        insert(applications).values(
            **shared, key=identifier, fingerprint="", state="offered", detail=detail, changed_at=at
        )
    )
    draft = contracts.draft(connection, seal, customer, identifier, at)
    content = signer.signed(draft, contracts.consent(draft, identifier, number, customer, "", at))
    digest = hashlib.sha256(content).hexdigest()
    connection.execute(
        insert(documents).values(id=digest, customer_id=customer, kind=contracts.KIND, content=content, created_at=at)
    )
    connection.execute(applications.update().where(applications.c.id == identifier).values(state="paid"))
    connection.execute(insert(cases).values(id=identifier, station="active", since=at, rework=0, history=[]))
    connection.execute(
        insert(loans).values(
            **shared,
            account_id=story.account,
            deposit_id=story.deposit,
            rate_bp=story.product.rate_bp,
            start=story.start.isoformat(),
            state=story.state,
            contract=digest,
        )
    )
    is_over = story.state == "closed"
    connection.execute(
        insert(loan_states).values(
            {
                "loan_id": identifier,
                "until": "9999-12-31" if is_over else until.isoformat(),
                "looked_at": until.isoformat(),
                "interest": story.interest,
                "penalty": str(story.penalty),
                "charges": 0,
                "days_overdue": story.days_overdue,
                "class": story.kind,
                "accruing": story.accruing,
                "allowance": story.allowance,
                "written_off": story.written_off,
                "alert": {},
            }
        )
    )
    for one in story.repaid:
        connection.execute(
            insert(repayments).values(
                id=new_hex(moment(one.on, 23), chance),
                loan_id=identifier,
                day=one.on.isoformat(),
                amount=one.interest + one.principal,
                interest=one.interest,
                penalty=0,
                charge=0,
                fee=one.fee,
                kind=one.kind,
            )
        )
    return digest
