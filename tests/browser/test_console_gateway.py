"""The gateway's pages in a real browser on a whole server: accessible, no wider than a phone, usable to the end."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Page, expect

from eden.base.identity.principal import SYSTEM
from eden.base.ids import now
from eden.base.telemetry import Metrics
from eden.gateway.exchange import Answer
from eden.gateway.figures import SECOND, Figures
from eden.gateway.interfaces import Catalogue
from eden.gateway.service import Catalogues
from eden.gateway.service_apps import Apps
from tests.browser.accessibility import violations
from tests.browser.console import DESKTOP, PHONE, fits, sign_in, visit
from tests.browser.platform import RunningPlatform
from tests.gateway.samples import SHOP
from tests.gateway.test_figures import TRACE, an_exchange

pytestmark = pytest.mark.usefixtures("silence")
LIST = "shop.items.list"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    running = RunningPlatform(tmp_path_factory.mktemp("console"))
    services = next(part for part in running.platform.parts if part.name == "gateway").services
    catalogues, apps = services["gateway_catalogues"], services["gateway_apps"]
    assert isinstance(catalogues, Catalogues)
    assert isinstance(apps, Apps)
    running.run(catalogues.put(SYSTEM, "w", msgspec.convert(SHOP, Catalogue), note="the first"))
    closed = SHOP | {"operations": SHOP["operations"] | {LIST: SHOP["operations"][LIST] | {"open": False}}}
    running.run(catalogues.put(SYSTEM, "w", msgspec.convert(closed, Catalogue), note="closed"))
    running.run(apps.create(SYSTEM, "w", "shop", "The shop"))
    running.run(apps.add_key(SYSTEM, "w", "shop", "sm2-sm4"))
    count(running)
    yield running
    running.close()


def count(running: RunningPlatform) -> None:
    figures = Figures(Metrics(), "here:1")
    route: Any = SimpleNamespace(workspace_id="w", operation=LIST, version="1")
    for micros in range(1000, 50_000, 1000):
        figures.note(route, 1000, 200, micros, micros % 2000 == 0, False)
    figures.note(route, 4002, 502, 900, False, False)
    exchange = an_exchange("w", LIST)
    exchange.now_ms = now() // 1000
    figures.trace(exchange, Answer(502, [], code=4002, reason="The service cannot be reached."), 900)
    running.run(figures.write(running.house.ground.database, now() - 3 * SECOND))


PAGES = ["", "/groups", "/groups/shop", "/models", "/models/new", f"/operations/{LIST}", f"/operations/{LIST}/edit",
         f"/operations/{LIST}/try", "/apps", "/apps/shop", "/traces", f"/traces?trace={TRACE}", "/history",
         "/history/2", "/egress", "/authorizers/new"]  # fmt: skip


@pytest.mark.parametrize(("language", "theme", "size"), [("en", "light", DESKTOP), ("zh", "dark", PHONE)])
def test_pages_are_accessible_and_fit(
    page: Page, platform: RunningPlatform, language: str, theme: Any, size: dict[str, int]
) -> None:
    sign_in(page.context, platform, "owner", language)
    page.emulate_media(color_scheme=theme)
    for path in PAGES:
        visit(page, platform, f"gateway{path}", size)
        assert violations(page) == [], path
        fits(page, 320)


def test_an_operation_from_the_form_to_the_history(page: Page, platform: RunningPlatform) -> None:
    sign_in(page.context, platform, "owner")
    visit(page, platform, "gateway")
    page.get_by_role("link", name="New operation").click()
    page.get_by_label("Operation", exact=True).fill("shop.prices.list")
    page.get_by_label("Method", exact=True).select_option("GET")
    page.get_by_label("Path at the service").fill("/prices")
    page.locator("input[name=open]").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("shop.prices.list")
    expect(page.get_by_text("No calls in this time")).to_be_visible()

    page.get_by_role("link", name="History").click()
    page.get_by_role("link", name="Revision 3").click()
    expect(page.get_by_role("heading", name="operation shop.prices.list")).to_be_visible()
    page.get_by_role("link", name="History").first.click()
    page.locator("tr").filter(has_text="Revision 2").get_by_role("button", name="Go back to this").click()
    expect(page.get_by_text("The catalogue is as in revision 2 again; this is revision 4.")).to_be_visible()


def test_figures_come_by_themselves(page: Page, platform: RunningPlatform) -> None:
    sign_in(page.context, platform, "owner")
    visit(page, platform, f"gateway/operations/{LIST}")
    figure = page.locator("#figures .stat").first
    before = figure.inner_text()
    count(platform)
    expect(figure).not_to_have_text(before, use_inner_text=True)
    page.get_by_role("link", name=TRACE[:12]).first.click()
    expect(page.get_by_role("heading", name=LIST).first).to_be_visible()


def test_a_secret_is_shown_once(page: Page, platform: RunningPlatform) -> None:
    sign_in(page.context, platform, "owner")
    visit(page, platform, "gateway/apps/shop")
    page.get_by_role("button", name="Make a secret").click()
    expect(page.get_by_text("It is shown this once.")).to_be_visible()
    secret = page.locator(".alert code").inner_text()
    assert len(secret) == 44
    assert violations(page) == []
    visit(page, platform, "gateway/apps/shop")
    expect(page.get_by_text("hmac-sha256").first).to_be_visible()
    assert secret not in page.content()
