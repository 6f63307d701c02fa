"""Signed proofs: who a client is (private_key_jwt, RFC 7523) and that it holds a token's key (DPoP, RFC 9449).

Pure: the time comes in, and a proof's `once` goes out, which whoever accepts it writes down so that it is used once.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
from joserfc import jws, jwt
from joserfc.errors import JoseError
from msgspec import Struct
from sqlalchemy import Connection, delete, insert, select

from bank.openbank.errors import OAuthError
from bank.openbank.tables import seen_proofs
from bank.openbank.third_parties import ThirdParty, public_key
from eden.base.identity.secrets import digest

#: of FAPI 2.0 (Security Profile, section 5.4.1), without EdDSA
ALGORITHMS = ["ES256", "PS256"]
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#: an assertion is for the request that it comes with
ASSERTION_SECONDS = 300
DPOP_SECONDS = 60
#: how far clocks may be apart
LEEWAY = 10
_LONGEST = 8192
_LONGEST_ID = 200
_SECOND = 1_000_000


class Once(Struct, frozen=True):
    """Something that may be used once; `until` (µs) it has to be remembered."""

    id: str
    until: int


class Possession(Struct, frozen=True):
    """A client holds the key with this thumbprint (RFC 7638)."""

    jkt: str
    once: Once


def client_of(assertion: str) -> str:
    """Whose assertion it says that it is; nothing is verified."""
    try:
        found = jws.extract_compact(assertion[:_LONGEST].encode())
        claims = _claims(found.payload)
    except (JoseError, ValueError, TypeError) as error:
        raise _not_client("it cannot be read") from error
    subject = claims.get("sub")
    return subject if isinstance(subject, str) else ""


def check_assertion(assertion: str, party: ThirdParty, issuer: str, at: int) -> Once:
    """That a registered client made it for this server just now (RFC 7523, section 3). OAuthError "invalid_client".

    The audience is the issuer alone, as a text: so no other server can be sent one that was made for this.
    """
    try:
        token = jwt.decode(assertion[:_LONGEST], party.key_set, algorithms=ALGORITHMS)
    except (JoseError, ValueError, TypeError) as error:
        raise _not_client("its signature does not hold") from error
    claims, seconds = token.claims, at // _SECOND
    if claims.get("iss") != party.id or claims.get("sub") != party.id:
        raise _not_client("iss and sub are not the client_id")
    if claims.get("aud") != issuer:
        raise _not_client(f"aud is not {issuer}")
    expires, begins, jti = _time(claims.get("exp")), _time(claims.get("nbf", 0)), claims.get("jti")
    if not seconds - LEEWAY < expires <= seconds + ASSERTION_SECONDS + LEEWAY:
        raise _not_client(f"exp is not within the next {ASSERTION_SECONDS} seconds")
    if not 0 <= begins <= seconds + LEEWAY:
        raise _not_client("nbf is in the future")
    if not isinstance(jti, str) or not 1 <= len(jti) <= _LONGEST_ID:
        raise _not_client("jti is missing")
    return Once(digest(f"assertion {party.id} {jti}"), (int(expires) + LEEWAY) * _SECOND)


def check_dpop(proof: str, method: str, url: str, at: int, access_token: str = "") -> Possession:
    """The proof of possession for a request (RFC 9449, section 4.3). OAuthError "invalid_dpop_proof"."""
    proof = proof[:_LONGEST]
    try:
        header = jws.extract_compact(proof.encode()).headers()
        if header.get("typ") != "dpop+jwt" or header.get("alg") not in ALGORITHMS or "crit" in header:
            raise _no_possession("its header is not that of a proof")
        key = public_key(header["jwk"])
        claims = jwt.decode(proof, key, algorithms=ALGORITHMS).claims
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _no_possession("its signature does not hold") from error
    if claims.get("htm") != method or not _is_same(claims.get("htu"), url):
        raise _no_possession("it is for another request")
    made, jti, seconds = _time(claims.get("iat")), claims.get("jti"), at // _SECOND
    if not seconds - DPOP_SECONDS <= made <= seconds + LEEWAY:
        raise _no_possession("it was not made just now")
    if not isinstance(jti, str) or not 1 <= len(jti) <= _LONGEST_ID:
        raise _no_possession("jti is missing")
    if access_token and claims.get("ath") != thumbprint_of(access_token):
        raise _no_possession("it is for another token")
    jkt = key.thumbprint()
    return Possession(jkt, Once(digest(f"dpop {jkt} {jti}"), (int(made) + DPOP_SECONDS + LEEWAY) * _SECOND))


def thumbprint_of(text: str) -> str:
    """base64url of SHA-256: `ath` of a token, the S256 challenge of a verifier (RFC 7636, section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def do_use(connection: Connection, once: Once, at: int) -> bool:
    """Whether it is used for the first time."""
    connection.execute(delete(seen_proofs).where(seen_proofs.c.expires_at < at))
    if connection.execute(select(seen_proofs.c.id).where(seen_proofs.c.id == once.id)).first() is not None:
        return False
    connection.execute(insert(seen_proofs).values(id=once.id, expires_at=once.until))
    return True


def replayed_proof() -> OAuthError:
    return _no_possession("it was used before")


def replayed_assertion() -> OAuthError:
    return _not_client("it was used before")


def _time(value: Any) -> float:
    """Seconds since 1970 (NumericDate, RFC 7519); -1 for what is none."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1 << 40 else -1


def _is_same(htu: Any, url: str) -> bool:
    """Without query and fragment, by the rules of RFC 3986 for scheme and host."""
    if not isinstance(htu, str):
        return False
    left, right = urlsplit(htu), urlsplit(url)
    path = quote(right.path, safe="/-._~%!$&'()*+,;=:@")
    return (left.scheme.lower(), left.netloc.lower(), left.path) == (right.scheme, right.netloc.lower(), path)


def _claims(payload: bytes) -> dict[str, Any]:
    claims = msgspec.json.decode(payload)
    if not isinstance(claims, dict):
        raise ValueError("no object")
    return claims


def _not_client(why: str) -> OAuthError:
    return OAuthError("invalid_client", f"The client assertion is refused: {why}.", 401)


def _no_possession(why: str) -> OAuthError:
    return OAuthError("invalid_dpop_proof", f"The DPoP proof is refused: {why}.")
