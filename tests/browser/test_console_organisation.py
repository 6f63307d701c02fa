"""Signing in, members, tokens, workspaces and the audit log at the console, in a real browser on a whole server."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Connection, insert, update

from eden.base.ids import new_id, now
from eden.base.tables import audit, members, users
from tests.browser.accessibility import violations
from tests.browser.console import DESKTOP, PHONE, fits, sign_in, visit
from tests.browser.platform import RunningPlatform
from tests.office import PASSWORD, password_hash

pytestmark = pytest.mark.usefixtures("silence")

#: of the person who signs in with a password
OWNER = "ann@example.com"
#: three words of another language in a row are no name
ENGLISH = re.compile(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}")


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    running = RunningPlatform(Path(tmp_path_factory.mktemp("platform")))
    ground = running.house.ground

    def furnish(connection: Connection) -> None:
        at, user_id = now(), "id-ann"
        connection.execute(
            insert(users).values(
                id=user_id, email=OWNER, name="Ann", password_hash=password_hash(), locale="", created_at=at
            )
        )
        connection.execute(insert(members).values(workspace_id="w", user_id=user_id, roles=["owner"], created_at=at))
        for number in range(60):
            detail = {"retention_days": number + 1}
            ground.audit.append(connection, "w", f"user:{OWNER}", "workspace.update", "test", detail)
        ground.audit.append(connection, "w", "token:ci", "release.roll_forward", new_id(), {"reason": "Mended"})
        ground.audit.append(connection, "", f"user:{OWNER}", "user.create", OWNER)

    ground.database.write_now(furnish)
    yield running
    running.close()


def heading(page: Page, words: str | re.Pattern[str]) -> None:
    """The page with this heading is shown."""
    expect(page.get_by_role("heading", level=1)).to_have_text(words)


def mistakes(page: Page, words: str) -> None:
    """The form came back with what has to be mended, and the focus is there."""
    expect(page.locator("[data-errors]")).to_be_focused()
    expect(page.locator("[data-errors]")).to_contain_text(words)


def done(page: Page, words: str) -> None:
    expect(page.locator("#flashes")).to_contain_text(words)


def test_signing_in_and_out(page: Page, platform: RunningPlatform, expect_console: Callable[[str], None]) -> None:
    expect_console("status of 401|Clear-Site-Data")
    page.context.add_cookies([{"name": "eden_locale", "value": "en", "domain": "127.0.0.1", "path": "/console"}])
    visit(page, platform, "tokens?limit=5")
    heading(page, "Sign in")
    page.get_by_label("E-mail address").fill(OWNER)
    page.get_by_label("Password").fill("four brown horses")
    page.keyboard.press("Enter")
    mistakes(page, "E-mail address and password do not go together.")
    assert violations(page) == []
    expect(page.get_by_label("E-mail address")).to_have_value(OWNER)
    expect(page.get_by_label("Password")).to_have_value("")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    # where the reader wanted to go
    heading(page, "Tokens")
    assert page.url == f"{platform.origin}/console/test/tokens?limit=5"

    page.get_by_role("button", name="Ann").press("Enter")
    page.get_by_role("link", name="Your account").press("Enter")
    heading(page, "Your account")
    page.get_by_role("button", name="Ann").press("Enter")
    page.get_by_role("button", name="Sign out", exact=True).press("Enter")
    heading(page, "Sign in")
    visit(page, platform, "tokens")
    heading(page, "Sign in")


def test_a_member_from_the_invitation_to_the_end(
    page: Page, browser: Browser, platform: RunningPlatform, expect_console: Callable[[str], None]
) -> None:
    expect_console("status of 422")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(page.context, platform, "owner")
    visit(page, platform, "members")
    page.get_by_role("link", name="Invite somebody").press("Enter")
    page.get_by_label("E-mail address").fill("fang@example.com")
    page.get_by_label("Name").fill("王芳")
    page.keyboard.press("Enter")
    mistakes(page, "Choose at least one role.")
    page.get_by_role("link", name="Choose at least one role.").press("Enter")
    expect(page.locator("fieldset#roles")).to_be_focused()
    expect(page.get_by_label("Name")).to_have_value("王芳")
    page.get_by_label("Operator").press("Space")
    page.get_by_role("button", name="Invite somebody").press("Enter")
    heading(page, "Link for a password")
    assert violations(page) == []
    page.get_by_role("button", name="Copy Link for a password").press("Enter")
    expect(page.locator("#toasts")).to_have_text("Copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.locator(".code-block code").inner_text()

    # the first sign-in
    elsewhere = browser.new_context(locale="en-GB", viewport=PHONE)  # type: ignore[arg-type]
    fang = elsewhere.new_page()
    fang.goto(link)
    heading(fang, "Welcome")
    fang.get_by_label("New password").fill("password2026")
    fang.keyboard.press("Enter")
    mistakes(fang, "too common")
    fang.get_by_label("New password").fill("three quiet rivers")
    fang.keyboard.press("Enter")
    expect(fang.get_by_role("button", name="Open the menu")).to_be_visible()
    fang.goto(f"{platform.origin}/console/test/members")
    heading(fang, "Members")
    expect(fang.get_by_role("link", name="Invite somebody")).to_have_count(0)
    expect(fang.get_by_role("link", name="Audit log", include_hidden=True)).to_have_count(0)
    # once
    assert fang.goto(link).status == 404  # type: ignore[union-attr]
    expect(fang.get_by_text("This link was used already")).to_be_visible()

    # other roles
    visit(page, platform, "members")
    page.get_by_role("link", name="Change 王芳").press("Enter")
    page.get_by_label("Auditor").press("Space")
    page.get_by_role("button", name="Save").press("Enter")
    done(page, "The roles of fang@example.com are changed.")
    row = page.get_by_role("row").filter(has_text="fang@example.com")
    expect(row).to_contain_text("Operator Auditor")
    expect(row).to_contain_text("Active")
    fang.goto(f"{platform.origin}/console/test/audit")
    heading(fang, "Audit log")

    # out again
    page.get_by_role("link", name="Change 王芳").press("Enter")
    remove = page.get_by_role("button", name="Remove from the workspace").first
    remove.press("Enter")
    dialog = page.get_by_role("dialog", name="Remove 王芳?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(remove).to_be_focused()
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Remove from the workspace").press("Enter")
    done(page, "fang@example.com is not a member any more.")
    fang.goto(f"{platform.origin}/console/test/audit")
    heading(fang, "Sign in")
    elsewhere.close()


def test_the_last_owner_stays(page: Page, platform: RunningPlatform, expect_console: Callable[[str], None]) -> None:
    expect_console("status of 422")
    sign_in(page.context, platform, "owner")
    # a workspace of one's own
    page.goto(f"{platform.origin}/console/workspaces")
    page.get_by_label("Name", exact=True).fill("Alone")
    page.get_by_label("Short name").fill("alone")
    page.keyboard.press("Enter")
    done(page, "The workspace Alone is there.")
    page.goto(f"{platform.origin}/console/alone/members")
    page.get_by_role("link", name="Change Owner").press("Enter")
    page.get_by_role("checkbox", name="Owner").press("Space")
    page.get_by_label("Developer").press("Space")
    page.get_by_role("button", name="Save").press("Enter")
    mistakes(page, "A workspace needs an owner.")
    expect(page.get_by_label("Developer")).to_be_checked()


def test_a_token_is_shown_once_used_and_revoked(
    page: Page, platform: RunningPlatform, expect_console: Callable[[str], None]
) -> None:
    expect_console("status of 422")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(page.context, platform, "operator")
    visit(page, platform, "tokens")
    expect(page.get_by_text("No tokens yet")).to_be_visible()
    page.get_by_role("link", name="New token").press("Enter")
    # nothing is offered that its maker may not do
    expect(page.get_by_label("Operate releases")).to_have_count(1)
    expect(page.get_by_label("Manage members")).to_have_count(0)
    page.get_by_label("Name").fill("two words")
    page.get_by_label("Operate releases").press("Space")
    page.get_by_label("Works until").select_option("30")
    page.get_by_role("button", name="Make the token").press("Enter")
    mistakes(page, "Use another name")
    expect(page.get_by_label("Operate releases")).to_be_checked()
    expect(page.get_by_label("Works until")).to_have_value("30")
    page.get_by_label("Name").fill("ci")
    page.keyboard.press("Enter")
    heading(page, "ci")
    assert violations(page) == []
    page.get_by_role("button", name="Copy Secret").press("Enter")
    expect(page.locator("#toasts")).to_have_text("Copied")
    secret = page.evaluate("navigator.clipboard.readText()")
    me = page.request.get(f"{platform.origin}/api/v1/me", headers={"Authorization": f"Bearer {secret}"})
    assert me.json()["actor"] == "token:ci"

    page.get_by_role("link", name="Done").press("Enter")
    heading(page, "Tokens")
    assert secret not in page.content()
    row = page.get_by_role("row").filter(has_text="ci")
    expect(row).to_contain_text("Active")
    row.get_by_role("button", name="Revoke").press("Enter")
    page.get_by_role("dialog", name="Revoke ci?").get_by_role("button", name="Revoke").press("Enter")
    done(page, "The token ci works no longer.")
    expect(row).to_contain_text("Revoked")
    refused = page.request.get(f"{platform.origin}/api/v1/me", headers={"Authorization": f"Bearer {secret}"})
    assert refused.status == 401


def test_a_workspace_is_made_set_and_left(
    page: Page, platform: RunningPlatform, expect_console: Callable[[str], None]
) -> None:
    expect_console("status of 422")
    sign_in(page.context, platform, "owner")
    visit(page, platform, "members")
    page.get_by_role("button", name="Workspace Test").press("Enter")
    page.get_by_role("link", name="All workspaces").press("Enter")
    heading(page, "Workspaces")
    page.get_by_label("Name", exact=True).fill("Shop")
    page.get_by_label("Short name").fill("sign-in")
    page.get_by_label("Reaches real users").press("Space")
    page.get_by_role("button", name="Make the workspace").press("Enter")
    mistakes(page, "no name of a page")
    expect(page.get_by_label("Reaches real users")).to_be_checked()
    page.get_by_label("Short name").fill("shop")
    page.keyboard.press("Enter")
    done(page, "The workspace Shop is there.")
    assert page.url.startswith(f"{platform.origin}/console/shop/")

    page.goto(f"{platform.origin}/console/shop/settings")
    page.get_by_label("Keep figures for").fill("0")
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.locator("#retention_days:invalid")).to_be_focused()
    page.get_by_label("Keep figures for").fill("30")
    page.get_by_label("Name").fill("Shop 2")
    page.get_by_label("A version needs a review").press("Space")
    page.get_by_role("button", name="Save").press("Enter")
    done(page, "Saved.")
    expect(page.get_by_label("Keep figures for")).to_have_value("30")
    expect(page.get_by_label("A version needs a review")).to_be_checked()

    page.get_by_role("button", name="Workspace Shop 2").press("Enter")
    links = page.get_by_role("navigation", name="Switch workspace").get_by_role("link")
    expect(links.filter(has_text="Shop 2")).to_have_attribute("aria-current", "true")
    expect(links.filter(has_text="Shop 2")).to_contain_text("real users")
    links.filter(has_text=re.compile(r"^\s*Test\s*$")).press("Enter")
    expect(page.get_by_role("button", name="Workspace Test")).to_be_visible()


def test_the_audit_log(page: Page, platform: RunningPlatform) -> None:
    sign_in(page.context, platform, "auditor")
    visit(page, platform, "audit")
    rows = page.locator("#audit-list tbody tr")
    page.get_by_label("Action", exact=True).fill("workspace")
    page.get_by_label("Who", exact=True).fill(OWNER)
    page.keyboard.press("Enter")
    expect(rows).to_have_count(50)
    expect(page.get_by_label("Action", exact=True)).to_have_value("workspace")
    page.get_by_role("link", name="Next page").press("Enter")
    expect(rows).to_have_count(10)
    page.get_by_role("link", name="First page").press("Enter")
    expect(rows).to_have_count(50)
    rows.first.locator("summary").press("Enter")
    expect(rows.first.locator("pre")).to_have_text(re.compile(r'"retention_days": 60'))
    # the days of UTC: nothing is of the future
    page.get_by_label("From (UTC)").fill("2090-01-01")
    page.get_by_role("button", name="Filter").press("Enter")
    expect(page.get_by_text("Nothing found")).to_be_visible()

    visit(page, platform, "audit?action=release.")
    # the name of an action stays in one piece
    expect(rows).to_have_count(1)
    assert page.locator("#audit-list th code").evaluate("code => code.getClientRects().length") == 1
    page.get_by_role("link", name="Organisation").press("Enter")
    expect(page.get_by_role("link", name="Organisation")).to_have_attribute("aria-current", "page")
    expect(rows.filter(has_text="user.create")).to_have_count(1)


def test_tampering_with_the_audit_log_shows(page: Page, platform: RunningPlatform) -> None:
    sign_in(page.context, platform, "auditor")
    visit(page, platform, "audit")
    page.evaluate("window.stayed = true")
    page.get_by_role("link", name="Check the chain").press("Enter")
    expect(page.locator("#verdict")).to_contain_text("The chain is whole")
    database = platform.house.ground.database

    def change(text: str) -> None:
        database.write_now(
            lambda c: c.execute(update(audit).where(audit.c.workspace_id == "w", audit.c.seq == 7).values(detail=text))
        )

    change('{"retention_days":700}')
    page.get_by_role("link", name="Check the chain").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Entry 7 is not what was written")
    assert page.evaluate("window.stayed")
    assert violations(page) == []
    change('{"retention_days":7}')
    page.get_by_role("link", name="Check the chain").press("Enter")
    expect(page.locator("#verdict")).to_contain_text("The chain is whole")


def test_a_problem_in_chinese(page: Page, platform: RunningPlatform, expect_console: Callable[[str], None]) -> None:
    expect_console("status of 40[34]")
    sign_in(page.context, platform, "operator", "zh")
    visit(page, platform, "settings")
    heading(page, "没有权限执行此操作")
    expect(page.locator(".lead")).to_contain_text("请联系工作空间的所有者")
    expect(page.locator(".lead [lang=en]")).to_contain_text("it needs the permission workspace.manage")
    # the reader is still in the workspace
    expect(page.get_by_role("navigation", name="主导航").get_by_role("link", name="令牌")).to_be_visible()
    assert violations(page) == []
    visit(page, platform, "no-such-page")
    heading(page, "找不到内容")
    assert "openapi" not in page.content()


PAGES = (
    "members", "members/new", "members/id-ann", "tokens", "tokens/new", "audit?limit=5",
    "audit?log=organisation&limit=5", "audit/verify", "settings", "account", "/workspaces", "/sign-in", "/invitation",
)  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_accessible(page: Page, platform: RunningPlatform, name: str) -> None:
    """On a desktop and a phone, in both themes and languages; nothing is wider than a small phone."""
    path = f"../{name[1:]}" if name.startswith("/") else name
    if name == "/invitation":
        identity = platform.platform.framed.state.identity
        secret = platform.house.ground.database.write_now(lambda c: identity.do_invite(c, "id-ann"))
        path = f"{path}/{secret}"
    for size, language, theme in ((DESKTOP, "en", "light"), (PHONE, "zh", "dark")):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        if name == "/sign-in":
            page.context.clear_cookies()
            cookie = {"name": "eden_locale", "value": language, "domain": "127.0.0.1", "path": "/console"}
            page.context.add_cookies([cookie])  # type: ignore[list-item]
        else:
            sign_in(page.context, platform, "owner", language)
        visit(page, platform, path, size)
        assert violations(page) == []
        fits(page, 320)
    read = "[...document.querySelectorAll('main :not(code, code *, [lang=en], [lang=en] *)')]"
    texts = page.evaluate(f"{read}.flatMap(e => [...e.childNodes].filter(n => n.nodeType === 3).map(n => n.data))")
    assert [text for text in texts if ENGLISH.search(text)] == []
