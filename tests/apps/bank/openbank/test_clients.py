"""Attacks on the authorization server by programs: false clients, false requests, stolen codes and tokens."""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from bank.openbank import third_parties
from eden.base.ids import now
from tests.apps.bank.house import Answer, BankHouse
from tests.apps.bank.openbank.party import AISP, BACK, ISSUER, VERIFIER, Party, challenge

Later = Callable[[float], None]


def refused(answer: Answer) -> str:
    """The code of an error of OAuth."""
    assert answer.status in (400, 401, 405, 429), answer.body
    assert answer.headers["content-type"] == "application/json" and answer.headers["cache-control"] == "no-store"
    assert set(answer.json) == {"error", "error_description"}
    assert (answer.status == 401) == ("www-authenticate" in answer.headers)
    return str(answer.json["error"])


def own(party: Party, **fields: str) -> Answer:
    return party.token(**({"grant_type": "client_credentials", "scope": "accounts"} | fields))


def forged(claims: dict[str, Any], algorithm: str, key: ECKey) -> str:
    """Without a signature, or with that of whoever takes the public key for a secret."""
    parts = [
        base64.urlsafe_b64encode(part).rstrip(b"=")
        for part in (json.dumps({"alg": algorithm, "kid": "1"}).encode(), json.dumps(claims).encode())
    ]
    text = b".".join(parts)
    mac = hmac.new(key.as_pem(private=False), text, hashlib.sha256).digest() if algorithm == "HS256" else b""
    return (text + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()


def test_metadata(house: BankHouse, party: Party) -> None:
    found = house.get("/.well-known/oauth-authorization-server")
    assert found["issuer"] == ISSUER and found["require_pushed_authorization_requests"] is True
    assert found["code_challenge_methods_supported"] == ["S256"] and found["response_types_supported"] == ["code"]
    assert found["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    for name in ("token", "pushed_authorization_request", "introspection", "revocation"):
        path = found[f"{name}_endpoint"].removeprefix(ISSUER)
        assert refused(house.call("POST", path, b"", authorization="")) == "invalid_request"
        assert refused(house.call("GET", path, authorization="")) == "invalid_request"


def test_false_clients(house: BankHouse, party: Party) -> None:
    other = Party(house, "Other")
    at = party.at
    claims = {"iss": party.id, "sub": party.id, "aud": ISSUER, "jti": str(uuid.uuid4()), "exp": at + 60}
    false = [
        "", "x", "a.b.c", "ä.ä.ä", forged(claims, "none", party.key), forged(claims, "HS256", party.key),
        jwt.encode({"alg": "ES256", "kid": "1"}, claims, ECKey.generate_key("P-256")),
        party.assertion(iss=other.id), party.assertion(sub=other.id), party.assertion(iss=other.id, sub=other.id),
        party.assertion(sub="nobody"), party.assertion(sub=None),
        party.assertion(aud=f"{ISSUER}/oauth/token"), party.assertion(aud=[ISSUER, "https://other.example"]),
        party.assertion(exp=at - 60), party.assertion(exp=at + 3600), party.assertion(exp=None),
        party.assertion(nbf=at + 600), party.assertion(nbf="now"), party.assertion(jti=""),
        party.assertion(jti="j" * 201), party.assertion(exp=True),
    ]  # fmt: skip
    for assertion in false:
        assert refused(own(party, client_assertion=assertion)) == "invalid_client", assertion
    assert refused(own(party, client_id=other.id)) == "invalid_client"
    assert refused(own(party, client_assertion_type="urn:x")) == "invalid_client"
    assert own(party, client_id=party.id).status == 200
    once = party.assertion()
    assert own(party, client_assertion=once).status == 200
    assert refused(own(party, client_assertion=once)) == "invalid_client"


def test_a_revoked_client_is_refused_and_its_tokens_with_it(house: BankHouse, party: Party) -> None:
    consent, tokens = party.allowed()
    token = tokens["access_token"]
    assert party.call(token, "GET", f"{AISP}/accounts").status == 200
    house.bank.database.write_now(lambda connection: third_parties.do_revoke(connection, party.id, now()))
    assert party.call(token, "GET", f"{AISP}/accounts").status == 401
    assert refused(own(party)) == "invalid_client"
    assert consent


def test_requests_that_are_not_taken(house: BankHouse, party: Party) -> None:
    other = Party(house, "Other", ("accounts",))
    consent, theirs = party.ask(), other.ask()
    form = party.push(consent, request_uri="urn:ietf:params:oauth:request_uri:x")
    assert refused(form) == "invalid_request"
    for changed in (
        {"redirect_uri": BACK + "&more=1"}, {"redirect_uri": BACK.replace("ledger", "LEDGER")}, {"redirect_uri": ""},
        {"redirect_uri": "https://evil.example/"}, {"code_challenge_method": "plain"}, {"code_challenge_method": ""},
        {"code_challenge": ""}, {"code_challenge": "short"}, {"state": ""}, {"state": "s" * 501}, {"state": "ä"},
        {"claims": ""}, {"claims": "{}"}, {"claims": "[]"}, {"claims": "{"}, {"request": "x.y.z"},
        {"claims": '{"id_token": {"openbanking_intent_id": {"value": 1}}}'}, {"dpop_jkt": "short"},
        {"claims": json.dumps({"id_token": {"openbanking_intent_id": {"value": theirs}}})},
        {"scope": "payments"},
    ):  # fmt: skip
        assert refused(party.push(consent, **changed)) == "invalid_request", changed
    assert refused(party.push(consent, response_type="token")) == "unsupported_response_type"
    assert refused(party.push(consent, response_mode="fragment")) == "unsupported_response_type"
    assert refused(party.push(consent, scope="openid")) == "invalid_scope"
    assert refused(other.push(theirs, scope="payments")) == "invalid_scope"
    assert refused(party.push(consent, client_id=other.id)) == "invalid_client"
    proof = party.proof("POST", "/oauth/par")
    assert refused(party.form("/oauth/par", {}, dpop=proof)) != "invalid_dpop_proof"
    assert party.push(consent).json["expires_in"] == 600


def test_forms_that_are_none(party: Party) -> None:
    for body, kind in ((b"{}", "application/json"), (b"a=1&a=2", ""), (b"\xff=%ff", ""), (b"state=%00", ""), (b"", "")):
        headers = {"content_type": kind or "application/x-www-form-urlencoded", "authorization": ""}
        answer = party.house.call("POST", "/oauth/token", body, **headers)
        assert refused(answer) in ("invalid_request", "invalid_client"), body
    assert party.house.call("POST", "/oauth/token", b"a=" + b"x" * 70_000, authorization="").status == 413


def test_grants_that_oauth_2_1_has_not(party: Party) -> None:
    for grant in ("password", "implicit", "urn:ietf:params:oauth:grant-type:device_code", ""):
        assert refused(party.token(grant_type=grant, username="a", password="b")) == "unsupported_grant_type"
    assert refused(own(party, scope="accounts payments")) == "invalid_scope"
    assert refused(own(party, scope="")) == "invalid_scope"


def test_tokens_need_a_proof_of_possession(party: Party) -> None:
    path = "/oauth/token"
    fields = {"grant_type": "client_credentials", "scope": "accounts"}
    once = party.proof("POST", path)
    assert party.form(path, fields, dpop=once).status == 200
    for proof in ("", once, "x", party.proof("GET", path), party.proof("POST", "/oauth/par")):
        assert refused(party.form(path, fields, **({"dpop": proof} if proof else {}))) == "invalid_dpop_proof", proof


def test_a_code_is_good_once_and_a_second_use_ends_all(house: BankHouse, party: Party) -> None:
    code = party.code(party.ask())
    tokens = party.exchange(code).json
    token = tokens["access_token"]
    assert party.call(token, "GET", f"{AISP}/accounts").status == 200
    assert refused(party.exchange(code)) == "invalid_grant"
    assert party.call(token, "GET", f"{AISP}/accounts").status == 401
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert refused(party.token(**refresh)) == "invalid_grant"


def test_codes_that_do_not_fit(house: BankHouse, party: Party, later: Later) -> None:
    thief = Party(house, "Thief")
    code = party.code(party.ask())
    # another's client cannot use it, nor burn it
    assert refused(thief.exchange(code)) == "invalid_grant"
    assert refused(party.exchange(code, code_verifier="")) == "invalid_request"
    assert party.exchange(code, redirect_uri=BACK).status == 200
    for changed in ({"code_verifier": "w" * 43}, {"redirect_uri": "https://ledger.example/other"}):
        code = party.code(party.ask())
        assert refused(party.exchange(code, **changed)) == "invalid_grant"
        # one try is all that there is
        assert refused(party.exchange(code)) == "invalid_grant"
    code = party.code(party.ask())
    later(61)
    assert refused(party.exchange(code)) == "invalid_grant"
    assert refused(party.exchange("nothing")) == "invalid_grant"
    assert refused(party.exchange("", code_verifier=VERIFIER)) == "invalid_request"


def test_a_code_can_be_bound_to_a_key(house: BankHouse, party: Party) -> None:
    def code(**fields: str) -> str:
        page = party.browser.sign_in(party.address(party.ask(), **fields))
        return party.browser.decide(page, accounts=[0]).headers["location"].partition("code=")[2].partition("&")[0]

    bound = code(dpop_jkt=ECKey.generate_key("P-256").thumbprint())
    assert refused(party.exchange(bound)) == "invalid_grant"
    assert party.exchange(code(dpop_jkt=party.dpop_key.thumbprint())).status == 200


def test_refresh_tokens_rotate_and_a_second_use_ends_the_family(house: BankHouse, party: Party, later: Later) -> None:
    _, first = party.allowed()

    def refresh(token: str, who: Party = party) -> Answer:
        return who.token(grant_type="refresh_token", refresh_token=token)

    later(200)
    second = refresh(first["refresh_token"]).json
    assert second["refresh_token"] != first["refresh_token"] and second["access_token"] != first["access_token"]
    later(200)
    assert party.call(first["access_token"], "GET", f"{AISP}/accounts").status == 401  # five minutes are over
    assert party.call(second["access_token"], "GET", f"{AISP}/accounts").status == 200
    thief = Party(house, "Thief")
    assert refused(refresh(second["refresh_token"], thief)) == "invalid_grant"
    assert refused(refresh("nothing")) == "invalid_grant"
    assert refused(refresh("")) == "invalid_request"
    third = refresh(second["refresh_token"]).json
    # the old one comes again: whoever sent it, one of the two has stolen it
    assert refused(refresh(first["refresh_token"])) == "invalid_grant"
    assert party.call(third["access_token"], "GET", f"{AISP}/accounts").status == 401
    assert refused(refresh(third["refresh_token"])) == "invalid_grant"


def test_refresh_tokens_end_with_the_consent(party: Party, later: Later) -> None:
    until = datetime.datetime.fromtimestamp(party.at + 30 * 86_400, datetime.UTC)
    _, tokens = party.allowed(data={"ExpirationDateTime": until.isoformat()})
    later(60 * 86_400)
    answer = party.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert refused(answer) == "invalid_grant"


def test_introspection_and_revocation(house: BankHouse, party: Party) -> None:
    other = Party(house, "Other")
    _, tokens = party.allowed()
    access, refresh = tokens["access_token"], tokens["refresh_token"]

    def look(token: str, who: Party = party) -> Any:
        return who.form("/oauth/introspect", {"token": token}).json

    found = look(access)
    assert found == {
        "active": True, "client_id": party.id, "scope": "accounts", "token_type": "DPoP", "iss": ISSUER,
        "iat": found["iat"], "exp": found["iat"] + 300, "cnf": {"jkt": party.dpop_key.thumbprint()},
    }  # fmt: skip
    assert look(refresh)["active"] is True
    for token, who in ((access, other), (refresh, other), ("nothing", party)):
        assert look(token, who) == {"active": False}
    for path in ("/oauth/introspect", "/oauth/revoke"):
        assert refused(party.form(path, {})) == "invalid_request"
    # another's revocation does nothing, and says nothing
    assert other.form("/oauth/revoke", {"token": refresh}).status == 200
    assert look(access)["active"] is True
    assert party.form("/oauth/revoke", {"token": access}).status == 200
    assert look(access) == {"active": False} and look(refresh)["active"] is True
    again = party.token(grant_type="refresh_token", refresh_token=refresh).json
    assert party.form("/oauth/revoke", {"token": again["refresh_token"]}).status == 200
    assert look(again["access_token"]) == {"active": False}
    assert refused(party.house.call("POST", "/oauth/introspect", b"token=x", authorization="")) == "invalid_request"


def test_too_many_requests(house: BankHouse, party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    at = now()
    monkeypatch.setattr(house.server.openbank.gate, "clock", lambda: at)
    answers = [own(party).status for _ in range(101)]
    assert answers == [200] * 100 + [429]
    limited = own(party)
    assert refused(limited) == "temporarily_unavailable" and limited.headers["retry-after"] == "1"
    assert own(Party(house, "Calm")).status == 200


def test_the_challenge_is_that_of_the_rfc() -> None:
    # RFC 7636, appendix B
    assert challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
