"""What is known of people and groups, when something more is said of them: one row each, whose newest version counts.

A client says part of what it knows (`$set`), so the row of before is read and the new one has both. Of two values for a
property the later one counts; what is said to count only once (`$once`) fills what is not known; names in `$unset` go.
Joining the same twice changes nothing, so a chunk that is carried out again does no harm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from eden.observe.insight.engine import Engine, Limits
from eden.observe.interfaces import PersonRow

ONCE, UNSET = "$once", "$unset"
#: properties of one person; more are a client's mistake
MOST = 500
#: looked up with one question
_AT_ONCE = 1_000
_KNOWN = """
    SELECT app, kind, key, toFloat64(at), toJSONString(props) FROM people FINAL
    WHERE app = {app:UInt32} AND key IN {keys:Array(String)}
"""

#: app, kind, key
Whom: TypeAlias = tuple[int, str, str]


def completed(engine: Engine, rows: Sequence[PersonRow]) -> list[PersonRow]:
    """A row for each whom the rows are about, with what the store knew before. Raises StoreError."""
    return joined(_known(engine, rows), rows)


def joined(known: Mapping[Whom, PersonRow], rows: Iterable[PersonRow]) -> list[PersonRow]:
    """Rows in their order onto those that are known."""
    found: dict[Whom, PersonRow] = {}
    for row in rows:
        whom = (row.app, row.kind, row.key)
        before = found.get(whom) or known.get(whom)
        found[whom] = _join(before, row) if before is not None else _join(PersonRow(app=0, at=0.0, key=""), row)
    return list(found.values())


def _join(before: PersonRow, row: PersonRow) -> PersonRow:
    old, new = _props(before), _props(row)
    once, unset = new.pop(ONCE, None), new.pop(UNSET, None)
    props = {**old, **new} if row.at >= before.at else {**new, **old}
    if isinstance(once, dict):
        props = {**once, **props}
    for name in unset if isinstance(unset, list) else ():
        if isinstance(name, str):
            props.pop(name, None)
    if len(props) > MOST:
        props = dict(list(props.items())[:MOST])
    return PersonRow(app=row.app, at=max(row.at, before.at), kind=row.kind, key=row.key, props=props)


def _props(row: PersonRow) -> dict[str, Any]:
    found = msgspec.json.decode(row.props) if isinstance(row.props, msgspec.Raw) else row.props
    return dict(found) if isinstance(found, dict) else {}


def _known(engine: Engine, rows: Sequence[PersonRow]) -> dict[Whom, PersonRow]:
    keys: dict[int, set[str]] = {}
    for row in rows:
        keys.setdefault(row.app, set()).add(row.key)
    known: dict[Whom, PersonRow] = {}
    for app, wanted in keys.items():
        listed = sorted(wanted)
        for start in range(0, len(listed), _AT_ONCE):
            asked = {"app": app, "keys": listed[start : start + _AT_ONCE]}
            # what is known of those who are being forgotten is known no more
            answer = engine.read(_KNOWN, asked, limits=Limits())
            for number, kind, key, at, props in msgspec.json.decode(answer)["data"]:
                known[(number, kind, key)] = PersonRow(
                    app=number, at=at, kind=kind, key=key, props=msgspec.json.decode(props)
                )
    return known
