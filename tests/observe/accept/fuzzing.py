"""Batches of all wires, spoiled in every way that a sender, a network or an attacker can spoil them, through the
receiver into the spool, out of it again and through the digest. The same `seed` gives the same bytes."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import logging
import random
import resource
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import brotli  # type: ignore[import-untyped]
import msgspec
import zstandard
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from eden.observe.accept.receiver import Receiver
from eden.observe.digest.digest import About, digest
from eden.observe.spool.reader import SpoolReader

#: inputs that are under way at once, and in a round, after which the spool is read back
_AT_ONCE, _ROUND = 64, 2_000
#: one input of so many is a bomb of so many bytes
_BOMBS, _BOMB_BYTES = 1_000, 60_000_000
_NUMBERS = (b"-1", b"0", b"1e400", b"9" * 25, b"-9223372036854775809", b"NaN", b"null", b'"7"', b"[7]", b"{}", b"true")
_PIECES = (
    b"\x00", b"\n", b"\r\n", b"{}", b"[", b'"', b"\\", b"\\u0000", b"\\ud800", b"\xff\xfe", b"\xf0\x9f\x98\x80",
    b"[" * 2_000, b'{"a":' * 2_000, b"\xff\xff\xff\xff\x0f", b"9" * 5_000,
)  # fmt: skip
_PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda body: gzip.compress(body, 1),
    "deflate": lambda body: zlib.compress(body, 1),
    "br": lambda body: brotli.compress(body, quality=1),
    "zstd": lambda body: zstandard.compress(body, 1),
}


class Sent(NamedTuple):
    """A request below the receiver's prefix."""

    path: str
    body: bytes
    headers: dict[str, str]
    query: bytes = b""


@dataclass
class Outcome:
    """`statuses`: answers by status. `failures`: what went wrong that must not, `taken` batches were read back from the
    spool, `rows` made of them. `megabytes`: by how much the process's largest size has grown."""

    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    taken: int = 0
    rows: int = 0
    megabytes: float = 0.0


def samples(number: int, key: str) -> list[Sent]:
    """Good batches of every wire for the app `number` with its write key."""
    own = {"authorization": f"Bearer {key}"}
    sentry = {"x-sentry-auth": f"Sentry sentry_key={key}, sentry_version=7"}
    envelope = f"/observe/sentry/api/{number}/envelope/"
    otlp = {"x-eden-key": key, "content-type": "application/x-protobuf"}
    found = [
        Sent("/observe/v1/batch", _own(), own),
        Sent(f"/observe/sentry/api/{number}/security/", b'{"csp-report":{"blocked-uri":"x"}}', sentry),
        Sent("/observe/mas/lines", b"D-VM,2018-12-19 10:35:47.196,a,b,c,,d,e\n" * 3, own, b"zone=Asia/Shanghai"),
        *(Sent(envelope, body, sentry) for body in _envelopes()),
    ]
    events = {"api_key": key, "batch": [_event("$pageview"), _event("$identify"), _event("$exception")]}
    found.append(Sent("/observe/posthog/batch/", _encode(events), {}))
    one = _encode({**_event("$set"), "token": key})
    found.append(Sent("/observe/posthog/e/", b"data=" + base64.b64encode(one), {}, b"compression=base64"))
    found.append(Sent("/observe/posthog/e/", gzip.compress(one), {}, b"compression=gzip-js"))
    for signal, message in (("logs", _logs()), ("traces", _spans()), ("metrics", _points())):
        found.append(Sent(f"/observe/otlp/v1/{signal}", message.SerializeToString(), otlp))
    line = {"body": {"stringValue": "x"}, "timeUnixNano": "5"}
    gauge = {"name": "n", "gauge": {"dataPoints": [{"asInt": "4"}]}}
    for signal, outer in (
        ("logs", {"resourceLogs": [{"scopeLogs": [{"logRecords": [line]}]}]}),
        ("metrics", {"resourceMetrics": [{"scopeMetrics": [{"metrics": [gauge]}]}]}),
    ):
        headers = {**otlp, "content-type": "application/json"}
        found.append(Sent(f"/observe/otlp/v1/{signal}", _encode(outer), headers))
    return found


_encode = msgspec.json.Encoder().encode


def _own() -> bytes:
    records: list[dict[str, Any]] = [
        {"batch": "b", "sent_at": 1_790_000_000_000, "device": "d", "user": "u", "context": {"platform": "ios"}},
        {"type": "event", "name": "$tap", "at": 1_790_000_000_000, "session": "s", "props": {"a": {"b": 1}}},
        {"type": "log", "level": "warn", "message": "low", "props": {"n": 1.5}},
        {"type": "error", "error": {"type": "E", "message": "m", "stack": "at f (a.js:1:2)\nat g (b.js:3:4)"}},
        {"type": "span", "trace": "t", "span": "s", "value": 5}, {"type": "metric", "name": "m", "value": 1},
        {"type": "person", "props": {"$once": {"a": 1}}},
    ]  # fmt: skip
    return b"\n".join(_encode(record) for record in records)


def _envelopes() -> Iterator[bytes]:
    id_ = "9" * 32
    frames = [{"function": "f", "filename": "a.js", "lineno": 3, "in_app": True}] * 3
    error = {
        "event_id": id_, "timestamp": 1_790_000_000.5, "level": "error", "user": {"id": "u"}, "tags": {"a": "b"},
        "exception": {"values": [{"type": "T", "value": "v", "stacktrace": {"frames": frames}}]},
        "breadcrumbs": {"values": [{"category": "c", "message": "m"}]}, "contexts": {"os": {"name": "iOS"}},
    }  # fmt: skip
    trace = {"trace_id": "a" * 32, "span_id": "b" * 16, "op": "task"}
    transaction = {
        "type": "transaction", "event_id": id_, "transaction": "t", "start_timestamp": 1.0, "timestamp": 2.0,
        "contexts": {"trace": trace}, "spans": [{**trace, "start_timestamp": 1, "timestamp": 2}],
    }  # fmt: skip
    line = {"timestamp": 1.0, "level": "info", "body": "x", "attributes": {"a": {"value": 1, "type": "integer"}}}
    yield _envelope(("event", error), ("attachment", b"\x00" * 50), ("client_report", {"discarded_events": []}))
    yield _envelope(("transaction", transaction), ("profile", {"a": 1}))
    yield _envelope(("session", {"sid": "s", "status": "ok"}), ("sessions", {"aggregates": [{"exited": 3}]}))
    yield _envelope(("log", {"items": [line] * 3}), ("check_in", {"monitor_slug": "m", "status": "ok"}))
    yield _envelope(("statsd", b"a@ms:1:2|d|#a:b|T1790000000\n"), ("user_report", {"comments": "c"}))


def _envelope(*items: tuple[str, Any]) -> bytes:
    pieces = [b'{"event_id":"%s","sent_at":"2026-01-01T00:00:00Z"}' % (b"9" * 32)]
    for kind, payload in items:
        data = payload if isinstance(payload, bytes) else _encode(payload)
        pieces += [_encode({"type": kind, "length": len(data)}), data]
    return b"\n".join(pieces)


def _event(name: str) -> dict[str, Any]:
    properties = {"$current_url": "https://a.example/b?c=d", "$set": {"a": 1}, "$exception_list": [{"type": "T"}]}
    return {"event": name, "distinct_id": "u", "uuid": "0" * 32, "timestamp": "2026-01-01", "properties": properties}


def _logs() -> Any:
    message = ExportLogsServiceRequest()
    record = message.resource_logs.add().scope_logs.add().log_records.add(time_unix_nano=5, severity_number=9)
    record.body.string_value = "x"
    record.attributes.add(key="k").value.array_value.values.add().double_value = 1.5
    return message


def _spans() -> Any:
    message = ExportTraceServiceRequest()
    span = message.resource_spans.add().scope_spans.add().spans.add(trace_id=b"a" * 16, span_id=b"b" * 8, name="n")
    span.events.add(name="exception").attributes.add(key="exception.type").value.string_value = "E"
    return message


def _points() -> Any:
    message = ExportMetricsServiceRequest()
    metric = message.resource_metrics.add().scope_metrics.add().metrics.add(name="n")
    metric.histogram.data_points.add(count=3, sum=4.5, explicit_bounds=[1, 2], bucket_counts=[1, 1, 1])
    return message


class Spoiler:
    """Spoils good batches."""

    def __init__(self, good: list[Sent], seed: int) -> None:
        self._good = good
        self._chance = random.Random(seed)
        self._bombs = list(_bombs())
        self._made = 0

    def one(self) -> Sent:
        chance = self._chance
        sent = chance.choice(self._good)
        self._made += 1
        if self._made % _BOMBS == 0:
            name, bomb = chance.choice(self._bombs)
            return sent._replace(body=bomb, headers={**sent.headers, "content-encoding": name})
        body = sent.body
        for _ in range(chance.choice((0, 1, 1, 1, 2, 4))):
            body = chance.choice(_WAYS)(body, chance)
        if chance.randrange(20) == 0:
            # the end of one behind the beginning of another
            other = chance.choice(self._good).body
            body = body[: chance.randint(0, len(body))] + other[chance.randint(0, len(other)) :]
        headers = sent.headers
        if chance.randrange(4) == 0:
            name = chance.choice([*_PACKERS])
            body = _PACKERS[name](body)
            if chance.randrange(3) == 0:
                body = chance.choice(_WAYS)(body, chance)
            headers = {**headers, "content-encoding": chance.choice((name, name, name, "gzip", "gzip, zstd"))}
        if chance.randrange(50) == 0:
            kind = chance.choice(("application/json", "application/x-protobuf", "text/plain", "\xff", ""))
            headers = {**headers, "content-type": kind}
        query = sent.query
        if chance.randrange(50) == 0:
            query += chance.choice((b"&compression=gzip-js", b"&data=%ff", b"&data=e30", b"&zone=x", b"&batch=1"))
        return Sent(sent.path, body, headers, query)


def _bombs() -> Iterator[tuple[str, bytes]]:
    """Made piece by piece: they are to be large where they are unpacked."""
    piece = bytes(1_000_000)
    for name, packer in (
        ("gzip", zlib.compressobj(1, wbits=31)),
        ("deflate", zlib.compressobj(1)),
        ("zstd", zstandard.ZstdCompressor(1).compressobj()),
    ):
        yield name, b"".join(packer.compress(piece) for _ in range(_BOMB_BYTES // len(piece))) + packer.flush()
    brotli_packer = brotli.Compressor(quality=1)
    packed = b"".join(brotli_packer.process(piece) for _ in range(_BOMB_BYTES // len(piece)))
    yield "br", packed + brotli_packer.finish()


def _cut(body: bytes, chance: random.Random) -> bytes:
    return body[: chance.randint(0, len(body))]


def _flip(body: bytes, chance: random.Random) -> bytes:
    if not body:
        return body
    place = chance.randrange(len(body))
    return body[:place] + bytes([body[place] ^ (1 << chance.randrange(8))]) + body[place + 1 :]


def _put(body: bytes, chance: random.Random) -> bytes:
    place = chance.randint(0, len(body))
    return body[:place] + chance.choice(_PIECES) + body[place:]


def _drop(body: bytes, chance: random.Random) -> bytes:
    place = chance.randint(0, len(body))
    return body[:place] + body[place + chance.randint(1, 40) :]


def _repeat(body: bytes, chance: random.Random) -> bytes:
    place = chance.randint(0, len(body))
    piece = body[place : place + chance.randint(1, 200)]
    return body[:place] + piece * chance.randint(1, 20) + body[place:]


def _lie(body: bytes, chance: random.Random) -> bytes:
    """Another number in place of one: a length, a time, a count."""
    places = [place for place in range(len(body)) if 48 <= body[place] <= 57 and not 48 <= body[place - 1] <= 57]
    if not places:
        return _flip(body, chance)
    begin = chance.choice(places)
    end = begin
    while end < len(body) and 48 <= body[end] <= 57:
        end += 1
    said = chance.choice((*_NUMBERS, b"%d" % chance.randrange(2_000)))
    return body[:begin] + said + body[end:]


_WAYS = (_cut, _flip, _put, _drop, _repeat, _lie)


class Fuzzing:
    """Sends to a receiver whose spool is in `folder`."""

    def __init__(self, receiver: Receiver, folder: Path, number: int, key: str) -> None:
        self._receiver = receiver
        self._reader = SpoolReader(folder)
        self._good = samples(number, key)
        self._outcome = Outcome()
        self._about = About()

    async def run(self, count: int, seed: int = 1) -> Outcome:
        outcome, spoiler = self._outcome, Spoiler(self._good, seed)
        handler = _Faults(outcome.failures)
        log = logging.getLogger("eden.observe")
        log.addHandler(handler)
        try:
            # good ones first: what they load and remember is no growth
            await self._round([*self._good] * 3)
            if set(outcome.statuses) != {200} or outcome.failures:
                raise RuntimeError(f"good batches: {outcome}")
            before = _megabytes()
            left = count
            while left > 0:
                size = min(_ROUND, left)
                left -= size
                await self._round([spoiler.one() for _ in range(size)])
            outcome.megabytes = _megabytes() - before
        finally:
            log.removeHandler(handler)
        return outcome

    async def _round(self, several: list[Sent]) -> None:
        waiting = iter(several)

        async def send() -> None:
            for sent in waiting:
                await self._send(sent)

        await asyncio.gather(*(send() for _ in range(_AT_ONCE)))
        await asyncio.to_thread(self._read_back)

    async def _send(self, sent: Sent) -> None:
        messages = [{"type": "http.request", "body": sent.body, "more_body": False}]
        statuses: list[int] = []

        async def receive() -> Any:
            return messages.pop() if messages else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        scope = {
            "type": "http", "method": "POST", "path": sent.path, "query_string": sent.query,
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.headers.items()],
        }  # fmt: skip
        try:
            await self._receiver(scope, receive, send)
        except Exception as error:
            self._outcome.failures.append(f"{sent.path} {sent.headers} {sent.body[:300]!r}: {error!r}")
        for status in statuses:
            self._outcome.statuses[status] += 1
            if status >= 500:
                self._outcome.failures.append(f"{sent.path} {sent.headers} {sent.body[:300]!r}: {status}")

    def _read_back(self) -> None:
        """Digest what was taken, and remove it: as the insight process does."""
        while (piece := self._reader.read()) is not None:
            for batch in piece.batches:
                self._outcome.taken += 1
                for row in digest(batch, self._about):
                    self._outcome.rows += 1
                    try:
                        json.loads(_encode(row))
                    except (ValueError, msgspec.MsgspecError) as error:
                        self._outcome.failures.append(f"{batch.wire} {batch.body[:300]!r}: {error!r}")
        self._reader.remove_read(self._reader.places)


class _Faults(logging.Handler):
    """What is logged as an error is one: a batch that only the last net caught."""

    def __init__(self, failures: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._failures = failures

    def emit(self, record: logging.LogRecord) -> None:
        self._failures.append(self.format(record)[-2_000:])


def _megabytes() -> float:
    """The largest size that this process ever had."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (1 << 20) if sys.platform == "darwin" else size / 1024
