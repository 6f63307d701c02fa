"""The gateway's pages over HTTP, through the whole platform."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from eden.base.ids import now
from eden.base.settings import GatewaySettings
from eden.base.telemetry import Metrics
from eden.console.frame import Room
from eden.gateway.example import example
from eden.gateway.exchange import Answer
from eden.gateway.figures import SECOND, Figures
from eden.gateway.interfaces import Catalogue
from eden.gateway.service import load
from eden.gateway.try_call import TryIt
from tests.console.rules import room_problems
from tests.gateway.samples import SHOP
from tests.gateway.test_figures import TRACE, an_exchange
from tests.gateway.wire_server import Plan, gateway
from tests.office import Office, open_office

STRAY = "4bf92f3577b34da6a3ce929d0e0e4736"
HOSTILE = '<script>alert("x")</script>'
LIST = "shop.items.list"


class Desk:
    """An office, and people at its console."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.sessions: dict[str, dict[str, str]] = {}

    def headers(self, who: str) -> dict[str, str]:
        if who not in self.sessions:
            self.sessions[who] = self.office.sign_in(who)
        return self.sessions[who]

    def see(self, path: str, status: int = 200, *, who: str = "developer", language: str = "en") -> str:
        self.office.client.cookies.clear()
        sent = self.headers(who) | {"Accept-Language": language}
        answer = self.office.client.get(f"/console/test/gateway{path}", headers=sent, follow_redirects=False)
        assert answer.status_code == status, answer.text
        return unescape(answer.text)

    def do(self, path: str, status: int = 303, /, *, who: str = "developer", **fields: str) -> str:
        return self.send(path, {name: [value] for name, value in fields.items()}, status, who)

    def send(self, path: str, fields: dict[str, list[str]], status: int = 303, who: str = "developer") -> str:
        self.office.client.cookies.clear()
        answer = self.office.client.post(
            f"/console/test/gateway{path}",
            headers=self.headers(who),
            data=fields,
            follow_redirects=False,
        )
        assert answer.status_code == status, answer.text
        return unescape(answer.text)

    def run(self, work: Any) -> Any:
        return self.office.ground.database.write_now(work)

    def catalogue(self) -> Catalogue:
        return self.office.ground.database.read_now(lambda connection: load(connection, self.office.here_id)[1])

    def furnish(self) -> None:
        answer = self.office.ask("developer", "PUT", "/workspaces/test/gateway/catalogue", json=SHOP)
        assert answer.status_code == 200, answer.text

    def count(self) -> None:
        """Some calls of LIST, one of which failed."""
        database = self.office.ground.database
        figures = Figures(Metrics(), "here:1")
        route: Any = SimpleNamespace(workspace_id=self.office.here_id, operation=LIST, version="1")
        for micros in range(1000, 21_000, 1000):
            figures.note(route, 1000, 200, micros, micros % 2000 == 0, False)
        figures.note(route, 4002, 502, 5000, False, False)
        exchange = an_exchange(self.office.here_id, LIST)
        exchange.now_ms = now() // 1000
        figures.trace(exchange, Answer(502, [], code=4002, reason=HOSTILE), 5000)
        stray = an_exchange(self.office.here_id, "")
        stray.trace, stray.now_ms, stray.method, stray.upstream = STRAY, now() // 1000, b"", ""
        figures.trace(stray, Answer(400, [], code=3002, reason="A request has one Host header."), 0)
        asyncio.run(figures.write(database, now() - 3 * SECOND))


@pytest.fixture(scope="module")
def open_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(Path(tmp_path_factory.mktemp("office"))) as office:
        yield office


@pytest.fixture
def desk(open_once: Office) -> Desk:
    open_once.reset()
    return Desk(open_once)


def test_sentences_and_templates() -> None:
    import eden.gateway

    assert room_problems(Room("gateway", Path(eden.gateway.__file__).parent)) == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_empty_pages_say_what_to_do(desk: Desk, language: str) -> None:
    for path in ("", "/groups", "/models", "/apps", "/traces", "/egress", "/history"):
        assert "empty" in desk.see(path, language=language)
    words = "The catalogue is empty" if language == "en" else "目录还是空的"
    assert words in desk.see("", language=language)
    assert "eden gateway apply" in desk.see("")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_pages_of_a_furnished_catalogue(desk: Desk, language: str) -> None:
    desk.furnish()
    desk.count()
    desk.do("/apps", key="shop", name="The shop")
    pages = ("", "/groups", "/groups/shop", "/groups/new", "/authorizers/new", "/models", "/models/Item",
             "/models/new", "/apps", "/apps/shop", "/traces", "/egress", "/history", "/history/1",
             f"/operations/{LIST}",
             f"/operations/{LIST}/edit", f"/operations/{LIST}/try", f"/operations/{LIST}/figures",
             "/operations/new", f"/traces?trace={TRACE}", f"/traces?trace={STRAY}",
             f"/operations/{LIST}?period=30d")  # fmt: skip
    for path in pages:
        page = desk.see(path, language=language)
        # a key without a sentence would be shown as it is
        assert not re.search(r"gateway\.[a-z]+\.[a-z]", page), path
        if path in ("/traces", f"/operations/{LIST}", f"/traces?trace={TRACE}"):
            assert "alert(" in page


def test_what_was_no_call_is_looked_up(desk: Desk) -> None:
    desk.furnish()
    desk.count()
    page = desk.see(f"/traces?trace={STRAY}")
    assert "A request that is no call" in page and "A request has one Host header." in page and "rpc · 400" in page
    assert 'href="/console/test/gateway/operations/"' not in page
    assert STRAY not in desk.see("/traces")


def test_what_a_stranger_wrote_stays_text(desk: Desk) -> None:
    desk.furnish()
    desk.count()
    raw = desk.office.client.get(f"/console/test/gateway/operations/{LIST}", headers=desk.headers("developer")).text
    assert HOSTILE not in raw
    assert "&lt;script&gt;" in raw


def test_operations_are_filtered(desk: Desk) -> None:
    desk.furnish()

    def found(query: str) -> set[str]:
        return set(re.findall(r'href="/console/test/gateway/operations/(shop\.[a-z.]+)"', desk.see(query)))

    everything = set(SHOP["operations"])
    assert found("") == everything
    assert found("?q=ITEMS.get") == {"shop.items.get"}
    assert found("?state=closed") == {"shop.people.check"}
    assert found("?flag=cache") == {LIST}
    assert found("?owner=orders@") == {"shop.orders.create"}
    assert found("?host=new.example") == everything
    assert found("?host=nowhere") == set()
    assert "No operation fits" in desk.see("?q=nothing")


def test_figures_of_an_operation(desk: Desk) -> None:
    desk.furnish()
    desk.count()
    page = desk.see(f"/operations/{LIST}")
    assert "21" in page
    assert '"kind":"plot"' in page
    assert "4002" in page
    assert "here:1" not in page
    assert "here:1" in desk.see(f"/traces?trace=00-{TRACE}-b7ad6b7169203331-01")
    assert "4.76" in desk.see("")
    assert "no trace id in this" in desk.see("/traces?trace=abc")
    assert "This call is not kept" in desk.see(f"/traces?trace={'a' * 32}")


def test_an_operation_is_made_changed_and_removed(desk: Desk) -> None:
    desk.furnish()
    fields = {
        "group": "shop",
        "method": "GET",
        "path": "/prices",
        "signature": "on",
        "encryption": "off",
        "version": "1",
    }
    desk.do("/operations", name="shop.prices.list", open="on", more='{"cache": {"ttl_s": 5}}', note="prices", **fields)
    made = desk.catalogue().operations["shop.prices.list"]
    assert (made.method, made.path, made.open) == ("GET", "/prices", True)
    assert made.cache is not None
    assert made.cache.ttl_s == 5
    assert "prices" in desk.see("/history")
    page = desk.see("/operations/shop.prices.list/edit")
    assert fields_of(page)["cache.ttl_s"] == ["5"]
    desk.do("/operations/shop.prices.list/edit", more='{"cache": {"ttl_s": 9}}', timeout_ms="700", **fields)
    changed = desk.catalogue().operations["shop.prices.list"]
    assert (changed.open, changed.timeout_ms) == (False, 700)
    desk.do("/operations/shop.prices.list/open", open="yes")
    assert desk.catalogue().operations["shop.prices.list"].open
    desk.do("/operations/shop.prices.list/delete", reason="not needed")
    assert "shop.prices.list" not in desk.catalogue().operations
    desk.see("/operations/shop.prices.list", 404)


class _Fields(HTMLParser):
    """What a browser would send of the form `operation` if nothing was changed."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {}
        self.inside = False
        self.area = self.chosen = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.inside = given.get("id") == "operation"
        if not self.inside:
            return
        if tag == "select":
            self.chosen = given["name"]
        elif tag == "option" and "selected" in given:
            self.found.setdefault(self.chosen, []).append(given["value"])
        elif tag == "textarea":
            self.area = given["name"]
            self.found[self.area] = [""]
        elif tag == "input" and (given["type"] != "checkbox" or "checked" in given):
            self.found.setdefault(given["name"], []).append(given["value"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.area = ""
        elif tag == "form":
            self.inside = False

    def handle_data(self, data: str) -> None:
        if self.area:
            self.found[self.area][0] += data.removeprefix("\n") if not self.found[self.area][0] else data


def fields_of(page: str) -> dict[str, list[str]]:
    parser = _Fields()
    parser.feed(page)
    return {name: values for name, values in parser.found.items() if name != "_csrf"}


#: everything that an operation can have on the way
RICH = {
    "group": "shop", "open": True, "method": "POST", "path": "/orders/${id}", "kind": "http",
    "content_type": "text/plain", "body_bytes": 9, "response_signature": True, "etag": True,
    "parameters": [{"name": "id", "location": "path", "required": True}],
    "mapping": {"path": {"id": "$.query.id"}, "query": {"a": "$.header.x-a"}, "headers": {"x-b": "$.query.b"},
                "body": {"all": "$.http_body"}},
    "limits": {"rate": 2.5, "burst": 7, "per_device": 1, "per_user": 2, "answer": {"status": 1000, "result": [1]}},
    "mock": {"on": False, "percentage": 30, "status": 418, "headers": {"x-mock": "a: b"}, "body": {"tea": "\u8336"}},
    "cache": {"ttl_s": 9, "keys": ["$.header.x-user", "$.query.page"], "most_bytes": 1000},
    "breaker": {"on": False, "model": "either", "error_percent": 1, "slow_ms": 2, "slow_percent": 3, "window_s": 4,
                "least_calls": 5, "open_s": 6, "trial_calls": 7, "answer": {"later": True}},
    "migration": {"upstream": "next", "percent": 12, "complete": True},
    "retry": {"most": 3, "on": ["connect", "503"], "any_method": True},
    "headers": [{"location": "response", "action": "delete", "name": "server"},
                {"location": "request", "action": "add", "name": "x-way", "value": "gateway"}],
}  # fmt: skip


def furnish_rich(desk: Desk, **changes: Any) -> None:
    groups = SHOP["groups"] | {"shop": SHOP["groups"]["shop"]}
    groups["shop"]["upstreams"].setdefault("next", {"targets": [{"url": "http://127.0.0.1:9"}]})
    groups["shop"].setdefault("upstream", next(iter(groups["shop"]["upstreams"])))
    catalogue = SHOP | {"groups": groups, "operations": SHOP["operations"] | {"shop.rich": RICH | changes}}
    answer = desk.office.ask("developer", "PUT", "/workspaces/test/gateway/catalogue", json=catalogue)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("changes", [{}, {"mapping": {"query": {}}}, {"mapping": {}}, {"headers": [], "retry": None}])
def test_a_form_that_nobody_changed_changes_nothing(desk: Desk, changes: dict[str, Any]) -> None:
    furnish_rich(desk, **changes)
    before = desk.catalogue()
    for name in before.operations:
        fields = fields_of(desk.see(f"/operations/{name}/edit"))
        fields.pop("revision")
        desk.send(f"/operations/{name}/edit", fields)
        assert desk.catalogue() == before, name


def test_what_is_on_the_way_is_switched_off_and_on_in_the_form(desk: Desk) -> None:
    furnish_rich(desk)
    fields = fields_of(desk.see("/operations/shop.rich/edit"))
    fields.pop("revision")
    for section in ("mapping", "limits", "mock", "cache", "breaker", "migration", "retry"):
        fields.pop(f"{section}.use")
    fields["headers.name"] = ["", "x-way", "x-more", ""]
    desk.send("/operations/shop.rich/edit", fields)
    found = desk.catalogue().operations["shop.rich"]
    assert (found.mapping, found.limits, found.mock, found.cache) == (None, None, None, None)
    assert (found.breaker, found.migration, found.retry) == (None, None, None)
    assert [(rule.action, rule.name) for rule in found.headers] == [("add", "x-way"), ("add", "x-more")]
    # a part that is switched on without more has the usual values
    fields = fields_of(desk.see("/operations/shop.rich/edit"))
    fields.pop("revision")
    desk.send("/operations/shop.rich/edit", fields | {"cache.use": ["yes"], "retry.use": ["yes"]})
    found = desk.catalogue().operations["shop.rich"]
    assert found.cache is not None
    assert found.retry is not None
    assert (found.cache.ttl_s, found.retry.on) == (60, ("connect", "502", "503", "504"))


@pytest.mark.parametrize(
    ("place", "written", "words"),
    [
        ("mock.percentage", "101", "<= 100"),
        ("mock.percentage", "half", "whole number"),
        ("mock.body", "{", "no JSON"),
        ("limits.rate", "many", "must be a number"),
        ("limits.per_user", "0", "per_user"),
        ("cache.keys", "$.nowhere.x", "$.nowhere.x"),
        ("mapping.path", "id", "name: value"),
        ("mapping.headers", "x-b: $.query.b\nx-b: $.query.c", "twice"),
        ("migration.upstream", "moon", "moon"),
        ("body_bytes", "-1", "whole number"),
        ("headers.name", "a b", "headers"),
    ],
)
def test_mistakes_on_the_way_stand_at_their_field(desk: Desk, place: str, written: str, words: str) -> None:
    furnish_rich(desk)
    fields = fields_of(desk.see("/operations/shop.rich/edit"))
    fields[place] = [written]
    page = desk.send("/operations/shop.rich/edit", fields, 422)
    assert words in page
    # what was written is still there
    assert fields_of(page)[place][0].replace("\r", "") == written
    assert fields_of(page).keys() == fields.keys()


@pytest.mark.parametrize(
    ("changes", "place", "words"),
    [
        ({"name": LIST}, "name", "already"),
        ({"name": "a b"}, "name", "This name cannot be used. Begin with a letter"),
        ({"group": "nowhere"}, "operations", "nowhere"),
        ({"more": "{"}, "more", "no JSON"),
        ({"more": "[]"}, "more", "JSON object"),
        ({"more": '{"nothing": 1}'}, "more", "nothing"),
        ({"timeout_ms": "soon"}, "timeout_ms", "whole number"),
        ({"method": "TRACE"}, "method", "This cannot be used: Invalid enum value 'TRACE'<"),
        ({"revision": "0"}, "", "Somebody changed"),
    ],
)
def test_mistakes_in_an_operation_are_shown_beside_what_was_written(
    desk: Desk, changes: dict[str, str], place: str, words: str
) -> None:
    desk.furnish()
    fields = {
        "name": "shop.prices.list",
        "group": "shop",
        "method": "GET",
        "path": "/prices",
        "description": "Prices now",
    }
    page = desk.do("/operations", 422, **fields | changes)
    assert words in page
    assert "Prices now" in page
    assert set(desk.catalogue().operations) == set(SHOP["operations"])


def test_groups(desk: Desk) -> None:
    upstreams = '{"upstreams": {"main": {"targets": [{"url": "http://127.0.0.1:9000"}]}}}'
    desk.do("/groups", name="bank", description="The bank", more=upstreams)
    assert desk.catalogue().groups["bank"].description == "The bank"
    assert "already" in desk.do("/groups", 422, name="bank", more=upstreams)
    desk.do("/groups", there="bank", timeout_ms="900", more=upstreams)
    assert desk.catalogue().groups["bank"].timeout_ms == 900
    assert "targets" in desk.do("/groups", 422, there="bank", more='{"upstreams": {"main": {"targets": []}}}')
    desk.do("/groups/bank/delete")
    assert desk.catalogue().groups == {}
    desk.furnish()
    desk.do("/groups/shop/delete")
    assert "shop" in desk.catalogue().groups


def test_authorizers(desk: Desk) -> None:
    desk.furnish()
    (name,) = desk.catalogue().authorizers
    page = desk.see(f"/authorizers/{name}")
    before = desk.catalogue()
    authorizer = before.authorizers[name]
    fields = {
        "operation": authorizer.operation,
        "fields": "\n".join(authorizer.fields),
        "cache_s": str(authorizer.cache_s),
        "principal": authorizer.principal,
    }
    required = {"required": "yes"} if authorizer.required else {}
    assert authorizer.operation in page
    desk.do("/authorizers", there=name, **fields, **required)
    assert desk.catalogue() == before
    desk.do("/authorizers", name="badge", **fields | {"fields": "cookie.badge\nheader.x-badge", "cache_s": "0"})
    badge = desk.catalogue().authorizers["badge"]
    assert (badge.fields, badge.cache_s, badge.required) == (("cookie.badge", "header.x-badge"), 0, False)
    assert "badge" in desk.see("/groups")
    assert "already" in desk.do("/authorizers", 422, name="badge", **fields)
    assert "whole number" in desk.do("/authorizers", 422, there="badge", **fields | {"cache_s": "soon"})
    assert "86400" in desk.do("/authorizers", 422, there="badge", **fields | {"cache_s": "90000"})
    assert "shop.moon" in desk.do("/authorizers", 422, there="badge", **fields | {"operation": "shop.moon.ask"})
    desk.see("/authorizers/nobody", 404)
    desk.do("/authorizers/badge/delete")
    assert "badge" not in desk.catalogue().authorizers
    # one that operations ask stays
    desk.do(f"/authorizers/{name}/delete")
    assert name in desk.catalogue().authorizers


def test_models_are_made_of_a_sample(desk: Desk) -> None:
    sample = '{"id": 7, "owner": {"name": "Ada"}, "tags": ["a"]}'
    page = desk.do("/models/sample", 200, name="Account", sample=sample)
    definition = re.search(r"<textarea[^>]*name=\"definition\"[^>]*>(.*?)</textarea>", page, re.DOTALL)
    assert definition is not None
    desk.do("/models", definition=definition.group(1))
    models = desk.catalogue().models
    assert models["Account"].fields is not None
    assert models["Account"].fields["id"].type == "int"
    assert len(models) == 2
    assert "already" in desk.do("/models", 422, definition=definition.group(1))
    desk.do("/models", definition=definition.group(1), replace="on")
    assert "no JSON" in desk.do("/models/sample", 422, name="Account", sample="{")
    # found by us, or by who reads the JSON
    for depth in (400, 5000):
        desk.do("/models/sample", 422, name="Account", sample="[" * depth + "]" * depth)
    assert "no JSON" in desk.do("/models", 422, definition="{")
    desk.do("/models/Account/delete")
    assert "Account" not in desk.catalogue().models


def test_secrets_are_shown_once(desk: Desk) -> None:
    desk.do("/apps", key="shop", name="The shop")
    assert "already" in desk.do("/apps", 422, key="shop")
    page = desk.do("/apps/shop/secrets", 200, algorithm="hmac-sha256", others="keep")
    shown = re.search(r"<code[^>]*>([A-Za-z0-9+/]{43}=)</code>", page)
    assert shown is not None
    assert shown.group(1) not in desk.see("/apps/shop")
    (kid,) = set(re.findall(r"secrets/([0-9a-f]+)/retire", desk.see("/apps/shop")))
    desk.do("/apps/shop/keys", algorithm="hpke-p256", others="keep")
    desk.do("/apps/shop/keys", 400, algorithm="rot13", others="keep")
    desk.do("/apps/shop/secrets", 200, algorithm="hmac-sm3", others="day")
    assert "Ends" in desk.see("/apps/shop")
    desk.do(f"/apps/shop/secrets/{kid}/retire")
    assert "Retired" in desk.see("/apps/shop")
    desk.do("/apps/shop/state", rate="5")
    assert "Closed" in desk.see("/apps/shop")
    desk.do("/apps/shop/state", rate="-1", open="on")
    assert "Closed" in desk.see("/apps/shop")
    desk.do("/apps/shop/delete")
    desk.see("/apps/shop", 404)


@pytest.mark.parametrize(("key", "name"), [("", "The shop"), ("a/b", "The shop"), ("k" * 65, ""), ("shop", "n" * 201)])
def test_an_app_that_cannot_be_called_so_is_not_made(desk: Desk, key: str, name: str) -> None:
    page = desk.do("/apps", 422, key=key, name=name)
    assert ("A name has 1 to 200 characters." if key == "shop" else "A key is 1 to 64 letters") in page
    assert "No app yet" in desk.see("/apps")


def test_limits_that_the_form_of_an_app_does_not_have_stay(desk: Desk) -> None:
    desk.do("/apps", key="shop", name="The shop")

    def limits(**given: Any) -> Any:
        path = "/workspaces/test/gateway/apps/shop"
        return desk.office.ask("developer", "PATCH" if given else "GET", path, json=given or None).json()["limits"]

    limits(limits={"per_device": 5, "burst": 7})
    desk.do("/apps/shop/state", rate="")
    assert limits() == {"per_device": 5, "burst": 7}
    desk.do("/apps/shop/state", rate="9", open="on")
    assert limits() == {"rate": 9, "per_device": 5, "burst": 7}
    limits(limits={"rate": 9})
    desk.do("/apps/shop/state", rate="", open="on")
    assert limits() is None


def test_history_and_the_way_back(desk: Desk) -> None:
    desk.furnish()
    desk.do(f"/operations/{LIST}/open", open="no")
    page = desk.see("/history/2")
    assert f"operation {LIST}" in page
    assert "true" in page
    back = desk.see("/history/1")
    assert "What going back from revision 2 would change" in back
    desk.do("/history/1/revert", current="2")
    assert desk.catalogue().operations[LIST].open
    desk.do("/history/2/revert", current="2")
    assert desk.catalogue().operations[LIST].open
    assert "back to revision 1" in desk.see("/history")
    desk.see("/history/9", 404)


def test_the_exit(desk: Desk) -> None:
    desk.do("/egress", host="API.example.com", methods="get, POST", ports="443 8443")
    (domain,) = desk.catalogue().egress.domains
    assert (domain.host, domain.methods, domain.ports) == ("api.example.com", ("GET", "POST"), (443, 8443))
    desk.do("/egress", 422, host="api.example.com", ports="0")
    assert "This cannot be used: Invalid enum value 'STEAL'<" in desk.do(
        "/egress", 422, host="api.example.com", methods="STEAL"
    )
    desk.do("/egress/delete", host="api.example.com")
    assert desk.catalogue().egress.domains == ()


def test_trying_signs_as_the_app(desk: Desk) -> None:
    desk.furnish()
    path = "/operations/shop.orders.create/try"
    assert "No app yet" in desk.see(path)
    desk.do("/apps", key="shop", name="The shop")
    desk.do("/apps/shop/secrets", 200, algorithm="hmac-sm3", others="keep")
    assert '"' in desk.see(path)

    from eden.gateway.service_apps import load_apps, sealing

    ground = desk.office.ground
    (app,) = ground.database.read_now(lambda c: load_apps(c, sealing(ground.secret), desk.office.here_id, now()))
    plan = Plan(list(app.secrets))
    trial = next(part for part in desk.office.platform.parts if part.name == "gateway").services["gateway_trial"]
    assert isinstance(trial, TryIt)
    with gateway(plan) as address:
        trial.address = address.rstrip("/")
        page = desk.do(path, 200, app="shop", query="a=1 2", headers="x-word: ä", body='{"x": 1}')
    assert '"said": ' in page
    assert TRACE in page
    (seen,) = plan.seen
    assert seen.path == "/rpc/shop.orders.create?a=1+2"
    assert json.loads(seen.body) == {"x": 1}
    assert "does not answer" in desk.do(path, 422, app="shop", body="{}")
    assert "nobody" in desk.do(path, 422, app="nobody", body="{}")


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.2", "http://127.0.0.2:8710"),
        ("0.0.0.0", "http://127.0.0.1:8710"),
        ("::1", "http://[::1]:8710"),
        ("gateway.example", "http://gateway.example:8710"),
    ],
)
def test_trying_finds_the_gateway(host: str, address: str) -> None:
    settings = SimpleNamespace(gateway=GatewaySettings(host=host, port=8710))
    ground: Any = SimpleNamespace(settings=settings, secret=bytes(32))
    assert TryIt(ground).address == address


@pytest.mark.parametrize("algorithm", ["hpke-x25519", "hpke-p256", "sm2-sm4"])
def test_trying_encrypts_and_opens(desk: Desk, algorithm: str) -> None:
    shop = SHOP["operations"]
    changed = {"shop.orders.create": shop["shop.orders.create"] | {"encryption": "required"},
               LIST: shop[LIST] | {"encryption": "optional", "cache": None}}  # fmt: skip
    answer = desk.office.ask(
        "developer", "PUT", "/workspaces/test/gateway/catalogue", json=SHOP | {"operations": shop | changed}
    )
    assert answer.status_code == 200, answer.text
    desk.do("/apps", key="shop", name="The shop")
    desk.do("/apps/shop/secrets", 200, algorithm="hmac-sha256", others="keep")
    path = "/operations/shop.orders.create/try"
    assert "has no encryption key" in desk.do(path, 422, app="shop", body="{}")
    desk.do("/apps/shop/keys", algorithm=algorithm, others="keep")

    from eden.gateway.service_apps import load_apps, sealing

    ground = desk.office.ground
    (app,) = ground.database.read_now(lambda c: load_apps(c, sealing(ground.secret), desk.office.here_id, now()))
    plan = Plan(list(app.secrets), list(app.keys), signs=True)
    trial = next(part for part in desk.office.platform.parts if part.name == "gateway").services["gateway_trial"]
    assert isinstance(trial, TryIt)
    with gateway(plan) as address:
        trial.address = address.rstrip("/")
        page = desk.do(path, 200, app="shop", query="q=it's", body='{"x": "tea"}')
        assert '"said": "{\\"X\\": \\"TEA\\"}"' in page
        assert f"{algorithm} {app.keys[0].kid}" in page
        assert "Right" in page
        # with optional encryption it is a choice
        assert "Encrypt" in desk.see(f"/operations/{LIST}/try")
        assert f"{algorithm} " not in desk.do(f"/operations/{LIST}/try", 200, app="shop")
        assert f"{algorithm} " in desk.do(f"/operations/{LIST}/try", 200, app="shop", encrypt="yes")
        plan.spoil = lambda headers, body: body[:-1] + bytes([body[-1] ^ 1])
        assert "not for this call" in desk.do(path, 422, app="shop", body="{}")

        def spoil(headers: dict[str, str], body: bytes) -> bytes:
            del headers["x-eden-encryption"]
            return b"{}"

        plan.spoil = spoil
        assert "Wrong" in desk.do(path, 200, app="shop", body="{}")
    assert json.loads(plan.seen[0].body) == {"x": "tea"}
    assert plan.seen[0].path.endswith("?q=it%27s")


def test_who_may_only_read_sees_no_forms(desk: Desk) -> None:
    desk.furnish()
    assert "New operation" not in desk.see("", who="auditor")
    desk.see("/operations/new", 403, who="auditor")
    desk.see(f"/operations/{LIST}/try", 403, who="auditor")
    desk.do(f"/operations/{LIST}/open", 403, who="auditor", open="no")


def test_examples_of_models() -> None:
    catalogue = msgspec.convert(SHOP, Catalogue)
    for name in catalogue.models:
        assert example(catalogue.models, f"{name}[]")
    circle = msgspec.convert({"models": {"Tree": {"fields": {"of": {"type": "Tree[]"}}}}}, Catalogue)
    assert len(json.dumps(example(circle.models, "Tree"))) < 200
    bounded = {"models": {"N": {"fields": {"n": {"type": "int", "minimum": 4.5}, "s": {"values": ["x", "y"]}}}}}
    assert example(msgspec.convert(bounded, Catalogue).models, "map<N?>") == {"name": {"n": 5, "s": "x"}}
