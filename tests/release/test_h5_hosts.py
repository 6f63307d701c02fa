"""The hosts of H5 programs: whose they are, who may frame them, and that nothing of the platform is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from eden.app import Platform, prepare_database
from eden.base.ids import now
from eden.base.settings import Listen, Settings
from eden.base.tables import workspaces
from eden.release.h5_hosts import H5Hosts, h5_hosts
from eden.release.models import programs
from tests.ask import ask

pytestmark = pytest.mark.anyio

SECRET = "of the tests, and of nothing else but them"
PROGRAM = {"Host": "shop-0123456789abcdef0123.eden.localhost:8700"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def hosts_of(**options: Any) -> H5Hosts:
    found = h5_hosts(Settings(secret_key=SECRET, **options))
    assert found is not None
    return found


def test_only_this_machine_takes_localhost() -> None:
    hosts = hosts_of()
    assert hosts.owns("shop.eden.localhost:8700")
    assert hosts.owns("SHOP.Eden.LocalHost.")
    assert not any(
        map(
            hosts.owns,
            [
                "localhost:8700",
                "127.0.0.1:8700",
                "[::1]:8700",
                "",
                "shop.eden.localhost.evil.example",
                "eden.localhost:8700",
                "a.localhost",
            ],
        )
    )
    assert hosts.template("127.0.0.1:9000") == "http://{key}.eden.localhost:9000"
    assert hosts.framers("shop.eden.localhost:9000") == [
        "http://127.0.0.1:8700", "http://eden.localhost:9000", "http://localhost:9000", "http://127.0.0.1:9000",
    ]  # fmt: skip


def test_the_platforms_own_host_may_be_below_localhost() -> None:
    hosts = hosts_of(public_url="http://my.eden.localhost:8700")
    assert not hosts.owns("my.eden.localhost:8700")
    assert hosts.owns("shop.eden.localhost:8700")
    assert "http://my.eden.localhost:8700" in hosts.framers("shop.eden.localhost:8700")


def test_public_servers_need_a_setting() -> None:
    assert h5_hosts(Settings(public_url="https://eden.example.com")) is None
    assert h5_hosts(Settings(listen=Listen(host="0.0.0.0"))) is None
    hosts = hosts_of(public_url="https://eden.example.com", h5_url="https://{key}.h5.example.net:8443")
    assert hosts.template("whatever") == "https://{key}.h5.example.net:8443"
    assert hosts.owns("shop.h5.example.net:8443")
    assert hosts.owns("a.b.h5.example.net.")
    assert not any(map(hosts.owns, ["h5.example.net", "eden.example.com", "shop.localhost", "xh5.example.net"]))
    assert hosts.framers("shop.h5.example.net") == ["https://eden.example.com"]


async def ready(folder: Path, **options: Any) -> Platform:
    platform = Platform(Settings(data=str(folder), secret_key=SECRET, **options))
    prepare_database(platform.ground)
    return platform


async def test_shell_and_worker(tmp_path: Path) -> None:
    platform = await ready(tmp_path)
    try:
        shell = await ask(platform, "/.eden/shell.html", headers=PROGRAM)
        assert shell.status == 200
        assert b'content="http://127.0.0.1:8700 http://eden.localhost:8700 http://localhost:8700"' in shell.body
        policy = shell.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert policy.endswith("frame-ancestors http://127.0.0.1:8700 http://eden.localhost:8700 http://localhost:8700")
        worker = await ask(platform, "/.eden/worker.js", headers=PROGRAM)
        assert (worker.status, worker.headers["service-worker-allowed"]) == (200, "/")
        assert "frame-src" not in worker.headers["content-security-policy"]
        for answer in (shell, worker):
            assert answer.headers["origin-agent-cluster"] == "?1"
            assert "set-cookie" not in answer.headers
        again = await ask(platform, "/.eden/shell.js", headers={**PROGRAM, "If-None-Match": "x"})
        assert again.status == 200
        assert (
            await ask(platform, "/.eden/shell.js", headers={**PROGRAM, "If-None-Match": again.headers["etag"]})
        ).status == 304
    finally:
        platform.ground.close()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "path",
    [
        "/", "/console/", "/console/sign-in", "/api/v1/openapi.json", "/api/v1/workspaces", "/device/v1/test/programs",
        "/device/v1/test/check", "/app/test/", "/app/test/app.js", "/healthz", "/readyz", "/metrics", "/.eden/",
        "/.eden/app.js", "/.eden/../app.js", "/index.html", "/assets/console.js",
    ],
)  # fmt: skip
async def test_nothing_of_the_platform_is_on_these_hosts(tmp_path: Path, path: str, method: str) -> None:
    platform = await ready(tmp_path)
    try:
        answer = await ask(platform, path, method=method, headers={**PROGRAM, "Cookie": "eden=x"})
        assert answer.status == (404 if method == "GET" else 405)
        assert answer.headers["content-type"] == "application/problem+json"
        assert "set-cookie" not in answer.headers
        here = await ask(platform, "/healthz", headers={"Host": "127.0.0.1:8700"})
        assert here.status == 200
    finally:
        platform.ground.close()


async def test_super_app_cannot_be_framed(tmp_path: Path) -> None:
    platform = await ready(tmp_path)
    try:
        answer = await ask(platform, "/app/test/", headers={"Host": "127.0.0.1:8700"})
        assert answer.headers["content-security-policy"] == "frame-ancestors 'none'"
    finally:
        platform.ground.close()


async def test_doctor_tells_of_programs_without_an_address(tmp_path: Path) -> None:
    for name, options, ok in (
        ("near", {}, True),
        ("far", {"public_url": "https://eden.example.com"}, False),
        ("set", {"public_url": "https://eden.example.com", "h5_url": "https://{key}.h5.example.net"}, True),
    ):
        platform = await ready(tmp_path / name, **options)
        try:
            release = next(part for part in platform.parts if part.name == "release")

            async def findings(release: Any = release) -> list[Any]:
                return [found for check in release.doctor for found in await check() if found.name == "h5"]

            assert await findings() == []
            await platform.ground.database.write(_add_program)
            assert [found.ok for found in await findings()] == [ok]
        finally:
            platform.ground.close()


def _add_program(connection: Any) -> None:
    at = now()
    connection.execute(insert(workspaces).values(id="w", slug="test", name="Test", settings={}, created_at=at))
    values = {"key": "shop", "kind": "h5", "name": "Shop", "description": "", "created_by": "x", "created_at": at}
    connection.execute(insert(programs).values(id="p", workspace_id="w", **values))
