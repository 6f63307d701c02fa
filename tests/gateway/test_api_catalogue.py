"""The catalogue over HTTP, on the composed platform: documents, plans, revisions, single things, apps."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, select

from eden.base.changes import Change
from eden.base.ids import now
from eden.base.tables import changes
from eden.gateway.interfaces import App, Catalogue
from eden.gateway.models import gateway_keys, gateway_secrets
from eden.gateway.service import load, workspaces_served
from eden.gateway.service_apps import load_apps, sealing
from tests.gateway.samples import SHOP, changed
from tests.office import SECRET_KEY, Office, open_office

GATEWAY = "/workspaces/test/gateway"


@pytest.fixture(scope="module")
def open_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(Path(tmp_path_factory.mktemp("office"))) as office:
        yield office


@pytest.fixture
def office(open_once: Office) -> Office:
    open_once.reset()
    return open_once


def ask(office: Office, method: str, path: str, status: int = 200, who: str = "developer", **options: Any) -> Any:
    answer = office.ask(who, method, GATEWAY + path, **options)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def feed(office: Office) -> list[Change]:
    def work(connection: Connection) -> list[Change]:
        query = select(changes.c.seq, changes.c.kind, changes.c.workspace_id, changes.c.payload)
        query = query.where(changes.c.kind.startswith("gateway."), changes.c.workspace_id == office.here_id)
        return [Change(*row) for row in connection.execute(query.order_by(changes.c.seq))]

    return office.ground.database.read_now(work)


def apps(office: Office, at: int | None = None) -> tuple[App, ...]:
    seal = sealing(SECRET_KEY.encode())
    when = now() if at is None else at
    return office.ground.database.read_now(lambda connection: load_apps(connection, seal, office.here_id, when))


def test_document_is_kept_whole_and_told(office: Office) -> None:
    assert ask(office, "GET", "/catalogue") == {"revision": 0, "catalogue": {}}
    assert ask(office, "PUT", "/catalogue?note=first", json=SHOP) == {"revision": 1}
    answer = office.ask("auditor", "GET", f"{GATEWAY}/catalogue")
    assert answer.headers["etag"] == '"1"'
    found = answer.json()["catalogue"]
    assert msgspec.convert(found, Catalogue) == msgspec.convert(SHOP, Catalogue)
    # what data planes read
    loaded = office.ground.database.read_now(lambda connection: load(connection, office.here_id))
    assert loaded == (1, msgspec.convert(SHOP, Catalogue))
    assert office.ground.database.read_now(workspaces_served) == [office.here_id]
    assert [(one.kind, one.payload) for one in feed(office)] == [("gateway.catalogue", {"revision": 1})]
    entry = office.get("owner", "/workspaces/test/audit")["items"][0]
    assert (entry["action"], entry["target"]) == ("gateway.catalogue.change", "1")
    assert entry["detail"]["added"] == 11
    # the same again is no change
    assert ask(office, "PUT", "/catalogue", json=SHOP) == {"revision": 1}
    assert len(feed(office)) == 1


def test_who_saw_an_older_revision_changes_nothing(office: Office) -> None:
    ask(office, "PUT", "/catalogue", json=SHOP, headers={"If-Match": '"0"'})
    smaller = SHOP | {"operations": {}, "authorizers": {}}
    refused = ask(office, "PUT", "/catalogue", 409, json=smaller, headers={"If-Match": '"0"'})
    assert refused["code"] == "conflict"
    assert "revision 1" in refused["detail"]
    assert ask(office, "PUT", "/catalogue", json=smaller, headers={"If-Match": "1"}) == {"revision": 2}
    assert ask(office, "PUT", "/catalogue", json=SHOP, headers={"If-Match": "*"}) == {"revision": 3}
    assert ask(office, "PUT", "/catalogue", 400, json=SHOP, headers={"If-Match": "W/x"})["code"] == "invalid"


def test_document_with_errors_is_refused_with_their_places(office: Office) -> None:
    bad = msgspec.to_builtins(
        changed(("operations/shop.items.get/group", "shoop"), ("operations/shop.items.list/response", "Itempage"))
    )
    refused = ask(office, "PUT", "/catalogue", 400, json=bad)
    assert [error["field"] for error in refused["errors"]] == [
        'operations."shop.items.list".response',
        'operations."shop.items.get".group',
    ]
    assert "Is it ItemPage?" in refused["errors"][0]["message"]
    plan = ask(office, "POST", "/plan", json=bad)
    assert [finding["level"] for finding in plan["findings"][:2]] == ["error", "error"]
    for body, place in (({"operation": {}}, "document"), ({"groups": {"a b": {}}}, "groups")):
        answer = ask(office, "PUT", "/catalogue", 400, json=body)
        assert answer["code"] == "invalid"
        assert place in answer["detail"]
    odd: list[tuple[dict[str, Any], int]] = [
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ({"content": b"{}", "headers": {"Content-Type": "text/plain"}}, 415),
        ({"content": b'{"a": "\\u0000"}', "headers": {"Content-Type": "application/json"}}, 400),
    ]
    for options, status in odd:
        ask(office, "PUT", "/catalogue", status, **options)
    assert ask(office, "GET", "/catalogue")["revision"] == 0


def test_plan_history_and_revert(office: Office) -> None:
    ask(office, "PUT", "/catalogue", json=SHOP)
    faster = msgspec.to_builtins(changed(("operations/shop.items.list/timeout_ms", 500)))
    plan = ask(office, "POST", "/plan", json=faster)
    assert plan["revision"] == 1
    assert plan["changes"] == [
        {
            "action": "change",
            "kind": "operation",
            "name": "shop.items.list",
            "fields": [{"path": "timeout_ms", "action": "change", "before": None, "after": 500}],
        }
    ]
    ask(office, "PUT", "/catalogue?note=faster", json=faster)
    ask(office, "PUT", "/catalogue", json={})
    revisions = ask(office, "GET", "/revisions?limit=2")
    assert [one["revision"] for one in revisions["items"]] == [3, 2]
    assert (revisions["items"][1]["note"], revisions["items"][1]["author"]) == ("faster", "token:of-developer")
    assert revisions["items"][1]["summary"]["names"] == ["~ operation shop.items.list"]
    older = ask(office, "GET", f"/revisions?cursor={revisions['next_cursor']}")
    assert [one["revision"] for one in older["items"]] == [1]
    assert ask(office, "GET", "/revisions/2/changes") == plan["changes"]
    assert len(ask(office, "GET", "/revisions/2/changes?since=0")) == 11
    assert ask(office, "GET", "/revisions/3")["catalogue"] == {}
    assert ask(office, "POST", "/revisions/2/revert", 409, json={"revision": 2})["code"] == "conflict"
    assert ask(office, "POST", "/revisions/2/revert", json={"revision": 3}) == {"revision": 4}
    assert ask(office, "GET", "/catalogue")["catalogue"] == ask(office, "GET", "/revisions/2")["catalogue"]
    assert ask(office, "GET", "/revisions")["items"][0]["note"] == "back to revision 2"
    assert ask(office, "POST", "/revisions/0/revert", json={}) == {"revision": 5}
    for path in ("/revisions/9", "/revisions/9/changes"):
        problem = ask(office, "GET", path, 404)
        assert problem["code"] == "not-found"
        assert problem["detail"].startswith("The revision 9 ")
    assert ask(office, "POST", "/revisions/9/revert", 404, json={})["code"] == "not-found"


def test_single_things(office: Office) -> None:
    ask(office, "PUT", "/catalogue", json=SHOP)
    operation = SHOP["operations"]["shop.items.get"]
    again = operation | {"description": "One item."}
    assert ask(office, "PUT", "/operations/shop.items.get", json=again) == {"revision": 2}
    assert ask(office, "GET", "/operations/shop.items.get")["operation"]["description"] == "One item."
    wrong = operation | {"group": "nowhere"}
    assert "no group nowhere" in ask(office, "PUT", "/operations/shop.items.get", 400, json=wrong)["detail"]
    assert ask(office, "PUT", "/operations/shop item", 400, json=operation)["code"] == "invalid"
    stale = {"If-Match": '"1"'}
    assert ask(office, "PUT", "/operations/shop.items.get", 409, json=operation, headers=stale)["code"] == "conflict"
    for query, names in (
        ("search=ORDERS", ["shop.orders.create"]),
        ("open=false", ["shop.people.check"]),
        ("cached=true", ["shop.items.list"]),
        ("group=other", []),
        ("signed=false", []),
        ("encrypted=false&limit=1", ["shop.items.get"]),
    ):
        assert [one["name"] for one in ask(office, "GET", f"/operations?{query}")["items"]] == names, query
    first = ask(office, "GET", "/operations?limit=3")
    rest = ask(office, "GET", f"/operations?limit=3&cursor={first['next_cursor']}")
    assert [one["name"] for one in first["items"] + rest["items"]] == sorted(SHOP["operations"])
    ask(office, "DELETE", "/operations/shop.orders.create", 204)
    ask(office, "DELETE", "/operations/shop.orders.create", 404)
    assert [(one["name"], one["operations"]) for one in ask(office, "GET", "/groups")] == [("shop", 3)]
    ask(office, "PUT", "/groups/more", json={"upstreams": {"one": {"targets": [{"url": "http://10.0.0.1"}]}}})
    assert ask(office, "DELETE", "/groups/shop", 400)["code"] == "invalid"
    ask(office, "DELETE", "/groups/more", 204)
    ask(office, "PUT", "/models/Colour", json={"values": ["red"]})
    assert "Colour" in [one["name"] for one in ask(office, "GET", "/models")["items"]]
    assert "no model Item" in ask(office, "DELETE", "/models/Item", 400)["detail"]
    ask(office, "DELETE", "/models/Colour", 204)
    assert ask(office, "GET", "/operations/nothing", 404)["code"] == "not-found"


def test_model_from_a_sample(office: Office) -> None:
    sample = {"name": "Item", "sample": [{"id": 1, "tags": ["a"]}, {"id": 3_000_000_000, "sold": None}]}
    found = {one["name"]: one["model"] for one in ask(office, "POST", "/models/from-sample", json=sample)}
    assert found == {
        "Item": {"alias": "ItemItem[]"},
        "ItemItem": {
            "fields": {
                "id": {"type": "long", "required": True, "example": 1},
                "tags": {"type": "string[]"},
                "sold": {"type": "any"},
            }
        },
    }


def test_apps_and_their_secrets(office: Office) -> None:
    app = ask(office, "POST", "/apps", 201, json={"key": "bank.ios", "name": "Bank"})
    assert (app["open"], app["secrets"], app["revision"]) == (True, [], 1)
    assert ask(office, "POST", "/apps", 409, json={"key": "bank.ios", "name": "Bank"})["code"] == "conflict"
    made = ask(office, "POST", "/apps/bank.ios/secrets", 201, json={})
    secret = base64.b64decode(made["secret"])
    assert len(secret) == 32
    (loaded,) = apps(office)
    assert [(one.kid, one.algorithm, one.key) for one in loaded.secrets] == [(made["kid"], "hmac-sha256", secret)]
    # it is in no answer, audit entry or row any more
    shown = ask(office, "GET", "/apps/bank.ios")
    told = office.get("owner", "/workspaces/test/audit")
    rows = office.ground.database.read_now(lambda c: c.execute(select(gateway_secrets.c.sealed)).scalars().all())
    assert made["secret"] not in str(shown) + str(told)
    assert secret not in rows[0]
    # one that apps have already; the first is accepted for an hour more
    known = base64.b64encode(b"of the installed apps").decode()
    second = ask(
        office,
        "POST",
        "/apps/bank.ios/secrets",
        201,
        json={"algorithm": "hmac-sm3", "secret": known, "retire_others_s": 3600},
    )
    assert second["secret"] == known
    assert [one.kid for one in apps(office)[0].secrets] == [made["kid"], second["kid"]]
    assert [one.kid for one in apps(office, now() + 3_601_000_000)[0].secrets] == [second["kid"]]
    assert apps(office)[0].secrets[0].retires_at is not None
    retired = ask(office, "POST", f"/apps/bank.ios/secrets/{second['kid']}/retire", json={})
    assert retired["retires_at"] is not None
    assert [one.kid for one in apps(office)[0].secrets] == [made["kid"]]
    # it stays retired, whatever time is asked for
    again = ask(
        office, "POST", f"/apps/bank.ios/secrets/{second['kid']}/retire", 409, json={"at": "2999-01-01T00:00:00Z"}
    )
    assert again["code"] == "conflict"
    assert [one.kid for one in apps(office)[0].secrets] == [made["kid"]]
    for bad, words in (("c2hvcnQ=", "16 to 64 bytes"), ("no base64", "not base64"), ("A" * 100, "16 to 64 bytes")):
        problem = ask(office, "POST", "/apps/bank.ios/secrets", 400, json={"secret": bad})
        assert problem["code"] == "invalid"
        assert words in problem["detail"]
    for path in ("/apps/none", "/apps/bank.ios/secrets/none/retire"):
        ask(office, "POST" if "retire" in path else "GET", path, 404, json={} if "retire" in path else None)
    kinds = {one.kind for one in feed(office)}
    assert kinds == {"gateway.apps"}


@pytest.mark.parametrize(("algorithm", "size"), [("hpke-x25519", 32), ("hpke-p256", 65), ("sm2-sm4", 65)])
def test_keys_of_an_app(office: Office, algorithm: str, size: int) -> None:
    ask(office, "POST", "/apps", 201, json={"key": "k", "name": "K"})
    made = ask(office, "POST", "/apps/k/keys", 201, json={"algorithm": algorithm})
    public = base64.b64decode(made["public"])
    assert len(public) == size
    (key,) = apps(office)[0].keys
    assert (key.kid, key.public, len(key.private)) == (made["kid"], public, 32)
    sealed = office.ground.database.read_now(lambda c: c.execute(select(gateway_keys.c.sealed)).scalar_one())
    assert key.private not in sealed
    ask(office, "POST", "/apps/k/keys", 201, json={"algorithm": algorithm, "retire_others_s": 0})
    assert len(apps(office, now() + 1)[0].keys) == 1
    kid = ask(office, "GET", "/apps/k")["keys"][1]["kid"]
    ask(office, "POST", f"/apps/k/keys/{kid}/retire", json={"at": "2999-01-01T00:00:00Z"})
    assert len(apps(office)[0].keys) == 1


def test_apps_are_changed_and_removed(office: Office) -> None:
    for key in ("b", "a", "c"):
        ask(office, "POST", "/apps", 201, json={"key": key, "name": key.upper()})
    page = ask(office, "GET", "/apps?limit=2")
    assert [one["key"] for one in page["items"]] == ["a", "b"]
    assert [one["key"] for one in ask(office, "GET", f"/apps?cursor={page['next_cursor']}")["items"]] == ["c"]
    closed = ask(office, "PATCH", "/apps/a", json={"open": False, "limits": {"rate": 5.0}, "revision": 1})
    assert (closed["open"], closed["limits"], closed["revision"]) == (False, {"rate": 5.0}, 2)
    assert ask(office, "PATCH", "/apps/a", 409, json={"name": "x", "revision": 1})["code"] == "conflict"
    assert ask(office, "PATCH", "/apps/a", json={"name": "Ah"})["limits"] == {"rate": 5.0}
    assert ask(office, "PATCH", "/apps/a", json={"limits": None})["limits"] is None
    assert [(app.key, app.open) for app in apps(office)] == [("a", False), ("b", True), ("c", True)]
    ask(office, "POST", "/apps/b/secrets", 201, json={})
    ask(office, "DELETE", "/apps/b", 204)
    ask(office, "DELETE", "/apps/b", 404)
    assert [app.key for app in apps(office)] == ["a", "c"]
    # another workspace sees none of them, and cannot take their keys
    assert office.get("stranger", "/workspaces/elsewhere/gateway/apps")["items"] == []
    taken = office.ask("stranger", "POST", "/workspaces/elsewhere/gateway/apps", json={"key": "a", "name": "mine"})
    assert taken.status_code == 409
    assert office.ask("stranger", "DELETE", "/workspaces/elsewhere/gateway/apps/a").status_code == 404
