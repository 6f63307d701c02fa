"""The platform's secure keyboard, as the bank uses it: passwords and PINs are kept and checked there; the refusals are
the bank's (docs/keyboard.md).

The bank sees neither a password nor its hash. What a value is bound to is always told: the bank's program, and the
person as the program knew them when the keyboard was shown.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, NoReturn, TypeAlias

from bank.refusals import Refusal
from eden.base.ids import now
from eden.base.keyboard import Checked, KeyboardClient, KeyboardRefused, KeyboardUnavailable, Kind

#: the mini program's AppId
APP = "eden.bank"
Purpose: TypeAlias = Literal["sign-in", "pay"]
KINDS: dict[Purpose, Kind] = {"sign-in": "password", "pay": "pin"}
_MINUTE_MS = 60_000


class Typed(NamedTuple):
    """A sealed value: who the keyboard was told to be typing, and what it was bound to besides; `again`: typed the
    second time, where something new is set."""

    user: str
    sealed: str
    bound: str = ""
    again: str | None = None


class Keyboard:
    """`address` of the platform's keyboard with its workspace (…/keyboard/v1/WORKSPACE), and a token with the scope
    keyboard.verify; "" where there is none.

    Refusals: "no-keyboard" when nobody can tell; "type-again" for a value that is too old, used or meant for something
    else; "locked" after too many wrong ones."""

    def __init__(self, address: str, token: str) -> None:
        self.is_used = bool(address)
        self._client = KeyboardClient(address, token)

    async def check(self, purpose: Purpose, customer: str, typed: Typed) -> Checked:
        """Whether it is the customer's password or PIN; one that is locked is refused."""
        self._is_there()
        try:
            found = await self._client.check(
                KINDS[purpose], purpose, typed.sealed, customer, app=APP, user=typed.user, bound=typed.bound
            )
        except (KeyboardRefused, KeyboardUnavailable) as error:
            _refuse(error)
        if found.locked_until > 0:
            left = found.locked_until - now() // 1000
            raise Refusal("locked", minutes=max(1, -(-left // _MINUTE_MS)))
        if found.locked_until < 0:
            raise Refusal("pin-locked")
        return found

    async def enrol(self, purpose: Purpose, customer: str, typed: Typed) -> None:
        """It is the customer's from now on. Refusal "typed-differently" when the second time was another."""
        self._is_there()
        try:
            await self._client.enrol(
                KINDS[purpose], purpose, typed.sealed, customer, typed.again, app=APP, user=typed.user,
                bound=typed.bound,
            )  # fmt: skip
        except (KeyboardRefused, KeyboardUnavailable) as error:
            _refuse(error)

    async def seal(self, purpose: Purpose, user: str, value: str) -> Typed:
        """A value that the bank has itself: what was typed on a page of its own, and what it has made up. Refusal
        "type-again" when it is too long to be one."""
        self._is_there()
        try:
            return Typed(user, await self._client.seal(APP, purpose, user, value))
        except KeyboardUnavailable as error:
            _refuse(error)
        except ValueError:
            raise Refusal("type-again") from None

    async def close(self) -> None:
        await self._client.close()

    def _is_there(self) -> None:
        if not self.is_used:
            raise Refusal("no-keyboard")


def _refuse(error: KeyboardRefused | KeyboardUnavailable) -> NoReturn:
    if isinstance(error, KeyboardUnavailable):
        raise Refusal("no-keyboard") from error
    raise Refusal("typed-differently" if error.code == "sealed-differs" else "type-again") from error
