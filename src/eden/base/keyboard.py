"""Services' side of the platform's secure keyboard over HTTP (docs/keyboard.md): values checked, enrolled, opened.

    async with KeyboardClient("https://eden.example.com/keyboard/v1/bank", token) as keyboard:
        checked = await keyboard.check("pin", "pay", sealed, "C-1042", app="wxbank", user="C-1042", bound="25.00 Lin")

It stands on the ground, and not in the keyboard's room, so that programs which the platform does not know can use it.
"""

from __future__ import annotations

import base64
import os
from typing import Any, Literal, TypeAlias

import aiohttp
import msgspec
from msgspec import Struct

from eden.base.crypto import HpkePrivateKey, HpkePublicKey

_TIMEOUT = aiohttp.ClientTimeout(total=10)
Kind: TypeAlias = Literal["pin", "password"]
_CHECKS: dict[Kind, str] = {"pin": "check-pin", "password": "verify-password"}
#: what is inside of a sealed value is padded to this
_PLAIN_BYTES = 144
_KINDS: dict[Kind, int] = {"pin": 1, "password": 2}
_ALGORITHM = "hpke-x25519"


class KeyboardRefused(Exception):
    """A value is good no more, or not for this, or what was typed twice differs: have the person type it again.
    `code`: `sealed-refused` or `sealed-differs`."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class KeyboardUnavailable(Exception):
    """Nobody answers, or it does not permit what was asked: nothing that a person could mend by typing again."""


class Checked(Struct, frozen=True):
    """`locked_until`: milliseconds since 1970; 0: not locked; -1: until it is unlocked, or enrolled anew."""

    verified: bool
    tries_left: int
    locked_until: int


class Opened(Struct, frozen=True):
    """A value, and what it was bound to; `form`: `typed`, or `digest` of what was typed."""

    value: bytes
    app: str
    user: str
    form: str
    bound: str


class KeyboardClient:
    """`address` has the workspace in it (…/keyboard/v1/WORKSPACE); the token has the scope keyboard.verify, or
    keyboard.open, and purposes name it. All methods raise KeyboardUnavailable, those with a value KeyboardRefused."""

    def __init__(self, address: str, token: str) -> None:
        self._address = address.rstrip("/")
        self._headers = {"authorization": f"Bearer {token}"}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> KeyboardClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close its connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def check(self, kind: Kind, purpose: str, sealed: str, account: str, **bound: str) -> Checked:
        """Whether it is the account's PIN or password; `bound`: `app`, `user` and `bound` as they have to be."""
        found = await self._post(_CHECKS[kind], purpose=purpose, sealed=sealed, account=account, **bound)
        return msgspec.convert(found, Checked)

    async def enrol(
        self, kind: Kind, purpose: str, sealed: str, account: str, again: str | None = None, **bound: str
    ) -> None:
        """It is the account's PIN or password from now on. `again`: typed the second time, which has to be the same."""
        second = {} if again is None else {"again": again}
        await self._post(f"enrol-{kind}", purpose=purpose, sealed=sealed, account=account, **second, **bound)

    async def unlock(self, purpose: str, account: str) -> None:
        """Let an account be tried again."""
        await self._post("unlock", purpose=purpose, account=account)

    async def open(self, purpose: str, sealed: str, **bound: str) -> Opened:
        """The value itself. It comes sealed to a key that is made for this call and gone after it."""
        own = HpkePrivateKey.generate(_ALGORITHM)
        recipient = base64.b64encode(own.public.raw).decode()
        found = await self._post("open", purpose=purpose, sealed=sealed, recipient=recipient, **bound)
        info = f"eden keyboard delivery 1\n{found.pop('session')}".encode()
        value = own.open(info, base64.b64decode(found.pop("sealed")))
        return msgspec.convert(found | {"value": value}, Opened)

    async def seal(self, app: str, purpose: str, user: str, value: str, bound: str = "") -> str:
        """Seal a value that the service has itself, as the keyboard would: so that what is checked, and what counts
        tries, is one, wherever it was typed. ValueError: it is longer than a value can be."""
        query = {"app": app, "purpose": purpose, "user": user}
        offer = msgspec.json.decode((await self._ask("GET", "session", params=query))["statement"])
        key = next(key for key in offer["keys"] if key["algorithm"] == _ALGORITHM)
        fields = {name: offer[name] for name in _COPIED} | {"kid": key["kid"], "form": "typed", "bound": bound}
        info = "\n".join(["eden keyboard 1", *(str(fields[name]) for name in _BOUND)]).encode()
        raw = value.encode()
        head = bytes([1, _KINDS[offer["kind"]]]) + len(raw).to_bytes(2, "big")
        if len(head) + len(raw) > _PLAIN_BYTES:
            raise ValueError("a value has at most 140 bytes")
        plain = (head + raw + os.urandom(_PLAIN_BYTES))[:_PLAIN_BYTES]
        message = HpkePublicKey(_ALGORITHM, base64.b64decode(key["public"])).seal(info, plain)
        return f"EK1.{_text64(msgspec.json.encode(fields))}.{_text64(message)}"

    async def _post(self, word: str, **body: str) -> dict[str, Any]:
        return await self._ask("POST", word, json=body, headers=self._headers)

    async def _ask(self, method: str, word: str, **options: Any) -> dict[str, Any]:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        try:
            async with self._session.request(method, f"{self._address}/{word}", **options) as answer:
                found: dict[str, Any] = msgspec.json.decode(await answer.read())
        except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError) as error:
            raise KeyboardUnavailable(f"The secure keyboard gives no answer: {error}") from error
        if answer.status == 422:
            raise KeyboardRefused(found["code"], found["detail"])
        if answer.status != 200:
            raise KeyboardUnavailable(f"The secure keyboard refuses ({answer.status}): {found.get('detail', '')}")
        return found


_COPIED = ("session", "workspace", "app", "purpose", "user", "kind", "nonce", "issued", "expires")
_BOUND = (
    "workspace", "session", "app", "user", "purpose", "kind", "form", "nonce", "issued", "expires", "kid", "bound",
)  # fmt: skip


def _text64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
