"""The platform's secure keyboard, as the bank uses it: sealed values are verified there and never opened here."""

from __future__ import annotations

import aiohttp

from bank.refusals import Refusal

_TIMEOUT = aiohttp.ClientTimeout(total=5)


class Keyboard:
    """`address` of the platform's keyboard with its workspace (…/keyboard/v1/WORKSPACE), and a token with the scope
    keyboard.verify; "" where there is none."""

    def __init__(self, address: str, token: str) -> None:
        self._address, self._token = address.rstrip("/"), token
        self._session: aiohttp.ClientSession | None = None

    async def verifies(self, hashed: str | None, sealed: str) -> bool:
        """Whether the sealed value is the password of the hash. Refusal "no-keyboard" when nobody can tell."""
        if not self._address:
            raise Refusal("no-keyboard")
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        try:
            async with self._session.post(
                f"{self._address}/verify-password",
                json={"sealed": sealed, "hash": hashed},
                headers={"authorization": f"Bearer {self._token}"},
            ) as answer:
                if answer.status >= 500:
                    raise Refusal("no-keyboard")
                if answer.status != 200:
                    return False
                found = await answer.json()
                return found.get("matches") is True and hashed is not None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Refusal("no-keyboard") from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
