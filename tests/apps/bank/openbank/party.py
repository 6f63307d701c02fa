"""A third party as a program: registered at a bank, with keys of its own, and a browser in which customers decide."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

from bank import seed
from bank.openbank import third_parties
from eden.base.ids import now
from tests.apps.bank.house import Answer, BankHouse

ISSUER = "https://bank.example"
BACK = "https://ledger.example/back?kind=bank"
AISP, PISP = "/open-banking/v4.0/aisp", "/open-banking/v4.0/pisp"
EVERYTHING = [
    "ReadAccountsDetail", "ReadBalances", "ReadTransactionsDetail", "ReadTransactionsCredits", "ReadTransactionsDebits",
]  # fmt: skip
VERIFIER = "v" * 43


def challenge(verifier: str = VERIFIER) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


class Form(HTMLParser):
    """The forms of a page: (action, fields); a submit button's field is left to who presses it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, list[tuple[str, str]]]] = []
        self.choices: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((given["action"], []))
        elif tag == "input" and given.get("type") in ("checkbox", "radio"):
            if "disabled" not in given:
                self.choices.append(given["value"])
        elif tag == "input":
            self.forms[-1][1].append((given["name"], given.get("value", "")))


class Browser:
    """A customer's: it keeps one cookie and follows nothing by itself."""

    def __init__(self, house: BankHouse, phone: str = seed.PHONE, password: str = seed.PASSWORD) -> None:
        self.house, self.phone, self.password, self.cookie = house, phone, password, ""

    def get(self, path: str) -> Answer:
        return self._kept(self.house.call("GET", path, authorization="", cookie=self.cookie))

    def post(self, path: str, fields: list[tuple[str, str]]) -> Answer:
        body = urlencode(fields).encode()
        kind = "application/x-www-form-urlencoded"
        return self._kept(self.house.call("POST", path, body, authorization="", cookie=self.cookie, content_type=kind))

    def _kept(self, answer: Answer) -> Answer:
        if "set-cookie" in answer.headers:
            self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return answer

    def sign_in(self, path: str) -> Answer:
        """From the first page to that of the choice, or to what stands in the way."""
        page = self.get(path)
        assert page.status == 200, page.body
        action, fields = Form(page.body.decode()).forms[0]
        known = {"phone": self.phone, "password": self.password}
        answer = self.post(action, [(name, known.get(name, value)) for name, value in fields])
        return self.get(answer.headers["location"]) if answer.status == 303 else answer

    def decide(self, page: Answer, decision: str = "allow", accounts: list[int] | None = None) -> Answer:
        """On the page of the choice; `accounts` by their place on it."""
        form = Form(page.body.decode())
        action, fields = form.forms[0]
        chosen = [("account", form.choices[place]) for place in accounts or []]
        return self.post(action, [*fields, *chosen, ("decision", decision)])


class Party:
    """What a client of this API does; each call has fresh proofs."""

    def __init__(
        self, house: BankHouse, name: str = "Shop Ledger", scopes: tuple[str, ...] = ("accounts", "payments")
    ) -> None:
        self.house = house
        self.key = ECKey.generate_key("P-256", {"kid": "1"})
        self.dpop_key = ECKey.generate_key("P-256")
        keys = {"keys": [self.key.as_dict(private=False)]}
        self.id = house.bank.database.write_now(
            lambda connection: third_parties.do_register(connection, name, [BACK], keys, scopes, now())
        )
        self.browser = Browser(house)

    @property
    def at(self) -> int:
        """Seconds, by the bank's clock."""
        return self.house.server.openbank.gate.clock() // 1_000_000

    def assertion(self, **changed: Any) -> str:
        claims = {"iss": self.id, "sub": self.id, "aud": ISSUER, "jti": str(uuid.uuid4()), "exp": self.at + 60}
        return jwt.encode({"alg": "ES256", "kid": "1"}, claims | changed, self.key)

    def proof(self, method: str, path: str, token: str = "", key: ECKey | None = None, **changed: Any) -> str:
        key = key or self.dpop_key
        claims = {"htm": method, "htu": ISSUER + path.partition("?")[0], "jti": str(uuid.uuid4()), "iat": self.at}
        if token:
            claims["ath"] = challenge(token)
        header = {"alg": "ES256", "typ": "dpop+jwt", "jwk": key.as_dict(private=False)}
        return jwt.encode(header, claims | changed, key)

    def form(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        """To the authorization server; fields and headers take the place of those that it needs."""
        needed = {
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": self.assertion(),
        }
        sent = {"authorization": "", "content_type": "application/x-www-form-urlencoded"}
        body = urlencode({name: value for name, value in (needed | fields).items() if value}).encode()
        return self.house.call("POST", path, body, **(sent | headers))

    def token(self, **fields: str) -> Answer:
        return self.form("/oauth/token", fields, dpop=self.proof("POST", "/oauth/token"))

    def own(self, scope: str = "accounts") -> str:
        """A token to ask for consents with."""
        answer = self.token(grant_type="client_credentials", scope=scope)
        assert answer.status == 200, answer.body
        return str(answer.json["access_token"])

    def call(self, token: str, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """A resource."""
        sent = {"authorization": f"DPoP {token}", "dpop": self.proof(method, path, token)}
        if body is not None:
            sent["content_type"] = "application/json"
        return self.house.call(method, path, body, **(sent | headers))

    def ask(self, permissions: list[str] | None = None, data: dict[str, str] | None = None) -> str:
        """The id of a consent for accounts that waits."""
        wanted = {"Data": {"Permissions": permissions or EVERYTHING} | (data or {}), "Risk": {}}
        answer = self.call(self.own(), "POST", f"{AISP}/account-access-consents", wanted)
        assert answer.status == 201, answer.body
        return str(answer.json["Data"]["ConsentId"])

    def ask_payment(self, initiation: dict[str, Any], key: str = "k1") -> str:
        answer = self.call(
            self.own("payments"), "POST", f"{PISP}/domestic-payment-consents",
            {"Data": {"Initiation": initiation}, "Risk": {}}, x_idempotency_key=key,
        )  # fmt: skip
        assert answer.status == 201, answer.body
        return str(answer.json["Data"]["ConsentId"])

    def push(self, consent: str, scope: str = "accounts", **changed: str) -> Answer:
        fields = {
            "response_type": "code", "client_id": self.id, "redirect_uri": BACK, "scope": scope, "state": "s1",
            "code_challenge": challenge(), "code_challenge_method": "S256",
            "claims": json.dumps({"id_token": {"openbanking_intent_id": {"value": consent, "essential": True}}}),
        }  # fmt: skip
        return self.form("/oauth/par", fields | changed)

    def address(self, consent: str, scope: str = "accounts", **changed: str) -> str:
        """Where a customer is sent."""
        answer = self.push(consent, scope, **changed)
        assert answer.status == 201, answer.body
        return "/oauth/authorize?" + urlencode({"client_id": self.id, "request_uri": answer.json["request_uri"]})

    def code(self, consent: str, scope: str = "accounts", accounts: list[int] | None = None) -> str:
        """What the customer comes back with."""
        page = self.browser.sign_in(self.address(consent, scope))
        answer = self.browser.decide(page, accounts=[0] if accounts is None else accounts)
        return str(came_back(answer)["code"])

    def exchange(self, code: str, **changed: str) -> Answer:
        return self.token(grant_type="authorization_code", code=code, **({"code_verifier": VERIFIER} | changed))

    def allowed(
        self,
        permissions: list[str] | None = None,
        accounts: list[int] | None = None,
        data: dict[str, str] | None = None,
    ) -> tuple[str, dict[str, Any]]:
        """A consent that the customer gave, and its tokens."""
        consent = self.ask(permissions, data)
        answer = self.exchange(self.code(consent, accounts=accounts))
        assert answer.status == 200, answer.body
        return consent, answer.json


def came_back(answer: Answer) -> dict[str, str]:
    """The parameters with which a customer is sent back."""
    assert answer.status == 303, answer.body
    location = answer.headers["location"]
    assert location.startswith(BACK + "&")
    return dict(parse_qsl(urlsplit(location).query))
