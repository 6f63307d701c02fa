"""A person who has signed in to a running platform's console, in a real browser."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import Connection, insert, select

from eden.base.identity import sessions
from eden.base.ids import new_id, now
from eden.base.tables import members, users
from tests.browser.platform import RunningPlatform

PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 800}

# a busy machine draws slowly
expect.set_options(timeout=15_000)


def sign_in(context: BrowserContext, platform: RunningPlatform, role: str, language: str = "en") -> None:
    """Make a member of the workspace "test" with this role, and sign them in."""

    def work(connection: Connection) -> str:
        email = f"{role}@example.com"
        user_id = connection.execute(select(users.c.id).where(users.c.email == email)).scalar()
        if user_id is None:
            user_id = new_id()
            connection.execute(
                insert(users).values(
                    id=user_id, email=email, name=role.title(), password_hash="", locale="", created_at=now()
                )
            )
            connection.execute(
                insert(members).values(workspace_id="w", user_id=user_id, roles=[role], created_at=now())
            )
        return sessions.begin(connection, str(user_id), now(), 3600)

    secret = platform.house.ground.database.write_now(work)
    context.add_cookies(
        [
            {"name": sessions.PLAIN_COOKIE, "value": secret, "domain": "127.0.0.1", "path": "/"},
            {"name": "eden_locale", "value": language, "domain": "127.0.0.1", "path": "/console"},
        ]
    )


def visit(page: Page, platform: RunningPlatform, path: str, size: dict[str, int] = DESKTOP) -> None:
    """Open a page of the workspace; returns when its charts are drawn."""
    page.set_viewport_size(size)  # type: ignore[arg-type]
    page.goto(f"{platform.origin}/console/test/{path}")
    expect(page.locator(".plot-canvas canvas")).to_have_count(page.locator(".plot-canvas").count())


def fits(page: Page, width: int) -> None:
    """Nothing of the page is wider than a window of this width; charts take a moment to become narrower."""
    page.set_viewport_size({"width": width, "height": 640})
    page.wait_for_function("width => document.documentElement.scrollWidth === width", arg=width)


__all__ = ["DESKTOP", "PHONE", "fits", "sign_in", "visit"]
