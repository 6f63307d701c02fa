"""PostHog's events by their values."""

from __future__ import annotations

import json
from typing import Any

from eden.observe.crashes.document import decode
from eden.observe.interfaces import AnyRow, DocumentRow, ErrorRow, EventRow, PersonRow, QuarantinedRow
from tests.observe.wires.made import NOW, Keeper, one, props, rows

_UUID = "0190f6f0-0000-7000-8000-000000000001"


def _batch(*events: Any, **more: Any) -> list[AnyRow]:
    return rows("posthog", json.dumps({"api_key": "k", "batch": events, **more}).encode())


def _event(name: str, properties: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"event": name, "distinct_id": "u-1", "timestamp": NOW - 10, "properties": properties or {}, **more}


def test_an_event() -> None:
    properties = {
        "$device_id": "d-1", "$session_id": "s-1", "$os": "iOS", "$os_version": "18.1", "$device_model": "iPhone 16",
        "$app_version": "2.5", "$app_build": "250", "$screen_name": "Cart", "$locale": "zh-CN", "$lib": "posthog-ios",
        "$geoip_country_code": "CN", "$geoip_city_name": "Wuhan", "revenue": 12.5, "token": "k", "plan": "gold",
        "$ip": "203.0.113.7",
    }  # fmt: skip
    row = one(_batch(_event("paid", properties, uuid=_UUID)))
    assert isinstance(row, EventRow)
    assert (row.app, row.at, row.source, row.name, row.value) == (7, NOW - 10, "posthog", "paid", 12.5)
    assert (row.person, row.device, row.session, row.page) == ("u-1", "d-1", "s-1", "Cart")
    assert (row.platform, row.os, row.model, row.language) == ("ios", "iOS 18.1", "iPhone 16", "zh-CN")
    assert (row.version, row.code, row.app_version) == ("2.5", 250, "2.5")
    assert (row.country, row.city) == ("CN", "Wuhan")
    assert row.props == {"$screen_name": "Cart", "$lib": "posthog-ios", "revenue": 12.5, "plan": "gold"}
    assert row.id == one(_batch(_event("paid", uuid=_UUID))).id != 0


def test_forms_of_a_batch() -> None:
    single = _event("one")
    assert one(rows("posthog", json.dumps(single).encode())).name == "one"
    assert len(rows("posthog", json.dumps([single, single]).encode())) == 2
    assert _batch() == []
    assert isinstance(one(rows("posthog", b"{")), QuarantinedRow)
    assert isinstance(one(rows("posthog", b"17")), QuarantinedRow)


def test_one_bad_event_spoils_no_other() -> None:
    found = _batch(_event("a"), 5, {"event": "x"}, {"distinct_id": "u"}, None, _event("b"))
    assert [row.name for row in found if isinstance(row, EventRow)] == ["a", "b"]
    assert [row.reason for row in found if isinstance(row, QuarantinedRow)][1:3] == [
        "an event without distinct_id",
        "an event without a name",
    ]
    assert len(found) == 6


def test_pages_take_our_names() -> None:
    view = _event(
        "$pageview", {"$current_url": "https://h.example/a/b?x=1", "$prev_pageview_pathname": "/", "$lib": "web"}
    )
    row = one(_batch(view))
    assert (row.name, row.page, row.platform) == ("$page_view", "/a/b", "web")
    assert props(row)["referrer"] == "/"
    assert props(row)["$event"] == "$pageview"
    row = one(_batch(_event("$pageleave", {"$pathname": "/a", "$prev_pageview_duration": 2.5})))
    assert (row.name, row.page, row.value) == ("$page_leave", "/a", 2500)
    assert one(_batch(_event("$screen", {"$screen_name": "Home"}))).page == "Home"


def test_people() -> None:
    identify = _event("$identify", {"$anon_distinct_id": "anon", "$set": {"plan": "gold"}, "$set_once": {"from": "ad"}})
    person, alias, event = _batch(identify)
    assert isinstance(person, PersonRow)
    assert (person.kind, person.key, person.at) == ("person", "u-1", NOW - 10)
    assert person.props == {"plan": "gold", "$once": {"from": "ad"}}
    assert isinstance(alias, PersonRow)
    assert (alias.kind, alias.key, alias.props) == ("alias", "anon", {"person": "u-1"})
    assert isinstance(event, EventRow)
    assert (event.name, event.props) == ("$identify", {"$anon_distinct_id": "anon"})
    person, event = _batch(_event("bought", **{"$set": {"buyer": True}}))
    assert isinstance(person, PersonRow)
    assert person.props == {"buyer": True}
    alias, event = _batch(_event("$create_alias", {"alias": "old", "distinct_id": "u-1"}))
    assert isinstance(alias, PersonRow)
    assert (alias.kind, alias.key, alias.props) == ("alias", "old", {"person": "u-1"})


def test_groups() -> None:
    group = {"$group_type": "company", "$group_key": "acme", "$group_set": {"seats": 5}}
    row, event = _batch(_event("$groupidentify", group))
    assert isinstance(row, PersonRow)
    assert (row.kind, row.key, row.props) == ("company", "acme", {"seats": 5})
    assert isinstance(event, EventRow)
    assert event.name == "$groupidentify"
    assert isinstance(one(_batch(_event("$groupidentify", {}))), QuarantinedRow)


def test_an_exception_is_an_error_as_well() -> None:
    frames = [
        {"function": "main", "filename": "/a.js", "lineno": 1},
        {"function": "buy", "filename": "/a.js", "lineno": 9},
    ]
    thrown = {
        "type": "TypeError", "value": "x is undefined", "mechanism": {"handled": False, "type": "onerror"},
        "stacktrace": {"type": "raw", "frames": frames},
    }  # fmt: skip
    properties = {"$exception_list": [thrown, {"type": "Cause", "value": "c"}], "$exception_level": "error",
                  "$lib": "web", "$pathname": "/cart", "$app_version": "1.1", "order": 7}  # fmt: skip
    error, event = _batch(_event("$exception", properties, uuid=_UUID))
    assert isinstance(error, ErrorRow)
    assert (error.type, error.message, error.person, error.page) == ("TypeError", "x is undefined", "u-1", "/cart")
    assert (error.version, error.fatal, error.handled, error.id) == ("1.1", False, False, _UUID.replace("-", ""))
    document = decode(error.raw)
    assert [each.type for each in document.exceptions] == ["TypeError", "Cause"]
    assert [frame.function for frame in document.exceptions[0].frames] == ["buy", "main"]
    assert (document.platform, document.extra) == ("javascript", {"order": 7})
    assert isinstance(event, EventRow)
    assert event.name == "$error"
    assert {"type": "TypeError", "message": "x is undefined", "fatal": False}.items() <= props(event).items()
    assert "$exception_list" not in event.props


def test_clocks() -> None:
    ahead = {"event": "a", "distinct_id": "u", "timestamp": "2026-09-21T15:13:10Z"}
    row = one(_batch(ahead, sent_at="2026-09-21T15:13:20Z"))
    assert (row.at, row.props) == (NOW - 10, {"$clock_error_ms": -3600000})
    row = one(_batch({**ahead, "properties": {"$ignore_sent_at": True}}, sent_at="2026-09-21T15:13:20Z"))
    assert row.at == NOW
    assert one(_batch({"event": "a", "distinct_id": "u", "offset": 4000})).at == NOW - 4
    # what comes from another system is as old as it is
    old = {"event": "a", "distinct_id": "u", "timestamp": "2020-01-01T00:00:00Z"}
    assert one(_batch(old)).at == NOW - 30 * 86400
    assert one(_batch(old, historical_migration=True)).at == 1_577_836_800
    exported = {"event": "a", "properties": '{"distinct_id":"u","time":1577836800}'}
    row = one(_batch(exported, historical_migration=True))
    assert (row.at, row.person) == (1_577_836_800, "u")


def test_a_recording_is_bytes() -> None:
    about = Keeper()
    data = [{"type": 2, "data": {}}]
    snapshot = _event("$snapshot", {"$snapshot_data": data, "$session_id": "s"})
    row = one(rows("posthog", json.dumps(snapshot).encode(), about))
    assert isinstance(row, DocumentRow)
    assert (row.kind, row.id, json.loads(about.kept[row.blob])) == ("replay_recording", "s", data)
