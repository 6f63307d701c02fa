"""What the opener does with sealed values: the only code that ever has what was typed.

A value comes out as a hash, a PIN block, a yes or a no, or sealed again to the key of a service; never as itself. What
Python cannot do is overwrite `bytes` that a library returned: they are let go of at once, in a process that writes no
core dumps and, where the system lets it, is not swapped (`opener.py`).
"""

from __future__ import annotations

import hmac
import os

from eden.base.crypto import HpkePublicKey, Unopened
from eden.base.identity.passwords import hash_password, needs_rehash, verify_password
from eden.keyboard import pin_block
from eden.keyboard.rules import unpack
from eden.keyboard.vault import Opens, Signs, Vault
from eden.keyboard.wire import (
    Answer,
    Bytes,
    CheckBlock,
    Checked,
    CheckPassword,
    Deliver,
    HashPassword,
    KeyRow,
    Load,
    MadeKey,
    Make,
    MakeBlock,
    Message,
    Refused,
    Request,
    Sign,
)

#: requests that take tens of milliseconds of a core
SLOW = (HashPassword, CheckPassword)


class Opening:
    """The keys of one opener. Keys are taken out of the vault when they are first used."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._rows: dict[str, KeyRow] = {}
        self._opens: dict[str, Opens] = {}
        self._signs: dict[str, Signs] = {}
        self._ciphers: dict[str, pin_block.BlockCipher] = {}

    def do(self, request: Request) -> Answer:
        """Carry out one request."""
        try:
            match request:
                case Load(keys):
                    self._load(keys)
                    return Bytes(b"")
                case Make(algorithm, kid):
                    made = self._vault.make(algorithm, kid)
                    self._rows[kid] = KeyRow(kid, algorithm, made.public, made.kept)
                    return MadeKey(made.public, made.kept)
                case Sign(kid, message):
                    return Bytes(self._signer(kid).sign(message))
                case CheckBlock():
                    return self._check_block(request)
                case MakeBlock(message, kid, account, again):
                    return Bytes(self._block(kid, self._open_both(message, again), account))
                case CheckPassword(message, hashed):
                    password = self.open(message).decode("ascii")
                    good = verify_password(hashed or None, password)
                    stale = good and needs_rehash(hashed)
                    return Checked(good, hash_password(password).encode() if stale else b"")
                case HashPassword(message, again):
                    return Bytes(hash_password(self._open_both(message, again).decode("ascii")).encode())
                case Deliver(message, recipient, info):
                    return self._deliver(message, recipient, info)
        except (Unopened, ValueError):
            return Refused("unopened")
        except KeyError:
            return Refused("no-key")
        except _Length:
            return Refused("length")
        except _Differs:
            return Refused("differs")

    def open(self, message: Message) -> bytes:
        """The value of a message. Unopened, ValueError (its inside is malformed), KeyError (no such key), _Length."""
        key = self._opens.get(message.kid) or self._key(message.kid)
        value = unpack(key.open(message.info, message.sealed), message.kind, message.form)
        if not message.shortest <= len(value) <= message.longest and message.form == "typed":
            raise _Length
        return value

    def _open_both(self, message: Message, again: Message | None) -> bytes:
        value = self.open(message)
        if again is not None and not hmac.compare_digest(value, self.open(again)):
            raise _Differs
        return value

    def _load(self, rows: list[KeyRow]) -> None:
        self._rows = {row.kid: row for row in rows}
        for held in (self._opens, self._signs, self._ciphers):
            for kid in [kid for kid in held if kid not in self._rows]:
                del held[kid]

    def _key(self, kid: str) -> Opens:
        row = self._rows[kid]
        if row.algorithm in ("ed25519", "aes-256"):
            raise KeyError(kid)
        key = self._opens[kid] = self._vault.opens(row.algorithm, kid, row.public, row.kept)
        return key

    def _signer(self, kid: str) -> Signs:
        if kid not in self._signs:
            self._signs[kid] = self._vault.signs(kid, self._rows[kid].kept)
        return self._signs[kid]

    def _cipher(self, kid: str) -> pin_block.BlockCipher:
        if kid not in self._ciphers:
            self._ciphers[kid] = self._vault.enciphers(kid, self._rows[kid].kept)
        return self._ciphers[kid]

    def _block(self, kid: str, pin: bytes, account: str) -> bytes:
        return pin_block.encipher(self._cipher(kid), pin, pin_block.pan_of(account), os.urandom(8))

    def _check_block(self, request: CheckBlock) -> Checked:
        pin = self.open(request.message)
        if not request.reference:
            return Checked(False, b"")
        kept = pin_block.decipher(self._cipher(request.kid), request.reference, pin_block.pan_of(request.account))
        good = hmac.compare_digest(pin, kept)
        renew = good and request.newest != request.kid
        return Checked(good, self._block(request.newest, pin, request.account) if renew else b"")

    def _deliver(self, message: Message, recipient: bytes, info: bytes) -> Answer:
        try:
            key = HpkePublicKey("hpke-x25519", recipient)
        except ValueError:
            return Refused("recipient")
        return Bytes(key.seal(info, self.open(message)))


class _Length(Exception):
    """Shorter or longer than the purpose wants it."""


class _Differs(Exception):
    """Two values that should be the same are not."""
