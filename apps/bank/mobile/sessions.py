"""Signing in and out, and telling the gateway whose session it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from bank.centres import customers
from bank.refusals import Refusal
from bank.values import Customer, Signed
from bank.web import Request, Route
from eden.base.identity.passwords import verify_in_thread
from eden.base.ids import now

if TYPE_CHECKING:
    from bank.server import Bank

#: Argon2 is linear in the length
_LONGEST_PASSWORD = 256


class SignIn(Struct, frozen=True):
    """`password` as typed, or `sealed` by the platform's secure keyboard. `code` is the phone's, of wx.login."""

    phone: str = ""
    password: str = ""
    sealed: str = ""
    code: str = ""


class NewPassword(Struct, frozen=True):
    """`phone` is what the keyboard was told when it was shown: the whole number of who is signed in."""

    phone: str
    sealed: str


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
            if (known := found.id) is not None:
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
            lambda connection: customers.view(connection, request.customer, customers.Role.CUSTOMER, bank.seal)
        )

    async def customer(request: Request) -> Customer:
        return await bank.database.read(lambda connection: customers.find(connection, request.customer))

    async def enrol(request: Request) -> dict[str, Any]:
        wanted = request.decode(NewPassword)
        found = await bank.database.read(lambda connection: customers.credentials(connection, wanted.phone, now()))
        if found.id != request.customer:
            raise Refusal("forbidden")
        await bank.keyboard.enrol(request.customer, wanted.phone, wanted.sealed)
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
        Route("PUT", "/v1/me/password", enrol, "identity.password.enrol", NewPassword),
        Route("PUT", "/v1/me/consents/{purpose}", agree, "identity.consent.grant"),
        Route("DELETE", "/v1/me/consents/{purpose}", withdraw, "identity.consent.withdraw"),
    ]


async def _is_right(bank: Bank, found: customers.Credentials, wanted: SignIn) -> bool:
    if wanted.sealed:
        # of nobody the keyboard has nothing, and takes as long to say so
        right = await bank.keyboard.verifies(found.id or "nobody", wanted.phone, wanted.sealed)
        return right and found.id is not None
    if len(wanted.password) > _LONGEST_PASSWORD:
        return False
    return await verify_in_thread(found.password, wanted.password)
