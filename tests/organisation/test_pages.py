"""The organisation's pages over HTTP, as a browser without scripts sees them."""

from __future__ import annotations

import base64
import re
from html import unescape
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from eden.base.identity import limits
from eden.base.settings import DatabaseSettings, Oidc, Settings
from eden.base.tables import audit
from eden.organisation.pages import ROOM
from eden.organisation.parts import parts
from tests.base.identity.provider import CLIENT_ID, CLIENT_SECRET, FakeProvider, running
from tests.console.rules import room_problems
from tests.office import ORIGIN, PASSWORD, SECRET_KEY, Office, open_office


def test_room() -> None:
    assert room_problems(ROOM) == []


class Browser:
    """Keeps cookies, sends forms with the hidden fields of the page that they are on."""

    def __init__(self, office: Office) -> None:
        self.client = office.client
        self.client.cookies.clear()
        self.page: httpx.Response | None = None

    def open(self, path: str, **headers: str) -> str:
        """The page's text; redirects are followed."""
        self.page = self.client.get(path, headers={"Accept-Language": "en", **headers}, follow_redirects=True)
        return self.text

    @property
    def text(self) -> str:
        assert self.page is not None
        return unescape(self.page.text)

    @property
    def status(self) -> int:
        assert self.page is not None
        return self.page.status_code

    @property
    def path(self) -> str:
        assert self.page is not None
        return self.page.url.path

    def send(self, path: str, **fields: Any) -> str:
        """Fill in the present page's form and send it; redirects are followed."""
        assert self.page is not None
        token = re.search(r'name="_csrf" value="([^"]*)"', self.page.text)
        assert token, "there is no form on this page"
        data = {"_csrf": token[1], **fields}
        self.page = self.client.post(path, data=data, headers={"Origin": ORIGIN}, follow_redirects=True)
        return self.text

    def sign_in(self, who: str, password: str = PASSWORD, **fields: str) -> str:
        self.open("/console/sign-in")
        return self.send("/console/sign-in", email=f"{who}@example.com", password=password, **fields)


@pytest.fixture
def browser(office: Office) -> Browser:
    return Browser(office)


# signing in


def test_wanted_page_is_shown_after_signing_in(browser: Browser) -> None:
    assert "E-mail address" in browser.open("/console/test/tokens?limit=2")
    assert browser.path == "/console/sign-in"
    wanted = re.search(r'name="next" value="([^"]*)"', browser.text)
    assert wanted
    assert wanted[1] == "/console/test/tokens?limit=2"
    assert "Access for machines" in browser.send(
        "/console/sign-in", email=" Developer@example.COM ", password=PASSWORD, next=wanted[1]
    )
    cookie = next(cookie for cookie in browser.client.cookies.jar if cookie.name == "eden")
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert not cookie.secure


def test_wrong_password_and_unknown_person_are_told_alike(browser: Browser) -> None:
    answers = []
    for email in ("owner@example.com", "nobody@example.com"):
        browser.open("/console/sign-in")
        text = browser.send("/console/sign-in", email=email, password="not the password")
        assert browser.status == 401
        assert email in text
        assert "not the password" not in text
        answers.append(text.replace(email, ""))
    assert answers[0] == answers[1]
    assert "do not go together" in answers[0]


def test_too_many_attempts(browser: Browser) -> None:
    for _ in range(limits.PER_PAIR):
        browser.sign_in("owner", "wrong")
    assert "too many attempts" in browser.sign_in("owner")
    assert browser.status == 429
    assert browser.page
    assert int(browser.page.headers["retry-after"]) > 0
    # another person at the same address may
    browser.sign_in("operator")
    assert browser.status == 200


def test_sign_in_leads_nowhere_else(browser: Browser) -> None:
    for target in ("https://evil.example/", "//evil.example/", "/console/../../x", "javascript:alert(1)"):
        browser.open("/console/sign-in")
        browser.send("/console/sign-in", email="owner@example.com", password=PASSWORD, next=target)
        assert browser.path.startswith("/console/")
        browser.send("/console/sign-out")


def test_form_of_another_site_does_not_sign_in(office: Office) -> None:
    fields = {"email": "owner@example.com", "password": PASSWORD}
    for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        answer = office.client.post("/console/sign-in", data=fields, headers=headers, follow_redirects=False)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


def test_session_cookie_over_tls(office: Office) -> None:
    client = office.client
    client.base_url = httpx.URL("https://testserver.local")
    answer = client.post(
        "/console/sign-in",
        data={"email": "owner@example.com", "password": PASSWORD},
        headers={"Origin": "https://testserver.local"},
        follow_redirects=False,
    )
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-eden=")
    assert cookie.endswith("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure")
    assert client.get("/console/test/account").status_code == 200
    # a cookie of the plain name, which a neighbour without TLS could have set, is not looked at
    secret = cookie.partition("=")[2].partition(";")[0]
    client.cookies.clear()
    answer = client.get("/console/test/account", headers={"Cookie": f"eden={secret}"}, follow_redirects=False)
    assert answer.status_code == 303


def test_sign_out(browser: Browser) -> None:
    browser.sign_in("auditor")
    old = dict(browser.client.cookies)
    browser.send("/console/sign-out")
    assert browser.path == "/console/sign-in"
    browser.client.cookies.update(old)
    browser.open("/console/test/members")
    assert browser.path == "/console/sign-in"


def test_sign_out_everywhere(browser: Browser, office: Office) -> None:
    elsewhere = office.sign_in("auditor")
    browser.sign_in("auditor")
    browser.send("/console/sign-out/everywhere")
    assert office.client.get("/api/v1/me", headers=elsewhere).status_code == 401


def test_form_without_the_token_of_the_page(browser: Browser, office: Office) -> None:
    browser.sign_in("owner")
    fields = {"name": "Renamed", "retention_days": "10"}
    for token in ("", "wrong"):
        answer = browser.client.post(
            "/console/test/settings", data={**fields, "_csrf": token}, headers={"Origin": ORIGIN}
        )
        assert answer.status_code == 403
        assert "Load the page again" in answer.text
    assert office.get("owner", "/workspaces/test")["name"] == "Test"


def test_language(browser: Browser) -> None:
    assert "登录" in browser.open("/console/sign-in", **{"Accept-Language": "zh-CN,zh;q=0.9"})
    assert 'lang="zh-CN"' in browser.text
    browser.sign_in("operator")
    browser.open("/console/test/account")
    browser.send("/console/test/account", name="The operator", locale="zh")
    assert "已保存" in browser.text
    for page in ("members", "tokens", "tokens/new", "account"):
        assert "令牌" in browser.open(f"/console/test/{page}")


def test_language_is_switched_where_the_form_was(browser: Browser, office: Office) -> None:
    """What answers a form has no address of its own to come back to."""
    browser.sign_in("owner")
    page = f"/console/test/members/{office.people['operator']}"
    browser.open(page)
    token = re.search(r'name="_csrf" value="([^"]*)"', browser.text)
    assert token
    for referer, standing in ((f"{ORIGIN}{page}?a=b", f"{page}?a=b"), ("", "/console/"), ("http://[", "/console/")):
        headers = {"Origin": ORIGIN, "Referer": referer}
        answer = browser.client.post(f"{page}/link", data={"_csrf": token[1]}, headers=headers)
        assert answer.status_code == 200
        assert f'name="next" value="{standing}"' in answer.text


def test_address_that_is_too_long_to_come_back_to(browser: Browser) -> None:
    browser.open(f"/console/test/audit?target={'x' * 1000}")
    assert (browser.status, browser.path) == (200, "/console/sign-in")
    assert 'name="next" value="/console/"' in browser.text


# the way in


def test_first_page_is_the_first_that_one_may_see(browser: Browser) -> None:
    browser.sign_in("operator")
    browser.open("/console")
    assert browser.path == "/console/test/members"
    assert "Audit log" not in browser.text
    browser.sign_in("auditor")
    assert "Audit log" in browser.open("/console/test/members")


def test_workspace_is_made_and_switched(browser: Browser) -> None:
    browser.sign_in("owner")
    browser.open("/console/workspaces")
    browser.send("/console/workspaces", name="Stage", slug="sign-in")
    assert browser.status == 422
    assert "no name of a page" in browser.text
    assert 'value="Stage"' in browser.text
    browser.send("/console/workspaces", name="Stage", slug="stage", production="yes")
    assert browser.path == "/console/stage/members"
    assert "The workspace Stage is there." in browser.text
    assert "real users" in browser.text
    browser.open("/console/")
    assert browser.path == "/console/"
    assert 'href="/console/stage"' in browser.text
    browser.sign_in("operator")
    assert "Make the workspace" not in browser.open("/console/workspaces")


def test_settings(browser: Browser, office: Office) -> None:
    browser.sign_in("owner")
    browser.open("/console/test/settings")
    browser.send("/console/test/settings", name="Tests", retention_days="0", review_required="yes")
    assert browser.status == 422
    assert "Between 1 and 3650" in browser.text
    browser.send("/console/test/settings", name="Tests", retention_days="30", review_required="yes")
    assert "Saved." in browser.text
    assert office.get("owner", "/workspaces/test")["settings"] == {
        "production": False,
        "review_required": True,
        "retention_days": 30,
    }


def test_problem_page(browser: Browser) -> None:
    browser.sign_in("operator")
    assert "403" in browser.open("/console/test/settings")
    # the menu of the workspace is still there
    assert 'href="/console/test/tokens"' in browser.text
    assert "404" in browser.open("/console/elsewhere/members")
    assert browser.status == 404
    browser.open("/console/test/no-such-page")
    assert browser.status == 404
    assert "Look at the address, or begin at the first page." in browser.text
    assert "openapi" not in browser.text
    chinese = browser.open("/console/test/settings", **{"Accept-Language": "zh"})
    assert "请联系工作空间的所有者" in chinese
    assert '<span class="detail" lang="en">You may not do this: it needs the permission workspace.manage.' in chinese
    part = browser.client.get("/console/test/settings", headers={"HX-Request": "true"})
    assert part.headers["hx-retarget"] == "#flashes"
    browser.client.cookies.clear()
    part = browser.client.get("/console/test/settings", headers={"HX-Request": "true"})
    assert part.headers["hx-redirect"] == "/console/sign-in?next=%2Fconsole%2Ftest%2Fsettings"


# members


def test_invitation(browser: Browser) -> None:
    browser.sign_in("owner")
    browser.open("/console/test/members/new")
    browser.send("/console/test/members", email="fang", name="王芳", roles=["operator"])
    assert browser.status == 422
    assert "This is not an e-mail address." in browser.text
    assert "王芳" in browser.text
    browser.send("/console/test/members", email="fang@example.com", name="王芳")
    assert "Choose at least one role." in browser.text
    browser.send("/console/test/members", email="fang@example.com", name="王芳", roles=["operator", "reviewer"])
    link = re.search(rf"{ORIGIN}(/console/invitation/[\w-]+)", browser.text)
    assert link
    assert "Invited" in browser.open("/console/test/members")
    browser.send("/console/sign-out")

    assert "fang@example.com" in browser.open(link[1])
    browser.send(link[1], password="password123")
    assert browser.status == 422
    assert "too common" in browser.text
    browser.send(link[1], password="three quiet rivers")
    assert browser.path == "/console/test/members"
    assert "Reviewer, Operator" in browser.text
    browser.send("/console/sign-out")
    browser.open(link[1])
    assert browser.status == 404
    browser.sign_in("fang", "three quiet rivers")
    assert browser.path == "/console/test/members"


def test_secret_of_a_link_is_not_in_the_logs(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        browser.open("/console/invitation/very-secret-indeed")
    assert browser.status == 404
    assert "/console/invitation/{secret:str}" in caplog.text
    assert "very-secret-indeed" not in "".join(
        record.getMessage() + str(record.__dict__.get("fields")) for record in caplog.records if "eden" in record.name
    )


def test_roles_are_changed_and_a_member_removed(browser: Browser, office: Office) -> None:
    browser.sign_in("owner")
    developer, owner = office.people["developer"], office.people["owner"]
    browser.open(f"/console/test/members/{developer}")
    browser.send(f"/console/test/members/{developer}", roles=["developer", "operator"])
    assert "The roles of developer@example.com are changed." in browser.text
    browser.open(f"/console/test/members/{owner}")
    browser.send(f"/console/test/members/{owner}", roles=["auditor"])
    assert browser.status == 422
    assert "A workspace needs an owner." in browser.text
    browser.send(f"/console/test/members/{owner}/remove")
    assert "A workspace needs an owner." in browser.text
    browser.send(f"/console/test/members/{developer}/remove")
    assert "developer@example.com is not a member any more." in browser.text
    assert developer not in browser.open("/console/test/members")


def test_link_for_a_lost_password(browser: Browser, office: Office) -> None:
    browser.sign_in("owner")
    operator = office.people["operator"]
    browser.open(f"/console/test/members/{operator}")
    browser.send(f"/console/test/members/{operator}/link")
    link = re.search(rf"{ORIGIN}(/console/invitation/[\w-]+)", browser.text)
    assert link
    browser.open(link[1])
    browser.send(link[1], password="three quiet rivers")
    browser.sign_in("operator", "three quiet rivers")
    assert browser.status == 200
    browser.sign_in("operator", PASSWORD)
    assert browser.status == 401


# tokens


def test_token(browser: Browser) -> None:
    browser.sign_in("operator")
    text = browser.open("/console/test/tokens/new")
    assert "Operate releases" in text
    assert "Manage members" not in text
    browser.send("/console/test/tokens", name="a b", days="30", scopes=["list.write"])
    assert browser.status == 422
    browser.send("/console/test/tokens", name="ci", days="30", scopes=["member.manage"])
    assert "You cannot give what you do not have." in browser.text
    browser.send("/console/test/tokens", name="ci", days="30", scopes=["list.write", "workspace.read"])
    secret = re.search(r"eden_[\w-]{43}", browser.text)
    assert secret
    assert "Shown only now" in browser.text
    # an end that the form does not offer is no token without an end
    browser.open("/console/test/tokens/new")
    for days in ("", "-1", "1000"):
        browser.send("/console/test/tokens", name="other", days=days, scopes=["list.write"])
        assert browser.status == 422
        assert "Choose one of these." in browser.text
    bearer = {"Authorization": f"Bearer {secret[0]}"}
    assert browser.client.get("/api/v1/workspaces/test", headers=bearer).status_code == 200
    text = browser.open("/console/test/tokens")
    assert secret[0] not in text
    revoke = re.search(r'action="(/console/test/tokens/[\w-]+/revoke)"', text)
    assert revoke
    browser.send(revoke[1])
    assert "The token ci works no longer." in browser.text
    assert "Revoked" in browser.text
    assert browser.client.get("/api/v1/workspaces/test", headers=bearer).status_code == 401


# audit log


def test_audit_log(browser: Browser, office: Office) -> None:
    for number in range(60):
        office.ask("owner", "PATCH", "/workspaces/test", json={"retention_days": number + 1})
    browser.sign_in("auditor")
    text = browser.open("/console/test/audit?action=workspace.&actor=token:of-owner")
    assert text.count(">workspace.update</code>") == 50
    following = re.search(r'href="(/console/test/audit\?[^"]*cursor=[^"]*)"', text)
    assert following
    assert "action=workspace." in following[1]
    assert browser.open(following[1]).count(">workspace.update</code>") == 10
    assert "Nothing found" in browser.open("/console/test/audit?to=2020-01-01")
    assert browser.open("/console/test/audit?actor=Owner@example.com").count("<code") == 0
    huge = base64.urlsafe_b64encode(b"9" * 40).decode().rstrip("=")
    browser.open(f"/console/test/audit?cursor={huge}")
    assert browser.status == 400
    assert browser.open("/console/test/audit?from=nonsense").count(">workspace.update</code>") == 50
    assert "The chain is whole" in browser.open("/console/test/audit/verify")
    assert "60 entries are as written." in browser.text
    office.ground.database.write_now(
        lambda connection: connection.execute(update(audit).where(audit.c.seq == 7).values(detail="{}"))
    )
    part = browser.client.get("/console/test/audit/verify", headers={"HX-Request": "true"}).text
    assert "The chain is broken" in part
    assert "Entry 7 " in part
    assert "<html" not in part
    # the export needs no token in a browser that has signed in
    assert browser.client.get("/api/v1/workspaces/test/audit/export").text.count("\n") == 60


def test_audit_log_of_the_organisation(browser: Browser, office: Office) -> None:
    browser.sign_in("auditor")
    text = browser.open("/console/test/audit?log=organisation&actor=Auditor@example.com")
    assert ">session.begin</code>" in text
    assert 'href="/api/v1/audit/export"' in text
    assert 'href="/console/test/audit/verify?log=organisation"' in text
    assert ">session.begin</code>" not in browser.open("/console/test/audit")
    assert "The chain is whole" in browser.open("/console/test/audit/verify?log=organisation")
    office.ground.database.write_now(
        lambda connection: connection.execute(update(audit).where(audit.c.workspace_id == "").values(actor="x"))
    )
    assert "The chain is broken" in browser.open("/console/test/audit/verify?log=organisation")
    browser.open("/console/test/audit?log=elsewhere")
    assert browser.status == 400


# account


def test_account(browser: Browser) -> None:
    browser.sign_in("reviewer")
    browser.open("/console/test/account")
    browser.send("/console/test/account", name="", locale="en")
    assert browser.status == 422
    browser.send("/console/test/account", name="R", locale="fr")
    assert "Choose one of these." in browser.text
    browser.send("/console/test/account/password", current="wrong", new="three quiet rivers")
    assert "This is not your current password." in browser.text
    browser.send("/console/test/account/password", current=PASSWORD, new="reviewer12")
    assert "too close to your e-mail address" in browser.text
    browser.send("/console/test/account/password", current=PASSWORD, new="three quiet rivers")
    assert "The password is changed." in browser.text
    browser.sign_in("reviewer", "three quiet rivers")
    assert browser.status == 200


# by a provider


def test_sign_in_by_a_provider(tmp_path: Any) -> None:
    with running(FakeProvider()) as fake:
        settings = Settings(
            data=str(tmp_path),
            secret_key=SECRET_KEY,
            database=DatabaseSettings(migrate="always"),
            oidc=Oidc(issuer=fake.issuer, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, name="Campus"),
        )
        with open_office(tmp_path, parts=[parts], settings=settings) as office:
            browser = Browser(office)
            text = browser.open("/console/test/members")
            link = re.search(r'href="(/console/sign-in/oidc[^"]*)"', text)
            assert link
            assert "Sign in with Campus" in text
            answer = browser.client.get(unescape(link[1]), follow_redirects=False)
            assert answer.status_code == 303
            brought = fake.person_signs_in(answer.headers["location"])
            browser.page = browser.client.get("/console/oidc", params=brought, follow_redirects=True)
            assert browser.path == "/console/test/members"
            assert "owner@example.com" in browser.text
            # the same answer once more, as from the browser's history
            browser.send("/console/sign-out")
            browser.page = browser.client.get("/console/oidc", params=brought, follow_redirects=True)
            assert browser.status == 401
            assert "Signing in there did not work." in browser.text
            assert "no other way" not in browser.text
            # the provider says no
            browser.page = browser.client.get("/console/oidc", params={"error": "access_denied", "state": "x"})
            assert browser.status == 401
