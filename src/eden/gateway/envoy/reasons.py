"""Why an operation needs our own data plane: each step that Envoy cannot do alike is named."""

from __future__ import annotations

from collections.abc import Iterator

from eden.gateway.interfaces import Catalogue, Limits, OperationVersion, Parameter


def reasons(catalogue: Catalogue, operation: OperationVersion) -> list[str]:
    """Sentences; none when Envoy gives the same answers."""
    return list(_found(catalogue, operation))


def _found(catalogue: Catalogue, operation: OperationVersion) -> Iterator[str]:
    defaults = catalogue.defaults
    whole = operation.kind == "http"
    if operation.signature == "on":
        yield "Calls are signed."
    if whole and operation.encryption != "off":
        yield "Bodies may be encrypted."
    if whole and operation.check_body:
        yield "Bodies are checked against their models."
    if whole and operation.response_signature:
        yield "Answers are signed."
    if operation.authorizer and defaults.auth_on:
        yield f"The authorizer {operation.authorizer} is asked."
    if whole and operation.cache is not None:
        yield "Answers are kept by key expressions."
    if whole and operation.etag and operation.method in ("GET", "HEAD"):
        yield "Answers get an entity tag."
    if operation.breaker is not None and operation.breaker.on:
        yield "A breaker counts errors of the operation; Envoy's counts connections."
    if operation.mock is not None and operation.mock.on and operation.mock.status == 413 and defaults.mock_on:
        yield "Its mock says 413, as Envoy does of bodies that are too large."
    if operation.mapping is not None:
        yield "The request is mapped by expressions."
    if "${" in operation.path:
        yield "The path has variables that are taken from the query."
    if operation.body is not None and not operation.body.endswith("?"):
        yield "A body is required."
    if named := [one.name for one in operation.parameters if not _passes(operation, one)]:
        yield f"Parameters are checked: {', '.join(named)}."
    limits = operation.limits or defaults.limits
    if limits is not None:
        yield from _limits(limits)
    for rule in operation.headers:
        if rule.action == "delete" and rule.value:
            yield f"The header {rule.name} is deleted by its value."
    group = catalogue.groups[operation.group]
    names = {group.default_upstream, *([operation.migration.upstream] if operation.migration else [])}
    bases = {base_path(target.url) for name in names for target in group.upstreams[name].targets}
    if len(bases) > 1:
        yield "Its targets have different paths in front."


def _limits(limits: Limits) -> Iterator[str]:
    if limits.per_device is not None or limits.per_user is not None:
        yield "Calls are limited per device or user."
    if limits.rate is not None and (limits.answer.status != 1002 or limits.answer.tips or limits.answer.result):
        yield "Callers over the limit get an answer of their own."


def _passes(operation: OperationVersion, one: Parameter) -> bool:
    """Whether a parameter says nothing that has to be looked at."""
    free = not one.required and one.default is None and one.type in ("string", "string?")
    bounds = (one.minimum, one.maximum, one.min_length, one.max_length)
    unbounded = not one.values and not one.pattern and all(bound is None for bound in bounds)
    return one.location == "query" and free and unbounded and operation.method in ("GET", "HEAD")


def base_path(url: str) -> str:
    """The path of a target's address that is put in front, without a slash at its end."""
    return "/".join(["", *url.partition("://")[2].split("/")[1:]]).rstrip("/")
