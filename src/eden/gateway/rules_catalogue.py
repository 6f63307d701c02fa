"""What must hold in a catalogue before it counts: every finding names its place in the document and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from eden.gateway.interfaces import (
    Authorizer,
    Catalogue,
    Group,
    HeaderRule,
    Limits,
    OperationVersion,
    Parameter,
    Upstream,
)
from eden.gateway.pipeline.headers import forbidden
from eden.gateway.rules_addresses import bad_domain, bad_origin, bad_target
from eden.gateway.rules_expressions import bad_expression, bad_template
from eden.gateway.rules_models import check_models, check_value, is_enumeration, type_troubles
from eden.gateway.rules_types import ListOf, is_plain, parse_type, without_null, write_type

VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_PATH = re.compile(r"/[A-Za-z0-9/._~!$&'()*+,;=:@%-]*")


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What was found. `place` is written as in TOML: `operations."eden.bank.pay".path`. An error is refused, a warning
    is probably not what somebody meant."""

    level: Literal["error", "warning"]
    place: str
    sentence: str
    hint: str = ""


def check(catalogue: Catalogue) -> list[Finding]:
    """Everything that is wrong or odd, errors first, each kind in the document's order."""
    found = [
        *(one for name, group in catalogue.groups.items() for one in _group(place_of("groups", name), group)),
        *(Finding(level=level, place=place, sentence=sentence, hint=hint)
          for level, place, sentence, hint in check_models(catalogue.models)),
        *(one for name, who in catalogue.authorizers.items() for one in _authorizer(catalogue, name, who)),
        *(one for name in catalogue.operations for one in _operation(catalogue, name)),
        *_twins(catalogue),
        *_defaults(catalogue),
        *_egress(catalogue),
        *_unused(catalogue),
    ]  # fmt: skip
    return sorted(found, key=lambda one: one.level != "error")


def path_variables(path: str) -> list[str]:
    """Names in `${…}`, in order."""
    return VARIABLE.findall(path)


def _error(place: str, sentence: str, hint: str = "") -> Finding:
    return Finding(level="error", place=place, sentence=sentence, hint=hint)


def _warning(place: str, sentence: str, hint: str = "") -> Finding:
    return Finding(level="warning", place=place, sentence=sentence, hint=hint)


def place_of(*words: str) -> str:
    """Where in a document, as in TOML."""
    return ".".join(word if re.fullmatch(r"[A-Za-z0-9_-]+", word) else f'"{word}"' for word in words)


def _known(names: Mapping[str, Any]) -> str:
    listed = ", ".join(sorted(names)[:10])
    return f"There are: {listed}." if listed else "There are none yet."


# groups


def _group(place: str, group: Group) -> Iterator[Finding]:
    if group.upstream and group.upstream not in group.upstreams:
        yield _error(f"{place}.upstream", f"The group has no upstream {group.upstream}.", _known(group.upstreams))
    elif not group.upstream and len(group.upstreams) > 1:
        sentence = "There are several upstreams, and none is said to be the one that operations go to."
        yield _error(f"{place}.upstream", sentence, "Set upstream to one of their names.")
    for name, upstream in group.upstreams.items():
        yield from _upstream(f"{place}.{place_of('upstreams', name)}", upstream)


def _upstream(place: str, upstream: Upstream) -> Iterator[Finding]:
    seen = set()
    for number, target in enumerate(upstream.targets):
        at = f"{place}.targets[{number}].url"
        if trouble := bad_target(target.url):
            yield _error(at, trouble, "Write it as http://10.0.0.7:8080 or https://host.example/base.")
        if target.url in seen:
            yield _warning(at, "This target is named twice.", "Give one of them the weight of both.")
        seen.add(target.url)
    if not any(target.weight for target in upstream.targets):
        yield _error(f"{place}.targets", "All targets have the weight 0.", "Give one of them a weight.")
    if upstream.host and (trouble := bad_target(f"http://{upstream.host}")):
        yield _error(f"{place}.host", trouble, "Write it as host.example or host.example:8080.")
    health = upstream.health
    if health is not None:
        if health.status[0] > health.status[1]:
            yield _error(f"{place}.health.status", "The first status is above the last.", "Write it as [200, 399].")
        if health.timeout_ms > health.interval_ms:
            sentence = "A check may take longer than the time to the next one."
            yield _warning(f"{place}.health.timeout_ms", sentence, "Set it below interval_ms.")
        yield from _plain_path(f"{place}.health.path", health.path)


def _plain_path(place: str, path: str) -> Iterator[Finding]:
    if not _PATH.fullmatch(path) or re.search(r"%(?![0-9A-Fa-f]{2})", path):
        sentence = f"{path!r} is no path of an address."
        yield _error(place, sentence, "Percent-encode other characters; a query is made by parameters and mapping.")
    elif any(part in (".", "..") for part in path.split("/")) or "//" in path:
        yield _error(place, "The path has empty parts, or parts of dots only.", "Write it as the upstream has it.")


# authorizers


def _authorizer(catalogue: Catalogue, name: str, who: Authorizer) -> Iterator[Finding]:
    place = place_of("authorizers", name)
    operation = catalogue.operations.get(who.operation)
    if operation is None:
        yield _error(f"{place}.operation", f"There is no operation {who.operation}.", "Declare it under operations.")
    else:
        if operation.authorizer is not None:
            sentence = f"{who.operation} needs an authorizer itself, so nobody could ever be let in."
            yield _error(f"{place}.operation", sentence, "Take authorizer off that operation.")
        if operation.kind != "http" or operation.method not in ("POST", "PUT"):
            sentence = f"{who.operation} takes no body that the fields could be in."
            yield _error(f"{place}.operation", sentence, "An authorizer's operation has method POST and kind http.")
    for number, field in enumerate(who.fields):
        kind, _, rest = field.partition(".")
        if kind not in ("header", "cookie") or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", rest):
            sentence = f"{field!r} is no field of a request."
            yield _error(f"{place}.fields[{number}]", sentence, 'Write "header.authorization" or "cookie.session".')
    if forbidden(who.principal) and who.principal.lower() != "x-eden-principal":
        sentence = f"The header {who.principal} cannot carry a principal: it is HTTP's or the gateway's own."
        yield _error(f"{place}.principal", sentence, "x-eden-principal is the usual one.")


# operations


def _operation(catalogue: Catalogue, name: str) -> Iterator[Finding]:
    operation = catalogue.operations[name]
    place = place_of("operations", name)
    yield from _version(catalogue, place, operation)
    for version, other in operation.versions.items():
        at = f"{place}.{place_of('versions', version)}"
        if version == operation.version:
            sentence = f"{version} is the version of the operation itself."
            yield _error(at, sentence, "Give one of the two another name.")
        yield from _version(catalogue, at, other)


def _version(catalogue: Catalogue, place: str, operation: OperationVersion) -> Iterator[Finding]:
    group = catalogue.groups.get(operation.group)
    if group is None:
        yield _error(f"{place}.group", f"There is no group {operation.group}.", _known(catalogue.groups))
    migration = operation.migration
    if migration is not None and group is not None:
        at = f"{place}.migration.upstream"
        if migration.upstream not in group.upstreams:
            sentence = f"The group {operation.group} has no upstream {migration.upstream}."
            yield _error(at, sentence, _known(group.upstreams))
        elif migration.upstream == group.default_upstream:
            yield _warning(at, "The calls go there anyway.", "Name the upstream that they are to move to.")
    if operation.authorizer is not None and operation.authorizer not in catalogue.authorizers:
        sentence = f"There is no authorizer {operation.authorizer}."
        yield _error(f"{place}.authorizer", sentence, _known(catalogue.authorizers))
    yield from _path(place, operation)
    yield from _parameters(catalogue, place, operation)
    yield from _mapping(place, operation)
    for name in ("body", "response"):
        if (text := getattr(operation, name)) is not None:
            for trouble, hint in type_troubles(catalogue.models, text):
                yield _error(f"{place}.{name}", trouble, hint)
    yield from _kinds(place, operation)
    yield from _steps(place, operation)
    for number, rule in enumerate(operation.headers):
        yield from _header_rule(f"{place}.headers[{number}]", rule)


def _path(place: str, operation: OperationVersion) -> Iterator[Finding]:
    at = f"{place}.path"
    names = path_variables(operation.path)
    plain = VARIABLE.sub("x", operation.path)
    if "${" in plain or any(not _VARIABLE_NAME.fullmatch(name) for name in names):
        yield _error(at, "A variable of the path is not written as ${name}.", "As in /accounts/${id}/transfers.")
        return
    yield from _plain_path(at, plain)
    given = {one.name for one in operation.parameters if one.location == "path"}
    mapped = set(operation.mapping.path) if operation.mapping else set()
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield _error(at, f"The variable {name} is in the path twice.", "Give one of them another name.")
        if name not in given | mapped:
            sentence = f"Nothing gives the variable {name}."
            hint = f'Add a parameter {name} with location = "path", or an expression under mapping.path.'
            yield _error(at, sentence, hint)
    for name in sorted((given | mapped) - set(names)):
        where = f"{place}.mapping.path.{name}" if name in mapped else f"{place}.parameters"
        yield _error(where, f"The path has no variable {name}.", f"Write ${{{name}}} into the path, or take it out.")


def _parameters(catalogue: Catalogue, place: str, operation: OperationVersion) -> Iterator[Finding]:
    seen: set[tuple[str, str]] = set()
    asked: dict[str, str] = {}
    for number, one in enumerate(operation.parameters):
        at = f"{place}.parameters[{number}]"
        name = one.name.lower() if one.location == "header" else one.name
        if (one.location, name) in seen:
            yield _error(f"{at}.name", f"There are two parameters {one.name} in the {one.location}.", "Take one out.")
        seen.add((one.location, name))
        if one.location in ("path", "query"):
            if name in asked and asked[name] != one.location:
                sentence = f"{one.name} is a parameter of both path and query, and callers give both in the query."
                yield _error(f"{at}.name", sentence, "Give one of them another name, and map it.")
            asked[name] = one.location
        yield from _parameter(catalogue, at, one)
    body = [one for one in operation.parameters if one.location == "body"]
    if body and operation.body is not None:
        sentence = "The body is described twice: as a type, and by parameters."
        yield _error(f"{place}.body", sentence, "Leave one of the two out.")
    if operation.check_body and not (body or operation.body is not None):
        sentence = "Nothing says what a body is, so none can be checked."
        yield _error(f"{place}.check_body", sentence, "Give it a type in body, or parameters of the body.")
    elif operation.check_body and "json" not in operation.content_type:
        sentence = f"Bodies that are checked are JSON, and these are {operation.content_type}."
        yield _error(f"{place}.check_body", sentence, "Leave it out.")
    if (body or operation.body is not None) and operation.method in ("GET", "HEAD"):
        yield _error(f"{place}.method", f"{operation.method} has no body.", "Use POST, or move it into the query.")


def _parameter(catalogue: Catalogue, place: str, one: Parameter) -> Iterator[Finding]:
    troubles = list(type_troubles(catalogue.models, one.type))
    for trouble, hint in troubles:
        yield _error(f"{place}.type", trouble, hint)
    for trouble, hint in check_value(one):
        yield _error(place, f"The parameter {one.name}: {trouble}", hint)
    if troubles or one.location == "body":
        return
    node = without_null(parse_type(one.type))
    element = without_null(node.of) if isinstance(node, ListOf) and one.location != "path" else node
    if not is_plain(element) and not is_enumeration(catalogue.models, write_type(element)):
        sentence = f"A value of type {one.type} cannot be written in a {one.location}."
        yield _error(f"{place}.type", sentence, 'Use a scalar (a list of scalars in a query), or location = "body".')
    if one.location == "path" and not one.required and one.default is None:
        yield _error(f"{place}.required", "A path is not complete without its variables.", "Set required = true.")
    if one.location == "header":
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", one.name):
            yield _error(f"{place}.name", f"{one.name!r} is no name of a header.", "Use letters, digits and hyphens.")
        elif forbidden(one.name):
            yield _error(f"{place}.name", f"The header {one.name} is HTTP's or the gateway's own.", "Take another one.")


def _mapping(place: str, operation: OperationVersion) -> Iterator[Finding]:
    mapping = operation.mapping
    if mapping is None:
        return
    at = f"{place}.mapping"
    for part in ("path", "query", "headers"):
        for name, expression in (getattr(mapping, part) or {}).items():
            if trouble := bad_expression(expression):
                yield _error(f"{at}.{place_of(part, name)}", trouble, "As in $.query.id or $.http_body.items[0].name.")
    for name in mapping.headers:
        if forbidden(name):
            yield _error(f"{at}.{place_of('headers', name)}", f"The header {name} is HTTP's or the gateway's own.")
    for where, trouble in bad_template(mapping.body):
        yield _error(f"{at}.body{where}", trouble, 'A text that begins with "$" and is none is written with "$$".')
    if mapping.body is not None and operation.kind != "http":
        yield _error(f"{at}.body", "What is passed on as it comes cannot be mapped.", 'Use kind = "http".')
    if mapping.body is not None and operation.method in ("GET", "HEAD"):
        yield _error(f"{at}.body", f"{operation.method} has no body.", "Use mapping.query.")


def _kinds(place: str, operation: OperationVersion) -> Iterator[Finding]:
    """What cannot be done with what passes through as it comes."""
    if operation.kind == "http":
        return
    whole: dict[str, bool] = {
        "cache": operation.cache is not None,
        "check_body": operation.check_body,
        "etag": operation.etag,
        "response_signature": operation.response_signature,
        "encryption": operation.encryption != "off",
    }
    if operation.kind == "websocket":
        whole |= {"retry": operation.retry is not None, "body": operation.body is not None}
        if operation.method != "GET":
            yield _error(f"{place}.method", "A WebSocket begins with GET (RFC 6455, section 4.1).", 'Set it to "GET".')
    for name in (name for name, on in whole.items() if on):
        sentence = f"{name} needs the whole message, and an operation of kind {operation.kind} has none."
        yield _error(f"{place}.{name}", sentence, 'Leave it out, or use kind = "http".')


def _steps(place: str, operation: OperationVersion) -> Iterator[Finding]:
    cache, breaker, retry, mock = operation.cache, operation.breaker, operation.retry, operation.mock
    if cache is not None:
        for number, key in enumerate(cache.keys):
            if trouble := bad_expression(key):
                yield _error(f"{place}.cache.keys[{number}]", trouble, "As in $.cookie.city or $.http_body.id.")
    if breaker is not None and breaker.model != "errors" and breaker.slow_ms >= (operation.timeout_ms or 600_000):
        sentence = "No call is slow: it is given up before."
        yield _warning(f"{place}.breaker.slow_ms", sentence, "Set it below timeout_ms.")
    if retry is not None and retry.any_method and operation.method in ("POST", "PATCH"):
        sentence = "A call may be carried out twice."
        yield _warning(f"{place}.retry.any_method", sentence, "Be sure that the upstream knows repeated ones.")
    if mock is not None:
        if mock.status in (204, 304) and mock.body is not None:
            yield _error(f"{place}.mock.body", f"An answer with status {mock.status} has no body.", "Leave it out.")
        for name, value in mock.headers.items():
            if forbidden(name) and name.lower() != "content-type":
                yield _error(f"{place}.mock.{place_of('headers', name)}", f"The header {name} is the gateway's own.")
            elif _unprintable(value):
                yield _error(
                    f"{place}.mock.{place_of('headers', name)}", "The value has characters that no header has."
                )
    if operation.limits is not None:
        yield from _limits(f"{place}.limits", operation.limits)
        if operation.limits.per_user is not None and operation.authorizer is None:
            sentence = "Nobody is limited by this: without an authorizer it is not known who calls."
            yield _warning(f"{place}.limits.per_user", sentence, "Name an authorizer, or limit devices.")
    if not re.fullmatch(r"[\w!#$&^.+-]+/[\w!#$&^.+*-]+( *; *[\w-]+=[\w.\"-]+)*", operation.content_type):
        yield _error(f"{place}.content_type", f"{operation.content_type!r} is no media type.", "As application/json.")


def _limits(place: str, limits: Limits) -> Iterator[Finding]:
    for name in ("per_device", "per_user"):
        each = getattr(limits, name)
        if limits.rate is not None and each is not None and each > limits.rate:
            yield _warning(f"{place}.{name}", "One caller may have more than all together.", "The lower one counts.")
    if limits.answer.result is not None and limits.answer.status != 1000:
        sentence = "The result is only given with status 1000."
        yield _warning(f"{place}.answer.result", sentence, "Set status = 1000, or leave the result out.")


def _header_rule(place: str, rule: HeaderRule) -> Iterator[Finding]:
    if forbidden(rule.name):
        sentence = f"The header {rule.name} is HTTP's or the gateway's own."
        yield _error(f"{place}.name", sentence, "Rules are for other headers.")
    elif "_" in rule.name:
        hint = "Use hyphens: many servers drop headers with underscores."
        yield _error(f"{place}.name", f"The header {rule.name} has an underscore.", hint)
    if _unprintable(rule.value):
        yield _error(f"{place}.value", "The value has characters that no header has.", "Use printable ASCII.")


def _unprintable(value: str) -> bool:
    return not re.fullmatch(r"[\x20-\x7e\t]*", value) or value != value.strip()


def _twins(catalogue: Catalogue) -> Iterator[Finding]:
    """Two operations that are the same call of the same system."""
    seen: dict[tuple[str, str, str], str] = {}
    for name, operation in catalogue.operations.items():
        if operation.mapping is not None or operation.mock is not None:
            continue
        call = (operation.group, operation.method, VARIABLE.sub("{}", operation.path))
        if call in seen:
            sentence = f"This is the same call as {seen[call]}."
            yield _warning(f"{place_of('operations', name)}.path", sentence, "One of them may be left out.")
        seen.setdefault(call, name)


# the rest


def _defaults(catalogue: Catalogue) -> Iterator[Finding]:
    defaults = catalogue.defaults
    for name in ("limits", "app_limits"):
        if (limits := getattr(defaults, name)) is not None:
            yield from _limits(f"defaults.{name}", limits)
    cors = defaults.cors
    if cors is not None:
        for number, origin in enumerate(cors.origins):
            if trouble := bad_origin(origin):
                yield _error(f"defaults.cors.origins[{number}]", trouble, "As https://shop.example, or * for all.")
        if cors.credentials and "*" in cors.origins:
            sentence = "Browsers do not send credentials where every origin may call."
            yield _error("defaults.cors.credentials", sentence, "Name the origins.")


def _egress(catalogue: Catalogue) -> Iterator[Finding]:
    seen = set()
    for number, domain in enumerate(catalogue.egress.domains):
        place = f"egress.domains[{number}].host"
        if trouble := bad_domain(domain.host):
            yield _error(place, trouble, "As api.example.com, or *.example.com for all hosts below it.")
        if domain.host.lower() in seen:
            yield _error(place, f"{domain.host} is listed twice.", "Put its methods and ports together.")
        seen.add(domain.host.lower())


def _unused(catalogue: Catalogue) -> Iterator[Finding]:
    versions = [one for every in catalogue.operations.values() for one in (every, *every.versions.values())]
    for name in catalogue.groups:
        if not any(one.group == name for one in versions):
            yield _warning(place_of("groups", name), "No operation is in this group.", "Take it out when it stays so.")
    for name in catalogue.authorizers:
        if not any(one.authorizer == name for one in versions):
            yield _warning(place_of("authorizers", name), "No operation asks this authorizer.", "Set authorizer there.")
