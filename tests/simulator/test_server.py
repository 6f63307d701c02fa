"""The simulator's routes."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from eden.base import tools
from eden.simulator.http import Receive, Scope, Send, respond
from eden.simulator.program import LiveProgram
from eden.simulator.server import Simulator
from tests.browser.programs import write_program
from tests.simulator.asgi import Stream, ask

FILES = {
    "pages/a/a.wxml": "<view class='x'>a</view>",
    "pages/a/a.js": "Page({})",
    "pages/a/a.wxss": ".x { color: red }",
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_program(tmp_path / "program", FILES)


@pytest.fixture
def program(source: Path) -> Iterator[LiveProgram]:
    program = LiveProgram(source)
    program.build()
    yield program
    program.close()


@pytest.fixture
def simulator(program: LiveProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    container = tmp_path / "container"
    (container / "chunks").mkdir(parents=True)
    (container / "simulator.html").write_text("<title>phone</title>")
    (container / "chunks" / "map.js").write_text("1")
    (tmp_path / "secret.txt").write_text("secret")
    monkeypatch.setattr(tools, "CONTAINER", container)
    return Simulator(program, settings={"public": None}, watch=False)


def get(simulator: Simulator, target: str, **options: Any) -> Any:
    return asyncio.run(ask(simulator, target, **options))


def test_page_bundles_and_package(simulator: Simulator) -> None:
    page = get(simulator, "/")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.body == b"<title>phone</title>"
    chunk = get(simulator, "/container/chunks/map.js")
    assert (chunk.headers["content-type"], chunk.body) == ("text/javascript; charset=utf-8", b"1")
    manifest = get(simulator, "/programs/main/manifest.json")
    assert manifest.headers["content-type"] == "application/json"
    assert manifest.json()["pages"] == ["pages/a/a"]
    main = get(simulator, "/programs/main/main.zip")
    assert "code/scripts.js" in zipfile.ZipFile(io.BytesIO(main.body)).namelist()


def test_settings(simulator: Simulator) -> None:
    settings = get(simulator, "/settings.json").json()
    assert settings["program"] == "/programs/main/"
    assert settings["public"] is None
    assert (settings["event"]["revision"], settings["event"]["taken"]) == (1, True)
    assert "main/code/scripts.js" in settings["event"]["hashes"]
    assert not any(path.startswith("maps/") for path in settings["event"]["hashes"])


def test_an_unchanged_file_is_not_sent_again(simulator: Simulator) -> None:
    first = get(simulator, "/programs/main/main.zip")
    assert first.headers["cache-control"] == "no-cache"
    tag = first.headers["etag"]
    again = get(simulator, "/programs/main/main.zip", headers={"If-None-Match": tag})
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    other = get(simulator, "/programs/main/main.zip", headers={"If-None-Match": '"else"'})
    assert (other.status, other.body) == (200, first.body)


def test_head_has_no_body(simulator: Simulator) -> None:
    answer = get(simulator, "/container/chunks/map.js", method="HEAD")
    assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize(
    "target",
    [
        "/else",
        "/container/else.js",
        "/container/",
        "/container/../secret.txt",
        "/container/%2e%2e/secret.txt",
        "/container//etc/passwd",
        "/programs/main/else.zip",
        "/programs/other/manifest.json",
    ],
)
def test_what_is_not_there_is_not_found(simulator: Simulator, target: str) -> None:
    answer = get(simulator, target)
    assert answer.status == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["code"], answer.json()["status"]) == ("not-found", 404)


def test_only_reading(simulator: Simulator) -> None:
    answer = get(simulator, "/settings.json", method="POST")
    assert (answer.status, answer.json()["code"]) == (405, "method-not-allowed")


def test_mounted_applications_get_the_rest_of_the_path(program: LiveProgram) -> None:
    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, f"{scope['method']} {scope['root_path']} {scope['path']}".encode())

    simulator = Simulator(program, mounts={"/api/bank/": application}, watch=False)
    assert get(simulator, "/api/bank/accounts/1", method="POST").body == b"POST /api/bank /accounts/1"
    assert get(simulator, "/api/bank").status == 404


def event(message: Any) -> Any:
    name, _, data = message["body"].decode().partition("\n")
    assert name == "event: revision"
    return msgspec.json.decode(data.removeprefix("data: ").strip())


def rebuild(simulator: Simulator) -> None:
    revision = simulator.program.build()
    for tell in simulator.program.listeners:
        tell(revision)


def test_every_listener_hears_of_a_revision(simulator: Simulator, source: Path) -> None:
    async def run() -> list[Any]:
        streams = [Stream(simulator, "/events") for _ in range(2)]
        for stream in streams:
            start = await stream.next()
            assert (b"content-type", b"text/event-stream") in start["headers"]
            assert (await stream.next())["body"].startswith(b":")
        (source / "pages/a/a.js").write_text("Page({data: {}})")
        rebuild(simulator)
        heard = [event(await stream.next()) for stream in streams]
        for stream in streams:
            await stream.leave()
        rebuild(simulator)
        return heard

    first, second = asyncio.run(run())
    assert first == second
    assert (first["revision"], first["errors"], first["styles"]) == (2, 0, None)


def test_streams_end_with_the_server(simulator: Simulator) -> None:
    async def run() -> Any:
        stream = Stream(simulator, "/events")
        await stream.next()
        await stream.next()
        simulator.end_streams()
        last = await stream.next()
        await asyncio.wait_for(stream.task, 10)
        return last

    assert asyncio.run(run()) == {"type": "http.response.body", "body": b""}


def test_lifespan(simulator: Simulator) -> None:
    async def run() -> list[str]:
        asked = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
        answers: list[str] = []

        async def receive() -> Any:
            return next(asked)

        async def send(message: Any) -> None:
            answers.append(message["type"])

        await simulator({"type": "lifespan"}, receive, send)
        return answers

    assert asyncio.run(run()) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_a_change_on_the_disk_is_built_and_told(simulator: Simulator, source: Path, program: LiveProgram) -> None:
    async def run() -> int:
        watcher = asyncio.create_task(program.watch())
        stream = Stream(simulator, "/events")
        await stream.next()
        await stream.next()
        waiting = asyncio.create_task(stream.next())
        attempt = 0
        while not waiting.done():
            # the watcher may not look yet: change again
            attempt += 1
            (source / "pages/a/a.js").write_text(f"Page({{data: {{n: {attempt}}}}})")
            await asyncio.wait([waiting], timeout=0.5)
        heard: int = event(waiting.result())["revision"]
        watcher.cancel()
        await asyncio.gather(watcher, return_exceptions=True)
        await stream.leave()
        return heard

    assert asyncio.run(run()) >= 2
