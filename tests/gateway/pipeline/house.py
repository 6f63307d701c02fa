"""A workspace to call, a caller that signs on its own (not by the gateway's code), and a clock that stands still."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import msgspec

from eden.base.crypto import HpkePrivateKey, Sm2PrivateKey, hmac_sm3, sm3
from eden.gateway.exchange import Answer, Exchange, Wire
from eden.gateway.interfaces import App, Catalogue, EncryptionKey, Secret
from eden.gateway.pipeline.compile import CompiledTable, compile_workspace
from eden.gateway.pipeline.local import LocalBuckets, LocalNonces
from eden.gateway.pipeline.pipeline import Pipeline
from eden.gateway.service import encode
from eden.gateway.stored import Stored

NOW = 1_780_000_000_000
TRACE = "0af7651916cd43dd8448eb211c80319c"
SECRET = Secret("k1", "hmac-sha256", b"a secret of thirty-two bytes....")
SECRET_SM3 = Secret("k2", "hmac-sm3", b"another secret, 32 bytes long...")
X25519 = HpkePrivateKey("hpke-x25519", bytes(range(1, 33)))
P256 = HpkePrivateKey("hpke-p256", bytes(range(1, 33)))
SM2 = Sm2PrivateKey(bytes(range(1, 33)))
KEYS = (
    EncryptionKey("x1", "hpke-x25519", X25519.raw, X25519.public.raw),
    EncryptionKey("p1", "hpke-p256", P256.raw, P256.public.raw),
    EncryptionKey("s1", "sm2-sm4", SM2.raw, SM2.public.raw),
)
APP = App(key="app-1", workspace_id="w1", name="Shop", secrets=(SECRET, SECRET_SM3), keys=KEYS)

Document = dict[str, Any]


def catalogue(operation: Document | None = None, **rest: Any) -> Catalogue:
    """One group, one open operation `bank.account.get` with what `operation` says besides."""
    document: Document = {
        "groups": {"bank": {"upstreams": {"main": {"targets": [{"url": "http://127.0.0.1:9"}]}}}},
        "operations": {"bank.account.get": {"group": "bank", "open": True, "path": "/account", **(operation or {})}},
        **rest,
    }
    return msgspec.convert(document, Catalogue)


class House:
    """A pipeline and one workspace. `now_ms` and `seconds` are the time, `draw` the next random number."""

    def __init__(self, made: Catalogue, app: App = APP, previous: CompiledTable | None = None) -> None:
        self.table = compile_workspace(Stored(encode(made)), [app], "w1", 1, previous)
        self.now_ms = NOW
        self.seconds = 1000.0
        self.draw = 0.5
        self.addresses: dict[str, list[str]] = {}
        self.asked: list[str] = []
        self.serial = 0
        self.pipeline = Pipeline(
            LocalNonces(300_000),
            LocalBuckets(),
            clock=lambda: self.seconds,
            draw=lambda: self.draw,
            random_bytes=lambda size: bytes(range(size)),
            resolve=self._resolve,
        )

    async def _resolve(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        if host not in self.addresses:
            raise OSError(f"{host} is not known")
        return self.addresses[host]

    def exchange(
        self,
        body: bytes = b"",
        *,
        operation: str = "bank.account.get",
        method: bytes = b"POST",
        target: bytes = b"",
        headers: Mapping[str, str] | None = None,
        wire: Wire = "rpc",
        version: str | None = None,
        signed: Secret | None = SECRET,
        nonce: str | None = None,
        at_ms: int | None = None,
        peer: str = "192.0.2.7",
    ) -> Exchange:
        """A call as it comes, signed unless `signed` is None."""
        self.serial += 1
        nonce = nonce or f"nonce-of-call-{self.serial:06d}"
        time = str(self.now_ms if at_ms is None else at_ms)
        given = {"x-eden-app": "app-1", "x-eden-time": time, "x-eden-nonce": nonce, "content-type": "application/json"}
        if signed is not None:
            given["x-eden-signature"] = sign(signed, "app-1", operation, method, target, time, nonce, body)
        given |= headers or {}
        route = self.table.egress if wire == "egress" else self.table.find(operation, version)
        fields = [(name.lower().encode(), value.encode()) for name, value in given.items()]
        made = Exchange(
            self.table, route, wire, operation, method, target, fields, peer, TRACE, self.now_ms, self.seconds
        )
        made.body = body
        return made

    def call(self, body: bytes = b"", answer: Answer | None = None, **rest: Any) -> tuple[Exchange, Answer]:
        """Through all steps; the service says `answer`."""
        exchange = self.exchange(body, **rest)
        told = self.pipeline.before(exchange)
        if told is None:
            told = self.pipeline.after(exchange, answer or Answer(200, [(b"content-type", b"application/json")], b"{}"))
        self.pipeline.ended(exchange, told)
        return exchange, told

    def passes(self, body: bytes = b"", **rest: Any) -> Exchange:
        """A call that gets to the service."""
        exchange = self.exchange(body, **rest)
        told = self.pipeline.before(exchange)
        assert told is None, told.reason
        return exchange

    def stops(self, body: bytes = b"", **rest: Any) -> Answer:
        """A call that does not get there."""
        exchange = self.exchange(body, **rest)
        told = self.pipeline.before(exchange)
        assert told is not None
        self.pipeline.ended(exchange, told)
        return told


def sign(
    secret: Secret, app: str, operation: str, method: bytes, target: bytes, time: str, nonce: str, body: bytes
) -> str:
    national = secret.algorithm == "hmac-sm3"
    digest = sm3(body).hex() if national else hashlib.sha256(body).hexdigest()
    text = f"EDEN1\n{app}\n{operation}\n{method.decode()}\n{target.decode()}\n{time}\n{nonce}\n{digest}".encode()
    code = hmac_sm3(secret.key, text) if national else hmac.digest(secret.key, text, "sha256")
    return f"{secret.algorithm} {secret.kid} {b64encode(code).decode()}"


def header(answer: Answer | Exchange, name: str) -> str | None:
    """Of an answer, or of what the service is sent; None when there is none. Twice is a mistake."""
    headers = answer.headers if isinstance(answer, Answer) else answer.send_headers
    if isinstance(answer, Answer):
        headers = headers + [(n, v) for line in answer.lines.splitlines() for n, _, v in [line.partition(b": ")]]
    found = [value for each, value in headers if each == name.encode()]
    assert len(found) <= 1, f"{name} is there {len(found)} times"
    return found[0].decode("latin-1") if found else None


def document(answer: Answer) -> Any:
    return msgspec.json.decode(answer.body or b"")
