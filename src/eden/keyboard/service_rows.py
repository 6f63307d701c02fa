"""What the keyboard's services share of its rows: finding workspaces and purposes, using values up, writing the log."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec
from sqlalchemy import ColumnElement, Connection, insert, select
from sqlalchemy.exc import IntegrityError

from eden.base.identity.principal import Principal
from eden.base.ids import new_id
from eden.base.problems import Problem, not_found
from eden.base.tables import workspaces
from eden.keyboard import rules
from eden.keyboard.interfaces import Envelope, Purpose
from eden.keyboard.models import keyboard_log, keyboard_purposes, keyboard_references, keyboard_spent

Use: TypeAlias = Literal["verify", "open"]


def check_scope(principal: Principal, scope: str) -> None:
    """Problem `forbidden` unless it is a token with this scope: nobody opens values in a browser."""
    if principal.kind != "token" or not principal.may(principal.workspace_id or "", scope):
        raise Problem(
            "forbidden", f"This needs a token with the scope {scope}.", "Make one in the console under Tokens."
        )


def find_workspace(connection: Connection, slug: str, principal: Principal | None = None) -> str:
    """Its id. Problem `not-found`, also when it is not the principal's."""
    found = connection.execute(select(workspaces.c.id).where(workspaces.c.slug == slug)).scalar()
    if found is None or (principal is not None and principal.workspace_id != found):
        raise not_found("The workspace")
    return str(found)


def find_purpose(connection: Connection, workspace_id: str, name: str) -> Purpose:
    """Problem `not-found`."""
    row = connection.execute(
        select(keyboard_purposes).where(
            keyboard_purposes.c.workspace_id == workspace_id, keyboard_purposes.c.name == name
        )
    ).first()
    if row is None:
        raise not_found("The purpose")
    return msgspec.convert(row, Purpose, from_attributes=True)


def check_permitted(purpose: Purpose, principal: Principal, use: Use) -> None:
    """Problem `forbidden` unless the purpose names this token for the use."""
    if principal.id not in (purpose.verifiers if use == "verify" else purpose.openers):
        raise Problem(
            "forbidden",
            f"This token may not {use} values of the purpose {purpose.name}.",
            f"Somebody with key.manage can add its id to the {'verifiers' if use == 'verify' else 'openers'}.",
        )


def do_spend(connection: Connection, envelope: Envelope) -> None:
    """Problem `sealed-refused` when the session's value has come before."""
    try:
        with connection.begin_nested():
            connection.execute(
                insert(keyboard_spent).values(session=envelope.session, expires_at=envelope.expires * 1000)
            )
    except IntegrityError:
        raise rules.refused("used", "The value was used before.") from None


def reference_row(workspace_id: str, purpose: str, account: str) -> tuple[ColumnElement[bool], ...]:
    """Conditions of an account's row."""
    columns = keyboard_references.c
    return columns.workspace_id == workspace_id, columns.purpose == purpose, columns.account == account


def do_log(
    connection: Connection,
    workspace_id: str,
    actor: str,
    action: str,
    purpose: str,
    account: str,
    outcome: str,
    at: int,
) -> None:
    """One thing that was done with a sealed value; `outcome`: `good`, `wrong`, `locked`, or why it was refused."""
    connection.execute(
        insert(keyboard_log).values(
            id=new_id(), workspace_id=workspace_id, at=at, actor=actor, action=action, purpose=purpose,
            account=account, outcome=outcome,
        )
    )  # fmt: skip
