"""What generated clients call: open operations of a catalogue, each version by itself, and the models they need."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

import msgspec

from eden.gateway.interfaces import Catalogue, Model, OperationVersion, Parameter
from eden.gateway.rules_types import models_in, parse_type


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One function of a client. `version`: what the caller asks for; empty for the operation's own."""

    name: str
    version: str
    operation: OperationVersion

    @property
    def parameters(self) -> list[Parameter]:
        """Those beside the body: required ones first, each in the author's order."""
        found = [one for one in self.operation.parameters if one.location != "body"]
        return sorted(found, key=lambda one: not is_required(one))

    @property
    def body_fields(self) -> list[Parameter]:
        """The fields of a body that parameters describe."""
        return [one for one in self.operation.parameters if one.location == "body"]

    @property
    def words(self) -> list[str]:
        """Of the function's name."""
        found = [word for word in re.split(r"[^A-Za-z0-9]+", self.name) if word]
        return [*found, "V", *re.findall(r"[A-Za-z0-9]+", self.version)] if self.version else found


def is_required(parameter: Parameter) -> bool:
    """Whether a caller must give it."""
    return parameter.required and parameter.default is None


def calls_of(catalogue: Catalogue, group: str = "") -> list[Call]:
    """Open operations by name, without streams and WebSockets, which have no one answer."""
    found = []
    for name, operation in sorted(catalogue.operations.items()):
        versions = [("", operation), *sorted(operation.versions.items())]
        found += [
            Call(name=name, version=version, operation=one)
            for version, one in versions
            if one.open and one.kind == "http" and group in ("", one.group)
        ]
    return found


def models_of(catalogue: Catalogue, calls: Sequence[Call]) -> dict[str, Model]:
    """The models that calls are made of, by name, and those within them."""
    wanted: set[str] = set()
    left = [name for call in calls for name in _named(_types(call.operation))]
    while left:
        name = left.pop()
        if name in wanted or name not in catalogue.models:
            continue
        wanted.add(name)
        model = catalogue.models[name]
        types = [field.type for field in (model.fields or {}).values()]
        left += _named([*types, *(model.any_of or ()), *([model.alias] if model.alias else [])])
    return {name: catalogue.models[name] for name in sorted(wanted)}


def _types(operation: OperationVersion) -> list[str]:
    return [
        *(one.type for one in operation.parameters),
        *([operation.body] if operation.body else []),
        *([operation.response] if operation.response else []),
    ]


def _named(types: Iterable[str]) -> list[str]:
    return [name for text in types for name in models_in(parse_type(text))]


class Names:
    """Names of one scope, each given once: a taken or reserved one gets a `_` or a number behind it."""

    def __init__(self, reserved: Collection[str]) -> None:
        self._taken = set(reserved)

    def take(self, name: str) -> str:
        name = re.sub(r"[^A-Za-z0-9_]", "_", name) or "_"
        if name[0].isdigit():
            name = f"_{name}"
        found = name if name not in self._taken else f"{name}_"
        number = 2
        while found in self._taken:
            found, number = f"{name}_{number}", number + 1
        self._taken.add(found)
        return found


def camel(words: Sequence[str]) -> str:
    """`shopItemsList` of its words."""
    first, *rest = words
    return first[0].lower() + first[1:] + "".join(word[0].upper() + word[1:] for word in rest)


def pascal(words: Sequence[str]) -> str:
    """`ShopItemsList`."""
    return "".join(word[0].upper() + word[1:] for word in words)


def snake(words: Sequence[str]) -> str:
    """`shop_items_list`; words with capitals inside are taken apart."""
    parts = [re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word).lower() for word in words]
    return re.sub(r"_v_(\w+)$", r"_v\1", "_".join(parts)) if "V" in words else "_".join(parts)


def sentences(call: Call) -> str:
    """What a function's comment says: the description, and the operationType."""
    version = f", version {call.version}" if call.version else ""
    words = [call.operation.description.strip(), f"Operation `{call.name}`{version}."]
    return "\n\n".join(word for word in words if word)
