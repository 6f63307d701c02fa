"""What an operation has on the way, as sections of its form: which fields each has, how they are written, how read.

A section is a part of `Operation` that may be missing (`Section`), or settings of the operation itself (`PLAIN`). What
is written is taken apart here; what it may be says the catalogue, when the operation is made of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import msgspec

from eden.console.forms import Form
from eden.gateway.interfaces import Kind, Operation, RetryCause

How = Literal["whole", "decimal", "text", "choice", "toggle", "checks", "lines", "pairs", "json"]


@dataclass(frozen=True, slots=True)
class Input:
    """A field. `lines` has one entry a line, `pairs` "name: value" in each; `unit` stands behind a number; with `help`
    a sentence explains it."""

    name: str
    how: How
    choices: tuple[str, ...] = ()
    unit: str = ""
    help: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A field of `Operation` with fields of its own; without `on` it is not there at all."""

    name: str
    inputs: tuple[Input, ...]


class Unreadable(Exception):
    """A field says nothing that could be taken apart: its place, and the key of a sentence with its values."""

    def __init__(self, place: str, key: str, **values: str) -> None:
        super().__init__(f"{place}: {key}")
        self.place, self.key, self.values = place, key, values


PLAIN: Final = (
    Input("kind", "choice", get_args(Kind)),
    Input("content_type", "text"),
    Input("body_bytes", "whole", unit="B"),
    Input("check_body", "toggle", help=True),
    Input("response_signature", "toggle", help=True),
    Input("etag", "toggle", help=True),
)
SECTIONS: Final = (
    Section(
        "mapping",
        (
            Input("path", "pairs", help=True),
            Input("query", "pairs", help=True),
            Input("only_query", "toggle", help=True),
            Input("headers", "pairs"),
            Input("body", "json", help=True),
        ),
    ),
    Section(
        "limits",
        (
            Input("rate", "decimal", unit="/s"),
            Input("burst", "whole", help=True),
            Input("per_device", "decimal", unit="/s"),
            Input("per_user", "decimal", unit="/s"),
            Input("answer", "json", help=True),
        ),
    ),
    Section(
        "mock",
        (
            Input("on", "toggle"),
            Input("percentage", "whole", unit="%", help=True),
            Input("status", "whole"),
            Input("headers", "pairs"),
            Input("body", "json"),
        ),
    ),
    Section(
        "cache",
        (
            Input("ttl_s", "whole", unit="s"),
            Input("most_bytes", "whole", unit="B", help=True),
            Input("keys", "lines", help=True),
        ),
    ),
    Section(
        "breaker",
        (
            Input("on", "toggle"),
            Input("model", "choice", ("errors", "slow", "either")),
            Input("error_percent", "whole", unit="%"),
            Input("slow_ms", "whole", unit="ms"),
            Input("slow_percent", "whole", unit="%"),
            Input("window_s", "whole", unit="s"),
            Input("least_calls", "whole", help=True),
            Input("open_s", "whole", unit="s"),
            Input("trial_calls", "whole", help=True),
            Input("answer", "json", help=True),
        ),
    ),
    Section(
        "migration",
        (
            Input("upstream", "text", help=True),
            Input("percent", "whole", unit="%", help=True),
            Input("complete", "toggle", help=True),
        ),
    ),
    Section(
        "retry",
        (
            Input("most", "whole", help=True),
            Input("on", "checks", get_args(RetryCause)),
            Input("any_method", "toggle", help=True),
        ),
    ),
)
#: fields of a header rule, each there once for every rule
RULE: Final = ("location", "action", "name", "value")
#: further rules that a form has room for
SPARE: Final = 2
NAMES: Final = (*(one.name for one in PLAIN), *(section.name for section in SECTIONS), "headers")
#: of a form, so that a section that is not there differs from one that the form does not have
MARK: Final = "sections"

_USUAL: Final[dict[str, dict[str, Any]]] = {
    field.name: {part.name: part.default for part in msgspec.structs.fields(kind)}
    for field in msgspec.structs.fields(Operation)
    for kind in get_args(field.type)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
}


def places() -> set[str]:
    """The ids of all fields, as mistakes name them."""
    inside = {f"{section.name}.{one.name}" for section in SECTIONS for one in section.inputs}
    return inside | {f"{section.name}.use" for section in SECTIONS} | {one.name for one in PLAIN} | {"headers"}


# written


def written(operation: Operation | None) -> dict[str, str | list[str]]:
    """The texts of all fields by id; a toggle that is on, and a section that is there ("mock.use"), has "yes"."""
    values = msgspec.to_builtins(operation) if operation is not None else {}
    texts: dict[str, str | list[str]] = {}
    for one in PLAIN:
        texts[one.name] = _text(one, values[one.name]) if one.name in values else _usual_plain(one)
    for section in SECTIONS:
        there = getattr(operation, section.name, None)
        part = msgspec.to_builtins(there) if there is not None else {}
        if there is not None:
            texts[f"{section.name}.use"] = "yes"
        if section.name == "mapping":
            part["only_query"] = part.get("query") is not None
        for one in section.inputs:
            value = part[one.name] if one.name in part else _USUAL[section.name].get(one.name)
            texts[f"{section.name}.{one.name}"] = _text(one, value)
    return texts


def rules(operation: Operation | None) -> list[dict[str, str]]:
    """Header rules, and some that are empty."""
    there = [] if operation is None else [msgspec.to_builtins(rule) for rule in operation.headers]
    usual = {"location": "request", "action": "add", "name": "", "value": ""}
    return [usual | rule for rule in there] + [usual] * SPARE


def _usual_plain(one: Input) -> str | list[str]:
    return _text(one, next(field.default for field in msgspec.structs.fields(Operation) if field.name == one.name))


def _text(one: Input, value: Any) -> str | list[str]:
    if value is None or value is msgspec.NODEFAULT or isinstance(value, msgspec.Struct):
        return ""
    match one.how:
        case "toggle":
            return "yes" if value else ""
        case "checks":
            return [str(choice) for choice in value]
        case "lines":
            return "\n".join(value)
        case "pairs":
            return "\n".join(f"{name}: {text}" for name, text in value.items())
        case "json":
            return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
        case "decimal":
            return f"{value:.12g}"
    return str(value)


# read


def read(form: Form) -> dict[str, Any]:
    """What a form says, by field of `Operation`; nothing of a section that is not wanted. Raises Unreadable."""
    if not form.on(MARK):
        return {}
    found: dict[str, Any] = {}
    for one in PLAIN:
        value = _value(one, form, one.name)
        if value is not None:
            found[one.name] = value
    for section in SECTIONS:
        if form.on(f"{section.name}.use"):
            found[section.name] = _section(section, form)
    headers = read_rules(form)
    if headers:
        found["headers"] = headers
    return found


def _section(section: Section, form: Form) -> dict[str, Any]:
    part = {
        one.name: value
        for one in section.inputs
        if (value := _value(one, form, f"{section.name}.{one.name}")) is not None
    }
    if section.name == "mapping":
        only = part.pop("only_query", False)
        if not part.get("query"):
            part["query"] = {} if only else None
    return part


def read_rules(form: Form) -> list[dict[str, str]]:
    """The rules that have a name."""
    columns = [form.all(f"headers.{name}") for name in RULE]
    rows = [dict(zip(RULE, row, strict=True)) for row in zip(*columns, strict=False)]
    return [row for row in rows if row["name"]]


def _value(one: Input, form: Form, place: str) -> Any:
    """None for what is empty: it has its usual value."""
    match one.how:
        case "toggle":
            return form.on(place)
        case "checks":
            return form.all(place)
    text = form.one(place)
    if not text:
        return None
    match one.how:
        case "whole":
            if not text.isascii() or not text.isdigit() or len(text) > 15:
                raise Unreadable(place, "gateway.form.no-number")
            return int(text)
        case "decimal":
            try:
                return float(text)
            except ValueError:
                raise Unreadable(place, "gateway.form.no-decimal") from None
        case "lines":
            return [line.strip() for line in text.splitlines() if line.strip()]
        case "pairs":
            return _pairs(text, place)
        case "json":
            try:
                return msgspec.json.decode(text)
            except msgspec.DecodeError as error:
                raise Unreadable(place, "gateway.form.no-json", why=str(error)) from None
    return text


def _pairs(text: str, place: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise Unreadable(place, "gateway.form.no-pair", line=line[:80])
        if name.strip() in pairs:
            raise Unreadable(place, "gateway.form.twice", name=name.strip())
        pairs[name.strip()] = value.strip()
    return pairs
