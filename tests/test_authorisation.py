"""Every role against every route of the composed platform, made from what the routes declare.

A route that joins the platform joins this test. What is asked: who may not is refused (403), who does not know the
workspace hears that there is none (404), who is not signed in is sent to sign in (401), and who may is not refused.
The answer of those who may is otherwise free: ids are made up and bodies are empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from litestar.handlers import HTTPRouteHandler

from eden.base.api.access import SAFE, declared, handlers_of
from eden.base.identity.roles import HOLDERS, ROLES, Permission
from tests.office import Office, open_office

#: for parts of paths that are not the workspace: an id that nothing has
UNKNOWN = "0197c1d0-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(Path(tmp_path_factory.mktemp("office"))) as office:
        # as when the server is about to stop: streams of events end as soon as they have begun
        office.platform.framed.state.services["live"].close()
        yield office


def routes(office: Office) -> list[tuple[str, str, HTTPRouteHandler]]:
    return sorted(handlers_of(office.platform.framed), key=lambda route: route[:2])


def send(office: Office, who: str, method: str, path: str, workspace: str, *, browser: bool = False) -> httpx.Response:
    """The request of somebody, with their token or in a browser where they have signed in; "" for nobody."""
    path = re.sub(r"\{(\w+)\}", lambda part: workspace if part[1] == "workspace" else UNKNOWN, path)
    headers: dict[str, str] = {}
    if who:
        headers = office.sign_in(who) if browser else {"Authorization": f"Bearer {office.tokens[who]}"}
    return office.client.request(
        method, path, headers=headers, json=None if method in SAFE else {}, follow_redirects=False
    )


def hidden(answer: httpx.Response) -> bool:
    """Whether it says that there is no such workspace."""
    return answer.status_code == 404 and "The workspace" in answer.text


@pytest.mark.parametrize("role", ROLES)
def test_role_against_every_route(office: Office, role: str) -> None:
    wrong = []
    for path, method, handler in routes(office):
        what = declared(handler.opt)
        if what == "open":
            continue
        answer = send(office, role, method, path, office.here, browser=path.startswith("/console"))
        holders = frozenset(ROLES) if what == "signed-in" else HOLDERS[_permission(what)]
        allowed = role in holders
        refused = answer.status_code == 403 and what in answer.text
        if answer.status_code in (401, 500) or hidden(answer) or refused == allowed:
            wrong.append(f"{role}: {method} {path} ({what}): {answer.status_code} {answer.text[:200]}")
    assert not wrong, "\n".join(wrong)


def test_stranger_against_every_route_of_a_workspace(office: Office) -> None:
    wrong = []
    for path, method, _ in routes(office):
        if "{workspace}" in path:
            answers = [
                send(office, "stranger", method, path, workspace, browser=path.startswith("/console"))
                for workspace in (office.here, "no-such-workspace")
            ]
            if not all(map(hidden, answers)):
                wrong.append(f"{method} {path}: {[answer.status_code for answer in answers]}")
    assert not wrong, "\n".join(wrong)


def test_nobody_against_every_route(office: Office) -> None:
    wrong = []
    for path, method, handler in routes(office):
        answer = send(office, "", method, path, office.here)
        if declared(handler.opt) == "open":
            good = answer.status_code not in (401, 500)
        elif path.startswith("/console"):
            # people are brought to the page where they sign in
            good = answer.status_code in (303, 401) and "/console/sign-in" in str(answer.headers) + answer.text
        else:
            good = answer.status_code == 401 and answer.headers["www-authenticate"].startswith("Bearer")
        if not good:
            wrong.append(f"{method} {path}: {answer.status_code} {answer.text[:100]}")
    assert not wrong, "\n".join(wrong)


def test_forged_write_against_every_route(office: Office) -> None:
    """A page elsewhere makes the owner's browser send a write: with the cookie, without what our pages add."""
    wrong = []
    for path, method, handler in routes(office):
        if method in SAFE or declared(handler.opt) == "open":
            continue
        cookie = {"Cookie": office.sign_in("owner")["Cookie"]}
        target = path.replace("{workspace}", office.here)
        target = re.sub(r"\{\w+\}", UNKNOWN, target)
        for headers in (cookie, cookie | {"Origin": "https://evil.example"}, cookie | {"Origin": "null"}):
            answer = office.client.request(method, target, headers=headers, json={}, follow_redirects=False)
            if answer.status_code != 403:
                wrong.append(f"{method} {path}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_there_are_routes(office: Office) -> None:
    """The tests above look at something: at least the organisation's routes."""
    found = {(method, path) for path, method, _ in routes(office)}
    assert ("POST", "/api/v1/workspaces/{workspace}/members") in found
    assert len(found) > 20


def _permission(name: str) -> Permission:
    return next(permission for permission in HOLDERS if permission == name)
