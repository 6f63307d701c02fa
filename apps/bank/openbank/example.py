"""A third party in one file: reads a customer's accounts, and makes a payment, at a bank that has registered it.

python -m bank.openbank.example --key key.json                      # makes the key, says how to register it
python -m bank.openbank.example --key key.json --client CLIENT_ID   # opens the bank's page and goes the whole way
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import secrets
import time
import urllib.request
import webbrowser
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

TRANSACTIONS = ("ReadTransactionsDetail", "ReadTransactionsCredits", "ReadTransactionsDebits")
AISP, PISP = "/open-banking/v4.0/aisp", "/open-banking/v4.0/pisp"


class Client:
    """One key signs for the client and proves possession of tokens; a real one would have two."""

    def __init__(self, bank: str, client: str, key: ECKey, back: str) -> None:
        self.client, self.key, self.back = client, key, back
        self.server = self.send("GET", f"{bank}/.well-known/oauth-authorization-server")

    def send(self, method: str, url: str, body: bytes | None = None, **headers: str) -> Any:
        request = urllib.request.Request(url, body, {name.replace("_", "-"): value for name, value in headers.items()})
        request.method = method
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def proof(self, method: str, url: str, **more: str) -> str:
        """RFC 9449, section 4.2."""
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.key.as_dict(private=False)}
        claims = {"jti": secrets.token_urlsafe(), "htm": method, "htu": url, "iat": int(time.time())} | more
        return jwt.encode(header, claims, self.key)

    def form(self, endpoint: str, **fields: str) -> Any:
        """To the authorization server, as this client (RFC 7523) and with its key (RFC 9449)."""
        url, at = self.server[f"{endpoint}_endpoint"], int(time.time())
        claims = {"iss": self.client, "sub": self.client, "aud": self.server["issuer"], "exp": at + 60}
        assertion = jwt.encode({"alg": "ES256"}, claims | {"jti": secrets.token_urlsafe()}, self.key)
        fields |= {"client_assertion": assertion}
        fields |= {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
        return self.send("POST", url, urlencode(fields).encode(), dpop=self.proof("POST", url))

    def call(self, token: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """A resource."""
        url = self.server["issuer"] + path
        ath = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
        sent = {"authorization": f"DPoP {token}", "dpop": self.proof(method, url.partition("?")[0], ath=ath)}
        data = None if body is None else json.dumps(body).encode()
        return self.send(method, url, data, **sent, content_type="application/json", **headers)

    def allow(self, scope: str, path: str, consent: Any, show: Callable[[str], object]) -> tuple[str, str]:
        """Ask for a consent, send the customer over, and come back with a token for it."""
        own = self.form("token", grant_type="client_credentials", scope=scope)["access_token"]
        asked = self.call(own, "POST", path, consent, x_idempotency_key=secrets.token_hex(16))["Data"]["ConsentId"]
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        pushed = self.form(
            "pushed_authorization_request", response_type="code", client_id=self.client, scope=scope,
            redirect_uri=self.back, state=state, code_challenge=challenge, code_challenge_method="S256",
            claims=json.dumps({"id_token": {"openbanking_intent_id": {"value": asked, "essential": True}}}),
        )  # fmt: skip
        query = urlencode({"client_id": self.client, "request_uri": pushed["request_uri"]})
        answer = came_back(self.back, lambda: show(f"{self.server['authorization_endpoint']}?{query}"))
        if (answer.get("state"), answer.get("iss")) != (state, self.server["issuer"]) or "code" not in answer:
            raise SystemExit(f"The customer did not allow it: {answer.get('error')}")
        tokens = self.form("token", grant_type="authorization_code", code=answer["code"], code_verifier=verifier)
        return asked, tokens["access_token"]


def came_back(back: str, show: Callable[[], object]) -> dict[str, str]:
    """The parameters with which a browser comes back to a listener here."""
    found: dict[str, str] = {}

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.update({name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()})
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(
                b'<!doctype html><title>Done</title><link rel="icon" href="data:,">You can close this page.'
            )

        def log_message(self, *arguments: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", urlsplit(back).port or 80), Listener) as server:
        show()
        while not found:
            server.handle_request()
    return found


def main(arguments: list[str] | None = None, show: Callable[[str], object] = webbrowser.open) -> None:
    parser = argparse.ArgumentParser(description="Read accounts and make a payment as a third party.")
    parser.add_argument("--bank", default="http://127.0.0.1:8720")
    parser.add_argument("--key", type=Path, required=True, help="file of the private key; made when it is not there")
    parser.add_argument("--client", default="", help="the client_id that the bank gave")
    parser.add_argument("--back", default="http://127.0.0.1:8799/back", help="where customers come back to")
    parser.add_argument("--pay", nargs=3, metavar=("AMOUNT", "NUMBER", "NAME"), help="make a payment, too")
    given = parser.parse_args(arguments)
    if not given.key.exists():
        made, public = ECKey.generate_key("P-256"), given.key.with_suffix(".public.json")
        given.key.touch(mode=0o600)
        given.key.write_text(json.dumps(made.as_dict(private=True)))
        public.write_text(json.dumps({"keys": [made.as_dict(private=False)]}))
        print(f"python -m bank openbank register --data DIR --name Example --jwks {public} --redirect-uri {given.back}")
        return
    client = Client(given.bank, given.client, ECKey.import_key(json.loads(given.key.read_text())), given.back)
    consents = f"{AISP}/account-access-consents"
    wanted: dict[str, Any] = {"Permissions": ["ReadAccountsDetail", "ReadBalances", *TRANSACTIONS]}
    _, token = client.allow("accounts", consents, {"Data": wanted, "Risk": {}}, show)
    for account in client.call(token, "GET", f"{AISP}/accounts")["Data"]["Account"]:
        (number,) = account["Account"]
        print(f"{account['Description']}  {number['Identification']}  {number['Name']}")
        path = f"{AISP}/accounts/{account['AccountId']}"
        for balance in client.call(token, "GET", f"{path}/balances")["Data"]["Balance"]:
            print(f"    {balance['Type']} {balance['Amount']['Amount']} {balance['Amount']['Currency']}")
        for line in client.call(token, "GET", f"{path}/transactions")["Data"]["Transaction"][:5]:
            other = line.get("CreditorAccount", line.get("DebtorAccount", {})).get("Name", "")
            day, amount = line["BookingDateTime"][:10], line["Amount"]["Amount"]
            print(f"    {day} {line['CreditDebitIndicator']:6} {amount:>10}  {other}")
    if given.pay:
        amount, number, name = given.pay
        initiation = {
            "InstructionIdentification": secrets.token_hex(8), "EndToEndIdentification": secrets.token_hex(8),
            "InstructedAmount": {"Amount": amount, "Currency": "CNY"},
            "CreditorAccount": {"SchemeName": "UK.OBIE.BBAN", "Identification": number, "Name": name},
        }  # fmt: skip
        wanted = {"Data": {"Initiation": initiation}, "Risk": {}}
        consent, token = client.allow("payments", f"{PISP}/domestic-payment-consents", wanted, show)
        order = {"Data": {"ConsentId": consent, "Initiation": initiation}, "Risk": {}}
        paid = client.call(token, "POST", f"{PISP}/domestic-payments", order, x_idempotency_key=secrets.token_hex(16))
        print(f"Payment {paid['Data']['DomesticPaymentId']}: {paid['Data']['Status']}")


if __name__ == "__main__":
    main()
