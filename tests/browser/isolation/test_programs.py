"""Several mini programs in one phone: to and fro, background, the events of both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.browser.isolation.conftest import Phone

#: shows its name, and tells every event it gets
NAMED = """
  eden.show(eden.boot.appId)
  const { path, query, scene, referrerInfo } = eden.boot.launch
  eden.post({ kind: 'log', level: 'info', args: [eden.boot.appId, 'launch', { path, query, scene, referrerInfo }] })
  const push = eden.events.push
  eden.events.push = (event) => {
    push.call(eden.events, event)
    eden.post({ kind: 'log', level: 'info', args: [eden.boot.appId, event.name, event.detail] })
  }
  addEventListener('message', () => {})
  globalThis.go = (name, args) => eden.call(name, args).then(() => 'ok', ({ reason }) => reason)
"""


def _last(one: Phone, app: str, name: str) -> dict[str, Any]:
    one.page.wait_for_function(
        "([app, name]) => seen.some((one) => one.name === 'log' && one.args[0] === app && one.args[1] === name)",
        arg=[app, name],
    )
    details: list[dict[str, Any]] = [event["args"][2] for event in one.seen("log") if event["args"][:2] == [app, name]]
    return details[-1]


def test_to_another_program_and_back(phone: Callable[..., Phone], packages: Callable[..., str]) -> None:
    one = phone()
    bank, shop = packages(NAMED, app_id="bank"), packages(NAMED, app_id="shop")
    one.page.evaluate("programs => { window.programs = programs }", {"shop": shop, "bank": bank})
    one.open(bank)
    one.wait_for("painted")
    answer = one.frame.evaluate(
        "go('navigateToMiniProgram', {appId: 'shop', path: 'pages/pay?order=7', extraData: {price: 5}})"
    )
    assert answer == "ok"
    one.wait_for("painted", 2)
    assert _last(one, "shop", "launch") == {
        "path": "pages/pay",
        "query": {"order": "7"},
        "scene": 1037,
        "referrerInfo": {"appId": "bank", "extraData": {"price": 5}},
    }
    _last(one, "bank", "hide")
    assert one.frame.inner_text("body") == "shop"

    assert one.frame.evaluate("go('navigateBackMiniProgram', {extraData: {paid: true}})") == "ok"
    shown = _last(one, "bank", "show")
    assert (shown["scene"], shown["referrerInfo"]) == (1038, {"appId": "shop", "extraData": {"paid": True}})
    _last(one, "shop", "hide")
    assert one.frame.inner_text("body") == "bank"
    # Both are alive; none was started twice.
    assert len(one.seen("painted")) == 2
    assert one.frame.evaluate("go('navigateBackMiniProgram', {})") == "not opened by another mini program"
    assert one.frame.evaluate("go('navigateToMiniProgram', {appId: 'nobody', path: ''})") == "invalid appid"


def test_close_returns_to_the_opener_then_to_the_desk(
    phone: Callable[..., Phone], packages: Callable[..., str]
) -> None:
    one = phone()
    bank, shop = packages(NAMED, app_id="bank", name="Bank"), packages(NAMED, app_id="shop", name="Shop")
    one.page.evaluate("programs => { window.programs = programs }", {"shop": shop})
    one.open(bank)
    one.wait_for("painted")
    one.frame.evaluate("go('navigateToMiniProgram', {appId: 'shop', path: ''})")
    one.wait_for("painted", 2)
    one.page.get_by_role("button", name="Close").click()
    assert one.frame.inner_text("body") == "bank"
    one.page.get_by_role("button", name="Close").click()
    expect(one.page.get_by_text("Recently used")).to_be_visible()
    assert one.page.evaluate("host.current") is None
    one.page.get_by_role("button", name="Shop").click()
    assert _last(one, "shop", "show")["scene"] == 1001
    assert one.frame.inner_text("body") == "shop"


def test_programs_that_opened_each_other_can_be_left(phone: Callable[..., Phone], packages: Callable[..., str]) -> None:
    one = phone()
    bank, shop = packages(NAMED, app_id="bank"), packages(NAMED, app_id="shop")
    one.page.evaluate("programs => { window.programs = programs }", {"shop": shop, "bank": bank})
    one.open(bank)
    one.wait_for("painted")
    one.frame.evaluate("go('navigateToMiniProgram', {appId: 'shop', path: ''})")
    one.wait_for("painted", 2)
    one.frame.evaluate("go('navigateToMiniProgram', {appId: 'bank', path: ''})")
    _last(one, "bank", "show")
    for _ in range(3):
        one.page.get_by_role("button", name="Close").click()
    expect(one.page.get_by_text("Recently used")).to_be_visible()


def test_three_wait_in_the_background(phone: Callable[..., Phone], packages: Callable[..., str]) -> None:
    one = phone()
    addresses = [packages(NAMED, app_id=f"p{number}") for number in range(5)]
    for number, address in enumerate(addresses):
        one.open(address)
        one.wait_for("painted", number + 1)
    alive = one.page.evaluate("host.programs.all().map(({session}) => session.appId)")
    assert alive == ["p4", "p3", "p2", "p1"]
    one.open(addresses[1])
    assert _last(one, "p1", "show")["scene"] == 1001
    one.open(addresses[0])
    one.wait_for("painted", 6)
    assert one.frame.inner_text("body") == "p0"


def test_a_background_program_cannot_push_itself_forward(
    phone: Callable[..., Phone], packages: Callable[..., str], harmless: str
) -> None:
    one = phone()
    pushy = packages(
        """
          const push = eden.events.push
          eden.events.push = (event) => {
            if (event.name !== 'hide') return
            const calls = [
              eden.call('navigateToMiniProgram', {appId: 'me', path: ''}),
              eden.call('restartMiniProgram', {path: 'a'}),
              eden.call('getLocation', {}),
            ]
            const outcome = (call) => Promise.race([
              call.then(() => 'ok', ({reason}) => reason), new Promise((ok) => setTimeout(ok, 700, 'waits')),
            ])
            Promise.all(calls.map(outcome))
              .then((answers) => eden.post({ kind: 'log', level: 'log', args: [answers] }))
          }
        """,
        app_id="pushy",
    )
    one.page.evaluate("programs => { window.programs = programs }", {"me": pushy})
    one.open(pushy)
    one.wait_for("painted")
    one.open(harmless)
    one.wait_for("log")
    foreground = "can only be called in the foreground"
    assert one.logged() == [[foreground, foreground, "waits"]]
    assert one.frame.inner_text("body") == "harmless"
    expect(one.page.get_by_role("dialog")).to_have_count(0)


def test_back_home_and_exit(phone: Callable[..., Phone], packages: Callable[..., str]) -> None:
    one = phone()
    one.open(packages(NAMED, app_id="bank"))
    one.wait_for("painted")
    one.page.evaluate("host.back()")
    _last(one, "bank", "back")
    one.page.evaluate("host.home()")
    _last(one, "bank", "home")
    one.frame.evaluate("void go('exitMiniProgram', {})")
    _last(one, "bank", "hide")
    expect(one.page.get_by_text("Recently used")).to_be_visible()


def test_restart_gives_a_fresh_frame(phone: Callable[..., Phone], packages: Callable[..., str]) -> None:
    one = phone()
    one.open(packages(NAMED, app_id="bank"))
    one.wait_for("painted")
    one.frame.evaluate("globalThis.mark = 1")
    # later, so that the frame is still there when this call has ended
    one.frame.evaluate("void setTimeout(() => go('restartMiniProgram', {path: 'pages/b?c=d'}))")
    one.wait_for("painted", 2)
    assert one.frame.evaluate("globalThis.mark") is None
    assert _last(one, "bank", "launch")["query"] == {"c": "d"}


def test_reload_keeps_the_stack(phone: Callable[..., Phone], packages: Callable[..., str]) -> None:
    one = phone(mode="develop")
    script = (
        NAMED + "eden.post({kind: 'route', stack: [{route: 'a', query: {x: '1'}}, {route: 'b', query: {y: 'ä%26'}}]})"
    )
    one.open(packages(script, app_id="bank"))
    one.wait_for("painted")
    one.page.evaluate("host.reload({keepStack: true})")
    one.wait_for("painted", 2)
    launched = _last(one, "bank", "launch")
    assert (launched["path"], launched["query"]) == ("a", {"x": "1"})
    assert _last(one, "bank", "devtools") == {"command": "restore", "urls": ["/b?y=ä%26"]}
