"""What the host draws: capsule, menu, prompts, settings; with mouse, keyboard and for screen readers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.isolation.conftest import Phone

ASKS = """
  eden.show('asks')
  globalThis.ask = (scope) =>
    eden.call('authorize', { scope }).then(() => 'granted', ({ reason, errno }) => reason + ' ' + errno)
  const push = eden.events.push
  eden.events.push = (event) => eden.post({ kind: 'log', level: 'log', args: [event.name, event.detail] })
"""


def _ask(one: Phone, scope: str = "scope.userLocation") -> None:
    one.frame.evaluate("(scope) => { globalThis.answer = ask(scope) }", scope)


def test_a_permission_is_asked_once_and_can_be_withdrawn(
    phone: Callable[..., Phone], packages: Callable[..., str]
) -> None:
    one = phone()
    one.open(packages(ASKS, name="Map"))
    one.wait_for("painted")
    _ask(one)
    dialog = one.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Map")
    expect(dialog).to_contain_text("Your location")
    expect(dialog).to_contain_text("to test")
    dialog.get_by_role("button", name="Allow").click()
    assert one.frame.evaluate("answer") == "granted"
    _ask(one)
    assert one.frame.evaluate("answer") == "granted"
    assert len(one.seen("prompt")) == 1

    one.page.get_by_role("button", name="Menu").click()
    one.page.get_by_role("button", name="Settings").click()
    one.page.get_by_role("switch", name="Your location").uncheck()
    one.page.get_by_role("dialog").get_by_role("button", name="Close").click()
    changes = [one.wait_for("log", number)["args"] for number in (1, 2)]
    assert changes == [["settings", {"authSetting": {"scope.userLocation": granted}}] for granted in (True, False)]
    _ask(one)
    assert one.frame.evaluate("answer") == "auth deny 103"


def test_a_permission_lasts_and_is_the_programs_own(phone: Callable[..., Phone], packages: Callable[..., str]) -> None:
    first, second = packages(ASKS, app_id="first"), packages(ASKS, app_id="second")
    one = phone(storage="indexeddb", prompts="grant")
    one.open(first)
    one.wait_for("painted")
    _ask(one)
    assert one.frame.evaluate("answer") == "granted"
    again = phone(storage="indexeddb", prompts="refuse")
    again.open(first)
    again.wait_for("painted")
    _ask(again)
    assert again.frame.evaluate("answer") == "granted"
    again.open(second)
    again.wait_for("painted", 2)
    _ask(again)
    assert again.frame.evaluate("answer") == "auth deny 103"


@pytest.mark.parametrize("way", ["Escape", "outside", "Refuse", "back"])
def test_a_dismissed_question_is_refused(phone: Callable[..., Phone], packages: Callable[..., str], way: str) -> None:
    one = phone()
    one.open(packages(ASKS))
    one.wait_for("painted")
    _ask(one)
    dialog = one.page.get_by_role("dialog")
    dialog.wait_for()
    if way == "Escape":
        one.page.keyboard.press("Escape")
    elif way == "outside":
        one.page.locator(".mask").click(position={"x": 10, "y": 10})
    elif way == "back":
        one.page.evaluate("host.back()")
    else:
        dialog.get_by_role("button", name="Refuse").click()
    expect(dialog).to_have_count(0)
    assert one.frame.evaluate("answer") == "auth deny 103"


def test_the_program_is_out_of_reach_behind_a_question(
    phone: Callable[..., Phone], packages: Callable[..., str]
) -> None:
    """No tap, no key and no focus gets through; focus stays in the sheet."""
    script = f"""{ASKS}
      addEventListener('keydown', () => eden.show('key'))
      addEventListener('pointerdown', () => eden.show('tap'))
    """
    one = phone()
    one.open(packages(script))
    one.wait_for("painted")
    one.frame.evaluate("focus()")
    _ask(one)
    one.page.get_by_role("dialog").wait_for()
    assert one.page.evaluate("document.querySelector('#phone').firstChild.shadowRoot.querySelector('.stage').inert")
    expect(one.page.get_by_role("button", name="Allow")).to_be_enabled()
    names = []
    for _ in range(3):
        one.page.keyboard.press("Tab")
        names.append(
            one.page.evaluate("document.querySelector('#phone').firstChild.shadowRoot.activeElement.textContent")
        )
    assert names == ["Refuse", "Allow", "Refuse"]
    one.page.locator(".mask").click(position={"x": 100, "y": 100})
    assert one.frame.inner_text("body") == "asks"


def test_a_fresh_question_takes_no_tap_meant_for_the_program(
    phone: Callable[..., Phone], packages: Callable[..., str]
) -> None:
    one = phone()
    one.open(packages(ASKS))
    one.wait_for("painted")
    one.page.evaluate("""() => {
      const root = document.querySelector('#phone').firstChild.shadowRoot
      new MutationObserver(() => {
        const found = [...root.querySelectorAll('.sheet .act')]
        if (found.length) window.atOnce ??= found.map((one) => one.disabled)
      }).observe(root, { childList: true, subtree: true })
    }""")
    _ask(one)
    one.page.get_by_role("button", name="Allow").click()
    assert one.frame.evaluate("answer") == "granted"
    assert one.page.evaluate("atOnce") == [True, True]


def test_menu_and_about(phone: Callable[..., Phone], packages: Callable[..., str]) -> None:
    one = phone()
    one.open(packages(ASKS, name="Bank of <b>Eden</b>", version="3.2.1"))
    one.wait_for("painted")
    one.page.get_by_role("button", name="Menu").click()
    one.page.get_by_role("button", name="About").click()
    about = one.page.get_by_role("dialog")
    expect(about.get_by_role("heading")).to_have_text("Bank of <b>Eden</b>")
    expect(about).to_contain_text("3.2.1")
    one.page.keyboard.press("Escape")
    one.page.get_by_role("button", name="Menu").click()
    one.page.get_by_role("button", name="Share").click()
    assert one.wait_for("log")["args"] == ["share", {}]
    one.page.get_by_role("button", name="Menu").click()
    one.page.get_by_role("button", name="Restart").click()
    one.wait_for("painted", 2)


def test_language_theme_size_and_network(phone: Callable[..., Phone], packages: Callable[..., str]) -> None:
    script = f"""{ASKS}
      const {{ system, locale, network }} = eden.boot
      eden.post({{kind: 'log', level: 'log', args: ['boot', {{...system, locale, network}}]}})
    """
    one = phone(locale="zh_CN", theme="dark", system={"model": "Test", "statusBarHeight": 44})
    one.open(packages(script))
    one.wait_for("painted")
    boot = one.seen("log")[0]["args"][1]
    assert (boot["locale"], boot["theme"], boot["model"]) == ("zh_CN", "dark", "Test")
    assert (boot["screenWidth"], boot["screenHeight"], boot["safeArea"]["top"]) == (375, 667, 44)
    assert boot["menuButton"] == {"left": 281, "top": 50, "right": 368, "bottom": 82, "width": 87, "height": 32}
    box = one.page.get_by_role("group", name="小程序").bounding_box()
    assert box == {"x": 281, "y": 50, "width": 87, "height": 32}

    one.page.evaluate("host.setTheme('light'); host.setNetwork({offline: true})")
    one.page.evaluate("document.querySelector('#phone').style.width = '500px'")
    one.page.wait_for_function("seen.filter(({name}) => name === 'log').length >= 4")
    told = {event["args"][0]: event["args"][1] for event in one.seen("log")[1:]}
    assert told["theme"] == {"theme": "light"}
    assert told["network"] == {"isConnected": False, "networkType": "none"}
    assert told["resize"]["system"]["screenWidth"] == 500
    expect(one.page.get_by_label("网络 无网络")).to_be_visible()


def test_the_element(page, server, packages: Callable[..., str], phone: Callable[..., Phone]) -> None:  # type: ignore[no-untyped-def]
    """<eden-phone> with attributes only."""
    address = packages("eden.show('in the element ' + eden.boot.locale)")
    phone()
    page.goto(
        server.answer(
            "/element.html",
            f"""<!doctype html><meta charset="utf-8"><script src="/_container/host.js"></script>
            <eden-phone style="width:375px;height:667px" runtime="/_runtime/runtime.js" package="{address}" locale="en"
              theme="light" storage="memory"></eden-phone>
            <script>
              window.events = []
              const element = document.querySelector('eden-phone')
              element.addEventListener('painted', ({{ detail }}) => events.push(detail.appId))
            </script>""",
        )
    )
    page.wait_for_function("events.length === 1")
    inner = page.frame_locator("eden-phone iframe[title=Test]").frame_locator("iframe").locator("body")
    expect(inner).to_have_text("in the element en")
    page.evaluate("document.querySelector('eden-phone').remove()")
    assert page.evaluate("frames.length") == 0
