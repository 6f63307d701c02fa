"""What lies between two catalogues: added, changed with the fields before and after, removed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import msgspec

from eden.gateway.interfaces import Catalogue

Action: TypeAlias = Literal["add", "change", "remove"]
Kind: TypeAlias = Literal["group", "model", "authorizer", "operation", "defaults", "egress"]
#: what others refer to comes first
_KINDS: tuple[tuple[Kind, str], ...] = (
    ("group", "groups"),
    ("model", "models"),
    ("authorizer", "authorizers"),
    ("operation", "operations"),
)
_SIGNS: dict[Action, str] = {"add": "+", "change": "~", "remove": "-"}
#: names in a summary; the rest is counted
SUMMED = 50
_ENCODE = msgspec.json.Encoder().encode


class FieldChange(msgspec.Struct, frozen=True, kw_only=True):
    """One field. `before` is null when it was not there (`action` "add"), `after` when it is not there any more."""

    path: str
    action: Action
    before: Any = None
    after: Any = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One thing of a catalogue. `name` is empty for the defaults and the exit, of which there is one."""

    action: Action
    kind: Kind
    name: str
    fields: list[FieldChange]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """How many things changed, and the names of the first of them ("operation eden.bank.pay")."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    names: list[str] = []


def diff(before: Catalogue, after: Catalogue) -> list[Change]:
    """By kind and name. The order of things in a document means nothing; that of a model's fields and of parameters is
    what people see, and counts."""
    changes = []
    for kind, attribute in _KINDS:
        old: dict[str, msgspec.Struct] = getattr(before, attribute)
        new: dict[str, msgspec.Struct] = getattr(after, attribute)
        for name in sorted({*old, *new}):
            if name not in old:
                changes.append(Change(action="add", kind=kind, name=name, fields=_whole(new[name], "add")))
            elif name not in new:
                changes.append(Change(action="remove", kind=kind, name=name, fields=_whole(old[name], "remove")))
            elif fields := _changed(old[name], new[name]):
                changes.append(Change(action="change", kind=kind, name=name, fields=fields))
    kinds: tuple[Kind, ...] = ("defaults", "egress")
    for kind in kinds:
        if fields := _changed(getattr(before, kind), getattr(after, kind)):
            changes.append(Change(action="change", kind=kind, name="", fields=fields))
    return changes


def summary(changes: Sequence[Change]) -> Summary:
    """The changes in short."""
    counts = {action: sum(1 for change in changes if change.action == action) for action in _SIGNS}
    names = [f"{_SIGNS[change.action]} {_title(change)}" for change in changes[:SUMMED]]
    return Summary(added=counts["add"], changed=counts["change"], removed=counts["remove"], names=names)


def render(changes: Sequence[Change]) -> str:
    """For a terminal: a line for each thing and each field, and the sum in the end."""
    if not changes:
        return "Nothing changes.\n"
    lines = []
    for change in changes:
        lines.append(f"{_SIGNS[change.action]} {_title(change)}")
        width = max((len(field.path) for field in change.fields), default=0)
        for field in change.fields:
            lines.append(f"    {_SIGNS[field.action]} {field.path:{width}} = {_values(field)}")
        lines.append("")
    total = summary(changes)
    lines.append(f"{total.added} to add, {total.changed} to change, {total.removed} to remove.")
    return "\n".join(lines) + "\n"


def _title(change: Change) -> str:
    return f"{change.kind} {change.name}".rstrip()


def _values(field: FieldChange) -> str:
    if field.action == "change":
        return f"{_shown(field.before)} → {_shown(field.after)}"
    return _shown(field.after if field.action == "add" else field.before)


def _shown(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _whole(value: msgspec.Struct, action: Action) -> list[FieldChange]:
    """What is set in it; defaults are left out."""
    found = []
    for name, part in _plain(value).items():
        given = {"after": part} if action == "add" else {"before": part}
        found.append(FieldChange(path=name, action=action, **given))
    return found


def _changed(old: msgspec.Struct, new: msgspec.Struct) -> list[FieldChange]:
    # most things of a catalogue stay as they are, and have the same text then, order and kinds of numbers included
    return [] if _ENCODE(old) == _ENCODE(new) else list(_differ("", old, new))


def _differ(path: str, old: Any, new: Any) -> Iterator[FieldChange]:
    if isinstance(old, msgspec.Struct) and type(old) is type(new):
        for name in old.__struct_fields__:
            yield from _differ(_joined(path, name), getattr(old, name), getattr(new, name))
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _differ_by_name(path, old, new)
    elif (a := _by_name(old)) is not None and (b := _by_name(new)) is not None and (a or b):
        yield from _differ_by_name(path, a, b)
    elif old != new or type(old) is not type(new):
        yield FieldChange(path=path, action="change", before=_plain(old), after=_plain(new))


def _differ_by_name(path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[FieldChange]:
    for name in [*old, *(name for name in new if name not in old)]:
        place = _joined(path, name)
        if name not in old:
            yield FieldChange(path=place, action="add", after=_plain(new[name]))
        elif name not in new:
            yield FieldChange(path=place, action="remove", before=_plain(old[name]))
        else:
            yield from _differ(place, old[name], new[name])
    if [name for name in old if name in new] != [name for name in new if name in old]:
        yield FieldChange(path=f"{path} (order)", action="change", before=list(old), after=list(new))


def _by_name(value: Any) -> dict[str, Any] | None:
    """A list whose items have names (parameters), by them; None for another one, or when a name comes twice."""
    if not isinstance(value, tuple):
        return None
    found = {getattr(item, "name", None): item for item in value}
    return None if None in found or len(found) != len(value) else found  # type: ignore[return-value]


def _plain(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


def _joined(path: str, name: str) -> str:
    shown = name if name.replace("_", "").replace("-", "").isalnum() else _shown(name)
    return f"{path}.{shown}" if path else shown
