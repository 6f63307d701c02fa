"""Log lines of the commercial platform by their values."""

from __future__ import annotations

import pytest

from eden.observe.crashes.document import decode
from eden.observe.digest.foreign import HISTORY_SECONDS
from eden.observe.digest.mas import is_line
from eden.observe.interfaces import AnyRow, ErrorRow, EventRow, QuarantinedRow
from tests.observe.wires.made import NOW, one, rows

#: 2018-12-19T02:35:47.196Z
_AT = 1_545_186_947.196
_HEAD = "2018-12-19 10:35:47.196,A1111_{platform}-default,1.0.1,2,46001|8611,s-1,user-1"


def _line(kind: str, fields: dict[int, str], platform: str = "ANDROID", places: int = 47) -> str:
    """A client's line with what all have, and these fields at their places."""
    line = [kind, *_HEAD.format(platform=platform).split(","), *["-"] * (places - 8)]
    for place, value in fields.items():
        line[place] = value
    return ",".join(line)


_DEVICE = {25: "utdid-1", 33: "vivo Xplay3S", 34: "4.4.2", 35: "WIFI", 37: "alipay", 38: "zh-CN", 39: "0", 40: "4",
           41: "2265", 42: "2853", 45: "2560x1440"}  # fmt: skip
_PAY = _line(
    "D-VM", {8: "event", 10: "first", 15: "PayResults", 17: "Pay", 22: "way=card%2C quick^amount=10.05", **_DEVICE}
)


def _rows(*lines: str, **meta: str) -> list[AnyRow]:
    return rows("mas", "\n".join(lines).encode(), **meta)


def test_a_custom_event() -> None:
    row = one(_rows(_PAY))
    assert isinstance(row, EventRow)
    assert (row.app, row.at, row.source, row.name, row.value) == (7, _AT, "mas", "PayResults", 10.05)
    assert (row.person, row.device, row.session, row.channel) == ("user-1", "utdid-1", "s-1", "alipay")
    assert (row.platform, row.os, row.model, row.network) == ("android", "Android 4.4.2", "vivo Xplay3S", "WIFI")
    assert (row.version, row.app_version, row.language) == ("1.0.1", "1.0.1", "zh-CN")
    assert row.props == {
        "way": "card, quick", "amount": "10.05", "business": "Pay", "workspace": "default", "hotpatch": 0.0,
        "cores": 4.0, "mhz": 2265.0, "memory_mb": 2853.0, "resolution": "2560x1440",
    }  # fmt: skip


def test_the_gateways_form_is_read_as_well() -> None:
    kind, rest = _PAY.split(",", 1)
    gateway = "2018-12-19 10:35:47.996,ip=182.11.0.7^country=China^province=Beijing^city=Beijing^district=Chaoyang"
    for line in (f"{kind},{gateway},{rest}", f"{gateway},{rest}"):
        row = one(_rows(line))
        assert (row.name, row.at, row.country, row.city, row.device) == (
            "PayResults",
            _AT,
            "China",
            "Beijing",
            "utdid-1",
        )


def test_pages() -> None:
    page = _line("D-VM", {8: "auto_openPage", 10: "pages/list|-", 15: "pages/detail", **_DEVICE}, platform="IOS")
    row = one(_rows(page))
    assert (row.name, row.page, row.platform, row.os) == ("$page_view", "pages/detail", "ios", "iOS 4.4.2")
    assert row.props["referrer"] == "pages/list"


def test_a_start() -> None:
    start = {11: "performance", 12: "time_startup", 13: "3785", 14: "0", 17: "android", 18: "14", 20: "Pixel",
             23: "utdid-1", 24: "zh-CN"}  # fmt: skip
    row = one(_rows(_line("D-MM", start, places=37)))
    assert (row.name, row.value, row.device, row.model) == ("$launch", 3785.0, "utdid-1", "Pixel")
    assert {"kind": "cold", "first": True}.items() <= row.props.items()


_CRASH = {
    8: "exception", 9: "foreground", 13: "MonitorPoint_Crash", 15: "com.a.MainActivity", 16: "store", 23: "OPPO R9s",
    24: "6.0.1", 25: "WIFI", 28: "utdid-1", 30: "0", 31: "main", 32: "ui", 33: "java",
    14: "java.lang.NullPointerException: of 'x'%0A\tat com.a.Main.go(Main.java:7)%2C",
}  # fmt: skip


def test_a_crash() -> None:
    error, event = _rows(_line("e", _CRASH, places=37))
    assert isinstance(error, ErrorRow)
    assert (error.type, error.message, error.fatal) == ("java.lang.NullPointerException", "of 'x'", True)
    assert (error.model, error.device, error.channel, error.page) == (
        "OPPO R9s",
        "utdid-1",
        "store",
        "com.a.MainActivity",
    )
    document = decode(error.raw)
    assert document.platform == "java"
    assert document.tags == {"process": "main", "thread": "ui", "in": "foreground", "hotpatch": "0"}
    assert "at com.a.Main.go(Main.java:7)," in document.exceptions[0].stack
    assert isinstance(event, EventRow)
    assert event.name == "$error"
    again, _ = _rows(_line("e", _CRASH, places=37))
    assert isinstance(again, ErrorRow)
    assert (again.id, again.group) == (error.id, error.group)


def test_a_lag_is_no_crash() -> None:
    error, _ = _rows(_line("e", {**_CRASH, 13: "MonitorPoint_Lag", 14: "main thread waits"}, places=37))
    assert isinstance(error, ErrorRow)
    assert (error.type, error.message, error.fatal) == ("Lag", "main thread waits", False)


@pytest.mark.parametrize(
    ("zone", "at"),
    [("", _AT), ("UTC", _AT + 8 * 3600), ("Europe/Berlin", _AT + 7 * 3600), ("No/Where", _AT + 8 * 3600)],
)
def test_zones(zone: str, at: float) -> None:
    assert one(_rows(_PAY, zone=zone) if zone else _rows(_PAY)).at == at


def test_one_bad_line_spoils_no_other() -> None:
    bad = [
        "D-VM,2018",
        "D-VM",
        "x" * 50,
        "D-VM,yesterday" + ",-" * 40,
        "D-VM," + _PAY.split(",", 1)[1].replace("PayResults", "-"),
    ]
    found = _rows(_PAY, *bad, "", _PAY)
    assert sum(isinstance(row, EventRow) for row in found) == 3
    assert [row.reason for row in found if isinstance(row, QuarantinedRow)] == ["not a line of D-VM, D-MM or e"] * 4
    assert is_line(_PAY)
    assert not any(is_line(line) for line in bad[:4])


def test_nothing_is_older_than_a_system_can_be() -> None:
    row = one(_rows(_PAY.replace("2018-12-19", "0001-01-01", 1)))
    assert isinstance(row, EventRow)
    assert row.at == NOW - HISTORY_SECONDS
