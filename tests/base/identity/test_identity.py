"""Roles, passwords, sessions, tokens, and the limit of attempts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select, update

from eden.base.audit import AuditLog, entries
from eden.base.database import Database
from eden.base.identity import limits, passwords, sessions, tokens
from eden.base.identity.principal import SYSTEM, Principal, check_permission, check_permission_anywhere, find_workspace
from eden.base.identity.roles import HOLDERS, PERMISSIONS, ROLES, permissions_of
from eden.base.identity.service import INVITATION_SECONDS, Identity, forget_old
from eden.base.problems import Problem
from eden.base.tables import attempts, invitations, members, users, workspaces
from eden.base.tables import sessions as session_table
from eden.base.tables import tokens as token_table

SECOND = 1_000_000
NOW = 1_800_000_000 * SECOND
PASSWORD = "four green horses sing"


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> int:
        return self.at

    def forward(self, seconds: int) -> None:
        self.at += seconds * SECOND


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def hashed() -> str:
    return passwords.hash_password(PASSWORD)


@pytest.fixture
def identity(database: Database, clock: Clock, hashed: str) -> Iterator[Identity]:
    def furnish(connection: Connection) -> None:
        connection.execute(insert(workspaces).values(id="w", slug="test", name="T", settings={}, created_at=1))
        connection.execute(
            insert(users).values(
                id="u", email="fang@example.com", name="F", password_hash=hashed, locale="", created_at=1
            )
        )
        connection.execute(insert(members).values(workspace_id="w", user_id="u", roles=["operator"], created_at=1))

    database.write_now(furnish)
    yield Identity(database, AuditLog(b"of the tests only"), session_seconds=3600, clock=clock)


# roles


def test_every_permission_has_an_owner_and_roles_are_known() -> None:
    assert set(HOLDERS) == set(PERMISSIONS)
    for permission, holders in HOLDERS.items():
        assert "owner" in holders
        assert holders <= set(ROLES), permission
    assert permissions_of(["owner"]) == set(PERMISSIONS)
    assert permissions_of(["king"]) == frozenset()


def test_roles_together_permit_what_each_permits() -> None:
    assert permissions_of(["auditor", "reviewer"]) == permissions_of(["auditor"]) | permissions_of(["reviewer"])
    assert "version.review" not in permissions_of(["developer", "operator", "auditor"])
    assert "release.emergency" in permissions_of(["developer"])
    assert "release.operate" not in permissions_of(["developer"])


def test_unknown_workspace_is_not_told_from_a_forbidden_one() -> None:
    person = Principal("user", "u", "user:a", permissions={"w": frozenset({"workspace.read"})})
    check_permission(person, "w", "workspace.read")
    with pytest.raises(Problem) as forbidden:
        check_permission(person, "w", "member.manage")
    assert forbidden.value.code == "forbidden"
    with pytest.raises(Problem) as hidden:
        check_permission(person, "other", "workspace.read")
    assert hidden.value.code == "not-found"
    with pytest.raises(Problem):
        check_permission_anywhere(person, "workspace.manage")
    check_permission_anywhere(person, "workspace.read")
    check_permission(SYSTEM, "any", "key.manage")
    with pytest.raises(ValueError, match="no permission"):
        check_permission(SYSTEM, "any", "key.mange")


def test_find_workspace(identity: Identity) -> None:
    person = Principal("user", "u", "user:a", permissions={"w": frozenset()})
    stranger = Principal("user", "x", "user:x", permissions={})

    def find(principal: Principal, slug: str) -> str:
        return identity.database.read_now(lambda connection: find_workspace(connection, principal, slug)).id

    assert find(person, "test") == "w"
    assert find(SYSTEM, "test") == "w"
    for principal, slug in ((person, "nowhere"), (stranger, "test")):
        with pytest.raises(Problem, match="does not exist"):
            find(principal, slug)


# passwords


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "123456789",
        "1234567890",
        "0987654321",
        "aaaaaaaaaaaa",
        "abababababab",
        "Password123!",
        "P@ssw0rd2024",
        "qwertyuiop",
        "admin12345",
        "fang.li@example.com",
        "fang.li2024",
        "x" * 257,
    ],
)
def test_password_that_is_refused(password: str) -> None:
    with pytest.raises(Problem) as caught:
        passwords.check_password(password, "fang.li@example.com")
    assert caught.value.code == "invalid"
    assert caught.value.errors[0][0] == "password"


@pytest.mark.parametrize(
    "password", [PASSWORD, "三只安静的河流流过山谷", "xK9#mQ2$vL7p", "correct horse battery staple"]
)
def test_password_that_is_taken(password: str) -> None:
    passwords.check_password(password, "fang.li@example.com")


def test_password_is_known_again_as_other_code_points(hashed: str) -> None:
    assert passwords.verify_password(hashed, PASSWORD)
    assert not passwords.verify_password(hashed, PASSWORD + " ")
    assert not passwords.verify_password(None, PASSWORD)
    assert not passwords.verify_password("not a hash", PASSWORD)
    # é as one code point and as two
    assert passwords.verify_password(passwords.hash_password("caf\u00e9 au lait noir"), "cafe\u0301 au lait noir")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300), st.emails())
def test_any_text_is_judged(password: str, email: str) -> None:
    try:
        passwords.check_password(password, email)
    except Problem as problem:
        assert problem.sentence.endswith(".")
    else:
        assert len(password) >= passwords.MINIMUM_LENGTH


def test_old_parameters_are_renewed_at_sign_in(identity: Identity) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    identity.database.write_now(lambda connection: connection.execute(update(users).values(password_hash=old)))
    asyncio.run(identity.sign_in("fang@example.com", PASSWORD, "192.0.2.1"))
    kept = identity.database.read_now(lambda connection: connection.execute(select(users.c.password_hash)).scalar_one())
    assert kept != old
    assert not passwords.needs_rehash(kept)
    assert passwords.verify_password(kept, PASSWORD)


# signing in


def refused(identity: Identity, email: str, password: str, address: str = "192.0.2.1") -> Problem:
    with pytest.raises(Problem) as caught:
        asyncio.run(identity.sign_in(email, password, address))
    return caught.value


def test_sign_in(identity: Identity) -> None:
    secret = asyncio.run(identity.sign_in(" Fang@Example.com ", PASSWORD, "192.0.2.1"))
    session = asyncio.run(identity.session(secret))
    assert session is not None
    assert session.principal.name == "user:fang@example.com"
    assert session.principal.permissions == {"w": permissions_of(["operator"])}
    stored = identity.database.read_now(lambda connection: connection.execute(select(session_table.c.id)).scalar_one())
    assert secret not in stored
    wrong, unknown = refused(identity, "fang@example.com", "wrong"), refused(identity, "x@example.com", "wrong")
    assert (wrong.code, wrong.sentence, wrong.hint) == (unknown.code, unknown.sentence, unknown.hint)
    assert [entry.action for entry in identity.database.read_now(lambda c: entries(c, ""))] == ["session.begin"]


def test_unknown_person_costs_the_same_hash(identity: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by the clock: the same function hashes the same password with the same parameters."""
    verified: list[tuple[str, str]] = []
    verify = PasswordHasher.verify

    def note(self: PasswordHasher, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002
        verified.append((str(hash)[:31], str(password)))
        return verify(self, hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", note)
    refused(identity, "fang@example.com", "wrong")
    refused(identity, "nobody@example.com", "wrong")
    assert verified == [("$argon2id$v=19$m=19456,t=2,p=1$", "wrong")] * 2


def test_limit_per_person_and_address(identity: Identity, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "verify_in_thread", _never)
    for _ in range(limits.PER_PAIR):
        assert refused(identity, "fang@example.com", "wrong").code == "not-signed-in"
    problem = refused(identity, "fang@example.com", PASSWORD)
    assert problem.code == "rate-limited"
    assert int(problem.headers["Retry-After"]) == limits.WINDOW_SECONDS
    # others at the address, and the person elsewhere, may go on
    assert refused(identity, "other@example.com", "wrong").code == "not-signed-in"
    assert refused(identity, "fang@example.com", "wrong", "192.0.2.2").code == "not-signed-in"
    clock.forward(limits.WINDOW_SECONDS)
    assert refused(identity, "fang@example.com", "wrong").code == "not-signed-in"


async def _never(hashed: str | None, password: str) -> bool:
    return False


def test_limit_per_address_bounds_what_is_kept(identity: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "verify_in_thread", _never)
    codes = [
        refused(identity, f"p{number}@example.com", "x", "2001:db8::1").code for number in range(limits.PER_ADDRESS)
    ]
    assert set(codes) == {"not-signed-in"}
    # another address of the same network; and no row for it
    before = identity.database.read_now(lambda connection: len(connection.execute(select(attempts)).all()))
    assert refused(identity, "q@example.com", "x", "2001:db8::ffff:2").code == "rate-limited"
    assert identity.database.read_now(lambda c: len(c.execute(select(attempts)).all())) == before
    assert refused(identity, "q@example.com", "x", "2001:db8:0:1::1").code == "not-signed-in"
    assert refused(identity, "q@example.com", "x", "::ffff:192.0.2.9").code == "not-signed-in"


def test_who_signs_in_is_forgiven(identity: Identity) -> None:
    for _ in range(limits.PER_PAIR - 1):
        refused(identity, "fang@example.com", "wrong")
    for _ in range(3):
        asyncio.run(identity.sign_in("fang@example.com", PASSWORD, "192.0.2.1"))
    assert refused(identity, "fang@example.com", "wrong").code == "not-signed-in"


# sessions


def test_session_moves_and_ends(identity: Identity, clock: Clock) -> None:
    async def run() -> list[bool]:
        secret = await identity.sign_in("fang@example.com", PASSWORD, "192.0.2.1")
        alive = []
        for seconds in (3000, 3000, 3000, 3601):
            clock.forward(seconds)
            alive.append(await identity.session(secret) is not None)
        return alive

    assert asyncio.run(run()) == [True, True, True, False]


def test_session_has_a_longest_time(identity: Identity, clock: Clock) -> None:
    async def run() -> int:
        identity.session_seconds = 7 * 86_400
        secret = await identity.sign_in("fang@example.com", PASSWORD, "192.0.2.1")
        days = 0
        while await identity.session(secret) is not None:
            clock.forward(2 * 86_400)
            days += 2
        return days * 86_400

    assert asyncio.run(run()) == sessions.LONGEST_SECONDS


def test_origin_of_writes() -> None:
    hosts = {"eden.example", "127.0.0.1:8700"}
    sessions.check_origin("https://eden.example", None, hosts)
    sessions.check_origin("http://127.0.0.1:8700", "https://evil.example/", hosts)
    sessions.check_origin("null", "https://eden.example/console/", hosts)
    for origin, referer in (
        (None, None),
        ("null", None),
        ("", ""),
        ("https://evil.example", "https://eden.example/"),
        ("https://eden.example.evil.example", None),
        ("https://eden.example:8443", None),
        ("https://user@eden.example", None),
        ("https://[", None),
    ):
        with pytest.raises(Problem):
            sessions.check_origin(origin, referer, hosts)


# links


def test_link_works_once_and_not_for_ever(identity: Identity, clock: Clock) -> None:
    write = identity.database.write_now
    first = write(lambda connection: identity.do_invite(connection, "u"))
    second = write(lambda connection: identity.do_invite(connection, "u"))

    async def run() -> None:
        with pytest.raises(Problem, match="used already"):
            await identity.invited(first)
        assert await identity.invited(second) == "fang@example.com"
        old = await identity.sign_in("fang@example.com", PASSWORD, "192.0.2.1")
        with pytest.raises(Problem, match="at least"):
            await identity.accept(second, "fang")
        session = await identity.accept(second, "seven tired clouds")
        assert await identity.session(session) is not None
        # whoever had the old password is out
        assert await identity.session(old) is None
        with pytest.raises(Problem, match="used already"):
            await identity.accept(second, "seven tired clouds")

    asyncio.run(run())
    third = write(lambda connection: identity.do_invite(connection, "u"))
    clock.forward(INVITATION_SECONDS)
    with pytest.raises(Problem, match="too old"):
        asyncio.run(identity.invited(third))


# tokens


def make_token(identity: Identity, *scopes: str, expires_at: int | None = None) -> str:
    return identity.database.write_now(
        lambda connection: tokens.create(connection, "w", "u", "ci", scopes, NOW, expires_at)[1]
    )


def test_token_is_what_it_and_its_maker_may(identity: Identity) -> None:
    secret = make_token(identity, "release.operate", "member.manage", "workspace.read")
    principal = asyncio.run(identity.token(secret))
    assert (principal.kind, principal.name, principal.user_id) == ("token", "token:ci", "u")
    assert principal.permissions == {"w": {"release.operate", "workspace.read"}}


def test_last_use_is_written_once_a_minute(identity: Identity, clock: Clock) -> None:
    secret = make_token(identity, "workspace.read")

    def used() -> int | None:
        asyncio.run(identity.token(secret))
        return identity.database.read_now(lambda c: c.execute(select(token_table)).one().used_at)  # type: ignore[no-any-return]

    assert used() == NOW
    clock.forward(59)
    assert used() == NOW
    clock.forward(1)
    assert used() == NOW + 60 * SECOND


@pytest.mark.parametrize("secret", ["", "eden_", "eden_unknown", "other", "eden_" + "x" * 1000])
def test_token_that_is_none(identity: Identity, secret: str) -> None:
    with pytest.raises(Problem) as caught:
        asyncio.run(identity.token(secret))
    assert caught.value.code == "not-signed-in"
    assert caught.value.headers["WWW-Authenticate"].startswith("Bearer")


def test_token_that_has_ended(identity: Identity, clock: Clock) -> None:
    expiring, maker = (
        make_token(identity, "workspace.read", expires_at=NOW + SECOND),
        make_token(identity, "audit.read"),
    )
    asyncio.run(identity.token(expiring))
    clock.forward(1)
    with pytest.raises(Problem):
        asyncio.run(identity.token(expiring))
    # the maker leaves the workspace
    asyncio.run(identity.token(maker))
    identity.database.write_now(lambda connection: connection.execute(members.delete()))
    with pytest.raises(Problem):
        asyncio.run(identity.token(maker))


def test_old_rows_go(identity: Identity, clock: Clock) -> None:
    asyncio.run(identity.sign_in("fang@example.com", PASSWORD, "192.0.2.1"))
    identity.database.write_now(lambda connection: identity.do_invite(connection, "u"))
    tables = (session_table, invitations, attempts)

    def left() -> list[int]:
        identity.database.write_now(lambda connection: forget_old(connection, clock.at))
        return identity.database.read_now(
            lambda connection: [len(connection.execute(select(table)).all()) for table in tables]
        )

    assert left() == [1, 1, 2]
    clock.forward(INVITATION_SECONDS + 1)
    assert left() == [0, 0, 0]
