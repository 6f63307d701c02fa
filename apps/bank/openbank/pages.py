"""Where the customer decides: the authorization endpoint as pages of the bank, without scripts.

    GET  /oauth/authorize            who asks for what; signing in, then which accounts
    POST /oauth/authorize/session    the bank's password check, with its tries and its lock
    POST /oauth/authorize/decision   yes or no, and back to the third party

A browser that has signed in holds a cookie that is good for this one request. It is SameSite=Strict, and the decision
repeats a value that is made of it, so no other site can decide in the customer's name.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import jinja2
from msgspec import Struct
from sqlalchemy import Connection, select

from bank.centres import customers, messages
from bank.centres.accounting import balances
from bank.centres.customers import masked_name, masked_number
from bank.centres.payments import list_accounts
from bank.openbank import consents, issued, payments, third_parties
from bank.openbank.consents import Consent
from bank.openbank.errors import Code
from bank.openbank.gate import Gate
from bank.openbank.issued import Pushed
from bank.openbank.operations import form_of
from bank.openbank.telling import told
from bank.openbank.third_parties import ThirdParty
from bank.openbank.words import LANGUAGES, words
from bank.refusals import Refusal, yuan
from bank.tables import accounts
from bank.web import Reply, Request, Route
from eden.base.identity.secrets import digest, same

if TYPE_CHECKING:
    from bank.server import Bank

_HERE = Path(__file__).parent
_STYLE = (_HERE / "templates" / "page.css").read_bytes()
COOKIE = "bank-consent"
_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
PATH = "/oauth/authorize"


class Asked(Struct, frozen=True):
    """A request that a customer may decide now."""

    request: Pushed
    party: ThirdParty
    consent: Consent
    uri: str


class Pages:
    """`/oauth/authorize…`."""

    def __init__(self, bank: Bank, gate: Gate) -> None:
        self._bank, self._gate = bank, gate
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=jinja2.StrictUndefined
        )

    def routes(self) -> list[Route]:
        return [
            Route("GET", PATH, self._show, open=True),
            Route("GET", f"{PATH}/page.css", _style, open=True),
            Route("POST", f"{PATH}/session", self._sign_in, open=True),
            Route("POST", f"{PATH}/decision", self._decide, open=True),
        ]

    async def _show(self, request: Request) -> Reply:
        asked = await self._asked(request.query)
        language = _language(request, asked)
        if asked is None:
            return self._gone(language)
        if not self._is_signed_in(request, asked):
            return self._page("sign-in.html", asked, language)
        return await self._choice(request, asked, language)

    async def _sign_in(self, request: Request) -> Reply:
        form = form_of(request)
        asked, at = await self._asked(form), self._gate.clock()
        language = _language(request, asked, form.get("lang", ""))
        if asked is None:
            return self._gone(language)
        phone, password = form.get("phone", "").replace(" ", ""), form.get("password", "")
        try:
            found = await self._bank.database.read(lambda connection: customers.credentials(connection, phone, at))
            if not await self._bank.secrets.is_password(found, phone, password):
                await self._bank.database.write(lambda connection: self._do_fail(connection, asked, found.id))
                raise Refusal("bad-sign-in")
        except Refusal as refusal:
            said = _said(refusal, language)
            return self._page("sign-in.html", asked, language, refusal.status, error=said, phone=phone)
        customer = found.id
        assert customer is not None  # nobody has no password that could be right

        def work(connection: Connection) -> str:
            customers.do_recognise(connection, customer)
            return issued.do_recognise(connection, asked.request, customer)

        session = await self._bank.database.write(work)
        secure = "; Secure" if self._gate.issuer.startswith("https:") else ""
        cookie = f"{COOKIE}={session}; Path={PATH}; HttpOnly; SameSite=Strict; Max-Age={issued.REQUEST_SECONDS}{secure}"
        return _to(_here(asked, language), (b"set-cookie", cookie.encode()))

    def _do_fail(self, connection: Connection, asked: Asked, known: str | None) -> None:
        issued.do_count_try(connection, asked.request)
        if known is not None and not self._bank.secrets.has_keyboard:
            customers.do_fail(connection, known, self._gate.clock())

    async def _decide(self, request: Request) -> Reply:
        form = form_of(request, several=("account",))
        asked, at = await self._asked(form), self._gate.clock()
        language = _language(request, asked, form.get("lang", ""))
        if asked is None:
            return self._gone(language)
        if form.get("decision") != "allow":
            return await self._refuse(asked, language)
        session = _cookie(request)
        customer = asked.request.customer_id
        if (
            customer is None
            or not self._is_signed_in(request, asked)
            or not same(form.get("proof", ""), _proof(session))
        ):
            return self._page("sign-in.html", asked, language, status=401)
        chosen = form.get("account", "").split()
        possible = await self._bank.database.read(lambda connection: _possible(connection, asked.consent, customer))
        one = asked.consent.kind == "payments"
        if not chosen or set(chosen) - set(possible) or (one and len(chosen) != 1):
            return await self._choice(request, asked, language, words(language)["none-chosen"], 400)
        if one and self._bank.secrets.has_keyboard:
            try:
                typed = await self._bank.keyboard.seal("pay", customer, form.get("pin", ""))
                await self._bank.secrets.check_pin(customer, typed)
            except Refusal as refusal:
                return await self._choice(request, asked, language, _said(refusal, language), refusal.status)

        def work(connection: Connection) -> str | None:
            if not _is_waiting(connection, asked, at):
                return None
            consents.do_authorise(connection, asked.consent, customer, chosen, at)
            issued.do_forget(connection, asked.request)
            messages.do_tell(connection, customer, f"allowed-{asked.consent.kind}", at, name=asked.party.name)
            return issued.do_grant(connection, asked.request, at)

        code = await self._bank.database.write(work)
        return self._gone(language) if code is None else self._back(asked, code=code)

    async def _refuse(self, asked: Asked, language: str) -> Reply:
        at = self._gate.clock()

        def work(connection: Connection) -> bool:
            if not _is_waiting(connection, asked, at):
                return False
            consents.do_reject(connection, asked.consent, at, Code.REFUSED_BY_CUSTOMER, asked.request.customer_id)
            issued.do_forget(connection, asked.request)
            return True

        refused = await self._bank.database.write(work)
        return self._back(asked, error="access_denied") if refused else self._gone(language)

    async def _choice(self, request: Request, asked: Asked, language: str, error: str = "", status: int = 200) -> Reply:
        customer, consent = asked.request.customer_id, asked.consent
        assert customer is not None
        possible, rows, name = await self._bank.database.read(
            lambda connection: (
                _possible(connection, consent, customer),
                list_accounts(connection, customer),
                customers.find(connection, customer).name,
            )
        )
        if not possible:
            # what was asked for cannot be had from this customer
            at = self._gate.clock()

            def work(connection: Connection) -> None:
                if _is_waiting(connection, asked, at):
                    consents.do_reject(connection, consent, at, Code.ACCOUNT_IDENTIFIER, customer)

            await self._bank.database.write(work)
            return self._page("no-account.html", asked, language, back=self._address(asked, error="access_denied"))
        money = await balances(self._bank.ledger, possible)
        offered = [
            (account, money[account.id].available) for account in rows if account.id in possible and account.id in money
        ]
        return self._page(
            "choice.html", asked, language, status=status, error=error, offered=offered, person=masked_name(name),
            proof=_proof(_cookie(request)), with_pin=consent.kind == "payments" and self._bank.secrets.has_keyboard,
        )  # fmt: skip

    async def _asked(self, given: Any) -> Asked | None:
        """What a browser comes with, if it can be decided now."""
        uri, client, at = given.get("request_uri", ""), given.get("client_id", ""), self._gate.clock()

        def look(connection: Connection) -> Asked | None:
            request = issued.pushed(connection, uri, at)
            if request is None or request.third_party_id != client:
                return None
            party = third_parties.find(connection, client)
            consent = consents.find(connection, request.consent_id, at)
            if party is None or consent is None or consent.state != "AWAU":
                return None
            return Asked(request, party, consent, uri)

        return await self._bank.database.read(look)

    def _is_signed_in(self, request: Request, asked: Asked) -> bool:
        return bool(asked.request.session) and same(digest(_cookie(request)), asked.request.session)

    def _gone(self, language: str) -> Reply:
        return self._page("gone.html", None, language, status=400)

    def _address(self, asked: Asked, **parameters: str) -> str:
        """Of the third party with the answer, its state, and who answers (RFC 9207)."""
        uri = asked.request.redirect_uri
        answer = urlencode(parameters | {"state": asked.request.state, "iss": self._gate.issuer})
        return f"{uri}{'&' if '?' in uri else '?'}{answer}"

    def _back(self, asked: Asked, **parameters: str) -> Reply:
        return _to(self._address(asked, **parameters))

    def _page(self, template: str, asked: Asked | None, language: str, status: int = 200, **more: Any) -> Reply:
        texts = words(language)
        other = LANGUAGES[1 - LANGUAGES.index(language)]
        values: dict[str, Any] = {
            "t": texts, "language": language, "asked": asked, "yuan": yuan, "error": "", "phone": "", "back": "",
            "switch": _here(asked, other) if asked else "", "path": PATH, "masked": masked_number,
        }  # fmt: skip
        allowed = ""
        if asked is not None:
            parts = urlsplit(asked.request.redirect_uri)
            # a form's answer may lead there (CSP form-action holds for redirects, too)
            allowed = f" {parts.scheme}://{parts.netloc}"
            values |= {"host": parts.netloc, **told(asked.consent, language)}
        html = self._templates.get_template(template).render(values | more)
        policy = f"{_POLICY}; form-action 'self'{allowed}"
        return Reply(
            html.encode(),
            b"text/html; charset=utf-8",
            status,
            (
                (b"content-security-policy", policy.encode()),
                (b"referrer-policy", b"no-referrer"),
                (b"x-content-type-options", b"nosniff"),
                (b"x-frame-options", b"DENY"),
            ),
        )


def _is_waiting(connection: Connection, asked: Asked, at: int) -> bool:
    """Whether it is still to be decided: in another window it may just have been, or the third party took it back."""
    consent = consents.find(connection, asked.consent.id, at)
    return consent is not None and consent.state == "AWAU"


def _possible(connection: Connection, consent: Consent, customer: str) -> list[str]:
    """Accounts that the customer may choose."""
    if consent.kind == "payments":
        return payments.payable(connection, consent, customer)
    rows = connection.execute(
        select(accounts.c.id).where(accounts.c.customer_id == customer, accounts.c.state == "open")
    )
    return list(rows.scalars())


def _said(refusal: Refusal, language: str) -> str:
    return refusal.chinese if language == "zh" else refusal.sentence


def _language(request: Request, asked: Asked | None, chosen: str = "") -> str:
    """What the person chose, what the third party said, what the browser says."""
    wanted = chosen or request.query.get("lang", "") or (asked.request.language if asked else "")
    return wanted if wanted in LANGUAGES else "zh" if request.chinese else "en"


def _here(asked: Asked, language: str) -> str:
    return f"{PATH}?" + urlencode({"client_id": asked.party.id, "request_uri": asked.uri, "lang": language})


def _cookie(request: Request) -> str:
    for part in request.header(b"cookie").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return ""


def _proof(session: str) -> str:
    """What the decision repeats; who has not the cookie cannot make it."""
    return digest(f"decision {session}")


def _to(address: str, *headers: tuple[bytes, bytes]) -> Reply:
    located = (b"location", address.encode())
    return Reply(b"", b"text/plain", 303, (located, (b"referrer-policy", b"no-referrer"), *headers))


async def _style(request: Request) -> Reply:
    return Reply(_STYLE, b"text/css; charset=utf-8")
