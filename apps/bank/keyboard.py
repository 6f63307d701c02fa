"""The platform's secure keyboard, as the bank uses it: sealed passwords are kept and verified there (docs/keyboard.md).

The bank sees neither a password nor its hash. What a value is bound to is always told: the bank's program, and the
person as the program knew them when the keyboard was shown.
"""

from __future__ import annotations

from typing import Any

import aiohttp

from bank.refusals import Refusal

PURPOSE, APP = "sign-in", "eden.bank"
_TIMEOUT = aiohttp.ClientTimeout(total=5)


class Keyboard:
    """`address` of the platform's keyboard with its workspace (…/keyboard/v1/WORKSPACE), and a token with the scope
    keyboard.verify; "" where there is none."""

    def __init__(self, address: str, token: str) -> None:
        self._address, self._token = address.rstrip("/"), token
        self._session: aiohttp.ClientSession | None = None

    async def verifies(self, customer: str, phone: str, sealed: str) -> bool:
        """Whether the sealed value is the customer's password; `phone` is whom it is bound to. Refusals "no-keyboard"
        when nobody can tell, "type-again" for a value that is too old, used or meant for something else."""
        found = await self._ask("verify-password", customer, phone, sealed)
        return found.get("verified") is True

    async def enrol(self, customer: str, phone: str, sealed: str) -> None:
        """The sealed value is the customer's password from now on. Refusals as of `verifies`."""
        await self._ask("enrol-password", customer, phone, sealed)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _ask(self, word: str, customer: str, phone: str, sealed: str) -> dict[str, Any]:
        if not self._address:
            raise Refusal("no-keyboard")
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        body = {"purpose": PURPOSE, "sealed": sealed, "account": customer, "app": APP, "user": phone}
        headers = {"authorization": f"Bearer {self._token}"}
        try:
            async with self._session.post(f"{self._address}/{word}", json=body, headers=headers) as answer:
                if answer.status in (400, 422):
                    raise Refusal("type-again")
                if answer.status != 200:
                    raise Refusal("no-keyboard")
                found: dict[str, Any] = await answer.json()
                return found
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Refusal("no-keyboard") from error
