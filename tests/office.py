"""A platform with two workspaces and a person of every role in the first: what tests of HTTP begin with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from litestar.testing import TestClient
from sqlalchemy import Connection, insert

from eden.app import PARTS, Platform
from eden.base.ground import Ground
from eden.base.identity import sessions, tokens
from eden.base.identity.passwords import hash_password
from eden.base.identity.roles import PERMISSIONS, ROLES
from eden.base.ids import new_id, now
from eden.base.parts import Part
from eden.base.settings import DatabaseSettings, Limits, Settings
from eden.base.tables import members, users, workspaces
from tests.stores import empty

SECRET_KEY = "of the tests, and of nothing else but them"
PASSWORD = "four green horses sing"
#: TestClient's own address
ORIGIN = "http://testserver.local"


@cache
def password_hash() -> str:
    return hash_password(PASSWORD)


@dataclass
class Office:
    """`here` is a workspace with one member of every role, `there` another one with an owner of its own ("stranger").
    Everybody signs in with `PASSWORD`; everybody has a token with all permissions of the table as scopes."""

    platform: Platform
    client: TestClient[Any]
    here: str = "test"
    there: str = "elsewhere"
    workspaces: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def ground(self) -> Ground:
        return self.platform.ground

    @property
    def here_id(self) -> str:
        return self.workspaces[self.here]

    def reset(self) -> None:
        """As in the beginning: the same people with the same rights, nothing else."""
        self.client.cookies.clear()
        self.client.base_url = httpx.URL(ORIGIN)
        self.ground.database.write_now(empty)
        self.ground.database.write_now(lambda connection: _furnish(connection, self))

    def ask(self, who: str, method: str, path: str, **options: Any) -> httpx.Response:
        """A request of the API below /api/v1, with the token of somebody ("" for nobody)."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}
        headers |= options.pop("headers", {})
        return self.client.request(method, f"/api/v1{path}", headers=headers, **options)

    def get(self, who: str, path: str, **options: Any) -> Any:
        """What the API gives; the answer must be 200."""
        answer = self.ask(who, "GET", path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def sign_in(self, who: str) -> dict[str, str]:
        """Headers of a browser in which somebody has signed in, with what writes need."""

        def work(connection: Connection) -> tuple[str, str]:
            secret = sessions.begin(connection, self.people[who], now(), 3600)
            session = sessions.find(connection, secret, now())
            assert session is not None
            return secret, session.csrf

        secret, csrf = self.ground.database.write_now(work)
        return {"Cookie": f"{sessions.PLAIN_COOKIE}={secret}", "X-CSRF-Token": csrf, "Origin": ORIGIN}


@contextmanager
def open_office(
    folder: Path,
    database: str = "",
    parts: Sequence[Callable[[Ground], Part]] = PARTS,
    settings: Settings | None = None,
) -> Iterator[Office]:
    """An office whose server keeps its files in `folder`; `database` is an address, SQLite there without one."""
    chosen = settings or Settings(
        data=str(folder),
        secret_key=SECRET_KEY,
        database=DatabaseSettings(address=database, migrate="always"),
        limits=Limits(delta_processes=1),
    )
    platform = Platform(chosen, parts)
    # the figures of failures are told, not raised into the test
    with TestClient(platform, base_url=ORIGIN, raise_server_exceptions=False) as client:  # type: ignore[type-var]
        office = Office(platform, client)
        platform.ground.database.write_now(lambda connection: _furnish(connection, office))
        yield office


def _furnish(connection: Connection, office: Office) -> None:
    at = now()
    office.workspaces = {office.here: new_id(), office.there: new_id()}
    for slug, workspace_id in office.workspaces.items():
        connection.execute(
            insert(workspaces).values(id=workspace_id, slug=slug, name=slug.title(), settings={}, created_at=at)
        )
    for who in (*ROLES, "stranger"):
        user_id = office.people[who] = new_id()
        connection.execute(
            insert(users).values(
                id=user_id,
                email=f"{who}@example.com",
                name=f"The {who}",
                password_hash=password_hash(),
                locale="",
                created_at=at,
            )
        )
        role, slug = ("owner", office.there) if who == "stranger" else (who, office.here)
        workspace_id = office.workspaces[slug]
        connection.execute(
            insert(members).values(workspace_id=workspace_id, user_id=user_id, roles=[role], created_at=at)
        )
        office.tokens[who] = tokens.create(connection, workspace_id, user_id, f"of-{who}", PERMISSIONS, at, None)[1]
