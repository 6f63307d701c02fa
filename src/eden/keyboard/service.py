"""The secure keyboard: sessions for phones, checks and openings for services, purposes and keys for people."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from eden.base.ground import Ground
from eden.base.identity.principal import Principal, check_permission
from eden.base.ids import new_id, now
from eden.base.problems import Problem, not_found
from eden.base.tables import tokens, workspaces
from eden.keyboard import rules, service_keys
from eden.keyboard.interfaces import (
    SEAL_ALGORITHMS,
    Envelope,
    KeyAlgorithm,
    LogRow,
    Offer,
    OfferedKey,
    Outcome,
    Purpose,
    Signature,
)
from eden.keyboard.models import keyboard_log, keyboard_purposes, keyboard_references, keyboard_spent
from eden.keyboard.opener_client import Opener, good
from eden.keyboard.wire import (
    Answer,
    Bytes,
    CheckBlock,
    Checked,
    CheckPassword,
    Deliver,
    HashPassword,
    MakeBlock,
    Message,
    Refused,
    Request,
    Sign,
)

_SECOND = 1_000_000
#: a workspace has no more purposes than a person can tell apart
_MOST_PURPOSES = 100
_LOG_SECONDS = 400 * 24 * 3600
Use: TypeAlias = Literal["verify", "open"]
_JSON = msgspec.json.Encoder()


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A value for a service, sealed to its key; what it was bound to."""

    sealed: bytes
    envelope: Envelope


class _Reference(msgspec.Struct, frozen=True, kw_only=True):
    """What an account's values are compared with; empty: nothing was enrolled. `tries`: with this one."""

    kid: str | None
    reference: bytes
    tries: int
    locks: int | None


class _Locked(msgspec.Struct, frozen=True):
    until: int


class KeyboardService:
    """One per process; the opener is started when it is first needed."""

    def __init__(self, ground: Ground, clock: Callable[[], int] = now) -> None:
        self._ground = ground
        self._database = ground.database
        self._settings = ground.settings.keyboard
        self._clock = clock
        self._code_key = hmac.digest(ground.secret, b"eden keyboard sessions", hashlib.sha256)
        vault = hmac.digest(ground.secret, b"eden keyboard vault", hashlib.sha256)
        self.opener = Opener(vault, lambda: service_keys.read_all(ground))

    def start(self) -> None:
        """Hear of keys that other processes make."""

        async def hear(_: object) -> None:
            await self.opener.load()

        self._ground.feed.listen(service_keys.CHANGED, hear)

    # for phones

    async def offer(self, slug: str, *, app: str, purpose: str, user: str) -> Offer:
        """A session. Problem `not-found`: no such workspace or purpose."""
        at = self._clock()

        def work(connection: Connection) -> tuple[Purpose, dict[str, service_keys.Key]]:
            workspace_id = _workspace(connection, slug)
            return _purpose(connection, workspace_id, purpose), service_keys.newest(connection, workspace_id, at)

        wanted, keys = await self._database.read(work)
        statement = rules.new_statement(
            self._code_key,
            workspace=slug,
            app=app,
            user=user,
            purpose=wanted,
            keys=[
                OfferedKey(keys[name].kid, name, base64.b64encode(keys[name].public).decode())
                for name in SEAL_ALGORITHMS
                if name in keys
            ],
            issued=at // 1000,
            seconds=self._settings.session_seconds,
            random=os.urandom(32),
        )
        text = _JSON.encode(statement).decode()
        signatures = []
        for key in keys.values():
            if key.algorithm == "ed25519":
                made = await self._ask(Sign(key.kid, rules.signed_bytes(text)))
                signatures.append(Signature(key.kid, base64.b64encode(_bytes(made)).decode()))
        return Offer(text, signatures)

    # for services

    async def check(
        self, principal: Principal, slug: str, kind: str, name: str, text: str, account: str, app: str | None,
        user: str | None,
    ) -> Outcome:  # fmt: skip
        """Whether a sealed value is the one that was enrolled for the account. Tries are counted before it is opened.

        Problem `sealed-refused`, `forbidden`, `not-found`."""
        workspace_id, purpose, sealed = await self._take(principal, slug, kind, name, text, app, user, "verify")
        at = self._clock()
        found = await self._database.write(
            lambda connection: self._count(connection, workspace_id, purpose, sealed, account, at)
        )
        if isinstance(found, _Locked):
            await self._log(workspace_id, principal, "check", name, account, "locked")
            return Outcome(verified=False, tries_left=0, locked_until=found.until)
        answer = await self._ask(await self._check_request(workspace_id, purpose, sealed, account, found, at))
        good_one = isinstance(answer, Checked) and answer.good

        def work(connection: Connection) -> None:
            row = _reference_row(workspace_id, name, account)
            if isinstance(answer, Refused):
                # nothing was tried
                given_back = {"tries": keyboard_references.c.tries - 1}
                free = {"locked_until": None} if found.locks is not None else {}
                connection.execute(update(keyboard_references).where(*row).values(**given_back, **free))
            elif isinstance(answer, Checked) and answer.good:
                renewed = self._renewed(connection, workspace_id, purpose, answer.renewed, at)
                connection.execute(
                    update(keyboard_references).where(*row).values(tries=0, locked_until=None, **renewed)
                )
            outcome = "refused" if isinstance(answer, Refused) else "good" if good_one else "wrong"
            _write_log(connection, workspace_id, principal, "check", name, account, outcome, at)
            if found.locks is not None and outcome == "wrong":
                self._ground.audit.append(
                    connection, workspace_id, principal.name, "keyboard.lock", name, {"account": account}
                )

        await self._database.write(work)
        good(answer)
        if good_one:
            return Outcome(verified=True, tries_left=purpose.tries)
        return Outcome(verified=False, tries_left=max(0, purpose.tries - found.tries), locked_until=found.locks)

    async def enrol(
        self, principal: Principal, slug: str, kind: str, name: str, text: str, account: str, app: str | None,
        user: str | None,
    ) -> None:  # fmt: skip
        """Take a sealed value as the account's from now on; it is unlocked. Problems as of `check`."""
        workspace_id, purpose, sealed = await self._take(principal, slug, kind, name, text, app, user, "verify")
        at = self._clock()
        await self._database.write(lambda connection: _spend(connection, sealed.envelope))
        pin_key = await self._pin_key(workspace_id, at) if kind == "pin" else None
        message = _message(sealed, purpose)
        request: Request = HashPassword(message) if pin_key is None else MakeBlock(message, pin_key, account)
        answer = await self._ask(request)
        if isinstance(answer, Refused):
            await self._log(workspace_id, principal, "enrol", name, account, "refused")
        values = {"kid": pin_key, "reference": _bytes(answer), "tries": 0, "locked_until": None, "set_at": at}

        def work(connection: Connection) -> None:
            row = _reference_row(workspace_id, name, account)
            if connection.execute(update(keyboard_references).where(*row).values(**values)).rowcount == 0:
                connection.execute(
                    insert(keyboard_references).values(
                        workspace_id=workspace_id, purpose=name, account=account, **values
                    )
                )
            _write_log(connection, workspace_id, principal, "enrol", name, account, "good", at)

        await self._database.write(work)

    async def open(
        self, principal: Principal, slug: str, name: str, text: str, recipient: bytes, app: str | None, user: str | None
    ) -> Delivery:
        """The value, sealed to a fresh X25519 key of the service: it is readable in the opener and in the service only.
        Problems as of `check`, and `invalid` for a key that is none."""
        workspace_id, purpose, sealed = await self._take(principal, slug, None, name, text, app, user, "open")
        await self._database.write(lambda connection: _spend(connection, sealed.envelope))
        answer = await self._ask(Deliver(_message(sealed, purpose), recipient, delivery_info(sealed.envelope)))
        outcome = "refused" if isinstance(answer, Refused) else "good"
        await self._log(workspace_id, principal, "open", name, "", outcome)
        return Delivery(sealed=_bytes(answer), envelope=sealed.envelope)

    async def unlock(self, principal: Principal, slug: str, name: str, account: str) -> None:
        """Let an account be tried again. Problem `not-found` when nothing was enrolled for it."""
        check_scope(principal, "keyboard.verify")

        def work(connection: Connection) -> None:
            workspace_id = _workspace(connection, slug, principal)
            _permitted(_purpose(connection, workspace_id, name), principal, "verify")
            row = _reference_row(workspace_id, name, account)
            if (
                connection.execute(update(keyboard_references).where(*row).values(tries=0, locked_until=None)).rowcount
                == 0
            ):
                raise not_found("The account")
            _write_log(connection, workspace_id, principal, "unlock", name, account, "good", self._clock())
            self._ground.audit.append(
                connection, workspace_id, principal.name, "keyboard.unlock", name, {"account": account}
            )

        await self._database.write(work)

    # for people

    async def purposes(self, principal: Principal, workspace_id: str, limit: int, after: str | None) -> list[Purpose]:
        """By name."""
        check_permission(principal, workspace_id, "key.manage")
        query = select(keyboard_purposes).where(keyboard_purposes.c.workspace_id == workspace_id)
        if after is not None:
            query = query.where(keyboard_purposes.c.name > after)
        query = query.order_by(keyboard_purposes.c.name).limit(limit)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [msgspec.convert(row, Purpose, from_attributes=True) for row in rows]

    async def set_purpose(
        self, principal: Principal, workspace_id: str, purpose: Purpose, revision: int | None
    ) -> Purpose:
        """Make a purpose, or change one whose revision is as seen; keys are made with the first one.

        Problem `conflict`: another revision, another kind than before, too many purposes; `invalid`: unknown tokens."""
        check_permission(principal, workspace_id, "key.manage")
        at = self._clock()

        def work(connection: Connection) -> Purpose:
            mine = keyboard_purposes.c.workspace_id == workspace_id
            rows = {row.name: row for row in connection.execute(select(keyboard_purposes).where(mine))}
            old = rows.get(purpose.name)
            if (old.revision if old is not None else None) != revision:
                raise Problem("conflict", f"The purpose {purpose.name} has another revision.", "Look at it again.")
            if old is not None and old.kind != purpose.kind:
                raise Problem("conflict", "The kind of a purpose does not change.", "Make another purpose.")
            if old is None and len(rows) >= _MOST_PURPOSES:
                raise Problem("conflict", f"A workspace has at most {_MOST_PURPOSES} purposes.")
            _check_tokens(connection, workspace_id, purpose)
            new = msgspec.structs.replace(purpose, revision=1 if old is None else old.revision + 1)
            values = msgspec.structs.asdict(new)
            if old is None:
                connection.execute(
                    insert(keyboard_purposes).values(
                        workspace_id=workspace_id, created_by=principal.name, created_at=at, **values
                    )
                )
            else:
                connection.execute(
                    update(keyboard_purposes).where(mine, keyboard_purposes.c.name == new.name).values(**values)
                )
            self._ground.audit.append(
                connection, workspace_id, principal.name, "keyboard.purpose.set", new.name, msgspec.to_builtins(new)
            )
            return new

        made = await self._database.write(work)
        await service_keys.ensure(self._ground, self.opener, workspace_id, at, principal.name)
        return made

    async def keys(
        self, principal: Principal, workspace_id: str, limit: int, after: str | None
    ) -> list[service_keys.Key]:
        """Public keys; those of Ed25519 are what phones pin."""
        check_permission(principal, workspace_id, "key.manage")
        return await self._database.read(lambda connection: service_keys.page(connection, workspace_id, limit, after))

    async def renew_key(self, principal: Principal, workspace_id: str, algorithm: KeyAlgorithm) -> None:
        """A new key now; the one before goes on for as long as its kind needs."""
        check_permission(principal, workspace_id, "key.manage")
        seconds = service_keys.SIGNER_SECONDS if algorithm == "ed25519" else self._overlap
        await service_keys.renew(
            self._ground, self.opener, workspace_id, algorithm, self._clock(), actor=principal.name, seconds=seconds
        )

    async def log(self, principal: Principal, workspace_id: str, limit: int, after: str | None) -> list[LogRow]:
        """What was done, the newest first."""
        check_permission(principal, workspace_id, "audit.read")
        query = select(keyboard_log).where(keyboard_log.c.workspace_id == workspace_id)
        if after is not None:
            query = query.where(keyboard_log.c.id < after)
        query = query.order_by(keyboard_log.c.id.desc()).limit(limit)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [msgspec.convert(row, LogRow, from_attributes=True) for row in rows]

    # by the clock

    async def rotate(self) -> None:
        """New keys in place of old ones."""
        await service_keys.rotate(
            self._ground, self.opener, self._clock(), every=self._settings.rotate_seconds, overlap=self._overlap
        )

    async def forget(self) -> None:
        """Sessions that have ended need not be remembered, nor what was done long ago."""
        at = self._clock()

        def work(connection: Connection) -> None:
            connection.execute(delete(keyboard_spent).where(keyboard_spent.c.expires_at <= at))
            connection.execute(delete(keyboard_log).where(keyboard_log.c.at <= at - _LOG_SECONDS * _SECOND))

        await self._database.write(work)

    # inside

    @property
    def _overlap(self) -> int:
        """Seconds until nothing can come back that was sealed to a key when it was still offered."""
        return 2 * self._settings.session_seconds

    async def _take(
        self, principal: Principal, slug: str, kind: str | None, name: str, text: str, app: str | None,
        user: str | None, use: Use,
    ) -> tuple[str, Purpose, rules.Sealed]:  # fmt: skip
        """Workspace, purpose and value, once it is clear that this service may have it and that it is in time."""
        check_scope(principal, f"keyboard.{use}")

        def work(connection: Connection) -> tuple[str, Purpose]:
            workspace_id = _workspace(connection, slug, principal)
            return workspace_id, _purpose(connection, workspace_id, name)

        workspace_id, purpose = await self._database.read(work)
        _permitted(purpose, principal, use)
        if kind is not None and purpose.kind != kind:
            raise Problem("invalid", f"The purpose {name} is of the kind {purpose.kind}.", errors=[("purpose", "")])
        sealed = rules.read_sealed(text)
        rules.check_session(
            sealed.envelope, self._code_key, self._clock() // 1000, workspace=slug, purpose=purpose, app=app, user=user
        )
        return workspace_id, purpose, sealed

    def _count(
        self, connection: Connection, workspace_id: str, purpose: Purpose, sealed: rules.Sealed, account: str, at: int
    ) -> _Reference | _Locked:
        _spend(connection, sealed.envelope)
        row = connection.execute(
            select(keyboard_references).where(*_reference_row(workspace_id, purpose.name, account))
        ).first()
        if row is None:
            return _Reference(kid=None, reference=b"", tries=0, locks=None)
        tries, until = row.tries, row.locked_until
        if until is not None and (until < 0 or until > at):
            return _Locked(until)
        tries = 1 if until is not None else tries + 1
        locks = None
        if tries >= purpose.tries:
            locks = at + purpose.lock_seconds * _SECOND if purpose.lock_seconds else -1
        connection.execute(
            update(keyboard_references)
            .where(*_reference_row(workspace_id, purpose.name, account))
            .values(tries=tries, locked_until=locks)
        )
        return _Reference(kid=row.kid, reference=row.reference, tries=tries, locks=locks)

    async def _check_request(
        self, workspace_id: str, purpose: Purpose, sealed: rules.Sealed, account: str, found: _Reference, at: int
    ) -> Request:
        message = _message(sealed, purpose)
        if purpose.kind == "password":
            return CheckPassword(message, found.reference.decode())
        newest = await self._pin_key(workspace_id, at)
        return CheckBlock(message, found.kid or newest, found.reference, account, newest)

    async def _pin_key(self, workspace_id: str, at: int) -> str:
        keys = await self._database.read(lambda connection: service_keys.newest(connection, workspace_id, at))
        if "aes-256" not in keys:
            raise Problem("unavailable", "The workspace has no PIN key yet.", "Try again in a minute.")
        return keys["aes-256"].kid

    def _renewed(
        self, connection: Connection, workspace_id: str, purpose: Purpose, reference: bytes, at: int
    ) -> dict[str, object]:
        if not reference:
            return {}
        if purpose.kind == "password":
            return {"reference": reference}
        return {"reference": reference, "kid": service_keys.newest(connection, workspace_id, at)["aes-256"].kid}

    async def _ask(self, request: Request) -> Answer:
        answer = await self.opener.ask(request)
        if isinstance(answer, Refused) and answer.why == "no-key":
            # made by another process a moment ago, perhaps
            await self.opener.load()
            answer = await self.opener.ask(request)
        return answer

    async def _log(
        self, workspace_id: str, principal: Principal, action: str, purpose: str, account: str, outcome: str
    ) -> None:
        at = self._clock()
        await self._database.write(
            lambda connection: _write_log(connection, workspace_id, principal, action, purpose, account, outcome, at)
        )


def delivery_info(envelope: Envelope) -> bytes:
    """HPKE's `info` of a value that is delivered to a service."""
    return b"eden keyboard delivery 1\n" + envelope.session.encode()


def check_scope(principal: Principal, scope: str) -> None:
    """Problem `forbidden` unless it is a token with this scope: nobody opens values in a browser."""
    if principal.kind != "token" or not principal.may(principal.workspace_id or "", scope):
        raise Problem(
            "forbidden", f"This needs a token with the scope {scope}.", "Make one in the console under Tokens."
        )


def _workspace(connection: Connection, slug: str, principal: Principal | None = None) -> str:
    found = connection.execute(select(workspaces.c.id).where(workspaces.c.slug == slug)).scalar()
    if found is None or (principal is not None and principal.workspace_id != found):
        raise not_found("The workspace")
    return str(found)


def _purpose(connection: Connection, workspace_id: str, name: str) -> Purpose:
    row = connection.execute(
        select(keyboard_purposes).where(
            keyboard_purposes.c.workspace_id == workspace_id, keyboard_purposes.c.name == name
        )
    ).first()
    if row is None:
        raise not_found("The purpose")
    return msgspec.convert(row, Purpose, from_attributes=True)


def _permitted(purpose: Purpose, principal: Principal, use: Use) -> None:
    if principal.id not in (purpose.verifiers if use == "verify" else purpose.openers):
        raise Problem(
            "forbidden",
            f"This token may not {use} values of the purpose {purpose.name}.",
            f"Somebody with key.manage can add its id to the {'verifiers' if use == 'verify' else 'openers'}.",
        )


def _check_tokens(connection: Connection, workspace_id: str, purpose: Purpose) -> None:
    named = {*purpose.verifiers, *purpose.openers}
    known = set(
        connection.execute(
            select(tokens.c.id).where(tokens.c.workspace_id == workspace_id, tokens.c.id.in_(named))
        ).scalars()
    )
    if unknown := sorted(named - known):
        sentence = f"There is no token {unknown[0][:40]} in this workspace."
        raise Problem("invalid", sentence, errors=[("verifiers", sentence)])


def _spend(connection: Connection, envelope: Envelope) -> None:
    """Problem `sealed-refused` when the session's value has come before."""
    try:
        with connection.begin_nested():
            connection.execute(
                insert(keyboard_spent).values(session=envelope.session, expires_at=envelope.expires * 1000)
            )
    except IntegrityError:
        raise rules.refused("The value was used before.") from None


def _message(sealed: rules.Sealed, purpose: Purpose) -> Message:
    envelope = sealed.envelope
    return Message(
        envelope.kid, rules.info(envelope), sealed.message, envelope.kind, envelope.form, purpose.shortest,
        purpose.longest,
    )  # fmt: skip


def _bytes(answer: Answer) -> bytes:
    made = good(answer)
    assert isinstance(made, Bytes)
    return made.value


def _reference_row(workspace_id: str, purpose: str, account: str) -> tuple[ColumnElement[bool], ...]:
    columns = keyboard_references.c
    return columns.workspace_id == workspace_id, columns.purpose == purpose, columns.account == account


def _write_log(
    connection: Connection, workspace_id: str, principal: Principal, action: str, purpose: str, account: str,
    outcome: str, at: int,
) -> None:  # fmt: skip
    connection.execute(
        insert(keyboard_log).values(
            id=new_id(), workspace_id=workspace_id, at=at, actor=principal.name, action=action, purpose=purpose,
            account=account, outcome=outcome,
        )
    )  # fmt: skip
