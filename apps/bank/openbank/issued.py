"""What the authorization server has issued: pushed requests, codes, tokens; who holds a text, the store has its hash.

A grant is a customer's yes: its code is good for once, and all tokens that came of it are one family. A code or a
refresh token that comes a second time was stolen from one of the two who sent it, so the family ends (OAuth 2.1,
sections 4.1.3 and 4.3.1).
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection, delete, insert, select, update

from bank.ids import new_hex
from bank.openbank import consents
from bank.openbank.consents import Consent
from bank.openbank.errors import OAuthError
from bank.openbank.proofs import thumbprint_of
from bank.openbank.tables import grants, pushed_requests, tokens
from eden.base.identity.secrets import digest, new_secret, same

_SECOND = 1_000_000
#: a customer who is sent over needs time to sign in and to choose
REQUEST_SECONDS = 600
CODE_SECONDS = 60
#: wrong passwords with one request
TRIES = 5
ACCESS_SECONDS = 300
#: since the last use; a consent with an end ends it earlier
REFRESH_SECONDS = 90 * 86_400
URN = "urn:ietf:params:oauth:request_uri:"


class Pushed(Struct, frozen=True):
    """A row of `pushed_requests`."""

    id: str
    third_party_id: str
    consent_id: str
    redirect_uri: str
    scope: str
    state: str
    challenge: str
    jkt: str
    language: str
    customer_id: str | None
    session: str
    tries: int
    expires_at: int


class Token(Struct, frozen=True):
    """A row of `tokens`."""

    id: str
    kind: str
    grant_id: str | None
    third_party_id: str
    scope: str
    jkt: str
    created_at: int
    expires_at: int
    used_at: int | None


class Issued(Struct, frozen=True):
    """What the token endpoint answers (RFC 6749, section 5.1; RFC 9449, section 5)."""

    access_token: str
    expires_in: int
    scope: str
    token_type: str = "DPoP"
    refresh_token: str | UnsetType = UNSET


class Live(Struct, frozen=True):
    """A token that is good now, and the consent that it was issued for; none: it is the third party's own."""

    token: Token
    consent: Consent | None


def do_push(connection: Connection, wanted: Pushed, at: int) -> str:
    """Keep a pushed request; its request_uri (RFC 9126, section 2.2)."""
    reference = new_secret()
    connection.execute(delete(pushed_requests).where(pushed_requests.c.expires_at < at))
    kept = msgspec.structs.replace(wanted, id=digest(reference), expires_at=at + REQUEST_SECONDS * _SECOND)
    connection.execute(insert(pushed_requests).values(msgspec.structs.asdict(kept)))
    return URN + reference


def pushed(connection: Connection, request_uri: str, at: int) -> Pushed | None:
    """The request that a customer comes with, until they have decided or its time is over."""
    if not request_uri.startswith(URN):
        return None
    row = connection.execute(
        select(pushed_requests).where(
            pushed_requests.c.id == digest(request_uri.removeprefix(URN)), pushed_requests.c.expires_at > at
        )
    ).first()
    return None if row is None else Pushed(*row)


def do_count_try(connection: Connection, request: Pushed) -> None:
    """A wrong password was given with this request, whoever's: nobody tries many people's with one."""
    connection.execute(
        update(pushed_requests).where(pushed_requests.c.id == request.id).values(tries=pushed_requests.c.tries + 1)
    )
    connection.execute(
        delete(pushed_requests).where(pushed_requests.c.id == request.id, pushed_requests.c.tries >= TRIES)
    )


def do_recognise(connection: Connection, request: Pushed, customer: str) -> str:
    """The customer has signed in, in a browser that gets this as its cookie."""
    session = new_secret()
    connection.execute(
        update(pushed_requests)
        .where(pushed_requests.c.id == request.id)
        .values(customer_id=customer, session=digest(session))
    )
    return session


def do_forget(connection: Connection, request: Pushed) -> None:
    """It is decided: the same request_uri leads nowhere."""
    connection.execute(delete(pushed_requests).where(pushed_requests.c.id == request.id))


def do_grant(connection: Connection, request: Pushed, at: int) -> str:
    """The customer has said yes; the code."""
    code = new_secret()
    connection.execute(
        insert(grants).values(
            id=new_hex(at),
            third_party_id=request.third_party_id,
            consent_id=request.consent_id,
            scope=request.scope,
            code=digest(code),
            redirect_uri=request.redirect_uri,
            challenge=request.challenge,
            jkt=request.jkt,
            code_expires_at=at + CODE_SECONDS * _SECOND,
        )
    )
    return code


def do_exchange(
    connection: Connection, party: str, code: str, verifier: str, redirect_uri: str, jkt: str, at: int
) -> Issued | OAuthError:
    """Tokens for a code. An error is returned, not raised: what it ends has to stay ended."""
    row = connection.execute(select(grants).where(grants.c.code == digest(code))).first()
    if row is None or row.third_party_id != party:
        return _invalid_grant("There is no such code.")
    if row.code_used_at is not None:
        _do_end(connection, row.id, at)
        return _invalid_grant("This code was used before: what was issued for it has ended.")
    connection.execute(update(grants).where(grants.c.id == row.id).values(code_used_at=at))
    if row.code_expires_at <= at or row.revoked_at is not None:
        return _invalid_grant("The time of this code is over.")
    if not same(thumbprint_of(verifier), row.challenge):
        return _invalid_grant("The code_verifier is not that of the request.")
    if redirect_uri and redirect_uri != row.redirect_uri:
        return _invalid_grant("The redirect_uri is not that of the request.")
    if row.jkt and row.jkt != jkt:
        return _invalid_grant("The code is bound to another DPoP key.")
    consent = consents.find(connection, row.consent_id, at)
    if consent is None or consent.state != "AUTH":
        return _invalid_grant("The consent is not authorised.")
    return _do_issue(connection, consent, row.id, party, row.scope, jkt, at)


def do_refresh(connection: Connection, party: str, token: str, jkt: str, at: int) -> Issued | OAuthError:
    """New tokens for a refresh token, which is used up by it. Errors as of `do_exchange`."""
    row = connection.execute(select(tokens).where(tokens.c.id == digest(token), tokens.c.kind == "refresh")).first()
    if row is None or row.third_party_id != party:
        return _invalid_grant("There is no such refresh token.")
    grant = connection.execute(select(grants).where(grants.c.id == row.grant_id)).one()
    if row.used_at is not None:
        _do_end(connection, grant.id, at)
        return _invalid_grant("This refresh token was used before: all tokens of its family have ended.")
    connection.execute(update(tokens).where(tokens.c.id == row.id).values(used_at=at))
    consent = consents.find(connection, grant.consent_id, at)
    if row.expires_at <= at or grant.revoked_at is not None or consent is None or consent.state != "AUTH":
        return _invalid_grant("The time of this refresh token is over.")
    return _do_issue(connection, consent, grant.id, party, grant.scope, jkt, at)


def do_issue_own(connection: Connection, party: str, scope: str, jkt: str, at: int) -> Issued:
    """A third party's own token, to ask for consents with (client credentials)."""
    return Issued(_do_keep(connection, "access", None, party, scope, jkt, at, ACCESS_SECONDS), ACCESS_SECONDS, scope)


def live(connection: Connection, token: str, at: int) -> Live | None:
    """What an access token stands for now."""
    row = connection.execute(
        select(tokens).where(tokens.c.id == digest(token), tokens.c.kind == "access", tokens.c.expires_at > at)
    ).first()
    if row is None:
        return None
    found = Token(*row)
    if found.grant_id is None:
        return Live(found, None)
    grant = connection.execute(select(grants).where(grants.c.id == found.grant_id)).one()
    consent = consents.find(connection, grant.consent_id, at)
    return None if grant.revoked_at is not None or consent is None else Live(found, consent)


def do_revoke(connection: Connection, party: str, token: str, at: int) -> None:
    """End a token of this client; a refresh token with its whole family (RFC 7009, section 2.1)."""
    row = connection.execute(
        select(tokens).where(tokens.c.id == digest(token), tokens.c.third_party_id == party)
    ).first()
    if row is None:
        return
    if row.kind == "refresh":
        _do_end(connection, row.grant_id, at)
    connection.execute(delete(tokens).where(tokens.c.id == row.id))


def refresh_token(connection: Connection, token: str, at: int) -> Token | None:
    """One that is good now."""
    row = connection.execute(
        select(tokens)
        .join(grants, grants.c.id == tokens.c.grant_id)
        .where(
            tokens.c.id == digest(token),
            tokens.c.kind == "refresh",
            tokens.c.used_at.is_(None),
            tokens.c.expires_at > at,
            grants.c.revoked_at.is_(None),
        )
    ).first()
    return None if row is None else Token(*row)


def _do_issue(
    connection: Connection, consent: Consent, grant: str, party: str, scope: str, jkt: str, at: int
) -> Issued:
    access = _do_keep(connection, "access", grant, party, scope, jkt, at, ACCESS_SECONDS)
    refresh: str | UnsetType = UNSET
    if scope == "accounts":  # a payment is made at once, or asked for again
        seconds = REFRESH_SECONDS
        if consent.expires_at is not None:
            seconds = min(seconds, (consent.expires_at - at) // _SECOND)
        refresh = _do_keep(connection, "refresh", grant, party, scope, "", at, seconds)
    return Issued(access, ACCESS_SECONDS, scope, refresh_token=refresh)


def _do_keep(
    connection: Connection, kind: str, grant: str | None, party: str, scope: str, jkt: str, at: int, seconds: int
) -> str:
    text = new_secret()
    connection.execute(delete(tokens).where(tokens.c.expires_at < at))
    kept = Token(digest(text), kind, grant, party, scope, jkt, at, at + seconds * _SECOND, None)
    connection.execute(insert(tokens).values(msgspec.structs.asdict(kept)))
    return text


def _do_end(connection: Connection, grant: str, at: int) -> None:
    connection.execute(update(grants).where(grants.c.id == grant, grants.c.revoked_at.is_(None)).values(revoked_at=at))


def _invalid_grant(description: str) -> OAuthError:
    return OAuthError("invalid_grant", description)
