"""`eden init`: an installation from nothing, and nothing from an installation."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar.testing import TestClient
from sqlalchemy import update

from eden import cli
from eden.app import Platform
from eden.base.errors import EdenError
from eden.base.ground import open_ground
from eden.base.settings_reading import load
from eden.base.tables import users
from eden.operate import init as module
from eden.operate.init import Terminal, Wanted, init

EMAIL = "first.owner@example.com"
PASSWORD = "four green horses sing"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test works in an empty folder, with no setting of this machine."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("EDEN_")]:
        monkeypatch.delenv(name)
    return tmp_path


def terminal(*answers: str, interactive: bool = True) -> Terminal:
    """A person who gives these answers."""
    left: Iterator[str] = iter(answers)

    def answer(*_: object) -> str:
        return next(left)

    return Terminal(io.StringIO(), answer, answer, answer, interactive)


def said(terminal: Terminal) -> str:
    assert isinstance(terminal.out, io.StringIO)
    return terminal.out.getvalue()


def contents(folder: Path) -> dict[str, bytes]:
    # the write-ahead log comes and goes
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


def test_person_at_a_terminal(folder: Path) -> None:
    person = terminal("no address", EMAIL, "short", PASSWORD, "another one", PASSWORD, PASSWORD)
    assert init(Wanted(), {}, person) == 0
    words = said(person)
    assert "This is not an e-mail address." in words
    assert "at least 10 characters" in words
    assert "two different passwords" in words
    assert "eden up" in words
    assert PASSWORD not in words
    for name in ("secret.key", "publish-test.token", "publish-production.token", "keep-elsewhere/root-1.pem"):
        mode = stat.S_IMODE((folder / "eden-data" / name).stat().st_mode)
        assert mode == 0o600, name
    assert stat.S_IMODE((folder / "eden-data").stat().st_mode) == 0o700

    # what it made works: the owner signs in, the tokens are known, something can be signed
    with TestClient(Platform(load(environment={})), base_url="http://testserver.local") as client:  # type: ignore[type-var]
        form = {"email": EMAIL, "password": PASSWORD}
        answer = client.post("/console/sign-in", data=form, headers={"Origin": "http://testserver.local"})
        assert answer.status_code == 200
        for slug in ("test", "production"):
            token = (folder / "eden-data" / f"publish-{slug}.token").read_text().strip()
            headers = {"Authorization": f"Bearer {token}"}
            me = client.get("/api/v1/me", headers=headers).json()
            assert [workspace["slug"] for workspace in me["workspaces"]] == [slug]
            assert me["workspaces"][0]["settings"]["production"] is (slug == "production")
            body = {"key": "bank", "name": "Bank", "kind": "miniprogram"}
            path = f"/api/v1/workspaces/{slug}/programs"
            assert client.post(path, json=body, headers=headers).status_code == 201


def test_second_time_changes_nothing(folder: Path) -> None:
    assert init(Wanted(email=EMAIL), {"EDEN_OWNER_PASSWORD": PASSWORD}, terminal(interactive=False)) == 0
    before = contents(folder)
    again = terminal(interactive=False)
    assert init(Wanted(email="other@example.com"), {"EDEN_OWNER_PASSWORD": "x"}, again) == 0
    assert "Nothing was changed." in said(again)
    assert EMAIL in said(again)
    assert contents(folder) == before


def test_interrupted_start_is_finished(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The power fails after the owner was made and before the services had their turn."""
    wanted, environment = Wanted(email=EMAIL), {"EDEN_OWNER_PASSWORD": PASSWORD}

    async def fail(*_: object) -> list[str]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "_init_parts", fail)
        with pytest.raises(KeyboardInterrupt):
            init(wanted, environment, terminal(interactive=False))
    assert not (folder / "eden-data" / "keep-elsewhere").exists()
    later = terminal(interactive=False)
    assert init(wanted, {}, later) == 0
    assert "root keys" in said(later)
    assert "with their owner" not in said(later)


@pytest.mark.parametrize(
    ("wanted", "environment", "code"),
    [
        (Wanted(), {}, "no-email"),
        (Wanted(email="nobody"), {}, "invalid"),
        (Wanted(email=EMAIL), {}, "no-password"),
        (Wanted(email=EMAIL), {"EDEN_OWNER_PASSWORD": "password123"}, "invalid"),
        (Wanted(email=EMAIL, data="/proc/no-such/folder"), {}, "data-folder"),
    ],
)
def test_what_is_missing_is_said(folder: Path, wanted: Wanted, environment: dict[str, str], code: str) -> None:
    with pytest.raises(EdenError) as caught:
        init(wanted, environment, terminal(interactive=False))
    assert caught.value.code == code
    # and nobody was made: the next try begins with the owner
    if code != "data-folder":
        assert init(Wanted(email=EMAIL), {"EDEN_OWNER_PASSWORD": PASSWORD}, terminal(interactive=False)) == 0


def test_settings_that_are_there_are_kept(folder: Path) -> None:
    (folder / "eden.toml").write_text('data = "elsewhere"\n')
    with pytest.raises(EdenError, match="is there already"):
        init(Wanted(email=EMAIL, data="other"), {"EDEN_OWNER_PASSWORD": PASSWORD}, terminal(interactive=False))
    assert init(Wanted(email=EMAIL), {"EDEN_OWNER_PASSWORD": PASSWORD}, terminal(interactive=False)) == 0
    assert (folder / "eden.toml").read_text() == 'data = "elsewhere"\n'
    assert (folder / "elsewhere" / "publish-test.token").exists()


def test_settings_elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are read from any folder, so their paths are whole."""
    (folder / "etc").mkdir()
    config = folder / "etc" / "eden.toml"
    person = terminal(interactive=False)
    assert init(Wanted(config=config, email=EMAIL), {"EDEN_OWNER_PASSWORD": PASSWORD}, person) == 0
    assert f"export EDEN_CONFIG={config}" in said(person)
    monkeypatch.chdir("/")
    settings = load(config, {})
    assert (settings.data_folder, bool(settings.secret_key)) == (folder / "eden-data", True)
    with pytest.raises(EdenError, match=r"none is not a folder\. Make it first"):
        init(Wanted(config=folder / "none" / "eden.toml"), {}, terminal())


def test_nobody_owns_it_any_more(folder: Path) -> None:
    assert init(Wanted(email=EMAIL), {"EDEN_OWNER_PASSWORD": PASSWORD}, terminal(interactive=False)) == 0
    ground = open_ground(load(None, {}))
    ground.database.write_now(lambda connection: connection.execute(update(users).values(disabled_at=1)))
    ground.close()
    with pytest.raises(EdenError, match="nobody who owns one"):
        init(Wanted(), {}, terminal(interactive=False))


def test_command_line(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\nmore\n"))
    assert cli.main(["init", "--email", EMAIL, "--name", "王芳", "--password-stdin", "--data", "here"]) == 0
    assert "eden publish FOLDER --everyone" in capsys.readouterr().out
    assert cli.main(["init"]) == 0
    assert "Nothing was changed." in capsys.readouterr().out


def test_terminal_that_ends(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def end(*_: object) -> str:
        raise EOFError

    monkeypatch.setattr(Terminal, "real", lambda: Terminal(io.StringIO(), end, end, end, True))
    assert cli.main(["init"]) == 1
    assert capsys.readouterr().err == "eden: The input ended before everything was answered.\n"


def test_link_for_who_lost_their_password(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(Wanted(email=EMAIL), {"EDEN_OWNER_PASSWORD": PASSWORD}, terminal(interactive=False)) == 0
    capsys.readouterr()
    assert cli.main(["link", "nobody@example.com"]) == 1
    assert "in no workspace" in capsys.readouterr().err
    assert cli.main(["link", EMAIL.upper()]) == 0
    link = capsys.readouterr().out.strip()
    assert link.startswith("http://127.0.0.1:8700/console/invitation/")
    origin = {"Origin": "http://testserver.local"}
    with TestClient(Platform(load(environment={})), base_url=origin["Origin"]) as client:  # type: ignore[type-var]
        path = link.removeprefix("http://127.0.0.1:8700")
        client.post(path, data={"password": "seven tired clouds"}, headers=origin)
        form = {"email": EMAIL, "password": "seven tired clouds"}
        assert client.post("/console/sign-in", data=form, headers=origin).status_code == 200
