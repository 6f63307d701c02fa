"""An OpenID Connect provider on loopback that does everything right, until a test tells it otherwise."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from eden.base.identity.oidc import Client, challenge

CLIENT_ID = "eden"
CLIENT_SECRET = "of the client: with/signs"


@cache
def rsa_key(name: str) -> RSAKey:
    """A key of a name; the same in all tests, because making one is slow."""
    return RSAKey.generate_key(2048)


def named(key: Any, kid: str) -> Any:
    """The key as a provider lists it."""
    return type(key).import_key(key.as_dict(private=True) | {"kid": kid, "use": "sig"})


class FakeProvider:
    """ASGI. `overrides` replace claims of the next ID tokens (None takes a claim away); `sign` makes the token."""

    def __init__(self) -> None:
        self.issuer = ""
        self.keys: list[Any] = [named(rsa_key("ours"), "first")]
        self.algorithm = "RS256"
        self.person: dict[str, Any] = {
            "sub": "person-1",
            "email": "Owner@Example.com",
            "email_verified": True,
            "name": "The owner",
        }
        self.overrides: dict[str, Any] = {}
        self.description: dict[str, Any] = {}
        self.forged: str | None = None
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}

    def client(self, **changes: Any) -> Client:
        """What the server must be told."""
        return Client(**{"issuer": self.issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **changes})

    def person_signs_in(self, url: str) -> dict[str, str]:
        """What the browser brings back after the person has signed in at `url`: state and code."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert url.startswith(f"{self.issuer}/authorize?")
        assert (query["response_type"], query["client_id"]) == ("code", CLIENT_ID)
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self._codes[code] = query
        return {"state": query["state"], "code": code}

    def new_key(self, kind: str = "EC") -> None:
        """The provider changes its key; the old one is gone."""
        if kind == "EC":
            self.keys, self.algorithm = [ECKey.generate_key("P-256", {"kid": "second", "use": "sig"})], "ES256"
        else:
            self.keys, self.algorithm = [OKPKey.generate_key("Ed25519", {"kid": "third", "use": "sig"})], "Ed25519"

    def token(self, nonce: str) -> str:
        at = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": at,
            "exp": at + 300,
            "nonce": nonce,
            **self.person,
            **self.overrides,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": self.algorithm, "kid": self.keys[0].kid}
        return jwt.encode(header, claims, self.keys[0], algorithms=[self.algorithm])

    def unsigned(self, nonce: str) -> str:
        """The attack of the algorithm "none"."""
        payload = self.token(nonce).split(".")[1]
        head = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).decode().rstrip("=")
        return f"{head}.{payload}."

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.asked.append(scope["path"])
        status, answer = self._answer(scope, body)
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(b"content-type", b"application/json")],
            }
        )
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    def _answer(self, scope: Any, body: bytes) -> tuple[int, Any]:
        if scope["path"] == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                **self.description,
            }
        if scope["path"] == "/keys":
            return 200, KeySet(list(self.keys)).as_dict(private=False)
        if scope["path"] == "/token":
            return self._exchange(dict(scope["headers"]), body)
        return 404, {}

    def _exchange(self, headers: dict[bytes, bytes], body: bytes) -> tuple[int, Any]:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if "client_secret" in form:
            good = form["client_secret"] == CLIENT_SECRET
        else:
            expected = base64.b64encode(b"eden:of+the+client%3A+with%2Fsigns")
            good = headers.get(b"authorization") == b"Basic " + expected
        if not good:
            return 401, {"error": "invalid_client"}
        asked = self._codes.pop(form["code"], None)
        if asked is None or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        if challenge(form["code_verifier"]) != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        token = self.forged.format(nonce=asked["nonce"]) if self.forged else self.token(asked["nonce"])
        if self.forged == "none":
            token = self.unsigned(asked["nonce"])
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": token}


@contextmanager
def running(provider: FakeProvider) -> Iterator[FakeProvider]:
    """The provider on a free port of this machine."""
    listener = socket.create_server(("127.0.0.1", 0))
    provider.issuer = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(provider, lifespan="off", log_config=None, access_log=False))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
