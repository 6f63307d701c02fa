"""Signing in by OpenID Connect, and the attacks on it."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from eden.base.audit import AuditLog, entries
from eden.base.database import Database
from eden.base.identity import limits, sessions
from eden.base.identity.oidc import LOOK_AGAIN_SECONDS, Claims, Client, Provider
from eden.base.identity.oidc_flow import OidcSignIn
from eden.base.identity.service import Identity
from eden.base.ids import now
from eden.base.problems import Problem
from eden.base.tables import members, metadata, oidc_flows, users, workspaces
from tests.base.identity.provider import FakeProvider, named, rsa_key, running

CALLBACK = "https://eden.example/console/oidc"
ADDRESS = "192.0.2.1"


@pytest.fixture(scope="module")
def server() -> Iterator[FakeProvider]:
    with running(FakeProvider()) as provider:
        yield provider


@pytest.fixture
def fake(server: FakeProvider) -> FakeProvider:
    """A provider that does everything right; the server is one for all tests."""
    issuer = server.issuer
    vars(server).clear()
    server.__init__()  # type: ignore[misc]
    server.issuer = issuer
    return server


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """SQLite alone: what is kept is two rows."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('store')}/eden.db")
    metadata.create_all(database.engine)
    yield database
    database.close()


@pytest.fixture
def identity(database: Database) -> Identity:
    def furnish(connection: Connection) -> None:
        connection.execute(insert(workspaces).values(id="w", slug="test", name="T", settings={}, created_at=1))
        connection.execute(insert(users).values(id="u", email="owner@example.com", name="O", locale="", created_at=1))
        connection.execute(insert(members).values(workspace_id="w", user_id="u", roles=["owner"], created_at=1))

    database.write_now(furnish)
    return Identity(database, AuditLog(b"of the tests only"))


def flow(identity: Identity, fake: FakeProvider, **client: Any) -> OidcSignIn:
    return OidcSignIn(identity, Provider(fake.client(**client)))


def sign_in(flow: OidcSignIn, fake: FakeProvider, *, times: int = 1) -> str:
    """The e-mail address of the person who is signed in afterwards; the answer is brought `times` times."""

    async def run() -> str:
        begun = await flow.begin("/console/test/programs", CALLBACK, ADDRESS)
        answer = fake.person_signs_in(begun.url)
        for _ in range(times):
            secret, destination = await flow.finish(begun.cookie, answer["state"], answer["code"], CALLBACK)
        assert destination == "/console/test/programs"
        database = flow._identity.database
        session = await database.read(lambda connection: sessions.find(connection, secret, now()))
        assert session is not None
        return str(session.principal.email)

    return asyncio.run(run())


def refusal(flow: OidcSignIn, fake: FakeProvider, **options: Any) -> Problem:
    with pytest.raises(Problem) as caught:
        sign_in(flow, fake, **options)
    return caught.value


def test_first_time_by_the_verified_address_then_by_the_subject(identity: Identity, fake: FakeProvider) -> None:
    assert sign_in(flow(identity, fake), fake) == "owner@example.com"
    # the address is another one now; the person is the same
    fake.person["email"] = "married@example.com"
    assert sign_in(flow(identity, fake), fake) == "owner@example.com"
    found = identity.database.read_now(lambda connection: entries(connection, ""))
    assert [entry.action for entry in found] == ["session.begin", "session.begin", "user.link"]


def test_client_secret_in_the_form(identity: Identity, fake: FakeProvider) -> None:
    fake.description["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    assert sign_in(flow(identity, fake), fake) == "owner@example.com"


def test_wrong_client_secret_is_no_fault_of_the_person(
    identity: Identity, fake: FakeProvider, caplog: pytest.LogCaptureFixture
) -> None:
    problem = refusal(flow(identity, fake, client_secret="another"), fake)
    assert problem.code == "unavailable"
    assert "oidc.client_secret" in problem.hint
    assert "invalid_client" in caplog.text


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"nonce": "of another request"}, "answers another request"),
        ({"nonce": None}, "answers another request"),
        ({"iss": "https://evil.example"}, "somebody else"),
        ({"aud": "another-client"}, "meant for somebody else"),
        ({"aud": ["eden", "another-client"]}, "given to somebody else"),
        ({"azp": "another-client"}, "given to somebody else"),
        ({"exp": 1_000_000_000}, "expired"),
        ({"exp": "never"}, "expired"),
        ({"exp": None}, "expired"),
        ({"iat": 1_000_000_000}, "not made just now"),
        ({"iat": time.time() + 9_000, "exp": time.time() + 10_000}, "not made just now"),
        ({"sub": None}, "for whom"),
        ({"sub": ""}, "for whom"),
        ({"email_verified": False}, "verified"),
        ({"email_verified": "true"}, "verified"),
        ({"email_verified": None}, "verified"),
        ({"email": "x" * 250 + "@example.com"}, "verified"),
        ({"email": "stranger@example.com"}, "is not a member here"),
    ],
)
def test_claims_that_are_refused(identity: Identity, fake: FakeProvider, overrides: dict[str, Any], words: str) -> None:
    fake.overrides = overrides
    problem = refusal(flow(identity, fake), fake)
    assert problem.code == "not-signed-in"
    assert words in problem.sentence


def test_audience_that_is_a_list(identity: Identity, fake: FakeProvider) -> None:
    fake.overrides = {"aud": ["eden", "other"], "azp": "eden"}
    assert sign_in(flow(identity, fake), fake) == "owner@example.com"


def test_unsigned_token(identity: Identity, fake: FakeProvider) -> None:
    fake.forged = "none"
    assert "signature" in refusal(flow(identity, fake), fake).sentence


def test_token_signed_by_the_public_key_as_a_secret(identity: Identity, fake: FakeProvider) -> None:
    """HS256 with the provider's public key, which everybody has."""
    secret = fake.keys[0].as_pem(private=False)

    def forged(nonce: str) -> str:
        at = int(time.time())
        claims = {"iss": fake.issuer, "aud": "eden", "nonce": nonce, "iat": at, "exp": at + 99, **fake.person}
        parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "kid": "first"}, claims)]
        signed = ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
        mac = hmac.new(secret, signed.encode(), "sha256").digest()
        return f"{signed}.{urlsafe_b64encode(mac).decode().rstrip('=')}"

    fake.token = forged  # type: ignore[method-assign]
    assert "signature" in refusal(flow(identity, fake), fake).sentence


def test_token_signed_by_somebody_else(identity: Identity, fake: FakeProvider) -> None:
    sign = flow(identity, fake)
    assert sign_in(sign, fake) == "owner@example.com"
    # the same name, another key
    honest, fake.keys = fake.keys, [named(rsa_key("theirs"), "first")]
    assert "signature" in refusal(sign, fake).sentence
    fake.keys = honest
    assert sign_in(sign, fake) == "owner@example.com"


@pytest.mark.parametrize("token", ["", "a.b.c", "nonsense", "e30.e30.e30", "é.é.é"])
def test_token_that_is_none(identity: Identity, fake: FakeProvider, token: str) -> None:
    fake.token = lambda nonce: token  # type: ignore[method-assign]
    assert refusal(flow(identity, fake), fake).code == "not-signed-in"


def test_new_keys_are_fetched(identity: Identity, fake: FakeProvider) -> None:
    at = [now()]
    sign = OidcSignIn(identity, Provider(fake.client(), clock=lambda: at[0]))
    assert sign_in(sign, fake) == "owner@example.com"
    for kind in ("EC", "OKP"):
        fake.new_key(kind)
        at[0] += LOOK_AGAIN_SECONDS * 1_000_000
        assert sign_in(sign, fake) == "owner@example.com"
    assert fake.asked.count("/keys") == 3
    # an unknown key does not make us ask again and again
    fake.keys, fake.algorithm = [named(rsa_key("theirs"), "unknown")], "RS256"
    for _ in range(3):
        assert "unknown key" in refusal(sign, fake).sentence
    assert fake.asked.count("/keys") == 3


def test_answer_works_once(identity: Identity, fake: FakeProvider) -> None:
    assert "not begun in this browser" in refusal(flow(identity, fake), fake, times=2).sentence


def test_answer_of_another_browser(identity: Identity, fake: FakeProvider) -> None:
    """An attacker brings their own answer into somebody's browser, to have them work in the attacker's account."""

    async def run() -> None:
        sign = flow(identity, fake)
        theirs = await sign.begin("/console/", CALLBACK, ADDRESS)
        ours = await sign.begin("/console/", CALLBACK, ADDRESS)
        answer = fake.person_signs_in(theirs.url)
        with pytest.raises(Problem, match="not begun in this browser"):
            await sign.finish(ours.cookie, answer["state"], answer["code"], CALLBACK)
        # and the state is gone
        with pytest.raises(Problem, match="not begun in this browser"):
            await sign.finish(theirs.cookie, answer["state"], answer["code"], CALLBACK)

    asyncio.run(run())


def test_code_of_another_sign_in(identity: Identity, fake: FakeProvider) -> None:
    """PKCE: a stolen code is of no use without the verifier of the sign-in that it was made for."""

    async def run() -> None:
        sign = flow(identity, fake)
        victim, attacker = (
            await sign.begin("/console/", CALLBACK, ADDRESS),
            await sign.begin("/console/", CALLBACK, ADDRESS),
        )
        stolen = fake.person_signs_in(victim.url)["code"]
        state = fake.person_signs_in(attacker.url)["state"]
        with pytest.raises(Problem) as caught:
            await sign.finish(attacker.cookie, state, stolen, CALLBACK)
        assert caught.value.code == "not-signed-in"

    asyncio.run(run())


def test_sign_in_that_took_too_long(identity: Identity, fake: FakeProvider) -> None:
    async def run() -> None:
        sign = flow(identity, fake)
        begun = await sign.begin("/console/", CALLBACK, ADDRESS)
        identity.clock = lambda: now() + 601_000_000
        answer = fake.person_signs_in(begun.url)
        with pytest.raises(Problem, match="took too long"):
            await sign.finish(begun.cookie, answer["state"], answer["code"], CALLBACK)

    asyncio.run(run())


def test_who_begins_too_often_leaves_no_more_rows(
    identity: Identity, fake: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BEGUN_PER_ADDRESS", 3)

    async def run() -> None:
        sign = flow(identity, fake)
        for _ in range(3):
            await sign.begin("/console/", CALLBACK, ADDRESS)
        with pytest.raises(Problem) as caught:
            await sign.begin("/console/", CALLBACK, ADDRESS)
        assert caught.value.code == "rate-limited"
        assert len(await identity.database.read(lambda c: c.execute(select(oidc_flows.c.id)).all())) == 3
        # others may
        await sign.begin("/console/", CALLBACK, "192.0.2.2")

    asyncio.run(run())


def test_long_subject_has_room_in_the_table() -> None:
    issuer = "https://provider.example/" + "i" * 100
    subject = "s" * 255
    key = Claims(issuer, subject, "", "").key
    assert len(key) <= 300
    assert key == Claims(issuer, subject, "owner@example.com", "O").key
    assert key != Claims(issuer, subject[1:], "", "").key
    assert Claims("https://provider.example", "s", "", "").key == "https://provider.example s"


def test_address_that_belonged_to_somebody_else(identity: Identity, fake: FakeProvider) -> None:
    assert sign_in(flow(identity, fake), fake) == "owner@example.com"
    # the provider gives the address to another person
    fake.person["sub"] = "person-2"
    assert "is not a member here" in refusal(flow(identity, fake), fake).sentence


def test_disabled_person(identity: Identity, fake: FakeProvider) -> None:
    sign_in(flow(identity, fake), fake)
    identity.database.write_now(lambda connection: connection.execute(update(users).values(disabled_at=1)))
    assert "is not a member here" in refusal(flow(identity, fake), fake).sentence


def test_people_join_only_when_a_setting_says_so(identity: Identity, fake: FakeProvider) -> None:
    fake.person |= {"email": "new@example.com", "sub": "person-9"}
    for join in ("", "nowhere:auditor", "test:king", "test"):
        assert "is not a member here" in refusal(flow(identity, fake, join=join), fake).sentence
    assert sign_in(flow(identity, fake, join="test:auditor"), fake) == "new@example.com"
    roles = identity.database.read_now(
        lambda connection: connection.execute(
            select(members.c.roles)
            .join(users, users.c.id == members.c.user_id)
            .where(users.c.email == "new@example.com")
        ).scalar_one()
    )
    assert roles == ["auditor"]


@pytest.mark.parametrize(
    "description",
    [
        {"issuer": "https://another.example"},
        {"token_endpoint": "http://elsewhere.example/token"},
        {"token_endpoint": None},
        {"jwks_uri": "file:///etc/passwd"},
    ],
)
def test_description_that_is_wrong(identity: Identity, fake: FakeProvider, description: dict[str, Any]) -> None:
    fake.description = description
    assert refusal(flow(identity, fake), fake).code == "unavailable"


def test_provider_that_is_away(identity: Identity) -> None:
    away = Client("http://127.0.0.1:9", "eden", "secret")
    with pytest.raises(Problem) as caught:
        asyncio.run(OidcSignIn(identity, Provider(away)).begin("/console/", CALLBACK, ADDRESS))
    assert caught.value.code == "unavailable"
    plain = Client("http://provider.example", "eden", "secret")
    with pytest.raises(Problem, match="does not answer"):
        asyncio.run(OidcSignIn(identity, Provider(plain)).begin("/console/", CALLBACK, ADDRESS))
