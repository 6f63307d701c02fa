"""The steps in the real data plane: raw callers, raw services, and a third party behind TLS."""

from __future__ import annotations

import asyncio
import datetime
import itertools
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from eden.base.settings import GatewaySettings
from eden.gateway.interfaces import Catalogue
from eden.gateway.pipeline import egress
from eden.gateway.proxy import upstream as connections
from eden.gateway.proxy.connection import Client
from eden.gateway.proxy.gateway import Gateway, Tables
from tests.gateway.pipeline.house import KEYS, SECRET, House, catalogue, sign
from tests.gateway.pipeline.test_encryption import IV, info, sealed
from tests.gateway.proxy.stage import Measures, Reader, Writer, answer, echoing, request, run, upstream

SERIAL = itertools.count(1)


class Told:
    """An answer as it came."""

    def __init__(self, status: int, head: bytes, body: bytes) -> None:
        self.status = status
        self.body = body
        lines = head.decode("latin-1").split("\r\n")[1:]
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}


class Door:
    """A gateway with the real steps, and a caller."""

    def __init__(self, house: House, port: int) -> None:
        self.house = house
        self.port = port

    async def call(self, operation: str = "bank.account.get", body: bytes = b"", **rest: Any) -> Told:
        method, target, wire = rest.get("method", "POST"), rest.get("target", ""), rest.get("wire", "rpc")
        nonce, now = rest.get("nonce", f"nonce-end-to-end-{next(SERIAL)}"), str(time.time_ns() // 1_000_000)
        signature = sign(SECRET, "app-1", operation, method.encode(), target.encode(), now, nonce, body)
        headers = {"x-eden-app": "app-1", "x-eden-time": now, "x-eden-nonce": nonce, "x-eden-signature": signature}
        headers |= {"host": "gateway", "content-length": str(len(body)), **rest.get("headers", {})}
        path = {"rpc": f"/rpc/{operation}", "mgw": "/mgw.htm", "egress": "/egress"}[wire] + target
        if wire == "mgw":
            headers["operation-type"] = operation
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body)
            return Told(*await answer(reader))
        finally:
            writer.close()


@asynccontextmanager
async def door(made: Catalogue) -> AsyncIterator[Door]:
    house = House(made)
    gateway = Gateway(GatewaySettings(), house.pipeline, Measures(), Tables({"w1": house.table}, {"app-1": "w1"}))
    server = await gateway.loop.create_server(lambda: Client(gateway), "127.0.0.1", 0)
    try:
        yield Door(house, server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await gateway.close()


def at(port: int, operation: dict[str, Any] | None = None, **rest: Any) -> Catalogue:
    groups = {"bank": {"upstreams": {"main": {"targets": [{"url": f"http://127.0.0.1:{port}/base"}]}}}}
    return catalogue(operation, groups=groups, **rest)


def with_service(operation: dict[str, Any], work: Callable[[Door, list[bytes]], Awaitable[None]], **rest: Any) -> None:
    async def main() -> None:
        log: list[bytes] = []
        async with upstream(echoing(log)) as port, door(at(port, operation, **rest)) as made:
            await work(made, log)

    run(main)


def test_a_signed_call() -> None:
    async def work(made: Door, log: list[bytes]) -> None:
        told = await made.call(body=b'{"id": "7/8"}', target="?month=5", headers={"x-eden-principal": "root"})
        assert told.status == 200
        assert told.body.startswith(b"PUT /base/account/7%2F8?month=5 HTTP/1.1\r\n")
        assert b"root" not in told.body and b"x-eden-signature" not in told.body
        assert told.headers["result-status"] == "1000"
        assert told.headers["x-eden-trace"].encode() in told.body
        refused = await made.call(headers={"x-eden-signature": "hmac-sha256 k1 AAAA"})
        assert (refused.status, msgspec.json.decode(refused.body)["resultStatus"]) == (401, 7002)
        commercial = await made.call("bank.nothing", wire="mgw")
        assert (commercial.status, msgspec.json.decode(commercial.body)["resultStatus"]) == (200, 3000)
        assert len(log) == 1

    with_service({"method": "PUT", "path": "/account/${id}"}, work)


def test_a_call_that_can_set_no_headers() -> None:
    """As a browser's WebSocket or EventSource: what is ours is in the query, and the rest of it is signed."""

    async def work(made: Door, log: list[bytes]) -> None:
        now, nonce = str(time.time_ns() // 1_000_000), "nonce-in-the-query-1"
        signature = sign(SECRET, "app-1", "bank.account.get", b"GET", b"?topic=7", now, nonce, b"")
        ours = {"app": "app-1", "time": now, "nonce": nonce, "signature": signature}
        query = "&".join(f"x-eden-{name}={quote(value, safe='')}" for name, value in ours.items())
        told = [await _bare(made.port, f"/rpc/bank.account.get?topic={topic}&{query}") for topic in (7, 8, 7)]
        # another topic is not what was signed, and the same call comes once
        assert [each.status for each in told] == [200, 401, 401]
        assert len(log) == 1 and log[0].startswith(b"GET /base/account?topic=7 HTTP/1.1\r\n")
        assert b"x-eden-app: app-1\r\n" in log[0] and b"signature" not in log[0]
        twice = await _bare(made.port, f"/rpc/bank.account.get?x-eden-app=app-1&{query}")
        assert twice.status == 400 and len(log) == 1

    with_service({"method": "GET"}, work)


async def _bare(port: int, path: str) -> Told:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        return Told(*await answer(reader))
    finally:
        writer.close()


def test_a_call_comes_once() -> None:
    async def work(made: Door, log: list[bytes]) -> None:
        told = [await made.call(nonce="the-same-nonce-again") for _ in range(2)]
        assert ([each.status for each in told], len(log)) == ([200, 401], 1)

    with_service({}, work)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.algorithm)
def test_a_sealed_call(key: Any) -> None:
    async def work(made: Door, log: list[bytes]) -> None:
        nonce = f"nonce-sealed-{key.kid}-end"
        how = {"x-eden-encryption": f"{key.algorithm} {key.kid}"}
        bound = info(nonce=nonce)
        told = await made.call(body=sealed(key, b'{"pin": 1}', bound), nonce=nonce, headers=how)
        assert told.headers["x-eden-encryption"] == f"{key.algorithm} {key.kid}"
        assert told.body[:12] == IV and b"POST" not in told.body
        assert log[0].endswith(b'{"pin": 1}')

    with_service({"encryption": "required"}, work)


def test_many_callers_of_one_answer() -> None:
    async def main() -> None:
        seen: list[bytes] = []

        async def slow(reader: Reader, writer: Writer) -> None:
            while True:
                head, _ = await request(reader)
                seen.append(head)
                await asyncio.sleep(0.1)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nrate")

        async with upstream(slow) as port, door(at(port, {"cache": {"ttl_s": 60}})) as made:
            told = await asyncio.gather(*(made.call() for _ in range(8)))
            assert {(each.status, each.body) for each in told} == {(200, b"rate")}
            assert len(seen) == 1

    run(main)


def test_an_authorizer_is_asked_once() -> None:
    async def main() -> None:
        asked: list[bytes] = []

        async def service(reader: Reader, writer: Writer) -> None:
            while True:
                head, body = await request(reader)
                said = head
                if head.startswith(b"POST /base/who "):
                    asked.append(body)
                    said = b'{"principal": "ann"}'
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said))

        async with upstream(service) as port:
            operations = {
                "who": {"group": "bank", "path": "/who", "signature": "off"},
                "bank.account.get": {"group": "bank", "open": True, "authorizer": "who"},
            }
            made_of = at(port, operations=operations, authorizers={"who": {"operation": "who"}})
            async with door(made_of) as made:
                for _ in range(2):
                    told = await made.call(headers={"authorization": "Bearer t"})
                    assert b"x-eden-principal: ann\r\n" in told.body
                assert asked == [b'{"authorization":"Bearer t"}']
                assert (await made.call()).status == 401

    run(main)


def test_a_preflight() -> None:
    async def work(made: Door, log: list[bytes]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", made.port)
        writer.write(
            b"OPTIONS /rpc/bank.account.get HTTP/1.1\r\nHost: a\r\nOrigin: https://shop.example\r\n"
            b"Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: x-eden-app\r\n\r\n"
        )
        async with asyncio.timeout(20):
            head = await reader.readuntil(b"\r\n\r\n")
        writer.close()
        assert head.startswith(b"HTTP/1.1 204 ") and b"access-control-allow-origin: https://shop.example\r\n" in head
        told = await made.call(headers={"origin": "https://shop.example"})
        assert told.headers["access-control-allow-origin"] == "https://shop.example"

    with_service({}, work, defaults={"cors": {"origins": ["https://shop.example"]}})


# the safe exit


def certificate(folder: Path, *names: str) -> ssl.SSLContext:
    """A server's context with a certificate for these names, which signs itself; written to `folder`/NAME.pem."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), critical=False)
        .sign(key, SHA256())
    )
    file = folder / f"{names[0]}.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(secret + made.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.fixture
def third_party(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's context for api.example.com that the gateway trusts; this machine counts as public."""
    context = certificate(tmp_path, "api.example.com")
    trusting = ssl.create_default_context(cafile=str(tmp_path / "api.example.com.pem"))
    monkeypatch.setattr(connections, "tls_context", lambda: trusting)
    monkeypatch.setattr(egress, "is_public", lambda address: address == "127.0.0.1")
    return context


def test_the_safe_exit_connects_to_the_pinned_address_and_follows(third_party: ssl.SSLContext) -> None:
    async def main() -> None:
        seen: list[bytes] = []

        async def serve(reader: Reader, writer: Writer) -> None:
            head, _ = await request(reader)
            seen.append(head)
            if b" /v1 " in head:
                said = b"HTTP/1.1 302 Found\r\nLocation: /v2?x=1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            elif b" /inside " in head:
                said = b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1/\r\nContent-Length: 0\r\n"
                said += b"Connection: close\r\n\r\n"
            else:
                said = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 4\r\nConnection: close\r\n\r\nrate"
            writer.write(said)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=third_party)
        port = server.sockets[0].getsockname()[1]
        domains = [{"host": name, "ports": [port]} for name in ("api.example.com", "other.example.com")]
        async with door(catalogue(egress={"domains": domains})) as made:
            made.house.addresses = {"api.example.com": ["127.0.0.1"], "other.example.com": ["127.0.0.1"]}

            async def get(url: str) -> Told:
                return await made.call("egress", method="GET", target=f"?url={quote(url, safe='')}", wire="egress")

            told = await get(f"https://api.example.com:{port}/v1")
            assert (told.status, told.body, told.headers["x-eden-set-cookie"]) == (200, b"rate", '["a=1"]')
            assert [head.split(b" ", 2)[1] for head in seen] == [b"/v1", b"/v2?x=1"]
            assert made.house.asked == ["api.example.com"] * 2
            inside = await get(f"https://api.example.com:{port}/inside")
            assert (inside.status, inside.headers["result-status"]) == (403, "1001")
            # the certificate is for another name
            other = await get(f"https://other.example.com:{port}/")
            assert (other.status, other.headers["x-eden-unreachable"]) == (502, "1")
            assert all(b"other.example.com" not in head for head in seen)
            neighbour = await get(f"https://127.0.0.1:{port}/")
            assert neighbour.status == 403
        server.close()

    run(main)
