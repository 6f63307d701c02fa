"""Who may call: clients of the authorization server by their signature, calls of resources by token and proof.

Before an operation runs, its token was looked up, the proof of possession checked, and the scope, the consent's state
and permissions, and the third party's rate looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from bank.openbank import issued, proofs, third_parties
from bank.openbank.errors import Code, OAuthError, ObError
from bank.openbank.operations import Call, Operation
from bank.openbank.rates import Rates
from bank.openbank.third_parties import ThirdParty
from bank.web import Request
from eden.base.ids import now

if TYPE_CHECKING:
    from bank.server import Bank


class Gate:
    """`clock` gives µs, `issuer` is the bank's public address."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self.clock: Callable[[], int] = now
        self.issuer = bank.settings.public_address
        self.rates = Rates()

    async def authenticate(self, form: dict[str, str]) -> ThirdParty:
        """The client that a request to the authorization server is from. Raises OAuthError."""
        at, assertion = self.clock(), form.get("client_assertion", "")
        if form.get("client_assertion_type") != proofs.ASSERTION_TYPE or not assertion:
            raise OAuthError("invalid_client", "Clients authenticate by private_key_jwt.", 401)
        client = proofs.client_of(assertion)
        if form.get("client_id", client) != client:
            raise OAuthError("invalid_client", "client_id is not that of the assertion.", 401)
        party = await self._bank.database.read(lambda connection: third_parties.find(connection, client))
        if party is None:
            raise OAuthError("invalid_client", "There is no such client.", 401)
        once = proofs.check_assertion(assertion, party, self.issuer, at)
        if not await self._bank.database.write(lambda connection: proofs.do_use(connection, once, at)):
            raise proofs.replayed_assertion()
        if not self.rates.takes(party.id, at):
            raise OAuthError("temporarily_unavailable", "There are too many requests.", 429)
        return party

    async def prove(self, request: Request, access_token: str = "") -> str:
        """The thumbprint of the key that the sender holds. Raises OAuthError."""
        at, scope = self.clock(), request.scope
        given = [value for name, value in scope["headers"] if name == b"dpop"]
        if len(given) != 1:
            raise OAuthError("invalid_dpop_proof", "There is not one DPoP header.")
        url = self.issuer + scope["path"]
        found = proofs.check_dpop(given[0].decode("latin-1"), scope["method"], url, at, access_token)
        if not await self._bank.database.write(lambda connection: proofs.do_use(connection, found.once, at)):
            raise proofs.replayed_proof()
        return found.jkt

    async def call(self, operation: Operation, request: Request) -> Call:
        """Raises ObError, and OAuthError for a token that is not good."""
        scheme, _, token = request.header(b"authorization").partition(" ")
        if scheme.lower() != "dpop" or not token:
            raise OAuthError("invalid_token", "There is no DPoP token.", 401)
        jkt, at = await self.prove(request, token), self.clock()

        def look(connection: Connection) -> tuple[issued.Live, ThirdParty] | None:
            found = issued.live(connection, token, at)
            party = None if found is None else third_parties.find(connection, found.token.third_party_id)
            return None if found is None or party is None else (found, party)

        found = await self._bank.database.read(look)
        if found is None or found[0].token.jkt != jkt:
            raise OAuthError("invalid_token", "This token is not good.", 401)
        live, party = found
        if not self.rates.takes(party.id, at):
            raise ObError(429)
        _check(operation, live)
        path, query = request.scope["path"], request.scope.get("query_string", b"").decode("latin-1")
        url = f"{self.issuer}{path}" + (f"?{query}" if query else "")
        return Call(request, party, live.consent, at, url, request.body)


def _check(operation: Operation, live: issued.Live) -> None:
    consent = live.consent
    if live.token.scope != operation.scope:
        raise ObError(403, Code.CONSENT_MISMATCH, f"This needs a token for {operation.scope}.")
    if operation.own != (consent is None):
        whose = "the third party's own" if operation.own else "a customer's"
        raise OAuthError("invalid_token", f"This needs {whose} token.", 401)
    if consent is None:
        return
    if consent.state == "EXPD":
        raise ObError(401, Code.TOKEN_EXPIRED, "The time of the consent is over.")
    if consent.state not in ("AUTH", "COND"):
        raise OAuthError("invalid_token", "The consent has ended.", 401)
    if operation.permissions and not consent.allows(*operation.permissions):
        needed = " or ".join(operation.permissions)
        raise ObError(403, Code.CONSENT_MISMATCH, f"The customer has not allowed {needed}.")
