"""The platform: where requests go, what every answer has, how it starts and stops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import get
from litestar.di import NamedDependency
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import Connection, delete

from eden.app import Platform, prepare_database
from eden.base import changes, migrate
from eden.base.api.access import OPEN
from eden.base.errors import EdenError
from eden.base.ground import Ground, open_ground, read_or_make_secret
from eden.base.http import Receive, Scope, Send, read_json, respond
from eden.base.jobs import enqueue
from eden.base.parts import Part
from eden.base.problems import Problem
from eden.base.settings import DatabaseSettings, Listen, Logs, MetricsSettings, Settings
from eden.base.tables import changes as changes_table
from tests.ask import ask

pytestmark = pytest.mark.anyio

SECRET = "of the tests, and of nothing else but them"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def settings_of(folder: Path, **options: Any) -> Settings:
    return Settings(data=str(folder), secret_key=SECRET, **options)


@asynccontextmanager
async def running(settings: Settings, *parts: Callable[[Ground], Part] | Part) -> AsyncIterator[Platform]:
    platform = Platform(settings, [part if callable(part) else _made(part) for part in parts])
    await platform.start()
    try:
        yield platform
    finally:
        await platform.stop()


def _made(part: Part) -> Callable[[Ground], Part]:
    return lambda ground: part


def says(text: bytes) -> Any:
    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, text + b" " + scope["path"].encode(), b"text/plain")

    return application


async def test_application_of_all_services(tmp_path: Path) -> None:
    platform = Platform(settings_of(tmp_path))
    await platform.start()
    assert (await ask(platform, "/healthz")).json() == {"status": "ok"}
    ready = await ask(platform, "/readyz")
    assert (ready.status, ready.json()) == (200, {"status": "ready"})
    document = (await ask(platform, "/api/v1/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert document["paths"]
    assert all(path.startswith("/api/v1/") for path in document["paths"])
    home = await ask(platform, "/")
    assert (home.status, home.headers["location"]) == (303, "/console/")
    await platform.stop()


async def test_longest_prefix_wins(tmp_path: Path) -> None:
    raw = {"/device/v1/": says(b"devices"), "/device/v1/special/": says(b"special"), "/app/": says(b"app")}
    async with running(settings_of(tmp_path), Part(name="a", raw=raw)) as platform:
        assert (await ask(platform, "/device/v1/x/check")).body == b"devices /device/v1/x/check"
        assert (await ask(platform, "/device/v1/special/x")).body == b"special /device/v1/special/x"
        assert (await ask(platform, "/app/x/")).body == b"app /app/x/"
        nothing = await ask(platform, "/device/v2/x")
        assert (nothing.status, nothing.json()["code"]) == (404, "not-found")


def test_two_parts_at_one_prefix(tmp_path: Path) -> None:
    part = _made(Part(name="a", raw={"/x/": says(b"")}))
    with pytest.raises(ValueError, match="two parts answer at /x/"):
        Platform(settings_of(tmp_path), [part, part])


@get("/api/v1/hello", opt=OPEN, sync_to_thread=False)
def hello(word: NamedDependency[str]) -> dict[str, str]:
    return {"word": word}


@get("/console/page", opt=OPEN, sync_to_thread=False, media_type="text/html")
def page() -> str:
    return "<p>"


async def test_headers_of_answers(tmp_path: Path) -> None:
    part = Part(name="a", controllers=[hello, page], raw={"/raw/": says(b"")}, services={"word": "friend"})
    settings = settings_of(tmp_path, public_url="https://eden.example.com")
    async with running(settings, part) as platform:
        framed, raw = await ask(platform, "/api/v1/hello"), await ask(platform, "/raw/x")
        assert framed.json() == {"word": "friend"}
        for answer in (framed, raw):
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "same-origin"
            assert answer.headers["strict-transport-security"] == "max-age=31536000"
            assert len(answer.headers["x-request-id"]) == 32
        assert framed.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        # what is fast brings its own
        assert "content-security-policy" not in raw.headers
        assert "/api/v1/hello" in (await ask(platform, "/api/v1/openapi.json")).json()["paths"]
        assert "/console/page" not in (await ask(platform, "/api/v1/openapi.json")).json()["paths"]
        trace = "0af7651916cd43dd8448eb211c80319c"
        continued = await ask(platform, "/raw/x", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
        assert continued.headers["x-request-id"] == trace
        broken = await ask(platform, "/raw/x", headers={"traceparent": f"00-{'0' * 32}-b7ad6b7169203331-01"})
        assert broken.headers["x-request-id"] != "0" * 32


async def test_no_strict_transport_without_https(tmp_path: Path) -> None:
    async with running(settings_of(tmp_path)) as platform:
        assert "strict-transport-security" not in (await ask(platform, "/healthz")).headers


class Body(msgspec.Struct, forbid_unknown_fields=True):
    n: int


async def failing(scope: Scope, receive: Receive, send: Send) -> None:
    what = scope["path"].rpartition("/")[2]
    if what == "problem":
        raise Problem("rate-limited", "Too much.", "Wait.", headers={"Retry-After": "5"})
    if what == "set-up":
        raise EdenError("secret-detail", "A secret detail.")
    if what == "half":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ZeroDivisionError("half")
    if what == "json":
        body = await read_json(scope, receive, 20, msgspec.json.Decoder(Body))
        await respond(send, msgspec.json.encode(body))
        return
    raise ZeroDivisionError("a secret detail")


async def test_failures_are_problems(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with running(settings_of(tmp_path), Part(name="a", raw={"/raw/": failing})) as platform:
        limited = await ask(platform, "/raw/problem")
        assert limited.status == 429
        assert limited.headers["content-type"] == "application/problem+json"
        assert limited.headers["retry-after"] == "5"
        trace = limited.headers["x-request-id"]
        assert limited.json() == {
            "type": "about:blank", "title": "Too many requests", "status": 429, "code": "rate-limited",
            "detail": "Too much.", "hint": "Wait.", "trace": trace,
        }  # fmt: skip
        for path in ("/raw/unforeseen", "/raw/set-up"):
            caplog.clear()
            answer = await ask(platform, path)
            assert (answer.status, answer.json()["code"]) == (500, "internal")
            assert b"secret detail" not in answer.body
            assert "ecret detail" in caplog.text
        with pytest.raises(ZeroDivisionError):
            await ask(platform, "/raw/half")


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        (b'{"n":1}', 200, "", None),
        (b'{"n":"1"}', 400, "invalid", "n"),
        (b'{"n":1,"m":1}', 400, "invalid", ""),
        (b"{n", 400, "bad-request", None),
        (b'{"n":1' + b" " * 20 + b"}", 413, "too-large", None),
    ],
)
async def test_bodies(tmp_path: Path, body: bytes, status: int, code: str, field: str | None) -> None:
    async with running(settings_of(tmp_path), Part(name="a", raw={"/raw/": failing})) as platform:
        answer = await ask(platform, "/raw/json", method="POST", body=body)
        assert answer.status == status, answer.body
        assert answer.json().get("code", "") == code
        if field is not None:
            assert answer.json()["errors"][0]["field"] == field


async def test_access_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def logged(settings: Settings, *paths: str) -> list[tuple[str, int]]:
        part = Part(name="a", controllers=[hello], services={"word": "x"}, raw={"/raw/": failing, "/ok/": says(b"")})
        async with running(settings, part) as platform:
            caplog.clear()
            with caplog.at_level(logging.INFO, "eden.access"):
                answers = [await ask(platform, path) for path in paths]
            records = [record for record in caplog.records if record.name == "eden.access"]
            ids = {answer.headers["x-request-id"] for answer in answers}
            assert all(record.__dict__["fields"]["trace"] in ids for record in records)
            return [(record.__dict__["fields"]["path"], record.__dict__["fields"]["status"]) for record in records]

    paths = ["/api/v1/hello", "/ok/x", "/raw/problem", "/raw/x"]
    quiet = [("/api/v1/hello", 200), ("/raw/x", 500)]
    everything = [("/api/v1/hello", 200), ("/ok/x", 200), ("/raw/problem", 429), ("/raw/x", 500)]
    assert await logged(settings_of(tmp_path), *paths) == quiet
    assert await logged(settings_of(tmp_path, logs=Logs(sample=1)), *paths) == everything


async def test_figures(tmp_path: Path) -> None:
    part = Part(name="devices", raw={"/ok/": says(b""), "/raw/": failing})
    async with running(settings_of(tmp_path), part) as platform:
        for path in ("/ok/1", "/ok/2", "/raw/problem", "/nowhere"):
            await ask(platform, path)
        await asyncio.wait_for(platform.health.looked.wait(), 20)
        text = (await ask(platform, "/metrics")).body.decode()
    for line in (
        'eden_http_requests_total{area="devices",status="200"} 2.0',
        'eden_http_requests_total{area="devices",status="429"} 1.0',
        'eden_http_requests_total{area="other",status="404"} 1.0',
        'eden_http_seconds_count{area="devices"} 3.0',
        "eden_ready 1.0",
        'eden_jobs{state="failed"} 0.0',
    ):
        assert line in text
    assert "eden_feed_lag_seconds" in text


@pytest.mark.parametrize(
    ("access", "client", "headers", "status"),
    [
        ("loopback", "127.0.0.1", {}, 200),
        ("loopback", "::1", {}, 200),
        ("loopback", "10.1.1.1", {}, 403),
        # a proxy on this machine that did not say for whom it asks
        ("loopback", "127.0.0.1", {"X-Forwarded-For": "1.2.3.4"}, 403),
        ("token", "127.0.0.1", {}, 401),
        ("token", "10.1.1.1", {"Authorization": "Bearer wrong"}, 401),
        ("token", "10.1.1.1", {"Authorization": "Bearer right"}, 200),
        ("public", "10.1.1.1", {}, 200),
    ],
)
async def test_who_reads_figures(
    tmp_path: Path, access: Any, client: str, headers: dict[str, str], status: int
) -> None:
    settings = settings_of(tmp_path, metrics=MetricsSettings(access=access, token="right"))
    async with running(settings) as platform:
        assert (await ask(platform, "/metrics", client=(client, 1), headers=headers)).status == status


async def test_not_ready_says_why(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with running(settings_of(tmp_path)) as platform:
        await platform.ground.feed.stop()
        platform.ground.feed.read_at -= 60_000_000
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(platform.ground.blobs, "exists", _broken)
            patch.setattr("eden.base.health._FRESH_SECONDS", 0)
            answer = await ask(platform, "/readyz")
            # strangers hear what is wrong, and nothing of the inside
            for stranger in ({"client": ("10.1.1.1", 1)}, {"headers": {"X-Forwarded-For": "10.1.1.1"}}):
                told = await ask(platform, "/readyz", **stranger)
                assert told.status == 503
                assert told.json()["reasons"] == dict.fromkeys(("blobs", "feed"), "The server's log says why.")
        assert answer.status == 503
        assert answer.json() == {
            "status": "not ready",
            "reasons": {
                "blobs": "ConnectionError: the bucket is gone",
                "feed": answer.json()["reasons"]["feed"],
            },
        }
        assert answer.json()["reasons"]["feed"].startswith("The feed of changes was last read 6")
        assert "readiness changed" in caplog.text
        assert "the bucket is gone" in caplog.text
        # it lives: restarting it would not help
        assert (await ask(platform, "/healthz")).status == 200


async def test_missed_changes_end_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What was forgotten before this process saw it may have been a halt: it must not go on."""
    monkeypatch.setattr("eden.base.health._LOOK_SECONDS", 0.01)
    monkeypatch.setattr("eden.base.health._FRESH_SECONDS", 0)
    ended = asyncio.Event()
    async with running(settings_of(tmp_path)) as platform:
        platform.health.end_process = ended.set
        heard = asyncio.Event()

        async def hear(change: changes.Change) -> None:
            if change.seq == 2:
                heard.set()

        platform.ground.feed.listen("x", hear)
        write = platform.ground.database.write
        await write(lambda connection: changes.append(connection, "x", "", {}))
        await write(lambda connection: changes.append(connection, "x", "", {}))
        await asyncio.wait_for(heard.wait(), 20)
        assert not platform.ground.feed.missed
        await platform.ground.feed.stop()
        assert platform.ground.feed.seen == 2

        def away(connection: Connection) -> None:
            for _ in range(5):
                changes.append(connection, "x", "", {})
            connection.execute(delete(changes_table).where(changes_table.c.seq < 6))

        await write(away)
        platform.ground.feed.go_on()
        await asyncio.wait_for(ended.wait(), 20)
        assert "changes 3 to 5 were missed" in caplog.text
        assert "starts anew" in (await ask(platform, "/readyz")).json()["reasons"]["feed"]


async def _broken(name: str) -> bool:
    raise ConnectionError("the bucket is gone\nand more that is not told")


async def test_stop_ends_streams_first(tmp_path: Path) -> None:
    began = asyncio.Event()

    def part(ground: Ground) -> Part:
        async def stream(scope: Scope, receive: Receive, send: Send) -> None:
            headers = [(b"content-type", b"text/event-stream")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            began.set()
            await ground.stopping.wait()
            await send({"type": "http.response.body", "body": b"retry: 1\n\n"})

        return Part(name="a", raw={"/events/": stream})

    async with running(settings_of(tmp_path), part) as platform:
        asked = asyncio.create_task(ask(platform, "/events/x"))
        await began.wait()
        assert (await ask(platform, "/readyz")).status == 200
        platform.begin_stop()
        assert (await asked).body == b"retry: 1\n\n"
        answer = await ask(platform, "/readyz")
        assert (answer.status, answer.json()["reasons"]) == (503, {"stopping": "The server is being stopped."})
        # streams are not in the distribution of times
        text = platform.ground.metrics.text()[0].decode()
        assert 'eden_http_requests_total{area="a",status="200"} 1.0' in text
        assert 'eden_http_seconds_count{area="a"} 0.0' in text


async def test_parts_start_and_stop_in_order(tmp_path: Path) -> None:
    told: list[str] = []

    def named(name: str, *, fails: bool = False) -> Callable[[Ground], Part]:
        def part(ground: Ground) -> Part:
            async def start() -> None:
                if fails:
                    raise EdenError("no-luck", "No luck.")
                await ground.database.read(migrate.check_at_head)
                told.append(f"start {name}")

            async def stop() -> None:
                await ground.database.read(migrate.check_at_head)
                told.append(f"stop {name}")

            return Part(name=name, start=start, stop=stop)

        return part

    async with running(settings_of(tmp_path), named("a"), named("b")):
        told.append("run")
    assert told == ["start a", "start b", "run", "stop b", "stop a"]
    told.clear()
    with pytest.raises(EdenError, match="No luck"):
        async with running(settings_of(tmp_path), named("a"), named("b", fails=True)):
            raise AssertionError("it started")
    assert told == ["start a", "stop a"]


async def test_jobs_of_parts(tmp_path: Path) -> None:
    done = asyncio.Event()

    async def handler(payload: dict[str, Any]) -> None:
        if payload == {"n": 1}:
            done.set()

    async with running(settings_of(tmp_path), Part(name="a", jobs={"a.work": handler})) as platform:
        await platform.ground.database.write(lambda connection: enqueue(connection, "a.work", {"n": 1}))
        await asyncio.wait_for(done.wait(), 20)


async def test_lifespan_that_fails(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    platform = Platform(settings_of(tmp_path, database=DatabaseSettings(migrate="never")), ())
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await platform({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.failed"]
    assert isinstance(platform.failure, EdenError)
    assert platform.failure.code == "old-schema"
    assert "Run eden migrate" in caplog.text


def test_another_key_is_refused(tmp_path: Path) -> None:
    for key, refused in ((SECRET, False), (SECRET, False), (SECRET + "!", True)):
        ground = open_ground(Settings(data=str(tmp_path), secret_key=key))
        try:
            if refused:
                with pytest.raises(EdenError, match="begun with another secret key"):
                    prepare_database(ground)
            else:
                prepare_database(ground)
        finally:
            ground.close()


def test_key_is_made_on_loopback_only(tmp_path: Path) -> None:
    first = open_ground(Settings(data=str(tmp_path)))
    second = open_ground(Settings(data=str(tmp_path)))
    assert first.secret == second.secret
    assert len(first.secret) >= 32
    first.close()
    second.close()
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("secret")) == ["secret.key"]
    with pytest.raises(EdenError, match=r"needs a secret key of its own. Set secret_key_file .* is there already"):
        open_ground(Settings(data=str(tmp_path), listen=Listen(host="0.0.0.0")))
    with pytest.raises(EdenError, match="openssl rand"):
        open_ground(Settings(data=str(tmp_path / "other"), listen=Listen(host="0.0.0.0")))
    (tmp_path / "secret.key").write_text("short")
    with pytest.raises(EdenError, match="less than 32"):
        open_ground(Settings(data=str(tmp_path)))


def test_key_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    with pytest.raises(EdenError, match="cannot be read or made"):
        read_or_make_secret(tmp_path / "no-such-folder" / "secret.key")


async def test_web_sockets_are_closed(tmp_path: Path) -> None:
    platform = Platform(settings_of(tmp_path), ())
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await platform({"type": "websocket", "path": "/x"}, receive, send)
    assert sent == ["websocket.close"]
    platform.ground.close()


async def test_traces_of_requests_and_writes(tmp_path: Path, spans: InMemorySpanExporter) -> None:
    def part(ground: Ground) -> Part:
        async def write(scope: Scope, receive: Receive, send: Send) -> None:
            await ground.database.write(lambda connection: None)
            await respond(send, b"{}")

        return Part(name="a", raw={"/raw/": write})

    async with running(settings_of(tmp_path), part) as platform:
        spans.clear()
        answer = await ask(platform, "/raw/x")
        (request,) = [span for span in spans.get_finished_spans() if span.name == "GET a"]
        assert f"{request.context.trace_id:032x}" == answer.headers["x-request-id"]
        inner = [span for span in spans.get_finished_spans() if span.parent == request.context]
        assert [span.name for span in inner] == ["database.write"]
