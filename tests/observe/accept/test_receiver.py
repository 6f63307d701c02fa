"""What senders are told, and what is in the spool then."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from eden.observe.accept.collect import Collect
from eden.observe.accept.foreign import foreign_wires
from eden.observe.accept.own import OwnWire
from eden.observe.accept.receiver import Receiver
from eden.observe.accept.usage import Usage
from eden.observe.app_settings import AppSettings, Sample
from eden.observe.apps import HOUR
from eden.observe.interfaces import Accepted
from eden.observe.models import observe_usage
from eden.observe.spool.reader import SpoolReader
from eden.observe.spool.writer import SpoolWriter
from tests.observe.ingest import OWNER, Ingest, open_ingest

AT = 1_790_000_000_000_000


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Door:
    """The receiver over an ingest, with a clock that tests move; started and stopped around every conversation."""

    def __init__(self, ingest: Ingest, spool_bytes: int = 10**9) -> None:
        self.ingest = ingest
        self.at = AT
        self.spool_bytes = spool_bytes
        self.pulls: dict[tuple[int, str], dict[str, Any]] = {}
        self.is_on = True

    def talk(self, conversation: Callable[[Talk], Awaitable[None]]) -> None:
        async def work() -> None:
            ground, apps = self.ingest.ground, self.ingest.apps
            writer = SpoolWriter(self.ingest.spool, self.spool_bytes)
            usage = Usage(ground, lambda: self.at)
            collect = Collect(ground, apps, lambda app, device: self.pulls.get((app, device)))
            wires = {"v1": OwnWire(collect), **foreign_wires()}
            receiver = Receiver(ground, apps, writer, usage, collect, wires, is_on=self.is_on, clock=lambda: self.at)
            await writer.start()
            try:
                await conversation(Talk(receiver, usage))
            finally:
                await writer.stop()
                await usage.stop()

        asyncio.run(work())

    def spooled(self) -> list[Accepted]:
        reader = SpoolReader(self.ingest.spool)
        found: list[Accepted] = []
        while (piece := reader.read()) is not None:
            found.extend(piece.batches)
        return found

    @property
    def key(self) -> str:
        keys = asyncio.run(self.ingest.apps.keys(OWNER, "w", "bank"))
        return next(one.key for one in keys if one.disabled_at is None)


class Talk:
    def __init__(self, receiver: Receiver, usage: Usage) -> None:
        self._receiver = receiver
        self.usage = usage
        #: does not go away, and does not send the rest of its body either
        self.is_patient = False

    async def ask(
        self,
        method: str,
        path: str,
        body: bytes | list[bytes] = b"",
        headers: dict[str, str] | None = None,
        query: bytes = b"",
        *,
        ends: bool = True,
    ) -> Answer:
        pieces = list(body) if isinstance(body, list) else [body]
        messages = [
            {"type": "http.request", "body": piece, "more_body": place < len(pieces) - 1 or not ends}
            for place, piece in enumerate(pieces)
        ]
        sent: list[Any] = []

        async def receive() -> Any:
            if not messages and self.is_patient:
                await asyncio.Event().wait()
            return messages.pop(0) if messages else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query,
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()],
        }
        await self._receiver(scope, receive, send)
        fields = {name.decode(): value.decode("latin-1") for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], fields, b"".join(message.get("body", b"") for message in sent[1:]))

    async def post(self, key: str, body: bytes, **headers: str) -> Answer:
        fields = {"authorization": f"Bearer {key}", **{name.replace("_", "-"): text for name, text in headers.items()}}
        return await self.ask("POST", "/observe/v1/batch", body, fields)


@pytest.fixture
def ingest(tmp_path: Path) -> Iterator[Ingest]:
    with open_ingest(tmp_path) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ingest]:
    with open_ingest(tmp_path, request.param) as made:
        yield made


def body(records: int = 1, **header: Any) -> bytes:
    lines = [{"batch": "b", "device": "d", **header}, *({"type": "event", "name": "x"} for _ in range(records))]
    return b"\n".join(json.dumps(line).encode() for line in lines)


def test_a_batch_is_accepted_and_spooled(ingest: Ingest) -> None:
    door = Door(ingest)
    key = door.key

    async def talk(to: Talk) -> None:
        answer = await to.post(key, body(3))
        assert (answer.status, answer.json) == (200, {"accepted": 3})
        assert answer.headers["access-control-allow-origin"] == "*"
        # beacons have no headers; a body may come in pieces, packed
        packed = gzip.compress(body(2, batch="c") + b"\n")
        answer = await to.ask(
            "POST", "/observe/v1/batch", [packed[:9], packed[9:]], {"content-encoding": "gzip"}, f"key={key}".encode()
        )
        assert (answer.status, answer.json) == (200, {"accepted": 2})
        for coding, pack in (("zstd", zstandard.compress), ("br", brotli.compress)):
            answer = await to.post(key, pack(body(4, batch=coding)), content_encoding=coding)
            assert (answer.status, answer.json) == (200, {"accepted": 4})

    door.talk(talk)
    first, second, *others = door.spooled()
    assert [one.body for one in others] == [body(4, batch=coding) for coding in ("zstd", "br")]
    assert (first.wire, first.app, first.received, first.body) == ("eden", 1, AT, body(3))
    assert second.body == body(2, batch="c") + b"\n"
    assert len(first.key) == 16 and first.key != second.key


@pytest.mark.parametrize(
    ("status", "change"),
    [
        (401, {"headers": {"authorization": "Bearer " + "0" * 32}}),
        (401, {"headers": {}}),
        (400, {"body": b"no header\n{}"}),
        (400, {"body": b""}),
        (400, {"body": b"[" * 100_000}),
        (405, {"method": "GET"}),
        (404, {"path": "/observe/v1/else"}),
        (404, {"path": "/observe/else"}),
        (413, {"body": body() + b"\n" * 200_000}),
        (413, {"body": body() + b"x" * 60_000_000}),
        (415, {"headers": {"content-encoding": "lzma"}}),
        (400, {"headers": {"content-encoding": "gzip"}}),
        (400, {"query": b"a=1&" * 200}),
        (400, {"headers": {f"x-{number}": "y" for number in range(200)}}),
    ],
)
def test_what_cannot_be_accepted_is_told(ingest: Ingest, status: int, change: dict[str, Any]) -> None:
    door = Door(ingest)
    asked = {"method": "POST", "path": "/observe/v1/batch", "body": body(), "query": b"", **change}
    if "authorization" not in asked.get("headers", {"authorization": ""}) and status != 401:
        asked["query"] = asked["query"] or f"key={door.key}".encode()
    asked.setdefault("headers", {"authorization": f"Bearer {door.key}"})

    async def talk(to: Talk) -> None:
        answer = await to.ask(**asked)
        assert answer.status == status, answer.body
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.json["status"] == status and answer.json["detail"]

    door.talk(talk)
    assert door.spooled() == []


def test_a_sender_that_goes_away_leaves_nothing(ingest: Ingest) -> None:
    door = Door(ingest)
    key = door.key

    async def talk(to: Talk) -> None:
        answer = await to.ask(
            "POST", "/observe/v1/batch", [body(), b""], {"authorization": f"Bearer {key}"}, ends=False
        )
        assert answer.status == 400 and "ended before its body" in answer.json["detail"]

    door.talk(talk)
    assert door.spooled() == []


def test_a_body_that_does_not_come_is_not_waited_for(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eden.observe.accept.receiver._BODY_SECONDS", 0.05)
    door = Door(ingest)
    key = door.key

    async def talk(to: Talk) -> None:
        to.is_patient = True
        answer = await to.ask("POST", "/observe/v1/batch", body(), {"authorization": f"Bearer {key}"}, ends=False)
        assert answer.status == 400 and "in time" in answer.json["detail"]

    door.talk(talk)


def test_no_more_is_held_at_once_than_there_is_memory_for(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eden.observe.accept.receiver._MOST_HELD", 300_000)
    door = Door(ingest)
    key = door.key

    async def talk(to: Talk) -> None:
        large = gzip.compress(body() + b"\n" + b" " * 200_000)
        answers = await asyncio.gather(*(to.post(key, large, content_encoding="gzip") for _ in range(4)))
        told = sorted(answer.status for answer in answers)
        assert told[0] == 200 and told[-1] == 429
        busy = next(answer for answer in answers if answer.status == 429)
        assert busy.headers["retry-after"] == "1"
        # what was held is let go
        assert (await to.post(key, large, content_encoding="gzip")).status == 200

    door.talk(talk)


def test_a_server_without_a_store_says_so(ingest: Ingest) -> None:
    door = Door(ingest)
    door.is_on = False

    async def talk(to: Talk) -> None:
        answer = await to.post("0" * 32, body())
        assert answer.status == 503 and answer.json["code"] == "observe-off"
        # a phone that asks is not to think that something is broken
        answer = await to.ask("GET", "/observe/v1/collect/test")
        assert answer.status == 200 and answer.json["programs"] == {}

    door.talk(talk)


def test_a_full_spool_is_told(ingest: Ingest) -> None:
    door = Door(ingest, spool_bytes=2_000)
    key = door.key

    async def talk(to: Talk) -> None:
        assert (await to.post(key, body(1))).status == 200
        answer = await to.post(key, body(200))
        assert answer.status == 507 and int(answer.headers["retry-after"]) > 0
        await to.usage.flush()

    door.talk(talk)
    assert len(door.spooled()) == 1
    assert usage(ingest) == [(1, 200)]


def usage(ingest: Ingest) -> list[tuple[int, int]]:
    """Accepted and refused by hour."""
    rows = ingest.ground.database.read_now(
        lambda connection: connection.execute(
            select(observe_usage.c.accepted, observe_usage.c.refused).order_by(observe_usage.c.hour)
        ).all()
    )
    return [tuple(row) for row in rows]


def set_app(ingest: Ingest, settings: AppSettings) -> None:
    asyncio.run(ingest.apps.set(OWNER, "w", "bank", settings))


def test_a_quota_is_of_all_processes_and_ends_with_its_hour(anywhere: Ingest) -> None:
    door, other = Door(anywhere), Door(anywhere)
    key = door.key
    set_app(anywhere, AppSettings(quota=10))

    async def six(to: Talk) -> None:
        assert (await to.post(key, body(6))).status == 200
        await to.usage.flush()

    async def four(to: Talk) -> None:
        # what the others have sent is known from the first write on
        assert (await to.post(key, body(3))).status == 200
        await to.usage.flush()
        assert (await to.post(key, body(1))).status == 200
        answer = await to.post(key, body(1))
        assert answer.status == 429 and answer.json["code"] == "rate-limited"
        assert int(answer.headers["retry-after"]) == (HOUR - AT % HOUR) // 1_000_000 + 1
        await to.usage.flush()
        other.at = AT + HOUR
        assert (await to.post(key, body(10))).status == 200
        assert (await to.post(key, body(1))).status == 429

    door.talk(six)
    other.talk(four)
    assert usage(anywhere) == [(10, 1), (10, 1)]


def test_a_quota_holds_for_what_is_on_its_way(ingest: Ingest) -> None:
    door = Door(ingest)
    key = door.key
    set_app(ingest, AppSettings(quota=10))

    async def talk(to: Talk) -> None:
        answers = await asyncio.gather(*(to.post(key, body(4, batch=str(number))) for number in range(5)))
        assert sorted(answer.status for answer in answers) == [200, 200, 429, 429, 429]

    door.talk(talk)
    assert usage(ingest) == [(8, 12)]


def test_what_is_counted_in_an_hour_that_ends_is_not_lost(ingest: Ingest) -> None:
    door = Door(ingest)
    app = asyncio.run(ingest.apps.get(OWNER, "w", "bank"))

    async def talk(to: Talk) -> None:
        # on its way to the disk while the next hour begins
        hour = to.usage.begin(app, 3, AT)
        to.usage.accept(to.usage.begin(app, 1, AT + HOUR), "v1", 1, 10)
        await to.usage.flush()
        to.usage.accept(hour, "v1", 3, 30)
        await to.usage.flush()
        to.usage.give_back(to.usage.begin(app, 5, AT + HOUR), 5, "full")

    door.talk(talk)
    assert usage(ingest) == [(3, 0), (1, 5)]


ENVELOPE = b'{}\n{"type":"log"}\n{"items":[]}\n'


def test_clients_of_sentry_hear_how_long_to_send_nothing(ingest: Ingest) -> None:
    door = Door(ingest, spool_bytes=2_000)
    key = door.key
    headers = {"x-sentry-auth": f"Sentry sentry_key={key}"}
    number = asyncio.run(ingest.apps.get(OWNER, "w", "bank")).number
    set_app(ingest, AppSettings(quota=2))
    left = (HOUR - AT % HOUR) // 1_000_000 + 1

    async def send(to: Talk, body: bytes = ENVELOPE) -> Answer:
        return await to.ask("POST", f"/observe/sentry/api/{number}/envelope/", body, headers)

    async def talk(to: Talk) -> None:
        answer = await send(to)
        assert answer.status == 200 and "x-sentry-rate-limits" not in answer.headers
        # the last one that there is room for says so, and what follows is refused
        for status in (200, 429):
            answer = await send(to)
            assert answer.status == status
            assert answer.headers["x-sentry-rate-limits"] == f"{left}::key:rate_limited"
            assert "X-Sentry-Rate-Limits" in answer.headers["access-control-expose-headers"]
        assert answer.headers["retry-after"] == str(left)
        # other clients go by Retry-After alone
        assert "x-sentry-rate-limits" not in (await to.post(key, body())).headers
        door.at += HOUR
        answer = await send(to, ENVELOPE + b" " * 3_000)
        assert answer.status == 507
        assert answer.headers["x-sentry-rate-limits"] == f"{answer.headers['retry-after']}::key:storage_full"

    door.talk(talk)


def test_a_key_is_of_one_app(ingest: Ingest) -> None:
    """Whatever number the address names, and whatever the batch says of itself."""
    door = Door(ingest)
    ingest.shelf.keys.append("shop")
    bank = asyncio.run(ingest.apps.get(OWNER, "w", "bank"))
    shop = asyncio.run(ingest.apps.get(OWNER, "w", "shop"))
    key = asyncio.run(ingest.apps.keys(OWNER, "w", "shop"))[0].key

    async def talk(to: Talk) -> None:
        headers = {"x-sentry-auth": f"Sentry sentry_key={key}"}
        for number, status in ((bank.number, 404), (shop.number, 200)):
            answer = await to.ask("POST", f"/observe/sentry/api/{number}/envelope/", ENVELOPE, headers)
            assert answer.status == status
        assert (
            await to.post(key, b'{"batch":"b","app":%d}\n{"type":"event","app":%d}' % ((bank.number,) * 2))
        ).status == 200

    door.talk(talk)
    assert bank.number != shop.number and [one.app for one in door.spooled()] == [shop.number] * 2


def test_a_rate_is_of_a_second(ingest: Ingest) -> None:
    door = Door(ingest)
    key = door.key
    set_app(ingest, AppSettings(rate=5))

    async def talk(to: Talk) -> None:
        assert (await to.post(key, body(5))).status == 200
        answer = await to.post(key, body(1))
        assert (answer.status, answer.headers["retry-after"]) == (429, "1")
        door.at += 1_000_000
        # more than a second's at once is let through when nothing else was
        assert (await to.post(key, body(9))).status == 200

    door.talk(talk)


def test_a_key_that_was_disabled_is_not_known(anywhere: Ingest) -> None:
    door = Door(anywhere)
    key = door.key
    made = asyncio.run(anywhere.apps.create_key(OWNER, "w", "bank", "second"))
    asyncio.run(anywhere.apps.disable_key(OWNER, "w", "bank", key))

    async def talk(to: Talk) -> None:
        assert (await to.post(key, body())).status == 401
        assert (await to.post(made.key, body())).status == 200
        told = await to.ask("GET", "/observe/v1/collect/w")
        assert told.json["programs"]["bank"]["key"] == made.key

    door.talk(talk)


def test_switches_are_told(anywhere: Ingest) -> None:
    door = Door(anywhere)
    anywhere.shelf.keys.append("shop")
    key = door.key

    async def before(to: Talk) -> None:
        told = await to.ask("GET", "/observe/v1/collect/w", query=b"device=d")
        assert told.status == 200
        assert sorted(told.json["programs"]) == ["bank", "shop"]
        assert told.json["programs"]["bank"] == {"key": key}
        assert told.json["kinds"]["tap"] == {"on": True, "per_mille": 1000}
        assert (told.json["consent"], told.json["batch"], told.json["masks"]) == ("granted", 50, [])
        revision = told.json["revision"]
        answer = await to.post(key, body(collect=revision))
        assert answer.json == {"accepted": 1}
        assert (await to.ask("GET", "/observe/v1/collect/nowhere")).status == 404
        assert (await to.ask("POST", "/observe/v1/collect/w")).status == 405
        assert (await to.ask("HEAD", "/observe/v1/collect/w")).body == b""

    door.talk(before)
    set_app(anywhere, AppSettings(kinds={"tap": Sample(per_mille=10)}, consent="ask", masks=("K-[0-9]",)))

    async def after(to: Talk) -> None:
        told = (await to.ask("GET", "/observe/v1/collect/w")).json
        # what phones go by that do not tell programs apart
        assert told["kinds"]["tap"] == {"on": True, "per_mille": 10}
        assert (told["consent"], told["masks"]) == ("ask", ["K-[0-9]"])
        # and what is different for a program
        assert told["programs"]["shop"]["consent"] == "granted"
        assert "consent" not in told["programs"]["bank"]
        # a phone that has older ones hears of it with its next batch
        answer = await to.post(key, body(collect=2, batch="n"))
        assert answer.json == {"accepted": 1, "collect": told["revision"]}

    door.talk(after)


def test_a_phone_hears_that_its_log_is_wanted(ingest: Ingest) -> None:
    door = Door(ingest)
    key = door.key
    pull = {"id": "p", "from": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z"}
    door.pulls[1, "d"] = pull

    async def talk(to: Talk) -> None:
        assert (await to.post(key, body())).json == {"accepted": 1, "pull": pull}
        assert "pull" not in (await to.post(key, body(device="e", batch="c"))).json
        wanted = (await to.ask("GET", "/observe/v1/collect/w", query=b"device=d")).json
        others = (await to.ask("GET", "/observe/v1/collect/w", query=b"device=e")).json
        assert wanted["programs"]["bank"].pop("pull") == pull
        assert wanted == others and "pull" not in str(others)

    door.talk(talk)


def test_other_origins_may_send(ingest: Ingest) -> None:
    async def talk(to: Talk) -> None:
        answer = await to.ask(
            "OPTIONS", "/observe/v1/batch", headers={"access-control-request-headers": "x-mine, authorization"}
        )
        assert answer.status == 204
        assert "x-mine" in answer.headers["access-control-allow-headers"]
        assert answer.headers["access-control-allow-origin"] == "*"
        answer = await to.ask("OPTIONS", "/observe/v1/batch", headers={"access-control-request-headers": "a\r\nb"})
        assert "\n" not in answer.headers["access-control-allow-headers"]

    Door(ingest).talk(talk)


paths = st.sampled_from(
    """/observe/v1/batch /observe/v1/collect/w /observe/sentry/api/1/envelope/ /observe/posthog/batch/
    /observe/posthog/e/ /observe/otlp/v1/logs /observe/otlp/v1/traces /observe/ /observe/v1/collect/""".split()
)
bodies = st.one_of(
    st.binary(max_size=200),
    st.builds(
        lambda head, rest: head + rest,
        st.sampled_from([b"{}\n", b'{"batch":"x"}\n', b"[]", b"{"]),
        st.binary(max_size=100),
    ),
    st.binary(max_size=100).map(gzip.compress),
)


@given(
    asked=st.lists(
        st.tuples(
            st.sampled_from(["GET", "POST", "PUT", "HEAD", "OPTIONS"]),
            paths,
            bodies,
            st.dictionaries(
                st.sampled_from(["content-encoding", "content-type", "authorization", "x-sentry-auth", "x-eden-key"]),
                st.one_of(
                    st.sampled_from(["gzip", "br", "zstd", "deflate", "application/json", "application/x-protobuf"]),
                    st.text(st.characters(max_codepoint=255), max_size=20),
                ),
                max_size=3,
            ),
            st.one_of(st.just(b"key=KEY"), st.just(b"sentry_key=KEY"), st.binary(max_size=30)),
        ),
        min_size=10,
        max_size=10,
    )
)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_make_an_answer_fail(ingest: Ingest, asked: list[Any]) -> None:
    door = Door(ingest)
    key = door.key.encode()

    async def talk(to: Talk) -> None:
        for method, path, content, headers, query in asked:
            answer = await to.ask(method, path, content, headers, query.replace(b"KEY", key))
            assert 200 <= answer.status < 500, (method, path, content, headers, answer)

    door.talk(talk)
