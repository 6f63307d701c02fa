"""What is said of people in parts becomes one row each."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eden.observe.digest.digest import digest
from eden.observe.digest.people import MOST, completed, joined
from eden.observe.insight.engine import Engine, Limits
from eden.observe.insight.erasure import erase
from eden.observe.interfaces import Accepted, PersonRow
from tests.observe.wires.made import APP, NOW, Keeper, one, props


def _row(at: float, key: str = "u", kind: str = "person", **given: Any) -> PersonRow:
    return _of(at, {f"${name[1:]}" if name[:1] == "_" else name: value for name, value in given.items()}, key, kind)


def _of(at: float, given: dict[str, Any], key: str = "u", kind: str = "person") -> PersonRow:
    return PersonRow(app=APP, at=at, kind=kind, key=key, props=given)


def _joined(*rows: PersonRow) -> dict[str, Any]:
    return props(one(list(joined({}, rows))))


def test_parts_come_together() -> None:
    assert _joined(_row(1, plan="free", a=1), _row(2, plan="gold")) == {"plan": "gold", "a": 1}
    # what arrives late is older all the same
    assert _joined(_row(2, plan="gold"), _row(1, plan="free", a=1)) == {"plan": "gold", "a": 1}


def test_what_counts_only_once() -> None:
    assert _joined(_row(1, _once={"from": "ad"}), _row(2, _once={"from": "mail", "x": 1})) == {"from": "ad", "x": 1}
    assert _joined(_row(1, **{"from": "ad"}), _row(2, _once={"from": "mail"})) == {"from": "ad"}
    assert _joined(_row(1, _once={"from": "ad"}), _row(2, **{"from": "mail"})) == {"from": "mail"}


def test_what_is_taken_away() -> None:
    assert _joined(_row(1, a=1, b=2), _row(2, _unset=["a", "c", 5])) == {"b": 2}


def test_whom_it_is_about() -> None:
    rows = joined({}, [_row(1, a=1), _row(2, key="v", a=2), _row(3, kind="company", a=3), _row(4, b=4)])
    assert [(row.kind, row.key, row.at, row.props) for row in rows] == [
        ("person", "u", 4, {"a": 1, "b": 4}),
        ("person", "v", 2, {"a": 2}),
        ("company", "u", 3, {"a": 3}),
    ]


def test_there_is_an_end() -> None:
    rows = [_of(at, {f"p{at}-{n}": n for n in range(200)}) for at in range(1, 5)]
    assert len(_joined(*rows)) == MOST


_PARTS = st.lists(
    st.tuples(st.integers(1, 5), st.dictionaries(st.sampled_from("abc"), st.integers(0, 3), max_size=3)), max_size=6
)


@given(_PARTS)
def test_the_same_twice_changes_nothing(parts: list[tuple[int, dict[str, int]]]) -> None:
    rows = [_of(at, dict(given)) for at, given in sorted(parts, key=lambda part: part[0])]
    once = joined({}, rows)
    known = {(row.app, row.kind, row.key): row for row in once}
    assert [row.at for row in joined(known, rows)] == [row.at for row in once]
    if len({at for at, _ in parts}) == len(parts):
        assert [row.props for row in joined(known, rows)] == [row.props for row in once]


def _said(*events: dict[str, Any]) -> list[PersonRow]:
    body = json.dumps({"batch": [{"distinct_id": "u", "timestamp": NOW - 5, **event} for event in events]}).encode()
    found = digest(Accepted("posthog", APP, int(NOW * 1e6), b"", body), Keeper())
    return [row for row in found if isinstance(row, PersonRow)]


def _stored(store: Engine, rows: list[PersonRow]) -> None:
    store.insert("people", msgspec.json.Encoder().encode_lines(completed(store, rows)))


def test_over_batches(store: Engine) -> None:
    _stored(store, _said({"event": "$identify", "$set": {"plan": "free", "n": 1}, "$set_once": {"first": "ad"}}))
    _stored(
        store, _said({"event": "$set", "timestamp": NOW - 4, "$set": {"plan": "gold"}, "$set_once": {"first": "x"}})
    )
    _stored(store, _said({"event": "a", "timestamp": NOW - 3, "properties": {"$unset": ["n"]}}))
    (found,) = json.loads(store.query("SELECT toJSONString(props) FROM people FINAL WHERE kind = 'person'"))["data"]
    assert json.loads(found[0]) == {"plan": "gold", "first": "ad"}


@pytest.mark.parametrize("key", ["o'brien\\", "用户", "a\nb", "{x}"])
def test_keys_are_only_texts(store: Engine, key: str) -> None:
    _stored(store, [_row(1, key=key, a=1)])
    _stored(store, [_row(2, key=key, b=2)])
    (found,) = json.loads(store.query("SELECT key, toJSONString(props) FROM people FINAL"))["data"]
    assert (found[0], json.loads(found[1])) == (key, {"a": 1, "b": 2})


def test_a_forgotten_persons_earlier_ids_go_with_them(store: Engine) -> None:
    identify = {"event": "$identify", "properties": {"$anon_distinct_id": "anon"}, "$set": {"a": 1}}
    _stored(
        store,
        [*_said(identify), _of(NOW - 5, {"person": "u"}, key="other"), _of(NOW - 5, {"person": "v"}, kind="alias")],
    )
    erase(store, APP, "u", round(NOW * 1e6))
    found = store.read("SELECT kind, key FROM people FINAL", limits=Limits())
    assert json.loads(found)["data"] == [["person", "other"]]
    # what was known is not taken for known when more is said
    _stored(store, [_of(NOW + 1, {"b": 2}, key="u")])
    said = store.read("SELECT toJSONString(props) FROM people WHERE key = 'u'", limits=Limits(), form="TSVRaw")
    assert json.loads(said) == {"b": 2}
    body = json.dumps({"batch": [{"distinct_id": "u", "timestamp": NOW - 5, **identify}]}).encode()
    batch = Accepted("posthog", APP, int(NOW * 1e6), b"", body)
    assert digest(batch, Keeper(forgotten={"u": int(NOW * 1e6)})) == []
