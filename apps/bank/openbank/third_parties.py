"""Registered third parties: who may ask, where their customers are sent back to, and the keys that they sign with.

They are confidential clients (RFC 6749, section 2.1) without a shared secret: each proves itself by a signature.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey
from msgspec import Struct
from sqlalchemy import Connection, insert, select, update

from bank.ids import new_hex
from bank.openbank.consents import do_cancel_all
from bank.openbank.tables import third_parties
from eden.base.errors import EdenError

SCOPES = ("accounts", "payments")
#: bits of an RSA key at least
RSA_BITS = 2048
LONGEST_URI = 400
_LOOPBACK = ("127.0.0.1", "::1")


class ThirdParty(Struct, frozen=True):
    """A row of `third_parties`."""

    id: str
    name: str
    redirect_uris: list[str]
    keys: dict[str, Any]
    scopes: list[str]
    created_at: int
    revoked_at: int | None

    @property
    def key_set(self) -> KeySet:
        return KeySet.import_key_set(self.keys)  # type: ignore[arg-type]


def check_redirect_uri(uri: str) -> None:
    """HTTPS, or HTTP on the own machine for programs there (RFC 8252, section 7.3). Raises EdenError "redirect-uri"."""
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    loopback = host in _LOOPBACK and port is not None
    allowed = parts.scheme == "https" or (parts.scheme == "http" and loopback)
    if not (allowed and host and len(uri) <= LONGEST_URI and re.fullmatch(r"[\x21-\x7e]+", uri)) or (
        "#" in uri or parts.username is not None or ";" in uri or "," in uri
    ):
        raise EdenError(
            "redirect-uri",
            f"{uri} is no address to send customers back to.",
            "Give an https:// address without fragment, or http://127.0.0.1:PORT/… for a program on the own machine.",
        )


def check_keys(keys: object) -> dict[str, Any]:
    """The public parts of a JSON Web Key Set (RFC 7517). Raises EdenError "keys"."""
    found: list[dict[str, Any]] = []
    try:
        for key in keys["keys"]:  # type: ignore[index]
            loaded = public_key(key)
            found.append(loaded.as_dict(private=False) | {"kid": str(key.get("kid") or loaded.thumbprint())})
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise EdenError(
            "keys", f"This is no set of public keys: {error}.", "Give a JWKS with P-256 or RSA keys."
        ) from None
    if not found or len({key["kid"] for key in found}) != len(found):
        raise EdenError("keys", "The set has no key, or two with the same kid.", "Give each key a kid of its own.")
    return {"keys": found}


def public_key(key: dict[str, Any]) -> ECKey | RSAKey:
    """A public key of a kind that is accepted. Raises ValueError, or what the library raises."""
    if any(member in key for member in ("d", "p", "q", "dp", "dq", "qi", "oth", "k")):
        raise ValueError("it has a private key")
    if key.get("kty") == "EC" and key.get("crv") == "P-256":
        return ECKey.import_key({name: key[name] for name in ("kty", "crv", "x", "y")})
    if key.get("kty") == "RSA":
        loaded = RSAKey.import_key({name: key[name] for name in ("kty", "n", "e")})
        if loaded.public_key.key_size >= RSA_BITS:
            return loaded
    raise ValueError("it is neither a P-256 key nor an RSA key of 2048 bits")


def do_register(
    connection: Connection, name: str, redirect_uris: Sequence[str], keys: object, scopes: Sequence[str], at: int
) -> str:
    """A new third party's client_id. Raises EdenError with what is wrong."""
    if not name.strip() or len(name) > 80 or not name.isprintable():
        raise EdenError("name", "A third party has a name of up to 80 characters.", "Customers see it.")
    if not redirect_uris:
        raise EdenError("redirect-uri", "There is no address to send customers back to.", "Give one.")
    for uri in redirect_uris:
        check_redirect_uri(uri)
    if not scopes or set(scopes) - set(SCOPES):
        raise EdenError("scopes", "Scopes are accounts and payments.", "Give one or both.")
    party = ThirdParty(new_hex(at), name.strip(), list(redirect_uris), check_keys(keys), sorted(set(scopes)), at, None)
    connection.execute(insert(third_parties).values(msgspec.structs.asdict(party)))
    return party.id


def find(connection: Connection, party: str) -> ThirdParty | None:
    """One that may ask still."""
    row = connection.execute(
        select(third_parties).where(third_parties.c.id == party, third_parties.c.revoked_at.is_(None))
    ).first()
    return None if row is None else ThirdParty(*row)


def list_all(connection: Connection) -> list[ThirdParty]:
    """With those that may not ask any more."""
    return [ThirdParty(*row) for row in connection.execute(select(third_parties).order_by(third_parties.c.id))]


def do_revoke(connection: Connection, party: str, at: int) -> str:
    """It may not ask any more, and what customers allowed it ends; its name. Raises EdenError "no-third-party"."""
    found = find(connection, party)
    if found is None:
        raise EdenError("no-third-party", f"There is no registered third party {party}.", "List them.")
    connection.execute(update(third_parties).where(third_parties.c.id == party).values(revoked_at=at))
    do_cancel_all(connection, party, at)
    return found.name
