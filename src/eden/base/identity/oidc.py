"""OpenID Connect, the relying party's side: authorization code with PKCE (OpenID Connect Core 1.0; RFC 7636; RFC 9700).

`check_id_token` is the pure rule: which token proves whom. `Provider` speaks to the provider: discovery, keys, code for
token. Nothing that the provider says is believed before its signature, issuer, audience, times and nonce are checked.

Libraries of signatures and of HTTP are loaded by the first who signs in: to a server's start they would add a tenth.
"""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import msgspec

from eden.base.identity.secrets import digest, same
from eden.base.ids import now
from eden.base.problems import Problem
from eden.base.settings import is_loopback

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

#: signatures by a public key only: "none" proves nothing, and HS256 would make our own secret a key
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
SCOPES = "openid email profile"
#: seconds by which two clocks may differ
LEEWAY = 60
#: an ID token is used at once; an older one was kept by somebody
OLDEST_SECONDS = 600
#: seconds for which the provider's description and keys are kept
KEPT_SECONDS = 3600
#: an unknown key makes us look again, but not more often: a forged token must not become a flood
LOOK_AGAIN_SECONDS = 30
TIMEOUT_SECONDS = 10
_LARGEST = 1 << 20
#: what the table of people has room for, and the longest e-mail address that there is (RFC 5321, section 4.5.3.1.3)
_LONGEST_KEY = 300
_LONGEST_EMAIL = 254
_MICROSECONDS = 1_000_000

log = logging.getLogger("eden.oidc")


@dataclass(frozen=True, slots=True)
class Client:
    """This server at a provider. `join`: "WORKSPACE:ROLE" for people who come for the first time, "" for nobody."""

    issuer: str
    client_id: str
    client_secret: str
    name: str = "OpenID Connect"
    join: str = ""


@dataclass(frozen=True, slots=True)
class Claims:
    """Who has signed in at the provider. `email` is lower case, "" unless the provider has verified it."""

    issuer: str
    subject: str
    email: str
    name: str

    @property
    def key(self) -> str:
        """As stored with a person: at most `_LONGEST_KEY` characters, what is longer as a digest."""
        key = f"{self.issuer} {self.subject}"
        return key if len(key) <= _LONGEST_KEY else f"sha256 {digest(key)}"


def challenge(verifier: str) -> str:
    """S256 of RFC 7636, section 4.2."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def check_id_token(token: str, keys: KeySet, client: Client, nonce: str, at: int) -> Claims:
    """Whom an ID token proves (OpenID Connect Core 1.0, section 3.1.3.7); `at` is now (µs).

    Problem `not-signed-in` otherwise: no good signature by one of `keys`, of another issuer or for another audience,
    expired or too old, with another nonce. `UnknownKey` when the token names a key that is not in `keys`.
    """
    from joserfc import jwt
    from joserfc.errors import JoseError

    try:
        found = jwt.decode(token, keys, algorithms=list(ALGORITHMS))
    except JoseError as error:
        kid = _kid(token)
        if kid is not None and kid not in {key.kid for key in keys.keys}:
            raise UnknownKey(kid) from None
        raise refused("its signature does not hold") from error
    except (ValueError, TypeError) as error:
        raise refused("it cannot be read") from error
    claims = found.claims
    seconds = at // _MICROSECONDS
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if claims.get("iss") != client.issuer:
        raise refused("it comes from somebody else")
    if client.client_id not in audiences:
        raise refused("it is meant for somebody else")
    if (len(audiences) > 1 or "azp" in claims) and claims.get("azp") != client.client_id:
        raise refused("it was given to somebody else")
    expires, issued = claims.get("exp"), claims.get("iat")
    if not isinstance(expires, int | float) or expires + LEEWAY <= seconds:
        raise refused("it has expired")
    if not isinstance(issued, int | float) or not seconds - OLDEST_SECONDS - LEEWAY < issued < seconds + LEEWAY:
        raise refused("it was not made just now")
    given = claims.get("nonce")
    if not isinstance(given, str) or not same(given, nonce):
        raise refused("it answers another request")
    subject, email, name = claims.get("sub"), claims.get("email"), claims.get("name")
    if not isinstance(subject, str) or not 1 <= len(subject) <= 255 or not subject.isascii():
        raise refused("it does not say for whom it is")
    # only the value true: some providers send the text "false"
    verified = str(email).strip().lower() if claims.get("email_verified") is True and isinstance(email, str) else ""
    return Claims(
        client.issuer,
        subject,
        verified if len(verified) <= _LONGEST_EMAIL else "",
        name.strip()[:100] if isinstance(name, str) else "",
    )


class UnknownKey(Exception):
    """The token is signed by a key that we have not seen: the provider may have new ones."""


def refused(why: str) -> Problem:
    """The provider's answer is not believed."""
    return Problem("not-signed-in", f"The provider's answer is not accepted: {why}.", "Try to sign in once more.")


class Provider:
    """A provider, asked over HTTP. Its description and keys are kept for an hour; `clock` gives µs in UTC."""

    def __init__(self, client: Client, clock: Callable[[], int] = now) -> None:
        self.client = client
        self._clock = clock
        self._description: dict[str, Any] | None = None
        self._keys: KeySet | None = None
        self._read_at = 0
        self._looked_at = 0

    async def authorization_url(self, state: str, nonce: str, verifier: str, redirect_uri: str) -> str:
        """Where the person signs in."""
        description = await self._describe()
        query = {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPES,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge(verifier),
            "code_challenge_method": "S256",
        }
        endpoint = _endpoint(description, "authorization_endpoint")
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    async def claims(self, code: str, nonce: str, verifier: str, redirect_uri: str) -> Claims:
        """Change the code for an ID token, and say whom it proves. Problems `not-signed-in`, `unavailable`."""
        description = await self._describe()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        methods = description.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        headers = {}
        if "client_secret_basic" in methods:
            pair = f"{_quoted(self.client.client_id)}:{_quoted(self.client.client_secret)}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": self.client.client_id, "client_secret": self.client.client_secret}
        answer = await self._ask("POST", _endpoint(description, "token_endpoint"), headers, form)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise refused("there is no ID token in it")
        keys = self._keys or await self._read_keys(description)
        try:
            return check_id_token(token, keys, self.client, nonce, self._clock())
        except UnknownKey:
            keys = await self._look_again(description)
        try:
            return check_id_token(token, keys, self.client, nonce, self._clock())
        except UnknownKey:
            raise refused("it is signed by an unknown key") from None

    async def _describe(self) -> dict[str, Any]:
        """The provider's description (OpenID Connect Discovery 1.0, section 4)."""
        at = self._clock()
        if self._description is None or at - self._read_at > KEPT_SECONDS * _MICROSECONDS:
            issuer = self.client.issuer
            found = await self._ask("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            if found.get("issuer") != issuer:
                raise Problem(
                    "unavailable",
                    "The OpenID Connect provider has another name than the settings say.",
                    "Set oidc.issuer to exactly what its description calls issuer.",
                )
            self._description, self._keys, self._read_at = found, None, at
        return self._description

    async def _look_again(self, description: dict[str, Any]) -> KeySet:
        at = self._clock()
        if self._keys is not None and at - self._looked_at < LOOK_AGAIN_SECONDS * _MICROSECONDS:
            return self._keys
        return await self._read_keys(description)

    async def _read_keys(self, description: dict[str, Any]) -> KeySet:
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        self._looked_at = self._clock()
        found = await self._ask("GET", _endpoint(description, "jwks_uri"))
        usable = [
            key
            for key in found.get("keys", [])
            if isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP") and key.get("use", "sig") == "sig"
        ]
        try:
            self._keys = KeySet.import_key_set({"keys": usable})
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise _unavailable() from error
        return self._keys

    async def _ask(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, form: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """A JSON object; never from a redirect, never more than a megabyte."""
        import aiohttp

        _check_address(url)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        sent = {"Accept": "application/json", **(headers or {})}
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.request(method, url, allow_redirects=False, headers=sent, data=form) as answer,
            ):
                body = bytearray()
                async for piece in answer.content.iter_chunked(65_536):
                    body += piece
                    if len(body) > _LARGEST:
                        raise _unavailable()
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _unavailable() from error
        try:
            found = msgspec.json.decode(bytes(body), type=dict[str, Any])
        except msgspec.MsgspecError as error:
            raise _unavailable() from error
        if method == "POST" and status in (400, 401):
            raise _refusal(found.get("error"))
        if status != 200:
            raise _unavailable()
        return found


def _refusal(code: object) -> Problem:
    """What the token endpoint means by an error (RFC 6749, section 5.2): the person's sign-in, or this server."""
    if code == "invalid_grant":
        return refused("the sign-in took too long, or was used already")
    log.error("the OpenID Connect provider refuses this server: %s", code)
    return Problem(
        "unavailable",
        "The OpenID Connect provider does not accept this server.",
        "Whoever runs the server looks at oidc.client_id and oidc.client_secret.",
    )


def _unavailable() -> Problem:
    return Problem(
        "unavailable", "The OpenID Connect provider does not answer as it should.", "Try again, or use a password."
    )


def _endpoint(description: dict[str, Any], name: str) -> str:
    found = description.get(name)
    if not isinstance(found, str):
        raise _unavailable()
    _check_address(found)
    return found


def _check_address(url: str) -> None:
    """Only TLS protects the keys and the client's secret; this machine may do without."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        raise _unavailable() from None
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise _unavailable()


def _kid(token: str) -> str | None:
    """The key that a token names, unchecked."""
    try:
        head = token.partition(".")[0]
        header = msgspec.json.decode(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)), type=dict[str, Any])
    except (ValueError, msgspec.MsgspecError):
        return None
    kid = header.get("kid")
    return kid if isinstance(kid, str) else None


def _quoted(text: str) -> str:
    # RFC 6749, section 2.3.1: form-encoded before it is base64
    return urlencode({"": text})[1:]
