"""Operations, models and a group of an OpenAPI document (3.0 or 3.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

import msgspec

from eden.base.problems import Problem
from eden.gateway.interfaces import (
    Authorizer,
    Catalogue,
    Defaults,
    Egress,
    Group,
    Method,
    Name,
    Operation,
    OperationType,
    Parameter,
    Target,
    Upstream,
)
from eden.gateway.openapi_reading import Reader
from eden.gateway.pipeline.headers import forbidden
from eden.gateway.rules_addresses import bad_target
from eden.gateway.rules_models import is_enumeration
from eden.gateway.rules_types import ListOf, is_plain, parse_type, without_null, write_type

_METHODS: tuple[Method, ...] = get_args(Method)
#: parameters of the header that OpenAPI has other words for (3.1.1, "Parameter Object")
_IGNORED = frozenset({"accept", "content-type", "authorization"})
_VARIABLE = re.compile(r"\{([^{}]*)\}")
_PLAIN = re.compile(r"/[A-Za-z0-9/._~!$&'()*+,;=:@%-]*")


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What a document has, as a catalogue of its own, and sentences about what could not be taken over."""

    catalogue: Catalogue
    notes: list[str]


def import_openapi(
    document: Mapping[str, Any], *, group: str, prefix: str, target: str | None = None, open_: bool = False
) -> Imported:
    """`group`: name of the group that operations are put into; `prefix`: what operationTypes begin with; `target`: the
    service's address, in place of the document's servers; `open_`: whether the operations can be called at once.

    A document that `openapi_export` wrote gives the catalogue that it was written of. Problem `invalid` for what is no
    OpenAPI 3, or has no address of a service, and for names that cannot be used.
    """
    version = document.get("openapi")
    if not isinstance(version, str) or not version.startswith("3."):
        sentence = "The document is no OpenAPI 3."
        hint = "Convert Swagger 2.0 first." if "swagger" in document else "It begins with openapi: 3.0.3 or 3.1.0."
        raise Problem("invalid", sentence, hint, errors=[("openapi", sentence)])
    _check_names(group, prefix, target)
    try:
        return _Importing(document, group, prefix, target, open_).run()
    except RecursionError:
        sentence = "The document's schemas are nested too deeply."
        hint = "Name the inner ones under components.schemas, and refer to them."
        raise Problem("invalid", sentence, hint, errors=[("components", sentence)]) from None


def merged(there: Catalogue, more: Catalogue) -> Catalogue:
    """What is there with what is in `more`, which wins, but for the defaults and the exit that are there already."""
    return msgspec.structs.replace(
        there,
        groups=there.groups | more.groups,
        operations=there.operations | more.operations,
        models=there.models | more.models,
        authorizers=there.authorizers | more.authorizers,
        defaults=more.defaults if there.defaults == Defaults() else there.defaults,
        egress=more.egress if there.egress == Egress() else there.egress,
    )


def replaced(there: Catalogue, more: Catalogue) -> list[str]:
    """A sentence about models of the same name, which other operations may be made of; none where there are none."""
    names = sorted(name for name, model in more.models.items() if there.models.get(name, model) != model)
    more_names = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return (
        [f"models of the same names were there and are replaced: {', '.join(names[:10])}{more_names}"] if names else []
    )


def _check_names(group: str, prefix: str, target: str | None) -> None:
    for place, text, kind in (("group", group, Name), ("prefix", prefix, OperationType)):
        try:
            msgspec.convert(text, kind)
        except msgspec.ValidationError:
            sentence = f"{text!r} cannot be used as the {place}."
            hint = "Use letters, digits, _ and -, with a letter at the beginning; in a prefix dots, too."
            raise Problem("invalid", sentence, hint, errors=[(place, sentence)]) from None
    if target is not None and (trouble := bad_target(target)):
        raise Problem("invalid", trouble, "Write it as https://host.example/base.", errors=[("target", trouble)])


class _Importing:
    """One document on its way."""

    def __init__(self, document: Mapping[str, Any], group: str, prefix: str, target: str | None, open_: bool) -> None:
        self._document = document
        self._reader = Reader(document)
        self._notes = self._reader.notes
        self._group, self._prefix, self._target, self._open = group, prefix, target, open_
        self._groups: dict[str, Group] = {}
        #: address → name of its group
        self._places: dict[str, str] = {}
        self._operations: dict[str, Operation] = {}
        self._secured: dict[str, int] = {}

    def run(self) -> Imported:
        own = self._document.get("x-eden")
        ours: dict[str, Any] = own if isinstance(own, dict) else {}
        if "groups" in ours:
            self._groups = _ours(ours["groups"], dict[str, Group])
        for path, item in _items(self._document.get("paths")):
            shared = self._reader.resolve(item)
            for method in (*(one.lower() for one in _METHODS), "options", "trace"):
                operation = shared.get(method)
                if not isinstance(operation, dict):
                    continue
                if method in ("options", "trace"):
                    self._note(f"operations with method {method.upper()} were left out")
                    continue
                # what follows "#" tells operations apart in a document, and is never sent
                sent = path.partition("#")[0]
                if not _PLAIN.fullmatch(_VARIABLE.sub("x", sent)):
                    self._note("operations whose path is none of HTTP's were left out")
                else:
                    self._operation(sent, method, shared, operation)
        for name, count in sorted(self._secured.items()):
            scheme = self._reader.resolve(_part(self._document, "components", "securitySchemes", name))
            kind = " ".join(str(scheme[key]) for key in ("type", "scheme", "in", "name") if key in scheme)
            self._notes[f"{count} operations need {name} ({kind or 'unknown'}): give them an authorizer"] = 1
        catalogue = Catalogue(
            groups=self._groups,
            operations=self._operations,
            models=self._reader.models,
            authorizers=_ours(ours.get("authorizers", {}), dict[str, Authorizer]),
            defaults=_ours(ours.get("defaults", {}), Defaults),
            egress=_ours(ours.get("egress", {}), Egress),
        )
        notes = [f"{note} ({count} times)" if count > 1 else note for note, count in sorted(self._notes.items())]
        return Imported(catalogue=catalogue, notes=notes)

    def _note(self, sentence: str) -> None:
        self._notes[sentence] += 1

    def _operation(self, path: str, method: str, shared: dict[str, Any], operation: dict[str, Any]) -> None:
        own = operation.get("x-eden")
        extra: dict[str, Any] = dict(own) if isinstance(own, dict) else {}
        order, spread = extra.pop("order", None), extra.pop("body", None) == "parameters"
        written = extra.pop("path", None)
        name = self._name(path, method, operation, ours="group" in extra)
        place = name.removeprefix(f"{self._prefix}.") if "group" not in extra else name
        parameters, renamed = self._parameters(shared, operation, place)
        given: dict[str, Any] = {
            "group": self._group,
            "open": self._open,
            "method": method.upper(),
            "path": written
            if isinstance(written, str)
            else _VARIABLE.sub(lambda one: f"${{{renamed.get(one[1], one[1])}}}", path),
            "description": _description(operation),
            "parameters": parameters,
        }
        if "group" not in extra:
            given["group"] = self._placed(shared, operation)
            self._count_security(operation)
        given |= self._body(operation, place, method, spread, parameters)
        given |= self._response(operation, place)
        if isinstance(order, list):
            ranks = {tuple(map(str, one)): rank for rank, one in enumerate(order) if isinstance(one, list)}
            given["parameters"].sort(key=lambda one: ranks.get((one.location, one.name), len(ranks)))
        given["parameters"] = tuple(given["parameters"])
        if not extra:
            self._missing_variables(given)
        if "group" not in extra:
            self._operations[name] = Operation(**given)
            return
        rest = _ours({"group": extra["group"]} | extra, Operation)
        self._operations[name] = msgspec.structs.replace(
            rest,
            **{key: given[key] for key in ("method", "path", "description", "parameters", "body", "response")},
        )

    def _missing_variables(self, given: dict[str, Any]) -> None:
        """Variables of the path that the document has no parameter for: they are texts."""
        known = {one.name for one in given["parameters"] if one.location == "path"}
        for name in dict.fromkeys(re.findall(r"\$\{([^{}]*)\}", given["path"])):
            if name not in known:
                given["parameters"] += (Parameter(name=name, location="path", required=True),)
        used = set(re.findall(r"\$\{([^{}]*)\}", given["path"]))
        given["parameters"] = tuple(one for one in given["parameters"] if one.location != "path" or one.name in used)

    def _name(self, path: str, method: str, operation: dict[str, Any], *, ours: bool) -> str:
        text = operation.get("operationId")
        if ours and isinstance(text, str):
            return text
        if not isinstance(text, str) or not re.search("[A-Za-z0-9]", text):
            words = [word for word in re.split(r"[^A-Za-z0-9]+", path) if word]
            text = ".".join([*words, method])
        tidy = re.sub(r"[^A-Za-z0-9_.-]+", "-", text.strip().replace("/", ".").replace("#", ".")).strip(".-")
        name, number = f"{self._prefix}.{tidy}"[:120], 2
        base = name
        while name in self._operations:
            name, number = f"{base}-{number}", number + 1
        return name

    def _placed(self, shared: dict[str, Any], operation: dict[str, Any]) -> str:
        """The group of the operation's address, made when it is the first of it."""
        if self._target is not None:
            url = self._target
        else:
            places = (operation.get("servers"), shared.get("servers"), self._document.get("servers"))
            servers = next((one for one in places if isinstance(one, list) and one), [])
            found = [url for server in servers if isinstance(server, dict) and (url := _server(server))]
            good = [url for url in found if not bad_target(url)]
            if not good:
                said = f": {found[0]}" if found else ""
                sentence = f"The document has no address of the service{said}."
                raise Problem("invalid", sentence, "Say where it is (target).", errors=[("servers", sentence)])
            if len(good) > 1:
                self._notes[f"of several servers the first was taken, {good[0]}; not {', '.join(good[1:])}"] = 1
            url = good[0]
        if url not in self._places:
            name = self._group if not self._places else f"{self._group}-{len(self._places) + 1}"
            self._places[url] = name
            info = self._document.get("info")
            title = str(info.get("title", ""))[:200] if isinstance(info, dict) else ""
            self._groups[name] = Group(
                upstreams={"main": Upstream(targets=(Target(url=url.rstrip("/")),))}, description=title
            )
        return self._places[url]

    def _count_security(self, operation: dict[str, Any]) -> None:
        needed = operation.get("security", self._document.get("security"))
        names = {name for one in _sequence(needed) if isinstance(one, dict) for name in one}
        for name in names:
            self._secured[name] = self._secured.get(name, 0) + 1

    def _parameters(
        self, shared: dict[str, Any], operation: dict[str, Any], place: str
    ) -> tuple[list[Parameter], dict[str, str]]:
        """Parameters of path, query and header; those of the operation win. And path variables that were renamed."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for one in [*_sequence(shared.get("parameters")), *_sequence(operation.get("parameters"))]:
            parameter = self._reader.resolve(one)
            if isinstance(parameter.get("name"), str) and isinstance(parameter.get("in"), str) and parameter["name"]:
                found[(parameter["in"], parameter["name"])] = parameter
        parameters: list[Parameter] = []
        renamed: dict[str, str] = {}
        for (location, name), parameter in found.items():
            one = self._parameter(location, name, parameter, f"{place}_{name}")
            if one is None:
                continue
            if any(other.name == one.name and {other.location, location} == {"path", "query"} for other in parameters):
                self._note("parameters of the query with the name of one of the path were left out")
                continue
            if location == "path" and one.name != name:
                renamed[name] = one.name
            parameters.append(one)
        return parameters, renamed

    def _parameter(self, location: str, name: str, parameter: dict[str, Any], place: str) -> Parameter | None:
        if location == "header" and name.lower() in _IGNORED:
            return None
        if location not in ("path", "query", "header") or (
            location == "header" and (forbidden(name) or not re.fullmatch(r"[A-Za-z0-9-]{1,100}", name))
        ):
            self._note(f"parameters in the {location} that the gateway does not pass on were left out")
            return None
        own = f"{name[:1] if re.match('[A-Za-z_]', name) else '_'}{re.sub('[^A-Za-z0-9_-]', '_', name[1:])}"
        schema = {"type": "string"} if "content" in parameter else parameter.get("schema", {"type": "string"})
        field = self._reader.field_of(schema, place)
        node = without_null(parse_type(field.type))
        element = without_null(node.of) if isinstance(node, ListOf) and location != "path" else node
        if not is_plain(element) and not is_enumeration(self._reader.models, write_type(element)):
            if write_type(element) != "any":
                self._note(f"parameters in the {location} with objects in them became texts")
            field = type(field)(description=field.description)
        described = parameter.get("description")
        given = msgspec.structs.asdict(field) | {
            "name": own if location == "path" else name[:128],
            "location": location,
            "required": bool(parameter.get("required")) or location == "path",
            "description": (described.strip()[:4000] if isinstance(described, str) else "") or field.description,
        }
        if parameter.get("x-eden-optional") is True:
            given["required"] = False
        return msgspec.convert(given, Parameter)

    def _body(
        self, operation: dict[str, Any], place: str, method: str, spread: bool, parameters: list[Parameter]
    ) -> dict[str, Any]:
        media, schema = _json_of(self._reader.resolve(operation.get("requestBody")))
        if media is None:
            return {"body": None}
        if method in ("get", "head"):
            self._note(f"bodies of {method.upper()} were left out")
            return {"body": None}
        if not _is_json(media):
            if media == "application/octet-stream":
                return {"body": "file", "content_type": media}
            self._note(f"bodies of {media[:60]} have no type")
            return {"body": None, "content_type": media[:100]}
        found: dict[str, Any] = {} if media == "application/json" else {"content_type": media[:100]}
        if spread and isinstance(schema, dict):
            required = _sequence(schema.get("required"))
            for name, value in _items(schema.get("properties"), all_=True):
                field = self._reader.field_of(value, f"{place}_{name}", required=name in required)
                parameters.append(Parameter(name=name, location="body", **msgspec.structs.asdict(field)))
            return {"body": None} | found
        return {"body": write_type(self._reader.type_of(schema, f"{place}_request"))} | found

    def _response(self, operation: dict[str, Any], place: str) -> dict[str, Any]:
        responses = operation.get("responses")
        answers = {str(status): one for status, one in _items(responses)}
        for status in sorted(answers, key=lambda one: (one == "default", one)):
            if not re.fullmatch("2[0-9X]{2}|default", status):
                continue
            media, schema = _json_of(self._reader.resolve(answers[status]))
            if media == "text/event-stream":
                kind = {"kind": "stream"}
                return kind | {"response": write_type(self._reader.type_of(schema, f"{place}_event"))}
            if media is not None and _is_json(media):
                return {"response": write_type(self._reader.type_of(schema, f"{place}_response"))}
            if status != "default":
                return {"response": None}
        return {"response": None}


def _ours(value: Any, of: Any) -> Any:
    """A part of `x-eden`. Problem `invalid`."""
    try:
        return msgspec.convert(value, of)
    except msgspec.ValidationError as error:
        raise Problem("invalid", f"x-eden: {error}.", errors=[("x-eden", str(error))]) from error


def _items(value: Any, *, all_: bool = False) -> Iterator[tuple[str, Any]]:
    """Of an object, without extensions unless `all_`."""
    if isinstance(value, dict):
        for name, item in value.items():
            if all_ or not str(name).startswith("x-"):
                yield str(name), item


def _part(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name, {}) if isinstance(value, Mapping) else {}
    return value


def _sequence(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _json_of(holder: dict[str, Any]) -> tuple[str | None, Any]:
    """The media type to go by, JSON before others, and its schema; None when there is no content."""
    content = holder.get("content")
    if not isinstance(content, dict) or not content:
        return None, {}
    media = min(content, key=lambda one: (not _is_json(str(one)), one != "text/event-stream"))
    entry = content[media]
    return str(media).lower(), entry.get("schema", {}) if isinstance(entry, dict) else {}


def _is_json(media: str) -> bool:
    plain = media.partition(";")[0].strip().lower()
    return plain == "application/json" or plain.endswith("+json") or plain == "*/*"


def _description(operation: dict[str, Any]) -> str:
    parts = [operation.get(key) for key in ("summary", "description")]
    words = list(dict.fromkeys(part.strip() for part in parts if isinstance(part, str) and part.strip()))
    if operation.get("deprecated") is True:
        words.append("Deprecated.")
    return "\n\n".join(words)[:4000]


def _server(server: dict[str, Any]) -> str:
    """A server's address with the defaults of its variables; "" for a relative one."""
    url = str(server.get("url", ""))
    for name, variable in _items(server.get("variables")):
        if isinstance(variable, dict):
            url = url.replace(f"{{{name}}}", str(variable.get("default", "")))
    return url.rstrip("/") if re.match(r"https?://", url) else ""
