"""Recognising who asks: the one door for cookies, tokens, passwords and links.

Everything that a request needs is one read; what is written on the way (a session's new end, a token's last use) is
written rarely.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from sqlalchemy import Connection, delete, insert, select, update

from eden.base.audit import AuditLog
from eden.base.database import Database
from eden.base.identity import limits, passwords, sessions, tokens
from eden.base.identity.principal import Principal
from eden.base.identity.secrets import digest, new_secret
from eden.base.identity.sessions import Session
from eden.base.ids import now
from eden.base.problems import Problem
from eden.base.tables import attempts, invitations, oidc_flows, users
from eden.base.tables import sessions as session_table

#: how long a link to set a password works
INVITATION_SECONDS = 7 * 24 * 3600

_MICROSECONDS = 1_000_000


class Identity:
    """Sessions, tokens and passwords over a store.

    `session_seconds`: how long a session lasts after its last use. `public_url`: where browsers find the server when
    a proxy changes the header Host. `clock` gives µs in UTC.
    """

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        *,
        session_seconds: int = 43_200,
        public_url: str = "",
        clock: Callable[[], int] = now,
    ) -> None:
        self.database = database
        self.audit = audit
        self.clock = clock
        self.session_seconds = session_seconds
        self._public_url = public_url.rstrip("/")
        self._public_host = urlsplit(public_url).netloc.lower()

    def origin(self, asked: str) -> str:
        """The beginning of links to this server; `asked` is the address by which the request came."""
        return self._public_url or asked.rstrip("/")

    def hosts(self, header: str) -> set[str]:
        """Hosts (with port) whose pages may write here; `header` is the request's Host."""
        return {host for host in (header.lower(), self._public_host) if host}

    async def session(self, secret: str) -> Session | None:
        """The session of a cookie; using it moves its end."""
        at = self.clock()
        session = await self.database.read(lambda connection: sessions.find(connection, secret, at))
        if session is not None and (end := sessions.new_end(session, at, self.session_seconds)) is not None:
            await self.database.write(lambda connection: sessions.move_end(connection, session.id, end))
        return session

    async def token(self, secret: str) -> Principal:
        """Who holds a token's secret. Problem `not-signed-in` when it does not work."""
        at = self.clock()
        found = None
        if secret.startswith(tokens.PREFIX) and len(secret) < 200:
            found = await self.database.read(lambda connection: tokens.authenticate(connection, secret, at))
        if found is None:
            raise Problem(
                "not-signed-in",
                "The token is not known, was revoked, or has expired.",
                "Make a new one in the console under Tokens.",
                headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
            )
        principal, worth_writing = found
        if worth_writing:
            await self.database.write(lambda connection: tokens.mark_used(connection, principal.id, at))
        return principal

    async def sign_in(self, email: str, password: str, address: str) -> str:
        """The secret of a new session.

        `address` is the client's IP address. Problem `not-signed-in` when e-mail and password do not go together
        (without saying which of them is wrong), `rate-limited` after too many tries.
        """
        email = normal_email(email)
        at = self.clock()
        await self.database.write(lambda connection: limits.count_attempt(connection, email, address, at))
        row = await self.database.read(
            lambda connection: connection.execute(
                select(users.c.id, users.c.password_hash, users.c.disabled_at).where(users.c.email == email)
            ).first()
        )
        hashed = row.password_hash if row is not None and row.disabled_at is None else None
        if not await passwords.verify_in_thread(hashed, password) or row is None or hashed is None:
            raise Problem(
                "not-signed-in",
                "E-mail and password do not go together.",
                "Check both; an owner can send you a link to set a new password.",
            )
        renewed = await passwords.hash_in_thread(password) if passwords.needs_rehash(hashed) else None

        def work(connection: Connection) -> str:
            limits.forgive(connection, email, address)
            if renewed is not None:
                # only if nobody has changed it since it was read
                connection.execute(
                    update(users)
                    .where(users.c.id == row.id, users.c.password_hash == hashed)
                    .values(password_hash=renewed)
                )
            return self.do_begin_session(connection, row.id, email, "password")

        return await self.database.write(work)

    def do_begin_session(self, connection: Connection, user_id: str, email: str, how: str) -> str:
        """Inside a write: a session for somebody who has proved who they are, by `how`. Its secret."""
        self.audit.append(connection, "", f"user:{email}", "session.begin", user_id, {"by": how})
        return sessions.begin(connection, user_id, self.clock(), self.session_seconds)

    async def sign_out(self, session: Session, *, everywhere: bool = False) -> None:
        """End this session, or all of this person's."""

        def work(connection: Connection) -> None:
            if everywhere and session.principal.user_id is not None:
                sessions.end_all(connection, session.principal.user_id)
            else:
                sessions.end(connection, session.id)
            self.audit.append(
                connection,
                "",
                session.principal.name,
                "session.end",
                session.principal.id,
                {"everywhere": everywhere},
            )

        await self.database.write(work)

    def do_invite(self, connection: Connection, user_id: str) -> str:
        """Inside a write: the secret of a link with which a person sets a password; earlier links stop working."""
        secret = new_secret()
        at = self.clock()
        connection.execute(delete(invitations).where(invitations.c.user_id == user_id))
        connection.execute(
            insert(invitations).values(
                id=digest(secret), user_id=user_id, created_at=at, expires_at=at + INVITATION_SECONDS * _MICROSECONDS
            )
        )
        return secret

    async def invited(self, secret: str) -> str:
        """The e-mail address that a link is for. Problem `not-found` when it does not work (any more)."""
        return (await self.database.read(lambda connection: self._find_invited(connection, secret)))[1]

    async def accept(self, secret: str, password: str) -> str:
        """Set the password with a link, once; the secret of a new session. All older sessions end."""
        _, email = await self.database.read(lambda connection: self._find_invited(connection, secret))
        passwords.check_password(password, email)
        hashed = await passwords.hash_in_thread(password)

        def work(connection: Connection) -> str:
            user_id, email = self._find_invited(connection, secret)
            connection.execute(delete(invitations).where(invitations.c.user_id == user_id))
            self.do_set_password(connection, user_id, email, hashed, "link")
            return self.do_begin_session(connection, user_id, email, "link")

        return await self.database.write(work)

    def do_set_password(
        self, connection: Connection, user_id: str, email: str, hashed: str, how: str, keep: str | None = None
    ) -> None:
        """Inside a write: a new password; the person's sessions end, but for `keep`."""
        connection.execute(update(users).where(users.c.id == user_id).values(password_hash=hashed))
        sessions.end_all(connection, user_id, keep)
        self.audit.append(connection, "", f"user:{email}", "user.password", user_id, {"by": how})

    def _find_invited(self, connection: Connection, secret: str) -> tuple[str, str]:
        row = connection.execute(
            select(users.c.id, users.c.email)
            .join(invitations, invitations.c.user_id == users.c.id)
            .where(
                invitations.c.id == digest(secret),
                invitations.c.expires_at > self.clock(),
                users.c.disabled_at.is_(None),
            )
        ).first()
        if row is None:
            raise Problem(
                "not-found",
                "This link was used already, or it is too old.",
                "Ask the owner who sent it for a new one.",
            )
        return row.id, row.email


def normal_email(email: str) -> str:
    """As stored: lower case, without space around it."""
    return email.strip().lower()[:254]


def forget_old(connection: Connection, at: int) -> None:
    """Remove sessions, links, begun sign-ins and counters that have ended before `at` (µs)."""
    for table in (session_table, invitations, oidc_flows, attempts):
        connection.execute(delete(table).where(table.c.expires_at <= at))
