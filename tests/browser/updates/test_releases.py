"""Releases on a real phone: versions arrive, wait, take their place, go back by themselves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from eden.release.interfaces import Verb
from tests.browser.platform import RunningPlatform
from tests.browser.updates.conftest import ReleasePhone
from tests.release.house import shares

MakePhone = Callable[..., ReleasePhone]
BROKEN = {"app.js": "while (true) {}"}


def test_first_start_then_update_while_it_runs(phone: MakePhone, platform: RunningPlatform) -> None:
    platform.publish("1.0.0")
    platform.release("1.0.0", finish=True)
    one = phone()
    one.start()
    one.shows("version 1.0.0")

    platform.publish("1.1.0")
    platform.release("1.1.0")
    # the server's event brings it, nobody asks
    assert one.wait_for("update")["version"] == "1.1.0"
    one.shows("version 1.0.0")
    one.switch_on()
    one.start()
    one.shows("version 1.1.0")


def test_apply_update_starts_the_new_version_at_once(phone: MakePhone, platform: RunningPlatform) -> None:
    script = """
      const updates = wx.getUpdateManager()
      updates.onCheckForUpdate(({ hasUpdate }) => console.log('check ' + hasUpdate))
      updates.onUpdateReady(() => updates.applyUpdate())
      Page({})
    """
    platform.publish("1.0.0", {"pages/a/a.js": script})
    platform.release("1.0.0", finish=True)
    one = phone()
    one.start()
    one.shows("version 1.0.0")
    platform.publish("1.1.0")
    platform.release("1.1.0")
    one.shows("version 1.1.0")
    assert "check true" in one.logged()


def test_works_offline(phone: MakePhone, platform: RunningPlatform, expect_console: Callable[[str], None]) -> None:
    expect_console("ERR_|500|CORS")
    platform.publish("1.0.0")
    platform.release("1.0.0", finish=True)
    one = phone()
    one.start()
    one.shows("version 1.0.0")
    one.page.wait_for_timeout(300)
    platform.change("/device/", lambda body: None)
    one.switch_on()
    one.start()
    one.shows("version 1.0.0")


def test_two_failed_starts_bring_the_version_before_back_and_the_server_hears_why(
    phone: MakePhone, platform: RunningPlatform
) -> None:
    platform.publish("1.0.0")
    platform.release("1.0.0", finish=True)
    one = phone(hangLimit=2000)
    one.start()
    one.shows("version 1.0.0")
    platform.publish("1.1.0", BROKEN)
    info = platform.release("1.1.0")
    one.wait_for("update")

    one.switch_on()
    one.start()
    assert one.wait_for("crash")["fault"] == "hung"
    one.page.get_by_role("button", name="Restart").click()
    one.wait_for("crash", 2, timeout=15_000)
    # nobody does anything
    one.shows("version 1.0.0")
    one.check()
    one.switch_on()
    one.start()
    one.shows("version 1.0.0")
    one.page.wait_for_timeout(3000)
    counts = platform.run(platform.house.service.reports.of_release(platform.house.owner, "w", info.release.id))
    assert sum(row.counts.bad for row in counts) == 1
    assert sum(row.counts.failed for row in counts) == 2


def test_rollback_returns_those_who_have_it(phone: MakePhone, platform: RunningPlatform) -> None:
    platform.publish("1.0.0")
    platform.release("1.0.0", finish=True)
    one = phone()
    one.start()
    one.shows("version 1.0.0")
    platform.publish("1.1.0")
    info = platform.release("1.1.0")
    one.wait_for("update")
    one.switch_on()
    one.start()
    one.shows("version 1.1.0")

    platform.act(platform.act(info, Verb.HALT), Verb.ROLL_BACK)
    assert one.wait_for("update")["version"] == "1.0.0"
    one.switch_on()
    one.start()
    one.shows("version 1.0.0")


def test_halted_version_that_only_waits_is_not_started(phone: MakePhone, platform: RunningPlatform) -> None:
    platform.publish("1.0.0")
    platform.release("1.0.0", finish=True)
    one = phone()
    one.start()
    one.shows("version 1.0.0")
    platform.publish("1.1.0")
    info = platform.release("1.1.0")
    one.wait_for("update")
    platform.act(info, Verb.HALT)
    one.check()
    one.switch_on()
    one.start()
    one.shows("version 1.0.0")


def test_phone_beyond_the_share_is_offered_nothing(phone: MakePhone, platform: RunningPlatform) -> None:
    platform.publish("1.0.0")
    platform.release("1.0.0", finish=True)
    platform.publish("1.1.0")
    platform.release("1.1.0", shares(1, 10_000))
    one = phone()
    one.start()
    one.shows("version 1.0.0")
    one.check()
    one.switch_on()
    one.start()
    one.shows("version 1.0.0")


def test_delta_without_dictionaries_of_the_browser(phone: MakePhone, platform: RunningPlatform) -> None:
    text = "".join(f"line {n} of a text that does not change\n" for n in range(4000))
    platform.publish("1.0.0", {"data.txt": text, "app.js": "App({})"})
    platform.release("1.0.0", finish=True)
    one = phone(withoutDictionaries=True)
    one.start()
    one.shows("version 1.0.0")
    platform.publish("1.1.0", {"data.txt": text + "one more", "app.js": "App({})"})
    platform.release("1.1.0")
    one.wait_for("update")
    assert [path for path in platform.requests if "/deltas/" in path]
    archives = [path for path in platform.requests if path.endswith(".main.zip")]
    assert len(archives) == 1
    one.switch_on()
    one.start()
    one.shows("version 1.1.0")


def test_damaged_delta_is_made_good_by_the_whole_archive(phone: MakePhone, platform: RunningPlatform) -> None:
    platform.publish("1.0.0", {"data.txt": "x" * 50_000})
    platform.release("1.0.0", finish=True)
    one = phone(withoutDictionaries=True)
    one.start()
    one.shows("version 1.0.0")
    platform.change("/deltas/", lambda body: body[:-20] + bytes(20))
    platform.publish("1.1.0", {"data.txt": "x" * 50_000 + "y"})
    platform.release("1.1.0")
    one.wait_for("update")
    assert len([path for path in platform.requests if path.endswith(".main.zip")]) == 2
    one.switch_on()
    one.start()
    one.shows("version 1.1.0")


def test_tester_opens_a_version_on_this_phone_only(phone: MakePhone, platform: RunningPlatform) -> None:
    script = "Page({ data: { env: wx.getAccountInfoSync().miniProgram.envVersion } })"
    page = '<view class="text">version {} {{{{env}}}}</view>'
    platform.publish("1.0.0", {"pages/a/a.js": script, "pages/a/a.wxml": page.format("1.0.0")})
    platform.release("1.0.0", finish=True)
    platform.publish("1.1.0", {"pages/a/a.js": script, "pages/a/a.wxml": page.format("1.1.0")})
    token = platform.trial("1.1.0")
    one = phone()
    one.start(trial=token)
    one.shows("version 1.1.0 trial")
    one.page.evaluate("host.close()")
    one.start()
    one.shows("version 1.0.0 release")
    one.switch_on()
    one.start(trial="of nobody")
    # a link that opens nothing gives what everybody has
    one.shows("version 1.0.0 release")


@pytest.mark.parametrize("cleared", [False, True], ids=["its own dictionary", "a cleared cache"])
def test_delta_in_a_browser_that_knows_dictionaries(phone: MakePhone, platform: RunningPlatform, cleared: bool) -> None:
    text = "".join(f"line {n} of a text that does not change\n" for n in range(4000))
    platform.publish("1.0.0", {"data.txt": text})
    platform.release("1.0.0", finish=True)
    one = phone()
    one.start()
    one.shows("version 1.0.0")
    if cleared:
        one.page.context.new_cdp_session(one.page).send("Network.clearBrowserCache")
    platform.publish("1.1.0", {"data.txt": text + "one more"})
    platform.release("1.1.0")
    one.wait_for("update")
    # by the browser itself; without its dictionary, by a delta to what the phone keeps
    assert bool([path for path in platform.requests if "/deltas/" in path]) == cleared
    assert len([path for path in platform.requests if path.endswith(".main.zip")]) == 2
    one.switch_on()
    one.start()
    one.shows("version 1.1.0")
