"""`eden publish`, `eden release` and `eden keys` against a running server."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest

from eden.base.errors import EdenError
from eden.cli import main
from eden.publish.client import TRIES, access
from eden.publish.parcel import Parcel, pack
from eden.release.trust_keys import read_key_file
from tests.publish.conftest import Server
from tests.release import samples

PROJECT = {
    "app.json": '{"pages": ["pages/index/index"]}',
    "app.js": "App({})",
    "eden.json": '{"name": "Hello", "version": "1.0.0"}',
    "project.config.json": '{"appid": "wxhello"}',
    "pages/index/index.js": "Page({})",
    "pages/index/index.wxml": "<view>hello</view>",
    "pages/index/index.json": "{}",
}
PASSPHRASE = "four green horses sing"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "hello"
    for name, text in PROJECT.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def rooted(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """With root keys in the folder "keys"."""
    monkeypatch.setenv("EDEN_ROOT_PASSPHRASE", PASSPHRASE)
    assert server.run("owner", "keys", "init", "--out", "keys", "--keys", "2", "--threshold", "1") == 0
    return server


def test_from_a_project_to_everyone(
    rooted: Server, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rooted.run("developer", "publish", str(project)) == 0
    said = capsys.readouterr().out
    assert "The program wxhello is new in the workspace test." in said
    assert f"wxhello 1.0.0 (10000) is on {rooted.address}, workspace test." in said
    assert "eden release create wxhello --code 10000" in said
    # again: the same version, without a word of complaint
    assert rooted.run("developer", "publish", str(project)) == 0
    plan = tmp_path / "plan.json"
    steps = [{"name": "Some", "audience": {"share": 100}}, {"name": "All", "audience": {"share": 10_000}}]
    plan.write_text(json.dumps({"steps": steps}))
    assert rooted.run("operator", "release", "create", "wxhello", "--code", "10000", "--plan", str(plan)) == 0
    assert rooted.run("operator", "release", "start", "wxhello") == 0
    assert "wxhello 1.0.0 (10000): live, step 1 of 2 (Some), 1 %" in capsys.readouterr().out
    assert rooted.run("operator", "release", "show") == 0
    assert "(Some), 1 %" in capsys.readouterr().out
    assert rooted.run("operator", "release", "halt", "wxhello") == 1
    assert "Say why" in capsys.readouterr().err
    assert rooted.run("operator", "release", "halt", "wxhello", "--reason", "It crashes") == 0
    assert rooted.run("operator", "release", "rollforward", "wxhello", "--reason", "It was the network") == 0
    assert rooted.run("operator", "release", "advance", "wxhello", "--step", "2") == 0
    assert rooted.run("operator", "release", "finish", "wxhello") == 0
    capsys.readouterr()
    assert rooted.run("operator", "release", "show", "wxhello") == 0
    said = capsys.readouterr().out
    assert "finished, step 2 of 2 (All), 100 %" in said
    assert "It crashes" in said
    assert rooted.run("operator", "release", "show") == 0
    assert "No release is running." in capsys.readouterr().out
    assert rooted.run("operator", "release", "start", "wxhello") == 1
    assert "which is its end" in capsys.readouterr().err


def test_publish_and_release_at_once(rooted: Server, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rooted.run("owner", "publish", str(project), "--standard", "--program", "other", "--notes", "Hi") == 0
    assert "is live, step 1 of 4: 1 %." in capsys.readouterr().out
    found = rooted.office.get("owner", "/workspaces/test/programs/other")
    assert (found["name"], found["app_id"]) == ("Hello", "wxhello")
    (project / "app.js").write_text("App({changed: true})")
    assert rooted.run("owner", "publish", str(project), "--program", "other") == 1
    assert "A version is never changed" in capsys.readouterr().err
    (project / "eden.json").write_text('{"version": "1.1.0"}')
    assert rooted.run("owner", "publish", str(project), "--program", "other", "--standard", "--draft") == 0
    assert "is a draft" in capsys.readouterr().out


def test_publish_for_everyone(rooted: Server, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rooted.run("owner", "publish", str(project), "--everyone") == 0
    assert "It is stable: everyone gets it" in capsys.readouterr().out
    found = rooted.office.get("owner", "/workspaces/test/programs/wxhello")
    assert found["stable"] == {"code": 10000, "name": "1.0.0"}
    # once more, as a build server does whose answer was lost
    assert rooted.run("owner", "publish", str(project), "--everyone") == 0
    assert "It is stable already." in capsys.readouterr().out
    assert len(rooted.office.get("owner", "/workspaces/test/releases")["items"]) == 1


def test_draft_of_nothing(rooted: Server, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rooted.run("owner", "publish", str(project), "--draft") == 1
    assert "--draft needs a release" in capsys.readouterr().err
    assert rooted.office.get("owner", "/workspaces/test/programs")["items"] == []


def test_release_that_may_not_begin(rooted: Server, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The workspace asks for reviews: the version is there, and no draft is left behind."""
    answer = rooted.office.ask("owner", "PATCH", "/workspaces/test", json={"review_required": True})
    assert answer.status_code == 200, answer.text
    for _ in range(2):
        assert rooted.run("owner", "publish", str(project), "--everyone") == 1
        assert "eview" in capsys.readouterr().err
    assert rooted.office.get("owner", "/workspaces/test/releases")["items"] == []


def test_what_cannot_be_published(server: Server, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "pages/index/index.wxml").write_text("<view>")
    (project / "app.json").write_text('{"pages": ["pages/absent/absent"]}')
    assert server.run("developer", "publish", str(project)) == 1
    assert "no package was written" in capsys.readouterr().err
    assert server.run("developer", "publish", "nowhere") == 1
    assert "There is nothing at nowhere." in capsys.readouterr().err
    (project / "app.json").write_text(PROJECT["app.json"])
    assert server.run("auditor", "publish", str(project)) == 1
    assert "program.write" in capsys.readouterr().err


def test_web_applications_are_the_same_on_any_machine(server: Server, tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder, names in ((first, ["index.html", "js/app.js"]), (second, ["js/app.js", "index.html"])):
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(name)
    (second / ".git").mkdir()
    (second / ".git" / "config").write_text("x")
    made = []
    for folder in (first, second):
        target = tmp_path / f"out-{folder.name}"
        target.mkdir()
        parcel = pack(folder, "h5", target)
        assert parcel is not None
        made.append(parcel.file.read_bytes())
    assert made[0] == made[1]
    words = ["--kind", "h5", "--program", "shop", "--version", "1.2.0", "--virtual-host", "shop.h5.example"]
    assert server.run("developer", "publish", str(first), *words, "--fallback-url", "https://shop.example/") == 0
    found = server.office.get("owner", "/workspaces/test/programs/shop/versions/10200")
    assert found["files"][0]["sha256"] == samples.sha256(made[0])
    for where in ("index.html", "js", "nowhere"):
        (first / "link").symlink_to(where)
        with pytest.raises(EdenError, match="is a link"):
            pack(first, "h5", tmp_path)
        (first / "link").unlink()


def test_more_files_than_a_zip_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zipfile.ZIP_FILECOUNT_LIMIT", 2)
    (tmp_path / "app").mkdir()
    for number in range(3):
        (tmp_path / "app" / str(number)).write_text("")
    with pytest.raises(EdenError, match="too much for one package"):
        pack(tmp_path / "app", "h5", tmp_path)


@pytest.mark.parametrize(
    ("app_id", "key"),
    [("wx0123456789abcdef", "wx0123456789abcdef"), ("eden.bank", "eden-bank"), ("My App", "my-app"), ("银行", None)],
)
def test_keys_are_made_of_app_ids(tmp_path: Path, app_id: str, key: str | None) -> None:
    assert Parcel(tmp_path, app_id).key == key


def test_a_zip_of_dimina(server: Server, tmp_path: Path) -> None:
    package = tmp_path / "app.zip"
    package.write_bytes(samples.dimina(7))
    assert server.run("developer", "publish", str(package), "--kind", "dimina", "--program", "wxd") == 0
    assert server.office.get("owner", "/workspaces/test/programs/wxd/versions/7")["manifest"]["dimina"]
    assert zipfile.is_zipfile(package)


def test_keys_of_several_people(rooted: Server, capsys: pytest.CaptureFixture[str]) -> None:
    run = rooted.run
    assert run("owner", "keys", "init", "--out", "more") == 1
    assert "has a root already" in capsys.readouterr().err
    assert b"ENCRYPTED" in Path("keys/root-1.pem").read_bytes()
    assert run("owner", "keys", "list") == 0
    said = capsys.readouterr().out
    assert "root, version 1" in said
    assert said.count("active") == 8
    # online keys, with one root key at hand
    assert run("owner", "keys", "rotate", "--online", "timestamp", "--key", "keys/root-1.pem") == 0
    assert "version 2 now" in capsys.readouterr().out
    online = rooted.office.get("owner", "/workspaces/test/trust")["online_keys"]
    # from now on two must sign: one of them is elsewhere
    assert run("owner", "keys", "make", "--out", "third", "--plain") == 0
    words = ["keys", "rotate", "--new", "third/root-1.pem", "--threshold", "2"]
    assert run("owner", *words, "--key", "keys/root-1.pem") == 0
    assert "version 3 now" in capsys.readouterr().out
    # that was about root keys: the server's own are the same
    assert rooted.office.get("owner", "/workspaces/test/trust")["online_keys"] == online
    assert run("owner", "keys", "renew", "--key", "keys/root-1.pem", "--out", "proposal.json") == 0
    assert "More keys must sign" in capsys.readouterr().out
    assert run("owner", "keys", "send", "proposal.json") == 1
    assert "1 of 2 keys" in capsys.readouterr().err
    assert run("owner", "keys", "sign", "proposal.json", "--key", "third/root-1.pem") == 0
    assert "has 2 signatures, of 2" in capsys.readouterr().out
    assert run("owner", "keys", "send", "proposal.json") == 0
    assert "version 4 now" in capsys.readouterr().out
    # a lost key signs nothing any more
    lost = rooted.office.get("owner", "/workspaces/test/trust")["root_keys"]
    assert run("owner", "keys", "revoke", "zzzz", "--key", "keys/root-1.pem") == 1
    assert "No root key begins" in capsys.readouterr().err
    second = read_key_file(Path("keys/root-2.pem"), PASSPHRASE).public_key.keyid
    assert second in [key["key_id"] for key in lost]
    words = ["keys", "revoke", second[:12], "--key", "keys/root-1.pem", "--key", "third/root-1.pem"]
    assert run("owner", *words) == 0
    left = rooted.office.get("owner", "/workspaces/test/trust")
    assert second not in [key["key_id"] for key in left["root_keys"]]
    assert left["threshold"] == 2
    assert run("developer", "keys", "list") == 1
    assert "key.manage" in capsys.readouterr().err
    Path("noise").write_bytes(b"noise")
    assert run("owner", "keys", "send", "noise") == 1
    assert "no proposal of a root" in capsys.readouterr().err


def test_after_an_old_backup(rooted: Server, capsys: pytest.CaptureFixture[str]) -> None:
    def version() -> int:
        found = rooted.office.client.get("/device/v1/test/metadata/timestamp.json").json()
        return int(found["signed"]["version"])

    assert version() == 1
    assert rooted.run("owner", "keys", "leap", "--by", "500") == 0
    assert "goes on at version 502" in capsys.readouterr().out
    assert rooted.run("operator", "keys", "leap") == 1
    assert rooted.office.get("owner", "/workspaces/test/trust")["version"] == 1


def test_passphrases_are_asked_for_or_missing(
    server: Server, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    monkeypatch.delenv("EDEN_ROOT_PASSPHRASE", raising=False)
    assert server.run("owner", "keys", "init", "--out", "keys") == 1
    assert "need a passphrase" in capsys.readouterr().err
    Path("short").write_text("short\n")
    assert server.run("owner", "keys", "init", "--out", "keys", "--passphrase-file", "short") == 1
    assert "less than 12" in capsys.readouterr().err
    assert not Path("keys").exists()
    assert server.run("owner", "keys", "init", "--out", "keys", "--keys", "1", "--threshold", "2") == 1
    assert server.run("owner", "keys", "init", "--out", "keys", "--plain") == 0
    assert "readable by anybody" in capsys.readouterr().err


def test_where_the_server_is_and_who_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    token = tmp_path / "token"
    token.write_text("eden_abc\n")
    found = access(None, token, None, {})
    assert (found.server, found.token, found.workspace) == ("http://127.0.0.1:8700", "eden_abc", "")
    (tmp_path / "eden.toml").write_text('public_url = "https://eden.example"\n')
    assert access(None, None, None, {"EDEN_TOKEN": "t"}).server == "https://eden.example"
    given = {"EDEN_TOKEN_FILE": str(token), "EDEN_SERVER": "https://a.b/", "EDEN_WORKSPACE": "test"}
    found = access(None, None, None, given)
    assert (found.server, found.token, found.workspace) == ("https://a.b", "eden_abc", "test")
    assert access("https://c.d", None, "prod", given).server == "https://c.d"
    # what is wrong with the settings of a server here does not matter to another one
    (tmp_path / "eden.toml").write_text("nonsense")
    assert access("https://c.d", None, "prod", given).server == "https://c.d"
    for server, environment, code in (
        ("nonsense", {"EDEN_TOKEN": "t"}, "server-address"),
        ("https://a.b", {}, "no-token"),
        ("https://a.b", {"EDEN_TOKEN_FILE": "absent"}, "token-file"),
        ("https://a.b", {"EDEN_TOKEN": "two words"}, "token-file"),
        ("https://a.b", {"EDEN_TOKEN": "令牌"}, "token-file"),
        ("https://[a", {"EDEN_TOKEN": "t"}, "server-address"),
        ("https://a.b:port", {"EDEN_TOKEN": "t"}, "server-address"),
    ):
        with pytest.raises(EdenError) as caught:
            access(server, None, None, environment)
        assert caught.value.code == code


def test_a_server_that_is_away(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    async def at_once(seconds: float) -> None:
        assert seconds > 0

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("eden.publish.client.asyncio.sleep", at_once)
    monkeypatch.setenv("EDEN_TOKEN", "t")
    assert main(["release", "show", "--server", "http://127.0.0.1:9"]) == 1
    assert "does not answer" in capsys.readouterr().err


class Oddity:
    """A server that gives the same answer to everything, once the request is read."""

    def __init__(self, *lines: str, body: bytes = b"") -> None:
        self.answer = "\r\n".join([*lines, f"content-length: {len(body)}", "connection: close", "", ""]).encode() + body
        self.requests: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                with connection:
                    self.requests.append(connection.recv(65536))
                    connection.sendall(self.answer)


@pytest.mark.parametrize(
    ("answer", "body", "told"),
    [
        (["HTTP/1.1 301 Moved", "location: https://eden.example.com/api/v1/me"], b"", "to https://eden.example.com/"),
        (["HTTP/1.1 200 OK", "content-type: text/html"], b"<p>hello", "The server answered 200 (text/html)."),
        (["HTTP/1.1 404 Not Found", "content-type: text/html"], b"<p>what?", "Is this the address of an Eden server?"),
    ],
)
def test_a_server_that_is_not_eden(
    answer: list[str], body: bytes, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = Oddity(*answer, body=body)
    monkeypatch.setenv("EDEN_TOKEN", "t")
    assert main(["release", "show", "--server", server.address]) == 1
    assert told in capsys.readouterr().err
    server.listener.close()
    # it was asked once
    assert len(server.requests) == 1


def test_a_server_that_restarts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The same request again, with the same key, so that it is done once; at last it is said why."""

    async def at_once(seconds: float) -> None:
        assert seconds > 0

    monkeypatch.setattr("eden.publish.client.asyncio.sleep", at_once)
    monkeypatch.setenv("EDEN_TOKEN", "t")
    server = Oddity("HTTP/1.1 503 Service Unavailable", "content-type: text/plain")
    words = ["release", "create", "bank", "--code", "1", "--server", server.address, "--workspace", "test"]
    assert main(words) == 1
    assert "The server answered 503" in capsys.readouterr().err
    server.listener.close()
    assert len(server.requests) == TRIES
    assert len({re.search(rb"Idempotency-Key: (\w+)", request, re.IGNORECASE)[1] for request in server.requests}) == 1  # type: ignore[index]


def test_a_workspace_that_the_token_does_not_know(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert server.run("owner", "release", "show", "--workspace", "elsewhere") == 1
    assert "workspace" in capsys.readouterr().err


def test_token_that_init_made_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "eden.toml").write_text('data = "d"\n')
    (tmp_path / "d").mkdir()
    for slug in ("test", "production"):
        (tmp_path / "d" / f"publish-{slug}.token").write_text(f"eden_{slug}\n")
    assert access(None, None, None, {}).token == "eden_test"
    assert access(None, None, "production", {}).token == "eden_production"
    assert access(None, None, None, {"EDEN_TOKEN": "mine"}).token == "mine"
    with pytest.raises(EdenError, match="must know who you are"):
        # it is not shown to other servers
        access("https://eden.example.com", None, None, {})
    with pytest.raises(EdenError, match="must know who you are"):
        access(None, None, "other", {})
