"""Releases on a real phone: versions arrive, wait, take their place, go back by themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from eden.release.deltas import Deltas
from eden.release.interfaces import Verb
from eden.release.service_release_rows import ReleaseInfo
from tests.browser.platform import RunningPlatform
from tests.browser.updates.conftest import ReleasePhone
from tests.release.house import shares

MakePhone = Callable[..., ReleasePhone]
TEXT = "".join(f"line {n} of a text that does not change\n" for n in range(4000))
BROKEN = {"app.js": "while (true) {}"}


def updated(phone: MakePhone, platform: RunningPlatform) -> tuple[ReleasePhone, ReleaseInfo]:
    """A phone that had 1.0.0 and runs 1.1.0, and the release that brought it."""
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
    return one, info


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
    one.counts(platform, info, started=2, failed=2, bad=1, first_page=0)


@pytest.mark.parametrize(
    "broken",
    [
        {"app.js": "throw new Error('of app.js')"},
        {"pages/a/a.js": "nothing.is(here); Page({})"},
        {"pages/a/a.wxml": '<wxs module="m">module.exports = nothing.at.all</wxs><view class="text">{{m}}</view>'},
    ],
    ids=["app.js", "the page's script", "the page's template"],
)
def test_start_without_vital_code_is_a_failed_one_though_the_page_paints(
    phone: MakePhone, platform: RunningPlatform, expect_console: Callable[[str], None], broken: dict[str, str]
) -> None:
    expect_console("of app.js|nothing|undefined")
    platform.publish("1.0.0")
    platform.release("1.0.0", finish=True)
    one = phone()
    one.start()
    one.shows("version 1.0.0")
    platform.publish("1.1.0", broken)
    info = platform.release("1.1.0")
    one.wait_for("update")
    one.switch_on()
    one.start()
    assert one.wait_for("painted")["fault"]
    # what there is of it stays, this time
    assert one.seen("crash") == []
    one.switch_on()
    one.start()
    one.wait_for("painted")
    # nobody does anything
    one.shows("version 1.0.0")
    one.counts(platform, info, started=2, failed=2, bad=1, first_page=0, crash=0)


def test_broken_version_without_one_before_it_goes_on(
    phone: MakePhone, platform: RunningPlatform, expect_console: Callable[[str], None]
) -> None:
    expect_console("of app.js")
    platform.publish("1.0.0", {"app.js": "throw new Error('of app.js')"})
    info = platform.release("1.0.0")
    one = phone()
    for start in range(1, 4):
        one.start()
        one.shows("version 1.0.0")
        one.counts(platform, info, started=start, failed=start, bad=0)
        one.switch_on()


def test_who_leaves_before_the_first_page_makes_no_version_bad(phone: MakePhone, platform: RunningPlatform) -> None:
    platform.publish("1.0.0")
    platform.release("1.0.0", finish=True)
    one = phone()
    for _ in range(3):
        # the first page is not there yet, as far as the phone knows
        one.page.evaluate("host.platform.painted = () => {}")
        one.start()
        one.shows("version 1.0.0")
        assert one.shelf()["attempts"] == 1
        one.page.goto("about:blank")
        one.switch_on()
    one.page.evaluate("host.open(host.platform.address('bank'), { appId: 'another' })")
    assert "is of wxbank, not of another" in one.wait_for("crash")["message"]
    shelf = one.shelf()
    assert shelf["attempts"] == 0 and shelf["bad"] == {}


def test_version_that_took_the_browser_down_twice_is_bad_and_the_server_hears_of_it(
    phone: MakePhone, platform: RunningPlatform
) -> None:
    one, info = updated(phone, platform)
    # this start was good, and is kept as such
    while one.shelf()["attempts"]:
        one.page.wait_for_timeout(50)
    # what such a start leaves behind: the attempt, and no word of it
    one.page.evaluate("host.platform.shelves.change('bank', (shelf) => ({ ...shelf, attempts: 2 }))")
    one.switch_on()
    one.start()
    one.shows("version 1.0.0")
    one.counts(platform, info, started=1, first_page=1, failed=1, bad=1)


def test_first_page_is_told_once(phone: MakePhone, platform: RunningPlatform) -> None:
    platform.publish("1.0.0", {"pages/b/b.wxml": "<view>b</view>", "pages/b/b.js": "Page({})"})
    info = platform.release("1.0.0")
    one = phone()
    one.start()
    one.shows("version 1.0.0")
    one.frame.evaluate("wx.navigateTo({ url: '/pages/b/b' })")
    one.wait_for("painted", 2)
    one.counts(platform, info, started=1, first_page=1)


def test_rollback_returns_those_who_have_it(phone: MakePhone, platform: RunningPlatform) -> None:
    one, info = updated(phone, platform)

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


def test_phone_beyond_the_share_is_offered_nothing(
    phone: MakePhone, platform: RunningPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.publish("1.0.0")
    platform.release("1.0.0", finish=True)
    platform.publish("1.1.0")
    one = phone()
    one.stay_beyond(monkeypatch)
    platform.release("1.1.0", shares(5000, 10_000))
    one.start()
    one.shows("version 1.0.0")
    one.check()
    one.switch_on()
    one.start()
    one.shows("version 1.0.0")


def _everything_is_ready(one: ReleasePhone, platform: RunningPlatform, folder: Path, *, dictionary: bool) -> None:
    """Wait for what comes in its own time: the server's delta, and the dictionary that the browser stores."""
    device = f"{platform.origin}/device/v1/test"
    # a version that a tester may have is handed out, though nobody is offered it
    platform.trial("1.1.0")
    base, target = (
        hashlib.sha256((folder / f"bank-{version}/package/main.zip").read_bytes()).hexdigest()
        for version in ("1.0.0", "1.1.0")
    )

    def made() -> bool:
        return one.page.request.get(f"{device}/deltas/{base}/{target}").ok

    def stored() -> bool:
        nothing = f"{device}/targets/apps/bank/1/{'0' * 64}.main.zip"
        one.page.evaluate("(url) => fetch(url).then(() => undefined)", nothing)
        return bool(platform.offered)

    for ready in [made, stored] if dictionary else [made]:
        tries = 0
        while not ready():
            tries += 1
            assert tries < 600, ready.__name__
            one.page.wait_for_timeout(100)
    platform.requests.clear()


def test_delta_without_dictionaries_of_the_browser(phone: MakePhone, platform: RunningPlatform, tmp_path: Path) -> None:
    platform.publish("1.0.0", {"data.txt": TEXT, "app.js": "App({})"})
    platform.release("1.0.0", finish=True)
    one = phone(withoutDictionaries=True)
    one.start()
    one.shows("version 1.0.0")
    platform.publish("1.1.0", {"data.txt": TEXT + "one more", "app.js": "App({})"})
    _everything_is_ready(one, platform, tmp_path, dictionary=False)
    platform.release("1.1.0")
    one.wait_for("update")
    assert [path for path in platform.requests if "/deltas/" in path]
    assert not [path for path in platform.requests if path.endswith(".main.zip")]
    one.switch_on()
    one.start()
    one.shows("version 1.1.0")


def test_damaged_dictionary_delta_is_made_good_by_the_whole_archive(
    phone: MakePhone,
    platform: RunningPlatform,
    monkeypatch: pytest.MonkeyPatch,
    expect_console: Callable[[str], None],
    tmp_path: Path,
) -> None:
    expect_console("ERR_|404")
    platform.publish("1.0.0", {"data.txt": TEXT})
    platform.release("1.0.0", finish=True)
    one = phone()
    one.start()
    one.shows("version 1.0.0")
    platform.publish("1.1.0", {"data.txt": TEXT + "one more"})
    _everything_is_ready(one, platform, tmp_path, dictionary=True)
    whole, damaged = Deltas.get, []

    async def get(self: Deltas, base: str, target: str) -> bytes | None:
        body = await whole(self, base, target)
        if body is not None:
            damaged.append(body)
            return body[:-20] + bytes(20)
        return body

    # as it would be with a damaged blob on the server
    monkeypatch.setattr(Deltas, "get", get)
    platform.release("1.1.0")
    assert one.wait_for("update")["version"] == "1.1.0"
    # by the browser, as a file, by the browser again, and then without
    assert len(damaged) == 3
    assert one.seen("updateRefused") == []


def test_what_verifies_is_loaded_when_it_is_needed(
    phone: MakePhone, platform: RunningPlatform, expect_console: Callable[[str], None]
) -> None:
    expect_console("ERR_FAILED|updates.js")
    platform.publish("1.0.0")
    platform.release("1.0.0", finish=True)
    one = phone()
    fetched: list[str] = []
    one.page.on("request", lambda request: fetched.append(request.url))
    one.start()
    one.shows("version 1.0.0")
    assert [url for url in fetched if "updates.js" in url]
    fetched.clear()
    one.page.route("**/updates.js*", lambda route: route.abort())
    one.switch_on()
    one.start()
    one.shows("version 1.0.0")
    one.check()
    assert not [url for url in fetched if "updates.js" in url]
    one.page.evaluate("host.platform.schedule.stop()")
    platform.publish("1.1.0")
    platform.release("1.1.0")
    one.check()
    # as without a network: no news
    assert [url for url in fetched if "updates.js" in url]
    assert one.seen("update") == one.seen("updateRefused") == []
    one.page.unroute("**/updates.js*")
    one.check()
    assert one.wait_for("update")["version"] == "1.1.0"


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
def test_delta_in_a_browser_that_knows_dictionaries(
    phone: MakePhone, platform: RunningPlatform, expect_console: Callable[[str], None], tmp_path: Path, cleared: bool
) -> None:
    expect_console("404")
    platform.publish("1.0.0", {"data.txt": TEXT})
    platform.release("1.0.0", finish=True)
    one = phone()
    one.start()
    one.shows("version 1.0.0")
    if cleared:
        one.page.context.new_cdp_session(one.page).send("Network.clearBrowserCache")
    platform.publish("1.1.0", {"data.txt": TEXT + "one more"})
    _everything_is_ready(one, platform, tmp_path, dictionary=not cleared)
    platform.release("1.1.0")
    one.wait_for("update")
    # by the browser itself; without its dictionary, by a delta to what the phone keeps
    assert bool([path for path in platform.requests if "/deltas/" in path]) == cleared
    assert len([path for path in platform.requests if path.endswith(".main.zip")]) == 1
    one.switch_on()
    one.start()
    one.shows("version 1.1.0")
