"""Signing in by a provider: from the button to the session.

The state of one sign-in is a row that the answer takes away, bound to the browser by a cookie: an answer works once,
in the browser that asked, within ten minutes. A person is found by issuer and subject; the first time by an e-mail
address that the provider has verified, among the people who were invited. Others are refused, unless `Client.join`
names a workspace and role for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from eden.base.identity import limits
from eden.base.identity.oidc import Claims, Provider, refused
from eden.base.identity.roles import ROLES
from eden.base.identity.secrets import digest, new_secret, same
from eden.base.identity.service import Identity
from eden.base.ids import new_id
from eden.base.problems import Problem
from eden.base.tables import members, oidc_flows, users, workspaces

FLOW_SECONDS = 600
COOKIE = "eden_oidc"
#: where the cookie is sent and the provider's answer comes in
PATH = "/console/oidc"

_MICROSECONDS = 1_000_000


def cookie_name(secure: bool) -> str:
    """Of the flow's cookie; over TLS one that no neighbouring host can set."""
    return f"__Host-{COOKIE}" if secure else COOKIE


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in that waits for the provider's answer."""

    url: str
    cookie: str


class OidcSignIn:
    """The two steps of a sign-in."""

    def __init__(self, identity: Identity, provider: Provider) -> None:
        self._identity = identity
        self.provider = provider

    async def begin(self, destination: str, redirect_uri: str, address: str) -> Begun:
        """Where to send the browser, and the cookie to give it. `destination` is the page that the person wants,
        `address` the client's IP address. Problems `unavailable`, `rate-limited`."""
        state, browser, nonce, verifier = (new_secret() for _ in range(4))
        url = await self.provider.authorization_url(state, nonce, verifier, redirect_uri)
        at = self._identity.clock()
        row = {
            "id": digest(state),
            "browser": digest(browser),
            "nonce": nonce,
            "verifier": verifier,
            "destination": destination[:400],
            "expires_at": at + FLOW_SECONDS * _MICROSECONDS,
        }

        def work(connection: Connection) -> None:
            limits.count_begun(connection, address, at)
            connection.execute(insert(oidc_flows).values(**row))

        await self._identity.database.write(work)
        return Begun(url, browser)

    async def finish(self, cookie: str, state: str, code: str, redirect_uri: str) -> tuple[str, str]:
        """The secret of a new session, and the page that the person wanted. Problem `not-signed-in` otherwise."""
        flow = await self._identity.database.write(lambda connection: self._take(connection, state))
        if flow is None or not same(digest(cookie), flow.browser):
            raise Problem(
                "not-signed-in",
                "This sign-in was not begun in this browser, has ended, or took too long.",
                "Begin again on the sign-in page.",
            )
        claims = await self.provider.claims(code, flow.nonce, flow.verifier, redirect_uri)

        def work(connection: Connection) -> str:
            user_id, email = self._person(connection, claims)
            return self._identity.do_begin_session(connection, user_id, email, "oidc")

        return await self._identity.database.write(work), flow.destination

    def _take(self, connection: Connection, state: str) -> Any:
        """The row of a state; it is gone afterwards, whatever comes of it."""
        row = connection.execute(select(oidc_flows).where(oidc_flows.c.id == digest(state))).first()
        connection.execute(delete(oidc_flows).where(oidc_flows.c.id == digest(state)))
        return row if row is not None and row.expires_at > self._identity.clock() else None

    def _person(self, connection: Connection, claims: Claims) -> tuple[str, str]:
        """Id and e-mail address of the person whom the claims prove."""
        known = connection.execute(select(users).where(users.c.oidc_subject == claims.key)).first()
        if known is not None:
            if known.disabled_at is not None:
                raise _unknown(known.email)
            return known.id, known.email
        if not claims.email:
            raise refused("it has no e-mail address that the provider has verified")
        invited = connection.execute(select(users).where(users.c.email == claims.email)).first()
        if invited is None:
            return self._join(connection, claims), claims.email
        # somebody else at the provider has had this address before: they must not become this person
        if invited.oidc_subject is not None or invited.disabled_at is not None:
            raise _unknown(claims.email)
        connection.execute(update(users).where(users.c.id == invited.id).values(oidc_subject=claims.key))
        self._identity.audit.append(
            connection, "", f"user:{claims.email}", "user.link", invited.id, {"issuer": claims.issuer}
        )
        return invited.id, invited.email

    def _join(self, connection: Connection, claims: Claims) -> str:
        slug, _, role = self.provider.client.join.partition(":")
        workspace_id = connection.execute(select(workspaces.c.id).where(workspaces.c.slug == slug)).scalar()
        if not slug or workspace_id is None or role not in ROLES:
            raise _unknown(claims.email)
        user_id, at = new_id(), self._identity.clock()
        connection.execute(
            insert(users).values(
                id=user_id,
                email=claims.email,
                name=claims.name or claims.email,
                oidc_subject=claims.key,
                locale="",
                created_at=at,
            )
        )
        connection.execute(
            insert(members).values(workspace_id=workspace_id, user_id=user_id, roles=[role], created_at=at)
        )
        self._identity.audit.append(
            connection, workspace_id, "system", "member.add", claims.email, {"roles": [role], "by": "oidc"}
        )
        return user_id


def _unknown(email: str) -> Problem:
    return Problem("not-signed-in", f"{email} is not a member here.", "Ask an owner of a workspace for an invitation.")
