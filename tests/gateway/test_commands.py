"""`eden gateway …` against a server: plans, writes, exports, apps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from eden.base.errors import EdenError
from eden.gateway.documents import read_catalogue, read_document, write_catalogue, write_toml
from eden.gateway.interfaces import Catalogue
from eden.gateway.openapi_import import import_openapi
from eden.gateway.rules_plan import diff
from tests.gateway.samples import SHOP, changed, shop
from tests.gateway.test_openapi_documents import ZOO
from tests.publish.conftest import Server, server

__all__ = ["server"]


@pytest.fixture
def gateway(server: Server, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("EDEN_WORKSPACE", "test")
    return lambda *words, who="developer": server.run(who, "gateway", *words)


def write(path: Path, catalogue: Catalogue) -> str:
    path.write_text(write_catalogue(msgspec.to_builtins(catalogue), path.suffix), encoding="utf-8")
    return str(path)


def test_plan_apply_and_again(gateway: Any, server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "shop.toml", changed(("groups/more", SHOP["groups"]["shop"])))
    assert gateway("apply", file, "--plan") == 2
    assert "warning: groups.more: No operation is in this group." in capsys.readouterr().err
    file = write(tmp_path / "shop.toml", shop())
    assert gateway("apply", file, "--plan") == 2
    shown = capsys.readouterr()
    assert '+ operation shop.items.list\n    + group       = "shop"\n' in shown.out
    assert "11 to add, 0 to change, 0 to remove." in shown.out
    assert gateway("apply", file) == 1, "nobody is there to say yes"
    assert gateway("apply", file, "--yes", "--note", "all of it") == 0
    assert "The catalogue is at revision 1." in capsys.readouterr().err
    assert gateway("apply", file, "--plan") == 0
    assert capsys.readouterr().out == "Nothing changes.\n"
    slower = changed(
        ("operations/shop.items.list/timeout_ms", 900),
        ("operations/shop.items.list/parameters/1", {"name": "limit", "type": "long"}),
    )
    file = write(tmp_path / "slower.json", slower)
    assert gateway("apply", file, "--plan", "--json") == 2
    plan = json.loads(capsys.readouterr().out)
    fields = [(one["path"], one["action"], one["before"], one["after"]) for one in plan["changes"][0]["fields"]]
    assert ("parameters.limit.type", "change", "int", "long") in fields
    assert ("timeout_ms", "change", None, 900) in fields
    assert gateway("apply", file, "--yes") == 0
    capsys.readouterr()
    assert gateway("history") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["2", "1"]
    assert lines[1].endswith("all of it")
    assert gateway("history", "2") == 0
    assert "~ timeout_ms" in capsys.readouterr().out
    assert gateway("revert", "1", "--note", "too slow") == 0
    found = server.office.get("owner", "/workspaces/test/gateway/catalogue")
    assert (found["revision"], msgspec.convert(found["catalogue"], Catalogue)) == (3, shop())


def test_what_is_wrong_is_told(gateway: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "bad.toml", changed(("operations/shop.items.get/group", "gone")))
    assert gateway("apply", file, "--plan") == 1
    assert 'error: operations."shop.items.get".group: There is no group gone.' in capsys.readouterr().err
    (tmp_path / "odd.toml").write_text("[groups.shop]\nupstreems = 1\n", encoding="utf-8")
    assert gateway("apply", str(tmp_path / "odd.toml"), "--plan") == 1
    assert "groups" in capsys.readouterr().err
    (tmp_path / "name.toml").write_text('[groups."my shop"]\n', encoding="utf-8")
    capsys.readouterr()
    assert gateway("apply", str(tmp_path / "name.toml"), "--plan") == 1
    assert "name.toml: groups: A name in it cannot be used: Expected" in capsys.readouterr().err
    assert gateway("apply", str(tmp_path / "none.toml"), "--plan") == 1
    assert "none.toml cannot be read: No such file or directory." in capsys.readouterr().err
    good = write(tmp_path / "good.toml", shop())
    assert gateway("apply", good, "--yes", who="auditor") == 1
    assert "gateway.write" in capsys.readouterr().err


def test_import_and_export(gateway: Any, server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gateway("apply", write(tmp_path / "shop.toml", shop()), "--yes")
    (tmp_path / "zoo.yaml").write_text(json.dumps(ZOO), encoding="utf-8")
    assert gateway("import", "zoo.yaml", "--group", "zoo", "--prefix", "acme.zoo", "--open", "--yes") == 0
    assert "note: 4 operations need key" in capsys.readouterr().err
    assert gateway("export", "all.toml") == 0
    both = read_catalogue(tmp_path / "all.toml")
    assert {"acme.zoo.animals.list", "shop.items.get"} <= set(both.operations)
    assert both == msgspec.convert(
        server.office.get("owner", "/workspaces/test/gateway/catalogue")["catalogue"], Catalogue
    )
    assert gateway("export", "before.json", "--revision", "1") == 0
    assert read_catalogue(tmp_path / "before.json") == shop()
    assert gateway("export", "api.json", "--openapi") == 0
    assert read_document(tmp_path / "api.json")["openapi"] == "3.1.0"
    # what was written comes back as it was, on the server too
    body = read_document(tmp_path / "api.json")
    answer = server.office.ask("developer", "POST", "/workspaces/test/gateway/import?group=x", json=body)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["plan"]["changes"], answer.json()["notes"]) == ([], [])
    capsys.readouterr()
    for language, words in (("python", "class Client(Transport)"), ("typescript", "browserTransport"),
                            ("miniprogram", "eden.rpc")):  # fmt: skip
        assert gateway("export", "--client", language) == 0
        assert words in capsys.readouterr().out


def test_an_import_takes_nothing_back_that_was_changed_meanwhile(
    gateway: Any, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway("apply", write(tmp_path / "shop.toml", shop()), "--yes")
    (tmp_path / "zoo.json").write_text(json.dumps(ZOO), encoding="utf-8")

    def slowly(*document: Any, **rest: Any) -> Any:
        group = {"upstreams": {"main": {"targets": [{"url": "http://127.0.0.1:9009"}]}}}
        assert (
            server.office.ask("developer", "PUT", "/workspaces/test/gateway/groups/new", json=group).status_code == 200
        )
        return import_openapi(*document, **rest)

    monkeypatch.setattr("eden.gateway.apply.import_openapi", slowly)
    assert gateway("import", "zoo.json", "--group", "zoo", "--yes") == 1
    assert "changed the catalogue meanwhile" in capsys.readouterr().err
    there = server.office.get("owner", "/workspaces/test/gateway/catalogue")["catalogue"]
    assert sorted(there["groups"]) == ["new", "shop"]


def test_apps(gateway: Any, server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert gateway("apps", "create", "bank", "--name", "The bank") == 0
    assert gateway("apps", "secret", "bank") == 0
    out = capsys.readouterr().out
    first = dict(line.split("=", 1) for line in out.splitlines())
    assert (first["algorithm"], len(first["secret"])) == ("hmac-sha256", 44)
    assert gateway("apps", "secret", "bank", "--algorithm", "hmac-sm3", "--rotate", "60") == 0
    assert gateway("apps", "key", "bank", "--algorithm", "sm2-sm4") == 0
    capsys.readouterr()
    assert gateway("apps") == 0
    line = capsys.readouterr().out
    assert line.startswith("bank  open  The bank  ")
    assert f"{first['kid']}:hmac-sha256 until 20" in line
    assert gateway("apps", "retire", "bank", "--kid", first["kid"]) == 0
    assert gateway("apps", "retire", "bank") == 1
    assert f"Which one? Say --kid. It has: {first['kid']}" in capsys.readouterr().err
    assert gateway("apps", "retire", "bank", "--kid", "none") == 1
    assert f"It has: {first['kid']}" in capsys.readouterr().err
    assert gateway("apps", "close", "bank") == 0
    assert server.office.get("owner", "/workspaces/test/gateway/apps/bank")["open"] is False
    assert gateway("apps", "open", "bank") == 0
    assert gateway("apps", "create") == 1
    assert gateway("apps", "remove", "bank") == 0
    assert server.office.get("owner", "/workspaces/test/gateway/apps")["items"] == []


def test_toml_is_what_was_put_in(tmp_path: Path) -> None:
    hard: dict[str, Any] = {
        "empty": {},
        "a.b": {'quo"te': "line\nline\x7f\u2028", "é": [1, 2.5, True], "list": [{"x": [{"y": "z" * 120}]}, {}]},
        "long": ["x" * 60, "y" * 60],
        "big": 2**60,
    }
    path = tmp_path / "x.toml"
    path.write_text(write_toml(hard), encoding="utf-8")
    assert read_document(path) == hard
    for null in ({"a": [None]}, {"a": None}, {"a": {"b": None}}):
        with pytest.raises(EdenError, match="no null"):
            write_toml(null)
    with pytest.raises(EdenError, match="Call the file NAME"):
        write_catalogue(SHOP, ".ini")


def test_a_file_keeps_the_order_that_people_see(tmp_path: Path) -> None:
    long = "what it is, " * 20
    wanted = changed(
        ("models/Item", {"fields": {"b": {}, "c": {"description": long}, "a": {}, "d": {"description": long}}}),
        ("operations/shop.items.get/mock", {"body": {"z": {"y": long, "x": 1}, "b": 1, "a": {"long": long}, "c": {}}}),
    )
    for name in ("shop.toml", "shop.json"):
        assert diff(wanted, read_catalogue(Path(write(tmp_path / name, wanted)))) == [], name
