"""Records reach the server once: over restarts, without a network, with two pages open, and only with consent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from eden.observe.app_settings import KINDS
from tests.browser.collect.conftest import Watched

Watch = Callable[..., Watched]

#: the phone of the super app's page is nobody's global: this is one of the same place
_KEPT = """async () => {
  const open = indexedDB.open('eden')
  const database = await new Promise((done) => { open.onsuccess = () => done(open.result) })
  const keys = database.transaction('values').objectStore('values').getAllKeys()
  const found = await new Promise((done) => { keys.onsuccess = () => done(keys.result) })
  database.close()
  return found.filter((key) => /^eden collect |^collect /.test(key)).map((key) => key.split('\\0')[1])
}"""


def kept(phone: Watched, prefix: str) -> list[str]:
    return [key for key in phone.page.evaluate(_KEPT) if key.startswith(prefix)]


def wait_kept(phone: Watched, prefix: str, there: bool = True) -> None:
    for _ in range(200):
        if bool(kept(phone, prefix)) == there:
            return
        phone.page.wait_for_timeout(50)
    raise AssertionError(f"{prefix!r}: {phone.page.evaluate(_KEPT)}")


def each_once(phone: Watched) -> None:
    seen = {batch.head["batch"]: batch for batch in phone.collecting.batches}
    counts = Counter(record["id"] for batch in seen.values() for record in batch.records)
    assert [record for record, count in counts.items() if count > 1] == []


def test_what_was_not_sent_is_sent_after_a_restart(watched: Watch, expect_console: Callable[[str], None]) -> None:
    expect_console("503")
    phone = watched()
    phone.collecting.status = 503
    phone.start()
    phone.tap("report")
    wait_kept(phone, "piece ")
    for _ in range(200):
        if any(one.get("name") == "bought" for batch in phone.collecting.refused for one in batch.records):
            break
        phone.page.wait_for_timeout(50)
    first = {batch.head["batch"] for batch in phone.collecting.refused}
    phone.page.goto("about:blank")
    phone.collecting.status = 200
    phone.page.goto(f"{phone.platform.origin}/app/test/")
    phone.event("bought")
    # the same batches: a server that took one before its answer was lost knows it again
    assert {batch.head["batch"] for batch in phone.collecting.batches} & first
    each_once(phone)
    wait_kept(phone, "piece ", there=False)


def test_without_a_network_it_waits(watched: Watch, expect_console: Callable[[str], None]) -> None:
    expect_console("ERR_|Failed")
    phone = watched()
    phone.start()
    phone.event("$page_view")
    phone.page.context.set_offline(True)
    phone.tap("report")
    wait_kept(phone, "piece ")
    assert phone.collecting.records(name="bought") == []
    phone.page.context.set_offline(False)
    phone.event("bought")
    each_once(phone)


def test_busy_server_is_left_alone_for_as_long_as_it_says(
    watched: Watch, expect_console: Callable[[str], None]
) -> None:
    expect_console("429")
    phone = watched()
    phone.collecting.status = 429
    phone.collecting.headers = {"Retry-After": "3600"}
    phone.start()
    for _ in range(400):
        if phone.collecting.refused:
            break
        phone.page.wait_for_timeout(50)
    phone.tap("report")
    wait_kept(phone, "piece ")
    phone.page.wait_for_timeout(4000)
    assert len(phone.collecting.refused) == 1


def test_launch_is_told_at_once_and_what_follows_when_the_page_is_left(watched: Watch) -> None:
    phone = watched(seconds=3600)
    phone.start()
    phone.event("$launch")
    phone.event("$page_view")
    phone.tap("report")
    phone.page.goto("about:blank")
    phone.event("bought")
    assert phone.event("$page_leave")["props"] == {"next": ""}
    each_once(phone)


def test_two_pages_send_each_record_once(watched: Watch) -> None:
    phone = watched()
    phone.start()
    other = Watched(phone.page.context.new_page(), phone.platform)
    other.start()
    other.tap("report")
    phone.page.bring_to_front()
    phone.tap("report")
    phone.collecting.wait_for(2, type="event", name="bought")
    other.page.close()
    phone.page.goto("about:blank")
    phone.page.goto(f"{phone.platform.origin}/app/test/")
    wait_kept(phone, "piece ", there=False)
    each_once(phone)
    assert len({batch.head["device"] for batch in phone.collecting.batches}) == 1


def test_until_somebody_decides_everything_stays(watched: Watch) -> None:
    phone = watched(consent="ask")
    phone.start()
    wait_kept(phone, "piece ")
    phone.page.wait_for_timeout(2500)
    assert phone.collecting.batches == []
    assert all("device" not in query for query in phone.collecting.asked)
    phone.page.get_by_role("button", name="选择").click()
    phone.page.get_by_role("button", name="允许", exact=True).click()
    phone.event("$launch")
    assert {batch.head["consent"] for batch in phone.collecting.batches} == {"granted"}


def test_denied_is_empty_at_once_and_silent_for_good(watched: Watch) -> None:
    phone = watched(consent="ask")
    phone.start()
    wait_kept(phone, "piece ")
    wait_kept(phone, "log ")
    phone.page.get_by_role("button", name="关闭").first.click()
    phone.page.get_by_role("button", name="隐私").click()
    phone.page.get_by_role("button", name="不允许").click()
    wait_kept(phone, "piece ", there=False)
    wait_kept(phone, "log ", there=False)
    asked = len(phone.collecting.asked)
    phone.start()
    phone.tap("report")
    phone.page.wait_for_timeout(4000)
    assert phone.collecting.batches == [] and kept(phone, "piece ") == [] and kept(phone, "log ") == []
    assert len(phone.collecting.asked) == asked


OFF = {"switch": {"on": False, "per_mille": 1000}, "sample": {"on": True, "per_mille": 0}}
#: a page that shows nothing, behind the second one
BLANK = {"pages/b/b.wxml": '<view wx:if="{{ready}}">never</view>', "pages/b/b.js": "Page({ data: { ready: false } })"}
EVENTS = {
    "$launch",
    "$page_view",
    "$page_leave",
    "$tap",
    "$error",
    "$white_screen",
    "$request",
    "$set_data",
    "$long_task",
}


def everything(phone: Watched) -> None:
    """Whatever is collected happens once at least."""
    phone.start()
    for name in ("fail", "reject", "ask", "slow", "log", "go"):
        phone.tap(name)
    phone.page.wait_for_timeout(3500)
    phone.frame.evaluate("wx.navigateBack()")
    phone.shows("first page")
    phone.tap("report")


def test_every_kind_is_told(watched: Watch, expect_console: Callable[[str], None]) -> None:
    expect_console("nothing|too far|404")
    phone = watched(BLANK)
    everything(phone)
    for name in (*EVENTS, "bought", "seen"):
        phone.event(name)
    phone.collecting.wait_for(type="error")
    phone.collecting.wait_for(2, type="metric")
    phone.collecting.wait_for(2, type="log")


@pytest.mark.parametrize("way", OFF)
def test_what_is_switched_off_is_not_told(watched: Watch, expect_console: Callable[[str], None], way: str) -> None:
    expect_console("nothing|too far|404")
    phone = watched(BLANK, kinds={kind: OFF[way] for kind in KINDS if kind != "event"})
    everything(phone)
    phone.event("bought")
    phone.collecting.wait_for(2, type="metric")
    # the whole of what is of this kind, and nothing else
    records = phone.collecting.records()
    assert {record["name"] for record in records} == {"bought", "seen", "depth", "2001"}
    assert kept(phone, "log ") == []


def test_reports_that_are_switched_off_are_not_told(watched: Watch) -> None:
    phone = watched(kinds={"event": OFF["sample"]})
    phone.start()
    phone.tap("report")
    phone.tap("log")
    phone.collecting.wait_for(2, type="log")
    assert {"bought", "seen", "depth", "2001"} & {record.get("name") for record in phone.collecting.records()} == set()


def test_changed_switches_are_heard_of(watched: Watch) -> None:
    phone = watched()
    phone.start()
    phone.event("$launch")
    phone.collecting.want("bank", kinds={"event": {"on": False}})
    phone.collecting.said = {"collect": phone.collecting.switches["revision"]}
    asked = len(phone.collecting.asked)
    phone.tap("go")
    phone.event("$tap")
    for _ in range(200):
        if len(phone.collecting.asked) > asked:
            break
        phone.page.wait_for_timeout(50)
    phone.page.wait_for_timeout(500)
    phone.frame.evaluate("wx.navigateBack()")
    phone.shows("first page")
    phone.tap("report")
    phone.event("$page_view", 3)
    phone.event("$tap", 2)
    assert phone.collecting.records(name="bought") == []


def test_program_that_is_not_wanted_is_not_told_of(watched: Watch) -> None:
    phone = watched()
    phone.collecting.want("shop")
    phone.start()
    phone.tap("report")
    wait_kept(phone, "piece ")
    phone.page.wait_for_timeout(2500)
    assert phone.collecting.batches == []
