"""The API's frame around made-up routes: access, problems, bodies, paging, idempotency keys, the document."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st
from litestar import Controller, get, post
from litestar.exceptions import ImproperlyConfiguredException
from litestar.testing import TestClient
from msgspec import Meta
from sqlalchemy import insert, select, update

from eden.base import idempotency
from eden.base.api.access import OPEN, SIGNED_IN, needs, streamed
from eden.base.api.application import create_api
from eden.base.api.authentication import cookie_of
from eden.base.api.handlers import AnyRequest, FromPath, JSONBody, Page, Service, ThePaging, ThePrincipal, TheWorkspace
from eden.base.api.paging import Paging, decode_cursor, encode_cursor
from eden.base.api.times import microseconds, moment
from eden.base.api.writes import LARGEST_JSON
from eden.base.audit import AuditLog
from eden.base.database import Database
from eden.base.errors import EdenError
from eden.base.idempotency import BUSY_SECONDS, KEPT_SECONDS, Answer, Claim, Idempotency
from eden.base.identity import tokens
from eden.base.identity.roles import PERMISSIONS
from eden.base.identity.service import Identity
from eden.base.ids import now
from eden.base.problems import Problem
from eden.base.tables import idempotency as table
from eden.base.tables import members, users, workspaces

THINGS = "/api/v1/workspaces/test/things"
SECRET = b"of the tests, and of nothing else"


class Step(msgspec.Struct, forbid_unknown_fields=True):
    share: Annotated[int, Meta(ge=0, le=100)]


class NewThing(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1)]
    steps: list[Step] = []


class Thing(msgspec.Struct):
    name: str
    number: int


class Shelf:
    """What the handlers work on."""

    def __init__(self) -> None:
        self.things: list[Thing] = []
        self.failure: Exception | None = None


class Things(Controller):
    path = "/api/v1/workspaces/{workspace:str}/things"
    tags = ("things",)

    @get(opt=needs("workspace.read"))
    async def list_things(self, shelf: Service[Shelf], paging: ThePaging) -> Page[Thing]:
        """All things."""
        after = paging.after(int) or 0
        return paging.page(shelf.things[after : after + paging.limit + 1], lambda thing: thing.number, lambda t: t)

    @post(opt=needs("program.write"))
    async def create_thing(
        self, principal: ThePrincipal, here: TheWorkspace, shelf: Service[Shelf], data: JSONBody[NewThing]
    ) -> Thing:
        """Make a thing."""
        if shelf.failure:
            raise shelf.failure
        thing = Thing(f"{data.name} by {principal.name} in {here.name}", len(shelf.things) + 1)
        shelf.things.append(thing)
        return thing

    @post("/pour", opt=streamed(needs("program.write")), request_max_body_size=5_000_000)
    async def pour_thing(self, request: AnyRequest, shelf: Service[Shelf]) -> Thing:
        """Make a thing of many bytes."""
        state = hashlib.sha256()
        async for piece in request.stream():
            state.update(piece)
        shelf.things.append(Thing(state.hexdigest(), len(shelf.things) + 1))
        return shelf.things[-1]

    @get("/{number:int}", opt=needs("member.manage"))
    async def get_thing(self, number: FromPath[int], shelf: Service[Shelf]) -> Thing:
        """One thing."""
        return shelf.things[number]

    @get("/fail", opt=OPEN)
    async def fail(self, shelf: Service[Shelf]) -> Thing:
        """Fails."""
        raise shelf.failure or AssertionError


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def secret(database: Database) -> str:
    def furnish(connection: Any) -> str:
        connection.execute(insert(workspaces).values(id="w", slug="test", name="Test", settings={}, created_at=1))
        connection.execute(insert(users).values(id="u", email="a@b.c", name="A", locale="", created_at=1))
        connection.execute(insert(members).values(workspace_id="w", user_id="u", roles=["developer"], created_at=1))
        return tokens.create(connection, "w", "u", "ci", PERMISSIONS, now(), None)[1]

    return database.write_now(furnish)


@pytest.fixture
def client(database: Database, shelf: Shelf, secret: str) -> Iterator[TestClient[Any]]:
    app = create_api(
        [Things],
        Identity(database, AuditLog(SECRET)),
        Idempotency(database, SECRET),
        services={"shelf": shelf},
        tags={"things": "Things."},
    )
    with TestClient(app, raise_server_exceptions=False) as client:
        client.headers["Authorization"] = f"Bearer {secret}"
        yield client


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    return body


# who may


def test_right_is_asked_before_the_body_is_looked_at(client: TestClient[Any]) -> None:
    assert client.post(THINGS, json={"name": "a"}).json()["name"] == "a by token:ci in Test"
    problem(client.get(f"{THINGS}/1"), 403, "forbidden")
    problem(client.post("/api/v1/workspaces/other/things", content=b"{"), 415, "media-type")
    problem(client.post("/api/v1/workspaces/other/things", json={"bad": 1}), 404, "not-found")
    anonymous = {"Authorization": ""}
    assert problem(client.get(THINGS, headers=anonymous), 401, "not-signed-in")
    for header in ("Basic YTpi", "Bearer", "Bearer x", "bearer eden_x"):
        answer = client.get(THINGS, headers={"Authorization": header})
        problem(answer, 401, "not-signed-in")
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_route_that_declares_nothing_stops_the_server(database: Database) -> None:
    identity, keys = Identity(database, AuditLog(SECRET)), Idempotency(database, SECRET)

    @get("/api/v1/open", sync_to_thread=False)
    def forgotten() -> None:
        """Says nothing."""

    @get("/api/v1/unknown", opt={"permission": "king.be"}, sync_to_thread=False)
    def unknown() -> None:
        """A permission that there is not."""

    @get("/api/v1/nowhere", opt=needs("workspace.read"), sync_to_thread=False)
    def nowhere() -> None:
        """A permission in no workspace."""

    for handler, words in ((forgotten, "nothing"), (unknown, "king.be"), (nowhere, "lacks")):
        with pytest.raises(ImproperlyConfiguredException, match=words):
            create_api([handler], identity, keys)

    @get("/api/v1/me", opt=SIGNED_IN, sync_to_thread=False)
    def me() -> None:
        """For who is signed in."""

    app = create_api([me], identity, keys)
    with TestClient(app) as client:
        assert client.get("/api/v1/me").status_code == 401
        assert client.options("/api/v1/me").status_code == 204


# problems


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"name": ""}, "name", "length >= 1"),
        ({}, "", "`name`"),
        ({"name": 1}, "name", "`str`"),
        ({"name": "a", "steps": [{"share": 1}, {"share": 101}]}, "steps[1].share", "<= 100"),
        ({"name": "a", "color": "red"}, "", "`color`"),
        ([], "", "`object`"),
    ],
)
def test_fields_that_are_at_fault(client: TestClient[Any], body: Any, field: str, words: str) -> None:
    found = problem(client.post(THINGS, json=body), 400, "invalid")
    assert [error["field"] for error in found["errors"]] == [field]
    assert words in found["errors"][0]["message"]
    assert found["detail"].endswith(".")


def test_bodies_that_cannot_be_read(client: TestClient[Any]) -> None:
    as_json = {"Content-Type": "application/json"}
    assert "not JSON" in problem(client.post(THINGS, content=b"{", headers=as_json), 400, "bad-request")["detail"]
    deep = b"[" * 100_000 + b"]" * 100_000
    assert "too deeply" in problem(client.post(THINGS, content=deep, headers=as_json), 400, "bad-request")["detail"]
    assert "missing" in problem(client.post(THINGS), 400, "invalid")["detail"]
    problem(client.post(THINGS, data={"name": "a"}), 415, "media-type")
    for text in (r'{"name":"a\u0000"}', r'{"name":"\\\u0000"}'):
        assert "NUL" in problem(client.post(THINGS, content=text, headers=as_json), 400, "invalid")["detail"]
    # a backslash and digits are a text like any other
    assert client.post(THINGS, content=r'{"name":"\\u0000"}', headers=as_json).json()["name"].startswith("\\u0000")
    problem(client.get(f"{THINGS}?limit=%00"), 400, "bad-request")
    problem(client.get("/api/v1/workspaces/te%00st/things"), 404, "not-found")


def test_body_that_is_too_large(client: TestClient[Any]) -> None:
    as_json = {"Content-Type": "application/json"}
    problem(client.post(THINGS, content=b'{"name":"' + b"a" * LARGEST_JSON + b'"}', headers=as_json), 413, "too-large")

    def pieces() -> Iterator[bytes]:
        # without a length that was announced
        for _ in range(40):
            yield b" " * 32_768

    problem(client.post(THINGS, content=pieces(), headers=as_json), 413, "too-large")
    problem(client.post(f"{THINGS}/pour", content=b"x" * 5_000_001), 413, "too-large")


def test_what_nobody_foresaw_is_told_by_its_trace_only(
    client: TestClient[Any], shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    shelf.failure = ZeroDivisionError("password of the database: hunter2")
    answer = client.get(f"{THINGS}/fail")
    body = problem(answer, 500, "internal")
    assert "hunter2" not in answer.text
    assert caplog.records[-1].exc_info
    assert caplog.records[-1].__dict__["fields"]["trace"] == body["trace"]
    shelf.failure = EdenError("blobs-away", "The store of files does not answer.", "Try again.")
    assert problem(client.get(f"{THINGS}/fail"), 503, "unavailable")["hint"] == "Try again."
    shelf.failure = Problem("conflict", "There is one.", errors=[("name", "taken")], headers={"X-Test": "1"})
    answer = client.get(f"{THINGS}/fail")
    assert problem(answer, 409, "conflict")["errors"] == [{"field": "name", "message": "taken"}]
    assert answer.headers["x-test"] == "1"


def test_addresses_and_methods(client: TestClient[Any]) -> None:
    problem(client.get("/api/v1/nothing"), 404, "not-found")
    answer = client.delete(THINGS)
    problem(answer, 405, "method-not-allowed")
    assert set(answer.headers["allow"].split(", ")) == {"GET", "POST", "OPTIONS"}
    problem(client.get("/api/v1/litestar/openapi.json"), 404, "not-found")


# paging


def test_pages(client: TestClient[Any], shelf: Shelf) -> None:
    shelf.things = [Thing(f"thing {number}", number) for number in range(1, 8)]
    seen: list[int] = []
    query: dict[str, Any] = {"limit": 3}
    while True:
        page = client.get(THINGS, params=query).json()
        seen += [thing["number"] for thing in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == [1, 2, 3, 4, 5, 6, 7]
    for limit in ("0", "201", "-1", "x", "1.5"):
        assert problem(client.get(THINGS, params={"limit": limit}), 400, "invalid")["errors"][0]["field"] == "limit"


@given(st.one_of(st.text(max_size=80), st.integers(0, 2**53), st.tuples(st.integers(0, 9), st.text(max_size=20))))
def test_cursor_gives_back_its_key(key: Any) -> None:
    if b"\\u0000" in msgspec.json.encode(key).replace(rb"\\", b""):
        return
    cursor = encode_cursor(key)
    assert Paging(1, cursor).after(type(key)) == key
    assert cursor.isascii()


@given(st.text(max_size=60))
def test_any_text_as_a_cursor(cursor: str) -> None:
    try:
        assert isinstance(decode_cursor(cursor, int), int)
    except Problem as problem:
        assert (problem.code, problem.errors[0][0]) == ("invalid", "cursor")


@pytest.mark.parametrize(
    ("key", "of"),
    [(1 << 63, int), (-(1 << 63) - 1, int), ([5, 1 << 64], tuple[int, int]), ([[1 << 70]], list[list[int]])],
)
def test_number_that_no_database_has_is_no_cursor(key: Any, of: Any) -> None:
    with pytest.raises(Problem, match="does not come from this list"):
        decode_cursor(encode_cursor(key), of)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        (b"eden=abc", "abc"),
        (b'other={"a": [1, 2]}; eden=abc; x', "abc"),
        (b"a=b;eden = abc ;eden=later", "abc"),
        (b"sweden=no; eden2=no", ""),
        (b"\xff=\xfe; eden=abc", "abc"),
        (b"", ""),
    ],
)
def test_cookie_is_found_among_others(header: bytes, value: str) -> None:
    """Ports of one host share their cookies, and not everybody's are well-formed."""
    assert cookie_of(header, "eden") == value


@given(st.integers(-(10**15), 10**17))
def test_times(at: int) -> None:
    assert microseconds(moment(at)) == at


# idempotency keys


def keyed(key: str, **headers: str) -> dict[str, str]:
    return {"Idempotency-Key": key, **headers}


def test_same_request_again_gets_the_first_answer(client: TestClient[Any], shelf: Shelf) -> None:
    first = client.post(THINGS, json={"name": "a"}, headers=keyed("k"))
    again = client.post(THINGS, json={"name": "a"}, headers=keyed("k"))
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["content-type"] == first.headers["content-type"]
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    assert len(shelf.things) == 1
    problem(client.post(THINGS, json={"name": "b"}, headers=keyed("k")), 422, "idempotency-mismatch")
    problem(client.post(f"{THINGS}?x=1", json={"name": "a"}, headers=keyed("k")), 422, "idempotency-mismatch")
    assert client.post(THINGS, json={"name": "a"}, headers=keyed("other")).json()["number"] == 2


def test_refusals_are_kept_and_faults_are_not(client: TestClient[Any], shelf: Shelf) -> None:
    shelf.failure = Problem("conflict", "There is one.")
    for _ in range(2):
        problem(client.post(THINGS, json={"name": "a"}, headers=keyed("conflict")), 409, "conflict")
    shelf.failure = ZeroDivisionError()
    problem(client.post(THINGS, json={"name": "a"}, headers=keyed("fault")), 500, "internal")
    shelf.failure = Problem("rate-limited", "Too many.")
    problem(client.post(THINGS, json={"name": "a"}, headers=keyed("rate")), 429, "rate-limited")
    shelf.failure = None
    problem(client.post(THINGS, json={"name": "a"}, headers=keyed("conflict")), 409, "conflict")
    assert client.post(THINGS, json={"name": "a"}, headers=keyed("fault")).status_code == 201
    assert client.post(THINGS, json={"name": "a"}, headers=keyed("rate")).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "a" * 201, "\x7f"])
def test_key_that_is_none(client: TestClient[Any], key: str) -> None:
    answer = client.post(THINGS, json={"name": "a"}, headers=keyed(key))
    assert problem(answer, 400, "invalid")["errors"][0]["field"] == "idempotency-key"


def test_key_of_a_streamed_body(client: TestClient[Any], shelf: Shelf) -> None:
    body = b"x" * 3_000_000
    first = client.post(f"{THINGS}/pour", content=body, headers=keyed("k"))
    assert first.json()["name"] == hashlib.sha256(body).hexdigest()
    assert client.post(f"{THINGS}/pour", content=body, headers=keyed("k")).content == first.content
    problem(client.post(f"{THINGS}/pour", content=body[1:], headers=keyed("k")), 422, "idempotency-mismatch")
    # of what is too large the end is not waited for, and nothing is kept
    problem(client.post(f"{THINGS}/pour", content=b"x" * 5_000_001, headers=keyed("large")), 413, "too-large")
    assert client.post(f"{THINGS}/pour", content=b"x", headers=keyed("large")).status_code == 201
    assert len(shelf.things) == 2


def test_kept_answer_is_not_readable_in_the_store(client: TestClient[Any], database: Database) -> None:
    client.post(THINGS, json={"name": "of high secrecy"}, headers=keyed("k"))
    row = database.read_now(lambda connection: connection.execute(select(table)).one())
    assert row.status == 201
    assert b"secrecy" not in row.body


async def _claim(keys: Idempotency, request: str | None = "r", key: str = "k") -> Claim | Answer:
    return await keys.claim("user:u", key, request)


def test_processes_share_the_keys(database: Database) -> None:
    """Two objects over one store are two processes; the first one dies in the middle."""
    at = [now()]
    one, two = (Idempotency(database, SECRET, clock=lambda: at[0]) for _ in range(2))

    async def run() -> None:
        claim = await _claim(one)
        assert isinstance(claim, Claim)
        with pytest.raises(Problem) as busy:
            await _claim(two)
        assert (busy.value.code, busy.value.headers["Retry-After"]) == ("idempotency-busy", "1")
        with pytest.raises(Problem) as other:
            await _claim(two, "another request")
        assert other.value.code == "idempotency-mismatch"
        at[0] += BUSY_SECONDS * 1_000_000
        taken = await _claim(two)
        assert isinstance(taken, Claim)
        # the first one was only slow: its answer comes too late and changes nothing
        await one.keep(claim, "r", Answer(201, (), b"of the first"))
        await two.keep(taken, "r", Answer(201, (("location", "/x"),), b"of the second"))
        assert await _claim(one) == Answer(201, (("location", "/x"),), b"of the second")
        at[0] += KEPT_SECONDS * 1_000_000
        assert isinstance(await _claim(one), Claim)

    asyncio.run(run())


def test_many_at_once_run_once(database: Database) -> None:
    keys = [Idempotency(database, SECRET) for _ in range(2)]

    async def run() -> list[Any]:
        return await asyncio.gather(*(_claim(keys[i % 2]) for i in range(12)), return_exceptions=True)

    found = asyncio.run(run())
    assert sum(isinstance(one, Claim) for one in found) == 1
    assert {one.code for one in found if isinstance(one, Problem)} == {"idempotency-busy"}


def test_key_belongs_to_who_used_it(database: Database) -> None:
    keys = Idempotency(database, SECRET)

    async def run() -> None:
        assert isinstance(await keys.claim("user:u", "k", "r"), Claim)
        assert isinstance(await keys.claim("token:u", "k", "r"), Claim)

    asyncio.run(run())


def test_answer_of_another_key_is_not_taken(database: Database) -> None:
    """The answer is bound to its key: moved to another row it cannot be opened."""
    keys = Idempotency(database, SECRET)

    async def run() -> None:
        for key in ("a", "b"):
            claim = await _claim(keys, key=key)
            assert isinstance(claim, Claim)
            await keys.keep(claim, "r", Answer(201, (), key.encode()))
        bodies = database.read_now(lambda c: c.execute(select(table.c.id, table.c.body)).all())
        database.write_now(
            lambda c: c.execute(update(table).where(table.c.id == bodies[0].id).values(body=bodies[1].body))
        )
        with pytest.raises(InvalidTag):
            await asyncio.gather(_claim(keys, key="a"), _claim(keys, key="b"))

    asyncio.run(run())


def test_old_answers_go(database: Database) -> None:
    at = [now()]
    keys = Idempotency(database, SECRET, clock=lambda: at[0])

    async def run() -> None:
        await _claim(keys)

    asyncio.run(run())
    database.write_now(lambda connection: idempotency.forget_old(connection, at[0]))
    assert database.read_now(lambda c: len(c.execute(select(table)).all())) == 1
    database.write_now(lambda connection: idempotency.forget_old(connection, at[0] + KEPT_SECONDS * 1_000_000 + 1))
    assert database.read_now(lambda c: len(c.execute(select(table)).all())) == 0


# the document


def test_document(client: TestClient[Any]) -> None:
    document = client.get("/api/v1/openapi.json").json()
    create = document["paths"]["/api/v1/workspaces/{workspace}/things"]["post"]
    assert create["operationId"] == "create_thing"
    assert create["description"] == "Make a thing.\n\nNeeds `program.write`."
    assert create["security"] == [{"token": []}, {"session": []}]
    assert {parameter["name"] for parameter in create["parameters"]} == {"workspace", "Idempotency-Key"}
    assert create["responses"].keys() == {
        *("201", "400", "401", "403", "404", "409", "413", "415", "422", "500", "503")
    }
    one = document["paths"]["/api/v1/workspaces/{workspace}/things/{number}"]["get"]
    assert [parameter["name"] for parameter in one["parameters"]] == ["workspace", "number"]
    schemas = document["components"]["schemas"]
    assert schemas["NewThing"]["additionalProperties"] is False
    assert "additionalProperties" not in schemas["Thing"]
    assert set(schemas) == {"NewThing", "Problem", "Step", "Thing", "ThingPage"}
    assert "/api/v1/openapi.json" not in document["paths"]
