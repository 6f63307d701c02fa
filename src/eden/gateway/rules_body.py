"""Bodies looked at against the catalogue's data models: compiled once for an operation, asked for every call.

    check = compile_body(catalogue.models, operation)
    check(b'{"items": [{"price": -1}]}') -> [("items[0].price", "must be at least 0")]

The first mistakes are told, not all: a caller mends them one after another, and a large body that is wrong everywhere
costs no more than a small one. Fields that a model does not have are let through: a service may be ahead of its
catalogue. The step that asks is to be switched on by the operation, as the request validators of other gateways are.
"""

from __future__ import annotations

import datetime
import re
from binascii import a2b_base64
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

import msgspec

from eden.gateway.interfaces import Field, Model, OperationVersion
from eden.gateway.rules_types import ListOf, MapOf, Maybe, Named, TypeNode, parse_type

#: where in the body (empty: all of it), and what must be
Mistake: TypeAlias = tuple[str, str]
#: yields mistakes of a value at a place
Check: TypeAlias = Callable[[Any, str], Iterator[Mistake]]

MOST: Final = 5
#: no model has this name: it is no name
_BODY: Final = "_body_"


def compile_body(models: Mapping[str, Model], operation: OperationVersion) -> Callable[[bytes], list[Mistake]] | None:
    """What looks at an operation's bodies: at its type, or at its parameters of the body. None where neither says what
    a body is. No body is one that is missing, unless nothing of it is required."""
    fields = {one.name: one for one in operation.parameters if one.location == "body"}
    if operation.body is not None:
        look = compile_type(models, operation.body)
    elif fields:
        # models that nobody asks for may not even be decoded; nothing is put into them
        look = compile_type(ChainMap({_BODY: Model(fields=dict(fields))}, models), _BODY)  # type: ignore[arg-type]
    else:
        return None
    may_be_missing = operation.body is None and not any(field.required for field in fields.values())

    def check(body: bytes) -> list[Mistake]:
        if not body:
            return [] if may_be_missing else [("", "is missing")]
        try:
            value = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return [("", f"is no JSON: {error}")]
        except RecursionError:
            return [("", "is nested too deeply")]
        return look(value)

    return check


def compile_type(models: Mapping[str, Model], text: str) -> Callable[[Any], list[Mistake]]:
    """What looks at values of a type. The models are those of a catalogue that was checked; ValueError for a text that
    is no type, KeyError for a model that is not there."""
    compiler = _Compiler(models)
    check = compiler.of(parse_type(text))
    compiler.finish()

    def look(value: Any) -> list[Mistake]:
        found: list[Mistake] = []
        try:
            for mistake in check(value, ""):
                found.append(mistake)
                if len(found) == MOST:
                    break
        except RecursionError:
            found.append(("", "is nested too deeply"))
        finally:
            compiler.fits.clear()
        return found

    return look


class _Compiler:
    """Models are compiled once and may contain themselves: who needs one is given what looks it up later."""

    def __init__(self, models: Mapping[str, Model]) -> None:
        self.models = models
        self.done: dict[str, Check] = {}
        self.asked: list[str] = []
        #: of the value that is being looked at: type and part (`id`) → whether it fits. Unions within unions would ask
        #: that of the innermost part as often as there are ways to it, which doubles with every level
        self.fits: dict[tuple[str, int], bool] = {}

    def of(self, node: TypeNode) -> Check:
        match node:
            case Named(name):
                return _SCALARS[name] if name in _SCALARS else self._model(name)
            case ListOf(of):
                return _list(self.of(of))
            case MapOf(of):
                return _map(self.of(of))
            case Maybe(of):
                return _maybe(self.of(of))

    def finish(self) -> None:
        """Compile the models that were asked for, and those that they ask for."""
        while self.asked:
            name = self.asked.pop()
            if name not in self.done:
                self.done[name] = self._compiled(self.models[name])

    def _model(self, name: str) -> Check:
        if name not in self.models:
            raise KeyError(name)
        self.asked.append(name)
        done = self.done
        return lambda value, place: done[name](value, place)

    def _compiled(self, model: Model) -> Check:
        if model.values is not None:
            return _values(tuple(model.values))
        if model.alias is not None:
            return self.of(parse_type(model.alias))
        if model.any_of is not None:
            return self._any_of(model.any_of, model.tag)
        return self._object(model.fields or {})

    def _object(self, fields: Mapping[str, Field]) -> Check:
        checks = [(name, field.required, self._field(field)) for name, field in fields.items()]

        def check(value: Any, place: str) -> Iterator[Mistake]:
            if not isinstance(value, dict):
                yield place, "must be an object"
                return
            for name, required, inner in checks:
                if name in value:
                    yield from inner(value[name], f"{place}.{name}" if place else name)
                elif required:
                    yield (f"{place}.{name}" if place else name), "is missing"

        return check

    def _field(self, field: Field) -> Check:
        node = parse_type(field.type)
        inner = self.of(node)
        bounds = [bound for bound in (_values(field.values) if field.values else None, _bounds(field)) if bound]
        if not bounds:
            return inner
        nothing = isinstance(node, Maybe)

        def check(value: Any, place: str) -> Iterator[Mistake]:
            clean = True
            for mistake in inner(value, place):
                clean = False
                yield mistake
            # bounds of what has the wrong type are nobody's question
            if clean and not (nothing and value is None):
                for bound in bounds:
                    yield from bound(value, place)

        return check

    def _any_of(self, types: tuple[str, ...], tag: str) -> Check:
        checks = {text: self.of(parse_type(text)) for text in types}

        def check(value: Any, place: str) -> Iterator[Mistake]:
            if tag and isinstance(value, dict) and isinstance(value.get(tag), str) and value[tag] in checks:
                # it says itself what it is
                yield from checks[value[tag]](value, place)
            elif not any(self._fits(text, one, value) for text, one in checks.items()):
                yield place, f"must be one of {', '.join(checks)}"

        return check

    def _fits(self, text: str, check: Check, value: Any) -> bool:
        key = text, id(value)
        if key not in self.fits:
            self.fits[key] = next(check(value, ""), None) is None
        return self.fits[key]


def _list(inner: Check) -> Check:
    def check(value: Any, place: str) -> Iterator[Mistake]:
        if not isinstance(value, list):
            yield place, "must be a list"
            return
        for at, item in enumerate(value):
            yield from inner(item, f"{place}[{at}]")

    return check


def _map(inner: Check) -> Check:
    def check(value: Any, place: str) -> Iterator[Mistake]:
        if not isinstance(value, dict):
            yield place, "must be an object"
            return
        for name, item in value.items():
            yield from inner(item, f"{place}.{name}" if place else name)

    return check


def _maybe(inner: Check) -> Check:
    return lambda value, place: iter(()) if value is None else inner(value, place)


def _values(values: tuple[str | int, ...]) -> Check:
    known = {(type(value), value) for value in values}
    sentence = f"must be one of {', '.join(map(str, values[:10]))}{', …' if len(values) > 10 else ''}"

    def check(value: Any, place: str) -> Iterator[Mistake]:
        if not isinstance(value, str | int) or (type(value), value) not in known:
            yield place, sentence

    return check


def _bounds(field: Field) -> Check | None:
    """Of numbers: minimum and maximum; of texts, lists and maps: their length."""
    low, high, short, long = field.minimum, field.maximum, field.min_length, field.max_length
    pattern = re.compile(field.pattern) if field.pattern else None
    if low is None and high is None and short is None and long is None and pattern is None:
        return None

    def check(value: Any, place: str) -> Iterator[Mistake]:
        if isinstance(value, int | float) and not isinstance(value, bool):
            if low is not None and value < low:
                yield place, f"must be at least {low:g}"
            if high is not None and value > high:
                yield place, f"must be at most {high:g}"
        elif isinstance(value, str | list | dict):
            of = "characters" if isinstance(value, str) else "entries"
            if short is not None and len(value) < short:
                yield place, f"must have at least {short} {of}"
            if long is not None and len(value) > long:
                yield place, f"must have at most {long} {of}"
            if pattern is not None and isinstance(value, str) and pattern.search(value) is None:
                yield place, f"must match {pattern.pattern}"

    return check


# scalars


def _scalar(good: Callable[[Any], bool], sentence: str) -> Check:
    def check(value: Any, place: str) -> Iterator[Mistake]:
        if not good(value):
            yield place, sentence

    return check


def _whole(limit: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and -limit <= value < limit


def _is_base64(value: Any) -> bool:
    try:
        return isinstance(value, str) and a2b_base64(value.encode("ascii"), strict_mode=True) is not None
    except ValueError:
        return False


def _read(kind: type[datetime.date]) -> Callable[[Any], bool]:
    def good(value: Any) -> bool:
        if not isinstance(value, str):
            return False
        try:
            kind.fromisoformat(value)
        except ValueError:
            return False
        return True

    return good


_SCALARS: Final[dict[str, Check]] = {
    "string": _scalar(lambda value: isinstance(value, str), "must be a text"),
    "boolean": _scalar(lambda value: isinstance(value, bool), "must be true or false"),
    "int": _scalar(_whole(1 << 31), "must be a whole number of 32 bits"),
    "long": _scalar(_whole(1 << 63), "must be a whole number of 64 bits"),
    "float": _scalar(lambda value: isinstance(value, int | float) and not isinstance(value, bool), "must be a number"),
    "double": _scalar(lambda value: isinstance(value, int | float) and not isinstance(value, bool), "must be a number"),
    "date": _scalar(_read(datetime.date), "must be a day, as 2026-11-26"),
    "datetime": _scalar(_read(datetime.datetime), "must be a time, as 2026-11-26T15:40:00Z"),
    "bytes": _scalar(_is_base64, "must be base64"),
    "file": _scalar(lambda value: isinstance(value, str), "must be a text"),
    "any": lambda value, place: iter(()),
}
