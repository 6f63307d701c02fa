"""A broken or hostile server, cache or network: what the phone refuses, what the person reads, and that the version
that is there keeps running. After each attack an honest server is believed again."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.platform import RunningPlatform, edited
from tests.browser.updates.conftest import ReleasePhone
from tests.release.house import shares

MakePhone = Callable[..., ReleasePhone]


@pytest.fixture
def one(phone: MakePhone, platform: RunningPlatform) -> ReleasePhone:
    """A phone that runs version 1.0.0 and follows nothing by itself: tests ask it to check."""
    platform.publish("1.0.0")
    platform.release("1.0.0", finish=True)
    made = phone()
    made.page.evaluate("host.platform.schedule.stop()")
    made.start()
    made.shows("version 1.0.0")
    return made


def refuses(one: ReleasePhone, platform: RunningPlatform, message: str, fault: str = "trust") -> None:
    """A check is refused with these words, and the old version runs, also after a restart."""
    one.check()
    one.page.wait_for_function(
        "([fault, message]) => seen.some((event) => event.name === 'updateRefused' && event.fault === fault"
        " && `${event.message} ${event.text}`.includes(message))",
        arg=[fault, message],
        timeout=15_000,
    )
    one.shows("version 1.0.0")
    assert not one.seen("update")
    one.switch_on()
    one.page.evaluate("host.platform.schedule.stop()")
    one.start()
    one.shows("version 1.0.0")


def recovers(one: ReleasePhone, platform: RunningPlatform) -> None:
    platform.be_honest()
    one.check()
    assert one.wait_for("update", timeout=15_000)["version"] == "1.1.0"


def offer(code: int, action: str = "install") -> Callable[[Any], None]:
    """A server that names a version by itself."""

    def change(answer: Any) -> None:
        answer["programs"] = [{"key": "bank", "code": code, "version": "x", "action": action, "release": None}]

    return change


def test_server_cannot_invent_a_version(one: ReleasePhone, platform: RunningPlatform) -> None:
    platform.change("/check$", edited(offer(10100)))
    refuses(one, platform, "version 10100 is not signed for this phone")
    platform.publish("1.1.0")
    # uploaded, but released to nobody
    refuses(one, platform, "version 10100 is not signed for this phone")
    platform.release("1.1.0")
    recovers(one, platform)


def test_server_cannot_widen_a_release(
    one: ReleasePhone, platform: RunningPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.stay_beyond(monkeypatch)
    platform.publish("1.1.0")
    platform.release("1.1.0", shares(1, 10_000))
    platform.change("/check$", edited(offer(10100)))
    refuses(one, platform, "version 10100 is not signed for this phone")


def test_server_cannot_send_phones_back_or_empty_them(one: ReleasePhone, platform: RunningPlatform) -> None:
    platform.change("/check$", edited(offer(9999, "rollback")))
    refuses(one, platform, "version 9999 is older than 10000, which is not withdrawn")
    platform.be_honest()
    platform.change("/check$", edited(offer(10000, "remove")))
    refuses(one, platform, "the server wants a version removed that is not withdrawn")
    platform.publish("1.1.0")
    platform.release("1.1.0")
    recovers(one, platform)


def newer(answer: Any) -> None:
    """A server that says that there is newer metadata, so that the phone fetches it."""
    answer["timestamp"] += 10


def test_rollback_of_metadata(one: ReleasePhone, platform: RunningPlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    one.stay_beyond(monkeypatch)
    old = platform.metadata("timestamp")
    platform.publish("1.0.1")
    platform.release("1.0.1", shares(1, 10_000), finish=False)
    one.check()
    platform.change("/check$", edited(newer))
    platform.change("/timestamp.json$", lambda body: old)
    refuses(one, platform, "an older state than this phone has already seen")
    platform.be_honest()
    one.check()
    one.page.evaluate("seen.length = 0")
    platform.change("/check$", edited(newer))
    one.check()
    # the same state as before is no fault
    assert one.seen("updateRefused") == []
    one.shows("version 1.0.0")


def test_freeze_shows_when_metadata_expires(one: ReleasePhone, platform: RunningPlatform) -> None:
    platform.publish("1.1.0")
    platform.release("1.1.0")
    # the newest timestamp lives for a day; who holds newer ones back is found out after that
    one.page.clock.install(time=datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=3))
    one.page.clock.resume()
    refuses(one, platform, "out of date")


@pytest.mark.parametrize("role", ["snapshot", "apps.bank"])
def test_mix_and_match(one: ReleasePhone, platform: RunningPlatform, role: str) -> None:
    old = platform.metadata(role)
    platform.publish("1.1.0")
    platform.release("1.1.0")
    # a file that was signed, but of another time
    platform.change(rf"/\d+\.{role}\.json$", lambda body: old)
    refuses(one, platform, "announced")
    recovers(one, platform)


def test_endless_metadata(one: ReleasePhone, platform: RunningPlatform) -> None:
    platform.publish("1.1.0")
    platform.release("1.1.0")
    platform.change("/timestamp.json$", lambda body: body + b" " * 50_000_000)
    refuses(one, platform, "larger than announced")
    recovers(one, platform)


def test_metadata_that_nobody_signed(one: ReleasePhone, platform: RunningPlatform) -> None:
    def forge(value: Any) -> None:
        value["signed"]["version"] += 1

    platform.publish("1.1.0")
    platform.release("1.1.0")
    platform.change("/timestamp.json$", edited(forge))
    refuses(one, platform, "not signed by those whom this app trusts")
    recovers(one, platform)


@pytest.mark.parametrize(
    ("how", "fault"),
    [
        (lambda body: body[:-1] + bytes([body[-1] ^ 1]), "hash"),
        (lambda body: body[:-100], "hash"),
        (lambda body: body + b"x", "download"),
    ],
    ids=["bit", "cut", "longer"],
)
def test_other_bytes_than_signed(
    one: ReleasePhone, platform: RunningPlatform, how: Callable[[bytes], bytes], fault: str
) -> None:
    platform.publish("1.1.0")
    platform.release("1.1.0")
    platform.change(r"/deltas/|\.main\.zip$", how)
    refuses(one, platform, "", fault)
    recovers(one, platform)


def test_first_root_is_not_any_page_on_the_way(phone: MakePhone, platform: RunningPlatform) -> None:
    platform.publish("1.0.0")
    platform.release("1.0.0", finish=True)
    platform.change("/1.root.json$", lambda body: b"<!doctype html><title>Sign in to this network</title>")
    made = phone()
    made.start()
    assert made.wait_for("crash")["fault"] == "trust"
    made.page.get_by_text("The update server sent something that cannot be read").wait_for()
    # it has not been believed for good
    platform.be_honest()
    made.page.get_by_role("button", name="Try again").click()
    made.shows("version 1.0.0")


def test_broken_connection(one: ReleasePhone, platform: RunningPlatform, expect_console: Callable[[str], None]) -> None:
    expect_console("ERR_|500|CORS")
    platform.publish("1.1.0")
    platform.release("1.1.0")
    platform.change(r"/deltas/|\.main\.zip$", lambda body: None)
    refuses(one, platform, "", "download")
    recovers(one, platform)
