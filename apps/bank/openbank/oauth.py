"""The authorization server's endpoints for programs (draft-ietf-oauth-v2-1): pushed requests, tokens, metadata.

Only what the draft leaves of OAuth, and of that the strictest: authorization code with PKCE S256, requests that were
pushed (RFC 9126), clients with private_key_jwt (RFC 7523), tokens bound to a key (RFC 9449), codes and refresh tokens
that are good for once. Tokens are opaque: `introspect` (RFC 7662) says what they are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection

from bank.openbank import consents, issued, proofs, third_parties
from bank.openbank.errors import OAuthError
from bank.openbank.gate import Gate
from bank.openbank.issued import Issued, Pushed
from bank.openbank.operations import form_of
from bank.openbank.third_parties import ThirdParty
from bank.web import Reply, Request, Route

if TYPE_CHECKING:
    from bank.server import Bank

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_STATE = re.compile(r"[\x20-\x7e]{1,500}")
#: base64url of a SHA-256
_THUMBPRINT = _CHALLENGE
METADATA = "/.well-known/oauth-authorization-server"


class Introspected(msgspec.Struct, frozen=True, omit_defaults=True):
    """RFC 7662, section 2.2: of a token that is not good, or another's, only that."""

    active: bool
    client_id: str = ""
    scope: str = ""
    token_type: str = ""
    iss: str = ""
    iat: int = 0
    exp: int = 0
    cnf: dict[str, str] = {}


def metadata(issuer: str) -> dict[str, Any]:
    """RFC 8414."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "pushed_authorization_request_endpoint": f"{issuer}/oauth/par",
        "introspection_endpoint": f"{issuer}/oauth/introspect",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "require_pushed_authorization_requests": True,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "scopes_supported": list(third_parties.SCOPES),
        "claims_parameter_supported": True,
        "ui_locales_supported": ["en", "zh"],
        "dpop_signing_alg_values_supported": proofs.ALGORITHMS,
        **{
            f"{endpoint}_endpoint_auth_{what}": value
            for endpoint in ("token", "introspection", "revocation")
            for what, value in (
                ("methods_supported", ["private_key_jwt"]),
                ("signing_alg_values_supported", proofs.ALGORITHMS),
            )
        },
    }


def routes(bank: Bank, gate: Gate) -> list[Route]:
    """`/oauth/par`, `/oauth/token`, `/oauth/introspect`, `/oauth/revoke` and the metadata."""

    async def described(request: Request) -> Reply:
        return Reply(msgspec.json.encode(metadata(gate.issuer)))

    async def push(request: Request) -> Reply:
        form = form_of(request)
        party, at = await gate.authenticate(form), gate.clock()
        # a key that the tokens will be bound to may be said now (RFC 9449, section 10.1)
        jkt = form.get("dpop_jkt", "")
        if request.header(b"dpop"):
            proved = await gate.prove(request)
            if jkt not in ("", proved):
                raise OAuthError("invalid_dpop_proof", "dpop_jkt is not the key of the proof.")
            jkt = proved
        wanted = _pushed(form, party, jkt)

        def work(connection: Connection) -> str:
            consent = consents.find(connection, wanted.consent_id, at)
            if consent is None or (consent.third_party_id, consent.kind) != (party.id, wanted.scope):
                raise OAuthError("invalid_request", "openbanking_intent_id names no consent of this client and scope.")
            if consent.state != "AWAU":
                raise OAuthError("invalid_request", f"The consent does not wait to be authorised: {consent.state}.")
            return issued.do_push(connection, wanted, at)

        uri = await bank.database.write(work)
        body = msgspec.json.encode({"request_uri": uri, "expires_in": issued.REQUEST_SECONDS})
        return Reply(body, status=201)

    async def token(request: Request) -> Issued:
        form = form_of(request)
        party, at = await gate.authenticate(form), gate.clock()
        jkt = await gate.prove(request)
        kind = form.get("grant_type")
        if kind == "client_credentials":
            scope = _scope(form, party)
            return await bank.database.write(
                lambda connection: issued.do_issue_own(connection, party.id, scope, jkt, at)
            )
        if kind == "authorization_code":
            code, verifier = form.get("code", ""), form.get("code_verifier", "")
            if not code or not _VERIFIER.fullmatch(verifier):
                raise OAuthError("invalid_request", "code and code_verifier (RFC 7636) are needed.")
            uri = form.get("redirect_uri", "")
            answer = await bank.database.write(
                lambda connection: issued.do_exchange(connection, party.id, code, verifier, uri, jkt, at)
            )
        elif kind == "refresh_token":
            if not (refresh := form.get("refresh_token", "")):
                raise OAuthError("invalid_request", "refresh_token is needed.")
            answer = await bank.database.write(
                lambda connection: issued.do_refresh(connection, party.id, refresh, jkt, at)
            )
        else:
            raise OAuthError("unsupported_grant_type", "Only the grants of the metadata are there.")
        if isinstance(answer, OAuthError):
            raise answer
        return answer

    async def introspect(request: Request) -> Introspected:
        form = form_of(request)
        party, at = await gate.authenticate(form), gate.clock()
        text = _token(form)

        def look(connection: Connection) -> issued.Token | None:
            found = issued.live(connection, text, at)
            if found is None:
                return issued.refresh_token(connection, text, at)
            ended = found.consent is not None and found.consent.state not in ("AUTH", "COND")
            return None if ended else found.token

        found = await bank.database.read(look)
        if found is None or found.third_party_id != party.id:
            return Introspected(False)
        seconds = 1_000_000
        cnf = {"jkt": found.jkt} if found.jkt else {}
        return Introspected(
            True, party.id, found.scope, "DPoP" if found.jkt else "N_A", gate.issuer, found.created_at // seconds,
            found.expires_at // seconds, cnf,
        )  # fmt: skip

    async def revoke(request: Request) -> Reply:
        form = form_of(request)
        party, at = await gate.authenticate(form), gate.clock()
        text = _token(form)
        await bank.database.write(lambda connection: issued.do_revoke(connection, party.id, text, at))
        return Reply(b"", b"text/plain")

    return [
        Route("GET", METADATA, described, open=True),
        Route("POST", "/oauth/par", push, open=True),
        Route("POST", "/oauth/token", token, open=True),
        Route("POST", "/oauth/introspect", introspect, open=True),
        Route("POST", "/oauth/revoke", revoke, open=True),
    ]


def _pushed(form: dict[str, str], party: ThirdParty, jkt: str) -> Pushed:
    """What a request asks for, checked as far as it needs no store. Raises OAuthError."""
    if "request" in form or "request_uri" in form:
        raise OAuthError("invalid_request", "The parameters are pushed themselves.")
    if form.get("response_type") != "code" or form.get("response_mode", "query") != "query":
        raise OAuthError("unsupported_response_type", "Only the code in the query is there.")
    # compared character by character (OAuth 2.1, section 2.3.1)
    if (uri := form.get("redirect_uri", "")) not in party.redirect_uris:
        raise OAuthError("invalid_request", "The redirect_uri is not registered.")
    if form.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(form.get("code_challenge", "")):
        raise OAuthError("invalid_request", "A code_challenge with the method S256 is needed (RFC 7636).")
    if not _STATE.fullmatch(form.get("state", "")):
        raise OAuthError("invalid_request", "A state of up to 500 visible characters is needed.")
    if jkt and not _THUMBPRINT.fullmatch(jkt):
        raise OAuthError("invalid_request", "dpop_jkt is no thumbprint.")
    locales = form.get("ui_locales", "").lower().split()
    language = next((locale[:2] for locale in locales if locale[:2] in ("zh", "en")), "")
    return Pushed(
        "", party.id, _intent(form.get("claims", "")), uri, _scope(form, party), form["state"],
        form["code_challenge"], jkt, language, None, "", 0, 0,
    )  # fmt: skip


def _token(form: dict[str, str]) -> str:
    """What a question is about."""
    if not (token := form.get("token", "")):
        raise OAuthError("invalid_request", "token is needed.")
    return token


def _scope(form: dict[str, str], party: ThirdParty) -> str:
    scope = form.get("scope", "")
    if scope not in party.scopes:
        raise OAuthError("invalid_scope", "The scope is one of those that the client is registered for.")
    return scope


def _intent(claims: str) -> str:
    """The ConsentId in the parameter `claims`, where UK Open Banking has it. OAuthError when there is none."""
    try:
        found = msgspec.json.decode(claims, type=dict[str, dict[str, Any]])
        value = next(
            found[place]["openbanking_intent_id"]["value"] for place in ("id_token", "userinfo") if place in found
        )
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, LookupError, TypeError, StopIteration):
        value = None
    if not isinstance(value, str) or not value.isalnum():
        raise OAuthError("invalid_request", "claims.id_token.openbanking_intent_id.value is the ConsentId.")
    return value
