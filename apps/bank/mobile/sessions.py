"""Signing in and out, and telling the gateway whose session it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from bank.centres import customers
from bank.keyboard import Typed
from bank.refusals import Refusal
from bank.values import Customer, Signed
from bank.web import Request, Route
from eden.base.ids import now

if TYPE_CHECKING:
    from bank.server import Bank


class SignIn(Struct, frozen=True):
    """`password` as typed, or `sealed` by the platform's secure keyboard, which was told the phone number. `code` is
    the phone's, of wx.login."""

    phone: str = ""
    password: str = ""
    sealed: str = ""
    code: str = ""


class NewCustomer(Struct, frozen=True):
    """Somebody who is no customer yet. Password and PIN are sealed, each twice; the keyboard was told the number."""

    name: str
    phone: str
    password: str
    password_again: str
    pin: str
    pin_again: str


class NewSecret(Struct, frozen=True):
    """A new password or PIN, sealed twice, and the password of now; the keyboard was told the customer's id."""

    password: str
    sealed: str
    again: str


class Check(Struct, frozen=True):
    """What the gateway's authorizer sends: headers of the request by their names."""

    authorization: str = ""


class Checked(Struct, frozen=True):
    """Whose session it is, as the gateway hands it on; `user` is whom its limits count for."""

    principal: str
    user: str


def routes(bank: Bank) -> list[Route]:
    """`/v1/session…`, `/v1/me…`."""

    async def sign_in(request: Request) -> Signed:
        wanted = request.decode(SignIn)
        at = now()
        found = await bank.database.read(lambda connection: customers.credentials(connection, wanted.phone, at))
        if not await _is_right(bank, found, wanted):
            if (known := found.id) is not None and not bank.secrets.has_keyboard:
                await bank.database.write(lambda connection: customers.do_fail(connection, known, at))
            raise Refusal("bad-sign-in")
        customer = found.id
        assert customer is not None  # nobody has no password that could be right
        token = await bank.database.write(lambda connection: customers.do_sign_in(connection, customer, at))
        return Signed(token, await bank.database.read(lambda connection: customers.find(connection, customer)))

    async def sign_out(request: Request) -> dict[str, Any]:
        token = request.header(b"authorization").removeprefix("Bearer ")
        await bank.database.write(lambda connection: customers.do_sign_out(connection, token))
        return {}

    async def check(request: Request) -> Checked:
        token = request.decode(Check).authorization.removeprefix("Bearer ")
        at = now()
        customer = await bank.database.read(lambda connection: customers.of_session(connection, token, at))
        if customer is None:
            raise Refusal("signed-out")
        return Checked(bank.principals.make(customer, at), customer)

    async def me(request: Request) -> customers.View:
        return await bank.database.read(
            lambda connection: customers.view(connection, request.customer, bank.seal, masked=False)
        )

    async def customer(request: Request) -> Customer:
        return await bank.database.read(lambda connection: customers.find(connection, request.customer))

    async def enrol(request: Request) -> Signed:
        wanted = request.decode(NewCustomer)
        customer = await bank.enrolling.enrol(
            wanted.phone,
            wanted.name,
            Typed(wanted.phone, wanted.password, again=wanted.password_again),
            Typed(wanted.phone, wanted.pin, again=wanted.pin_again),
        )
        token = await bank.database.write(lambda connection: customers.do_sign_in(connection, customer, now()))
        return Signed(token, await bank.database.read(lambda connection: customers.find(connection, customer)))

    async def change_password(request: Request) -> dict[str, Any]:
        wanted, who = request.decode(NewSecret), request.customer
        await bank.secrets.check_password(who, Typed(who, wanted.password))
        await bank.secrets.set_password(who, Typed(who, wanted.sealed, again=wanted.again))
        # whoever else knew it is out
        token = request.header(b"authorization").removeprefix("Bearer ")
        await bank.database.write(lambda connection: customers.do_sign_out_others(connection, who, token))
        return {}

    async def change_pin(request: Request) -> dict[str, Any]:
        wanted, who = request.decode(NewSecret), request.customer
        await bank.secrets.check_password(who, Typed(who, wanted.password))
        await bank.secrets.set_pin(who, Typed(who, wanted.sealed, again=wanted.again))
        return {}

    async def agree(request: Request) -> dict[str, Any]:
        purpose = request.path["purpose"]
        await bank.database.write(lambda connection: customers.do_agree(connection, request.customer, purpose, now()))
        return {}

    async def withdraw(request: Request) -> dict[str, Any]:
        purpose = request.path["purpose"]
        await bank.database.write(
            lambda connection: customers.do_withdraw(connection, request.customer, purpose, now())
        )
        return {}

    return [
        Route("POST", "/v1/session", sign_in, "identity.session.open", SignIn, Signed, open=True),
        Route("DELETE", "/v1/session", sign_out, "identity.session.close"),
        Route("POST", "/v1/session/check", check, "identity.session.check", Check, Checked, open=True),
        Route("GET", "/v1/me", customer, "identity.customer.get", returns=Customer),
        Route("GET", "/v1/me/view", me, "identity.customer.view", returns=customers.View),
        Route("POST", "/v1/customers", enrol, "identity.customer.enrol", NewCustomer, Signed, open=True),
        Route("PUT", "/v1/me/password", change_password, "identity.password.change", NewSecret),
        Route("PUT", "/v1/me/pin", change_pin, "identity.pin.change", NewSecret),
        Route("PUT", "/v1/me/consents/{purpose}", agree, "identity.consent.grant"),
        Route("DELETE", "/v1/me/consents/{purpose}", withdraw, "identity.consent.withdraw"),
    ]


async def _is_right(bank: Bank, found: customers.Credentials, wanted: SignIn) -> bool:
    if wanted.sealed:
        return await bank.secrets.is_sealed_password(found, Typed(wanted.phone, wanted.sealed))
    if bank.secrets.has_keyboard:
        # what is typed in clear here has been seen by the program and by whatever is on the way
        raise Refusal("keyboard-only")
    return await bank.secrets.is_password(found, wanted.phone, wanted.password)
