"""The secure keyboard: sessions for phones, checks and openings for services."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from eden.base.ground import Ground
from eden.base.identity.principal import Principal
from eden.base.ids import now
from eden.base.problems import Problem, not_found
from eden.keyboard import rules, service_keys
from eden.keyboard.interfaces import SEAL_ALGORITHMS, Envelope, Offer, OfferedKey, Outcome, Purpose, Signature
from eden.keyboard.models import keyboard_log, keyboard_references, keyboard_spent
from eden.keyboard.opener_client import Opener, good
from eden.keyboard.service_rows import (
    Use,
    check_permitted,
    check_scope,
    do_log,
    do_spend,
    find_purpose,
    find_workspace,
    reference_row,
)
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
_LOG_SECONDS = 400 * 24 * 3600
#: by which the clocks of two servers may differ: for one of them a session goes on that has ended for the other
_CLOCKS_SECONDS = 3600
T = TypeVar("T")
_JSON = msgspec.json.Encoder()


class Given(NamedTuple):
    """A sealed value as a service hands it in, and what the service expects it to be bound to; None: nothing."""

    purpose: str
    text: str
    app: str | None = None
    user: str | None = None
    bound: str | None = None


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


class _Taken(NamedTuple):
    """A value that this service may have and that is in time; for the log, who does what with it."""

    workspace_id: str
    purpose: Purpose
    sealed: rules.Sealed
    actor: str
    action: str
    account: str


class KeyboardService:
    """One per process; the opener is started when it is first needed."""

    def __init__(self, ground: Ground, clock: Callable[[], int] = now) -> None:
        self._ground = ground
        self._database = ground.database
        self._settings = ground.settings.keyboard
        self._clock = clock
        self._code_key = hmac.digest(ground.secret, b"eden keyboard sessions", hashlib.sha256)
        vault = hmac.digest(ground.secret, b"eden keyboard vault", hashlib.sha256)
        self.opener = Opener(vault, lambda: service_keys.read_all(ground), self._settings.module)

    def start(self) -> None:
        """Hear of keys that other processes make."""

        async def hear(_: object) -> None:
            await self.opener.load()

        self._ground.feed.listen(service_keys.CHANGED, hear)

    # for phones

    async def offer(self, slug: str, *, app: str, purpose: str, user: str, challenge: str = "") -> Offer:
        """A session, for the phone that drew `challenge`. Problem `not-found`: no such workspace or purpose."""
        at = self._clock()

        def work(connection: Connection) -> tuple[Purpose, dict[str, service_keys.Key]]:
            workspace_id = find_workspace(connection, slug)
            return find_purpose(connection, workspace_id, purpose), service_keys.newest(connection, workspace_id, at)

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
            challenge=challenge,
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

    async def check(self, principal: Principal, slug: str, kind: str, given: Given, account: str) -> Outcome:
        """Whether a sealed value is the one that was enrolled for the account. Tries are counted before it is opened.

        Problem `sealed-refused`, `forbidden`, `not-found`."""
        taken = await self._take(principal, slug, kind, given, "verify", "check", account)
        at, mine = self._clock(), reference_row(taken.workspace_id, given.purpose, account)
        found = await self._spending(taken, lambda connection: _count(connection, taken, at))
        if isinstance(found, _Locked):
            await self._log(taken, "locked")
            return Outcome(verified=False, tries_left=0, locked_until=found.until)
        answer = await self._ask(await self._check_request(taken, found, at))

        def work(connection: Connection) -> str:
            if isinstance(answer, Refused):
                # nothing was tried
                given_back = {"tries": keyboard_references.c.tries - 1}
                free = {"locked_until": None} if found.locks is not None else {}
                # a good one that came meanwhile has given back all
                counted = keyboard_references.c.tries > 0
                connection.execute(update(keyboard_references).where(*mine, counted).values(**given_back, **free))
                outcome: str = answer.why
            elif isinstance(answer, Checked) and answer.good:
                renewed = _renewed(connection, taken, answer.renewed, at)
                connection.execute(
                    update(keyboard_references).where(*mine).values(tries=0, locked_until=None, **renewed)
                )
                outcome = "good"
            else:
                outcome = "wrong"
            _do_log(connection, taken, outcome, at)
            if found.locks is not None and outcome == "wrong":
                self._ground.audit.append(
                    connection, taken.workspace_id, taken.actor, "keyboard.lock", given.purpose, {"account": account}
                )
            return outcome

        outcome = await self._database.write(work)
        good(answer)
        if outcome == "good":
            return Outcome(verified=True, tries_left=taken.purpose.tries)
        left = max(0, taken.purpose.tries - found.tries)
        return Outcome(verified=False, tries_left=left, locked_until=found.locks)

    async def enrol(
        self, principal: Principal, slug: str, kind: str, given: Given, account: str, again: str | None = None
    ) -> None:
        """Take a sealed value as the account's from now on; it is unlocked. `again`: the same typed another time, which
        has to be the same. Problems as of `check`, and `sealed-differs`."""
        taken = await self._take(principal, slug, kind, given, "verify", "enrol", account)
        second = None
        if again is not None:
            second = await self._take(principal, slug, kind, given._replace(text=again), "verify", "enrol", account)
        at = self._clock()

        def spend(connection: Connection) -> None:
            for one in filter(None, (taken, second)):
                do_spend(connection, one.sealed.envelope)

        await self._spending(taken, spend)
        pin_key = await self._pin_key(taken.workspace_id, at) if kind == "pin" else None
        message, repeated = _message(taken), second and _message(second)
        request: Request = HashPassword(message, repeated)
        if pin_key is not None:
            request = MakeBlock(message, pin_key, account, repeated)
        answer = await self._ask(request)
        if isinstance(answer, Refused):
            await self._log(taken, answer.why)
        values = {"kid": pin_key, "reference": _bytes(answer), "tries": 0, "locked_until": None, "set_at": at}

        def work(connection: Connection) -> None:
            row = reference_row(taken.workspace_id, given.purpose, account)
            if connection.execute(update(keyboard_references).where(*row).values(**values)).rowcount == 0:
                connection.execute(
                    insert(keyboard_references).values(
                        workspace_id=taken.workspace_id, purpose=given.purpose, account=account, **values
                    )
                )
            _do_log(connection, taken, "good", at)

        await self._database.write(work)

    async def open(self, principal: Principal, slug: str, given: Given, recipient: bytes) -> Delivery:
        """The value, sealed to a fresh X25519 key of the service: it is readable in the opener and in the service only.
        Problems as of `check`, and `invalid` for a key that is none."""
        taken = await self._take(principal, slug, None, given, "open", "open", "")
        envelope = taken.sealed.envelope
        await self._spending(taken, lambda connection: do_spend(connection, envelope))
        answer = await self._ask(Deliver(_message(taken), recipient, delivery_info(envelope)))
        await self._log(taken, answer.why if isinstance(answer, Refused) else "good")
        return Delivery(sealed=_bytes(answer), envelope=envelope)

    async def unlock(self, principal: Principal, slug: str, name: str, account: str) -> None:
        """Let an account be tried again. Problem `not-found` when nothing was enrolled for it."""
        check_scope(principal, "keyboard.verify")

        def work(connection: Connection) -> None:
            workspace_id = find_workspace(connection, slug, principal)
            check_permitted(find_purpose(connection, workspace_id, name), principal, "verify")
            row = reference_row(workspace_id, name, account)
            free = update(keyboard_references).where(*row).values(tries=0, locked_until=None)
            if connection.execute(free).rowcount == 0:
                raise not_found("The account")
            do_log(connection, workspace_id, principal.name, "unlock", name, account, "good", self._clock())
            self._ground.audit.append(
                connection, workspace_id, principal.name, "keyboard.unlock", name, {"account": account}
            )

        await self._database.write(work)

    # by the clock

    async def rotate(self) -> None:
        """New keys in place of old ones."""
        await service_keys.rotate(
            self._ground,
            self.opener,
            self._clock(),
            every=self._settings.rotate_seconds,
            overlap=service_keys.overlap(self._settings),
        )

    async def forget(self) -> None:
        """Sessions that have ended need not be remembered, nor what was done long ago."""
        at = self._clock()

        def work(connection: Connection) -> None:
            ended = at - _CLOCKS_SECONDS * _SECOND
            connection.execute(delete(keyboard_spent).where(keyboard_spent.c.expires_at <= ended))
            connection.execute(delete(keyboard_log).where(keyboard_log.c.at <= at - _LOG_SECONDS * _SECOND))

        await self._database.write(work)

    # inside

    async def _take(
        self, principal: Principal, slug: str, kind: str | None, given: Given, use: Use, action: str, account: str
    ) -> _Taken:
        """The value, once it is clear that this service may have it and that it is in time."""
        check_scope(principal, f"keyboard.{use}")

        def work(connection: Connection) -> tuple[str, Purpose]:
            workspace_id = find_workspace(connection, slug, principal)
            return workspace_id, find_purpose(connection, workspace_id, given.purpose)

        workspace_id, purpose = await self._database.read(work)
        check_permitted(purpose, principal, use)
        if kind is not None and purpose.kind != kind:
            sentence = f"The purpose {purpose.name} is of the kind {purpose.kind}."
            raise Problem("invalid", sentence, errors=[("purpose", sentence)])
        try:
            sealed = rules.read_sealed(given.text)
            expected = {"app": given.app, "user": given.user, "bound": given.bound}
            rules.check_session(
                sealed.envelope, self._code_key, self._clock() // 1000, workspace=slug, purpose=purpose, **expected
            )
        except rules.SealedRefused as refused:
            await self._database.write(
                lambda connection, reason=refused.reason: do_log(  # type: ignore[misc]
                    connection, workspace_id, principal.name, action, purpose.name, account, reason, self._clock()
                )
            )
            raise
        return _Taken(workspace_id, purpose, sealed, principal.name, action, account)

    async def _spending(self, taken: _Taken, work: Callable[[Connection], T]) -> T:
        """Carry out what uses the value up; that it was used before is logged."""
        try:
            return await self._database.write(work)
        except rules.SealedRefused as refused:
            await self._log(taken, refused.reason)
            raise

    async def _check_request(self, taken: _Taken, found: _Reference, at: int) -> Request:
        message = _message(taken)
        if taken.purpose.kind == "password":
            return CheckPassword(message, found.reference.decode())
        newest = await self._pin_key(taken.workspace_id, at)
        return CheckBlock(message, found.kid or newest, found.reference, taken.account, newest)

    async def _pin_key(self, workspace_id: str, at: int) -> str:
        keys = await self._database.read(lambda connection: service_keys.newest(connection, workspace_id, at))
        if "aes-256" not in keys:
            raise Problem("unavailable", "The workspace has no PIN key yet.", "Try again in a minute.")
        return keys["aes-256"].kid

    async def _ask(self, request: Request) -> Answer:
        answer = await self.opener.ask(request)
        if isinstance(answer, Refused) and answer.why == "no-key":
            # made by another process a moment ago, perhaps
            await self.opener.load()
            answer = await self.opener.ask(request)
        return answer

    async def _log(self, taken: _Taken, outcome: str) -> None:
        at = self._clock()
        await self._database.write(lambda connection: _do_log(connection, taken, outcome, at))


def delivery_info(envelope: Envelope) -> bytes:
    """HPKE's `info` of a value that is delivered to a service."""
    return b"eden keyboard delivery 1\n" + envelope.session.encode()


def _count(connection: Connection, taken: _Taken, at: int) -> _Reference | _Locked:
    """Use the value up, and count it as a try of its account."""
    do_spend(connection, taken.sealed.envelope)
    mine = reference_row(taken.workspace_id, taken.purpose.name, taken.account)
    row = connection.execute(select(keyboard_references).where(*mine)).first()
    if row is None:
        return _Reference(kid=None, reference=b"", tries=0, locks=None)
    tries, until = row.tries, row.locked_until
    if until is not None and (until < 0 or until > at):
        return _Locked(until)
    tries = 1 if until is not None else tries + 1
    locks = None
    if tries >= taken.purpose.tries:
        locks = at + taken.purpose.lock_seconds * _SECOND if taken.purpose.lock_seconds else -1
    connection.execute(update(keyboard_references).where(*mine).values(tries=tries, locked_until=locks))
    return _Reference(kid=row.kid, reference=row.reference, tries=tries, locks=locks)


def _renewed(connection: Connection, taken: _Taken, reference: bytes, at: int) -> dict[str, object]:
    if not reference:
        return {}
    if taken.purpose.kind == "password":
        return {"reference": reference}
    return {"reference": reference, "kid": service_keys.newest(connection, taken.workspace_id, at)["aes-256"].kid}


def _message(taken: _Taken) -> Message:
    envelope, purpose = taken.sealed.envelope, taken.purpose
    return Message(
        envelope.kid, rules.info(envelope), taken.sealed.message, envelope.kind, envelope.form, purpose.shortest,
        purpose.longest,
    )  # fmt: skip


def _bytes(answer: Answer) -> bytes:
    made = good(answer)
    assert isinstance(made, Bytes)
    return made.value


def _do_log(connection: Connection, taken: _Taken, outcome: str, at: int) -> None:
    do_log(connection, taken.workspace_id, taken.actor, taken.action, taken.purpose.name, taken.account, outcome, at)
