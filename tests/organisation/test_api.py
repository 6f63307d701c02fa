"""Workspaces, members, tokens and the audit log over HTTP."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, select, update

from eden.base.ids import now
from eden.base.tables import audit, users
from tests.office import ORIGIN, PASSWORD, Office

HERE = "/workspaces/test"

everywhere = pytest.mark.parametrize("office", ["sqlite", "postgresql"], indirect=True)


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["code"] == code
    assert body["detail"].endswith(".")
    return body


def actions(office: Office, who: str = "auditor", path: str = f"{HERE}/audit") -> list[str]:
    return [entry["action"] for entry in office.get(who, path)["items"]]


# who am I


def test_me(office: Office) -> None:
    me = office.get("operator", "/me")
    assert (me["kind"], me["actor"], me["email"]) == ("token", "token:of-operator", None)
    assert [workspace["slug"] for workspace in me["workspaces"]] == ["test"]
    assert me["workspaces"][0]["permissions"] == [
        "workspace.read",
        "release.operate",
        "release.emergency",
        "list.write",
        "device.read",
        "observe.read",
        "observe.write",
        "observe.sql",
        "gateway.read",
        "gateway.write",
    ]
    me = office.client.get("/api/v1/me", headers=office.sign_in("owner")).json()
    assert (me["kind"], me["actor"], me["email"]) == ("user", "user:owner@example.com", "owner@example.com")
    problem(office.ask("", "GET", "/me"), 401, "not-signed-in")


# workspaces


@everywhere
def test_workspace_is_made_renamed_and_set(office: Office) -> None:
    made = office.ask("owner", "POST", "/workspaces", json={"slug": "stage", "name": "Stage", "production": True})
    assert made.status_code == 201
    assert made.json()["settings"] == {"production": True, "review_required": False, "retention_days": 400}
    # a token stays in its workspace; the person has the new one, too
    problem(office.ask("owner", "GET", "/workspaces/stage"), 404, "not-found")
    browser = office.sign_in("owner")
    path = "/api/v1/workspaces/stage"
    changed = office.client.patch(path, headers=browser, json={"name": "Last stage", "review_required": True})
    assert changed.json()["name"] == "Last stage"
    assert office.client.get(path, headers=browser).json()["settings"] == {
        "production": True,
        "review_required": True,
        "retention_days": 400,
    }
    entries = office.client.get(f"{path}/audit", headers=browser).json()["items"]
    assert [entry["action"] for entry in entries] == ["workspace.update", "workspace.create"]
    assert entries[0]["detail"] == {"name": "Last stage", "review_required": True}
    # a second time changes nothing, and says so in the log by silence
    office.client.patch(path, headers=browser, json={"name": "Last stage", "review_required": True})
    assert len(office.client.get(f"{path}/audit", headers=browser).json()["items"]) == 2


def test_workspace_that_cannot_be_made(office: Office) -> None:
    taken = office.ask("owner", "POST", "/workspaces", json={"slug": "test", "name": "Again"})
    assert problem(taken, 409, "conflict")["errors"][0]["field"] == "slug"
    page = office.ask("owner", "POST", "/workspaces", json={"slug": "sign-in", "name": "X"})
    assert problem(page, 400, "invalid")["errors"][0]["field"] == "slug"
    for slug in ("", "A", "-a", "a" * 41, "a/b", "a b"):
        bad = office.ask("owner", "POST", "/workspaces", json={"slug": slug, "name": "X"})
        assert problem(bad, 400, "invalid")["errors"][0]["field"] == "slug", slug
    problem(office.ask("developer", "POST", "/workspaces", json={"slug": "mine", "name": "X"}), 403, "forbidden")


def test_other_workspaces_are_not_told_of(office: Office) -> None:
    unknown = problem(office.ask("owner", "GET", "/workspaces/nowhere"), 404, "not-found")
    foreign = problem(office.ask("owner", "GET", "/workspaces/elsewhere"), 404, "not-found")
    assert unknown["detail"].replace("nowhere", "elsewhere") == foreign["detail"]
    assert [workspace["slug"] for workspace in office.get("stranger", "/workspaces")["items"]] == ["elsewhere"]


# members


@everywhere
def test_members_are_paged(office: Office) -> None:
    seen, cursor = [], ""
    while cursor is not None:
        page = office.get("reviewer", f"{HERE}/members", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        assert len(page["items"]) <= 2
        seen += [member["email"] for member in page["items"]]
        cursor = page["next_cursor"]
    assert seen == sorted(f"{role}@example.com" for role in ("auditor", "developer", "operator", "owner", "reviewer"))


@pytest.mark.parametrize("cursor", ["x", "e30", "bnVsbA", "WyJhIl0", "é", "a" * 2401, "Ilx1MDAwMCI"])
def test_bad_cursor(office: Office, cursor: str) -> None:
    bad = office.ask("owner", "GET", f"{HERE}/members", params={"cursor": cursor})
    assert problem(bad, 400, "invalid")["errors"][0]["field"] == "cursor"


@everywhere
def test_invited_person_sets_a_password_once(office: Office) -> None:
    body = {"email": "New.Person@Example.com", "name": "New Person", "roles": ["operator", "developer"]}
    answer = office.ask("owner", "POST", f"{HERE}/members", json=body)
    assert answer.status_code == 201
    member, link = answer.json()["member"], answer.json()["link"]
    assert (member["email"], member["roles"], member["waiting"]) == (
        "new.person@example.com",
        ["developer", "operator"],
        True,
    )
    assert link.startswith(f"{ORIGIN}/console/invitation/")
    again = office.ask("owner", "POST", f"{HERE}/members", json=body)
    problem(again, 409, "conflict")
    assert actions(office)[:1] == ["member.add"]
    # who is in another workspace already needs no link
    stranger = {"email": "stranger@example.com", "name": "S", "roles": ["auditor"]}
    assert office.ask("owner", "POST", f"{HERE}/members", json=stranger).json()["link"] is None


def test_link_of_another_workspace_stays_with_its_owner(office: Office) -> None:
    """A password opens all of a person's workspaces: nobody gets one into the other's by inviting, too."""
    body = {"email": "new@example.com", "name": "New", "roles": ["owner"]}
    path = "/workspaces/elsewhere/members"
    link = office.ask("stranger", "POST", path, json=body).json()["link"]
    here = office.ask("owner", "POST", f"{HERE}/members", json=body | {"roles": ["auditor"]}).json()
    assert here["member"]["waiting"] is True
    assert here["link"] is None
    # the first link still works
    answer = office.client.get(link.removeprefix(ORIGIN))
    assert answer.status_code == 200
    assert "new@example.com" in answer.text


def test_member_that_cannot_be_invited(office: Office) -> None:
    def invite(**changes: object) -> dict[str, Any]:
        body = {"email": "a@example.com", "name": "A", "roles": ["owner"], **changes}
        return problem(office.ask("owner", "POST", f"{HERE}/members", json=body), 400, "invalid")

    assert invite(email="nobody")["errors"][0]["field"] == "email"
    assert invite(email="a@b c.com")["errors"][0]["field"] == "email"
    assert invite(roles=[])["errors"][0]["field"] == "roles"
    assert invite(roles=["king"])["errors"][0]["field"] == "roles[0]"
    assert invite(name=" ")["errors"][0]["field"] == "name"
    assert "unknown field `admin`" in invite(admin=True)["detail"]


@everywhere
def test_last_owner_stays(office: Office) -> None:
    owner, developer = office.people["owner"], office.people["developer"]
    roles = f"{HERE}/members/{owner}/roles"
    problem(office.ask("owner", "PUT", roles, json={"roles": ["developer"]}), 409, "conflict")
    problem(office.ask("owner", "DELETE", f"{HERE}/members/{owner}"), 409, "conflict")
    changed = office.ask("owner", "PUT", f"{HERE}/members/{developer}/roles", json={"roles": ["owner"]})
    assert changed.json()["roles"] == ["owner"]
    # rights change with the next request: the token has all scopes
    assert office.ask("developer", "DELETE", f"{HERE}/members/{owner}").status_code == 204
    problem(office.ask("owner", "GET", HERE), 401, "not-signed-in")
    problem(office.ask("developer", "DELETE", f"{HERE}/members/{developer}"), 409, "conflict")


@everywhere
def test_who_is_in_no_workspace_cannot_sign_in(office: Office) -> None:
    browser = office.sign_in("reviewer")
    assert office.client.get("/api/v1/me", headers=browser).status_code == 200
    path = f"{HERE}/members/{office.people['reviewer']}"
    assert office.ask("owner", "DELETE", path).status_code == 204
    problem(office.client.get("/api/v1/me", headers=browser), 401, "not-signed-in")
    problem(office.ask("owner", "GET", path), 404, "not-found")
    # who is invited again is let in again
    body = {"email": "reviewer@example.com", "name": "R", "roles": ["reviewer"]}
    assert office.ask("owner", "POST", f"{HERE}/members", json=body).json()["link"] is None
    assert office.client.get("/api/v1/me", headers=office.sign_in("reviewer")).status_code == 200


def test_link_for_somebody_of_another_workspace_is_refused(office: Office) -> None:
    body = {"email": "stranger@example.com", "name": "S", "roles": ["auditor"]}
    assert office.ask("owner", "POST", f"{HERE}/members", json=body).status_code == 201
    path = f"{HERE}/members/{office.people['stranger']}/link"
    # a password would open the other workspace, too
    problem(office.ask("owner", "POST", path), 403, "forbidden")
    link = office.ask("owner", "POST", f"{HERE}/members/{office.people['auditor']}/link")
    assert link.json()["link"].startswith(f"{ORIGIN}/console/invitation/")


# profile


def test_profile(office: Office) -> None:
    browser = office.sign_in("operator")
    path = "/api/v1/me/profile"
    assert office.client.get(path, headers=browser).json()["locale"] == ""
    changed = office.client.patch(path, headers=browser, json={"locale": "zh", "name": "王芳"}).json()
    assert (changed["locale"], changed["name"], changed["has_password"]) == ("zh", "王芳", True)
    problem(office.client.patch(path, headers=browser, json={"locale": "xx"}), 400, "invalid")
    problem(office.ask("operator", "GET", "/me/profile"), 403, "forbidden")
    # a write without the page's token, or from elsewhere
    without = {name: value for name, value in browser.items() if name != "X-CSRF-Token"}
    problem(office.client.patch(path, headers=without, json={}), 403, "forbidden")
    elsewhere = browser | {"Origin": "https://evil.example"}
    problem(office.client.patch(path, headers=elsewhere, json={}), 403, "forbidden")


@everywhere
def test_password_is_changed_and_other_sessions_end(office: Office) -> None:
    browser, other = office.sign_in("operator"), office.sign_in("operator")
    path = "/api/v1/me/password"

    def change(current: str, new: str) -> Any:
        return office.client.post(path, headers=browser, json={"current": current, "new": new})

    assert problem(change("wrong", "seven tired clouds"), 400, "invalid")["errors"][0]["field"] == "current"
    assert problem(change(PASSWORD, "short"), 400, "invalid")["errors"][0]["field"] == "new"
    assert change(PASSWORD, "seven tired clouds").status_code == 204
    assert office.client.get("/api/v1/me", headers=browser).status_code == 200
    assert office.client.get("/api/v1/me", headers=other).status_code == 401
    assert change("seven tired clouds", "seven tired sheep!").status_code == 204


# tokens


@everywhere
def test_token_is_shown_once_used_and_revoked(office: Office) -> None:
    browser = office.sign_in("developer")
    path = f"/api/v1{HERE}/tokens"
    made = office.client.post(path, headers=browser, json={"name": "ci", "scopes": ["workspace.read"]}).json()
    secret, token = made["secret"], made["token"]
    assert secret.startswith("eden_")
    assert len(secret) >= 48
    assert secret not in office.client.get(path, headers=browser).text
    bearer = {"Authorization": f"Bearer {secret}"}
    assert office.client.get(f"/api/v1{HERE}", headers=bearer).status_code == 200
    assert problem(office.client.post("/api/v1/workspaces", headers=bearer, json={}), 403, "forbidden")
    assert office.client.get(f"{path}/{token['id']}", headers=browser).json()["used_at"] is not None
    revoked = office.client.post(f"{path}/{token['id']}/revoke", headers=browser).json()
    assert revoked["state"] == "revoked"
    problem(office.client.get(f"/api/v1{HERE}", headers=bearer), 401, "not-signed-in")
    assert [entry["action"] for entry in office.get("auditor", f"{HERE}/audit")["items"]] == [
        "token.revoke",
        "token.create",
    ]


def test_token_is_never_wider_than_its_maker(office: Office) -> None:
    browser = office.sign_in("operator")
    path = f"/api/v1{HERE}/tokens"
    wide = {"name": "wide", "scopes": ["release.operate", "member.manage"]}
    refused = problem(office.client.post(path, headers=browser, json=wide), 403, "forbidden")
    assert "member.manage" in refused["detail"]
    made = office.client.post(path, headers=browser, json={"name": "ok", "scopes": ["list.write", "workspace.read"]})
    bearer = {"Authorization": f"Bearer {made.json()['secret']}"}
    assert office.client.get("/api/v1/me", headers=bearer).json()["workspaces"][0]["permissions"] == [
        "workspace.read",
        "list.write",
    ]
    # the maker loses a right, and the token with them
    member = f"{HERE}/members/{office.people['operator']}"
    office.ask("owner", "PUT", f"{member}/roles", json={"roles": ["auditor"]})
    assert office.client.get("/api/v1/me", headers=bearer).json()["workspaces"][0]["permissions"] == ["workspace.read"]


def test_token_makes_tokens_only_when_it_is_meant_to(office: Office) -> None:
    body = {"name": "child", "scopes": ["workspace.read"]}
    problem(office.ask("developer", "POST", f"{HERE}/tokens", json=body), 403, "forbidden")
    assert office.ask("owner", "POST", f"{HERE}/tokens", json=body).status_code == 201
    problem(office.ask("owner", "POST", f"{HERE}/tokens", json=body), 409, "conflict")


def test_token_revokes_itself_only(office: Office) -> None:
    """Whoever finds a token that may read cannot stop the machines of its maker."""
    browser, path = office.sign_in("operator"), f"/api/v1{HERE}/tokens"
    made = [
        office.client.post(path, headers=browser, json={"name": name, "scopes": ["workspace.read"]}).json()
        for name in ("first", "second")
    ]
    bearer = {"Authorization": f"Bearer {made[0]['secret']}"}
    first, second = (f"{path}/{each['token']['id']}/revoke" for each in made)
    problem(office.client.post(second, headers=bearer), 403, "forbidden")
    assert office.client.post(first, headers=bearer).json()["state"] == "revoked"
    problem(office.client.post(first, headers=bearer), 401, "not-signed-in")
    assert office.client.post(second, headers=browser).json()["state"] == "revoked"


def test_tokens_of_others_are_for_owners(office: Office) -> None:
    everybody = office.get("owner", f"{HERE}/tokens")["items"]
    assert len(everybody) == 5
    mine = office.get("developer", f"{HERE}/tokens")["items"]
    assert [token["name"] for token in mine] == ["of-developer"]
    foreign = next(token["id"] for token in everybody if token["name"] == "of-operator")
    problem(office.ask("developer", "POST", f"{HERE}/tokens/{foreign}/revoke"), 404, "not-found")
    assert office.ask("owner", "POST", f"{HERE}/tokens/{foreign}/revoke").status_code == 200


def test_expired_token(office: Office) -> None:
    path = f"{HERE}/tokens"
    past = office.ask(
        "owner", "POST", path, json={"name": "a", "scopes": ["audit.read"], "expires_at": "2020-01-01T00:00:00Z"}
    )
    assert problem(past, 400, "invalid")["errors"][0]["field"] == "expires_at"
    naive = office.ask(
        "owner", "POST", path, json={"name": "a", "scopes": ["audit.read"], "expires_at": "2090-01-01T00:00:00"}
    )
    problem(naive, 400, "invalid")
    future = {"name": "a", "scopes": ["audit.read"], "expires_at": "2090-01-01T00:00:00Z"}
    token = office.ask("owner", "POST", path, json=future).json()["token"]
    assert (token["state"], token["expires_at"]) == ("active", "2090-01-01T00:00:00Z")


# audit log


@everywhere
def test_audit_log_is_filtered_verified_and_exported(office: Office) -> None:
    for name in ("a", "b", "c"):
        office.ask("owner", "POST", f"{HERE}/tokens", json={"name": name, "scopes": ["audit.read"]})
    office.ask("owner", "PATCH", HERE, json={"name": "Other"})
    path = f"{HERE}/audit"
    assert [entry["seq"] for entry in office.get("auditor", path, params={"limit": 3})["items"]] == [4, 3, 2]
    cursor = office.get("auditor", path, params={"limit": 3})["next_cursor"]
    assert [entry["seq"] for entry in office.get("auditor", path, params={"cursor": cursor})["items"]] == [1]
    assert len(office.get("auditor", path, params={"action": "token."})["items"]) == 3
    assert [e["target"] for e in office.get("auditor", path, params={"target": "b"})["items"]] == ["b"]
    assert office.get("auditor", path, params={"action": "token_"})["items"] == []
    assert office.get("auditor", path, params={"actor": "user:nobody"})["items"] == []
    assert office.get("auditor", path, params={"since": "2090-01-01T00:00:00Z"})["items"] == []
    assert len(office.get("auditor", path, params={"until": "2090-01-01T00:00:00Z"})["items"]) == 4
    assert office.get("auditor", f"{path}/verify") == {"ok": True, "entries": 4, "broken_at": None}

    answer = office.ask("auditor", "GET", f"{path}/export")
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["seq"] for line in lines] == [4, 3, 2, 1]
    # the chain can be checked from the export alone
    previous = "0" * 64
    for line in reversed(lines):
        detail = msgspec.json.encode(line["detail"], order="sorted").decode()
        fields = (previous, office.here_id, line["seq"], line["at_us"], line["actor"], line["action"], line["target"])
        previous = hashlib.sha256(msgspec.json.encode((*fields, detail))).hexdigest()
        assert line["hash"] == previous


def test_changed_entry_is_found(office: Office) -> None:
    for name in ("a", "b", "c"):
        office.ask("owner", "POST", f"{HERE}/tokens", json={"name": name, "scopes": ["audit.read"]})
    office.ground.database.write_now(
        lambda connection: connection.execute(
            update(audit).where(audit.c.workspace_id == office.here_id, audit.c.seq == 2).values(actor="user:nobody")
        )
    )
    assert office.get("auditor", f"{HERE}/audit/verify") == {"ok": False, "entries": 1, "broken_at": 2}


def test_organisation_log(office: Office) -> None:
    office.ask("owner", "POST", "/workspaces", json={"slug": "stage", "name": "Stage"})
    assert actions(office, path="/audit") == ["workspace.create"]
    assert office.get("auditor", "/audit/verify")["ok"] is True
    assert json.loads(office.ask("auditor", "GET", "/audit/export").text)["action"] == "workspace.create"
    problem(office.ask("developer", "GET", "/audit"), 403, "forbidden")


@everywhere
def test_audit_and_change_are_one_transaction(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change that cannot be recorded is not made."""

    def fail(*_: object, **__: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(office.ground.audit, "append", fail)
    answer = office.ask("owner", "PATCH", HERE, json={"name": "Other"})
    body = problem(answer, 500, "internal")
    assert "ZeroDivision" not in answer.text
    assert body["trace"] == answer.headers["x-request-id"]
    assert office.get("owner", HERE)["name"] == "Test"


def test_disabled_person(office: Office) -> None:
    browser = office.sign_in("operator")

    def disable(connection: Connection) -> None:
        connection.execute(update(users).where(users.c.id == office.people["operator"]).values(disabled_at=now()))
        assert connection.execute(select(users.c.id).where(users.c.disabled_at.is_not(None))).scalar_one()

    office.ground.database.write_now(disable)
    problem(office.ask("operator", "GET", "/me"), 401, "not-signed-in")
    problem(office.client.get("/api/v1/me", headers=browser), 401, "not-signed-in")
