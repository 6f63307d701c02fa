"""A catalogue made ready: what can be decided once per change is not decided once per call.

What did not change since the previous table is taken over, with what it remembers: a change of one operation costs one
operation, and neither closes breakers nor empties caches of others. When what holds for all operations changes, each is
brought under its new terms when it is called first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count

from eden.gateway.interfaces import App, Catalogue, Defaults, Group, Kind, Limits, OperationVersion, Upstream
from eden.gateway.pipeline.authorizer import CompiledAuthorizer
from eden.gateway.pipeline.breaker import BreakerState
from eden.gateway.pipeline.cache import CompiledCache
from eden.gateway.pipeline.codes import Texts
from eden.gateway.pipeline.cors import CompiledCors
from eden.gateway.pipeline.egress import EgressRoute
from eden.gateway.pipeline.encryption import Opener
from eden.gateway.pipeline.headers import HeaderRules, RequestFilter
from eden.gateway.pipeline.limits import Level
from eden.gateway.pipeline.mapping import RequestMapping
from eden.gateway.pipeline.migration import CompiledMigration
from eden.gateway.pipeline.mock import CompiledMock
from eden.gateway.pipeline.signature import Signer
from eden.gateway.rules_body import Mistake, compile_body

#: tells compiled operations of one process apart
_numbers = count(1)


class CompileError(ValueError):
    """A catalogue cannot be used; `place` is where in the document."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place


class Terms:
    """What a catalogue says of all its operations, ready for use."""

    __slots__ = ("authorizers", "defaults")

    def __init__(self, defaults: Defaults, authorizers: Mapping[str, CompiledAuthorizer]) -> None:
        self.defaults = defaults
        self.authorizers = authorizers


class CompiledRoute:
    """One version of an operation, ready for use (`exchange.Route`)."""

    __slots__ = (
        "authorizer",
        "body_bytes",
        "breaker",
        "breaker_answer",
        "cache",
        "check_body",
        "encryption",
        "etag",
        "group",
        "holds_answers",
        "kind",
        "level",
        "mapping",
        "migration",
        "mock",
        "needs_body",
        "open",
        "operation",
        "request_rules",
        "response_rules",
        "response_signature",
        "retry",
        "signed",
        "source",
        "terms",
        "timeout_ms",
        "upstream",
        "version",
        "workspace_id",
    )

    def __init__(
        self,
        workspace_id: str,
        operation: str,
        version: str,
        source: OperationVersion,
        group: Group,
        terms: Terms,
    ) -> None:
        self.operation = operation
        self.version = version
        self.workspace_id = workspace_id
        self.source = source
        self.group = group
        self.kind: Kind = source.kind
        self.open = source.open
        self.body_bytes = source.body_bytes
        self.upstream = f"{source.group}/{group.default_upstream}"
        self.signed = source.signature == "on"
        # what is passed on as it comes is neither kept nor sealed nor signed
        whole = source.kind == "http"
        self.encryption = source.encryption if whole else "off"
        self.response_signature = source.response_signature and whole
        self.etag = source.etag and whole and source.method in ("GET", "HEAD")
        rule = source.breaker
        self.breaker = BreakerState(rule) if rule is not None and rule.on else None
        self.breaker_answer = None if rule is None else rule.answer
        self.request_rules = HeaderRules(source.headers, "request") or None
        self.response_rules = HeaderRules(source.headers, "response") or None
        moves = source.migration
        self.migration = None if moves is None else CompiledMigration(operation, source.group, moves)
        self.retry = source.retry
        self.mapping = RequestMapping(source)
        #: what is wrong with a body; None: nobody asks
        self.check_body: Callable[[bytes], list[Mistake]] | None = None
        self.authorizer: CompiledAuthorizer | None = None
        self.cache: CompiledCache | None = None
        if source.cache is not None and whole:
            self.cache = CompiledCache(source.cache, next(_numbers), True)
        #: an answer is held until it is whole, as something is done with its body
        self.holds_answers = self.etag or self.response_signature or self.cache is not None
        self.needs_body = (
            self.signed
            or self.encryption != "off"
            or self.mapping.reads_body
            or self.cache is not None
            or source.check_body
        )
        self._set(terms)

    def _set(self, terms: Terms) -> None:
        """What hangs on the terms."""
        source, defaults = self.source, terms.defaults
        self.terms = terms
        self.timeout_ms = source.timeout_ms or self.group.timeout_ms or defaults.timeout_ms
        limits = source.limits or defaults.limits
        name = f"o{self.workspace_id}/{self.operation}/{self.version}"
        self.level = None if limits is None else Level(name, limits)
        self.mock = CompiledMock(source.mock) if source.mock and source.mock.on and defaults.mock_on else None
        authorizer = terms.authorizers[source.authorizer] if source.authorizer and defaults.auth_on else None
        if self.cache is not None and source.cache is not None and (authorizer is None) != (self.authorizer is None):
            # from now on people do not share answers any more, or do
            self.cache = CompiledCache(source.cache, next(_numbers), authorizer is None)
        self.authorizer = authorizer

    def under(self, terms: Terms) -> CompiledRoute:
        """The same version under other terms; it remembers what this one does."""
        if terms is self.terms:
            return self
        made = CompiledRoute.__new__(CompiledRoute)
        for name in CompiledRoute.__slots__:
            setattr(made, name, getattr(self, name))
        made._set(terms)
        return made


class CompiledApp:
    """Who may call, ready for use."""

    __slots__ = ("header", "key", "level", "open", "openers", "owner", "signers", "source")

    def __init__(self, app: App, default: Limits | None) -> None:
        self.source = (app, default)
        self.key = app.key
        #: that tells services of it
        self.header = (b"x-eden-app", app.key.encode())
        #: whose its nonces are
        self.owner = app.key.encode() + b"\0"
        self.open = app.open
        self.signers = [Signer(secret) for secret in app.secrets]
        self.openers = [Opener(key) for key in app.keys]
        limits = app.limits or default
        self.level = None if limits is None else Level(f"p{app.key}", limits)


class CompiledTable:
    """A workspace's catalogue and apps, ready for use (`exchange.Table`); what it says never changes."""

    __slots__ = (
        "apps",
        "catalogue",
        "cors",
        "egress",
        "filter",
        "revision",
        "routes",
        "terms",
        "texts",
        "upstreams",
        "window_ms",
        "workspace_id",
    )

    def __init__(
        self,
        workspace_id: str,
        revision: int,
        catalogue: Catalogue,
        routes: dict[tuple[str, str | None], CompiledRoute],
        apps: dict[bytes, CompiledApp],
        terms: Terms,
    ) -> None:
        self.workspace_id = workspace_id
        self.revision = revision
        self.catalogue = catalogue
        #: by name and version, and by name and None; some are still under the terms of a table before
        self.routes = routes
        self.terms = terms
        self.apps = apps
        self.upstreams: dict[str, Upstream] = {
            f"{group}/{name}": upstream
            for group, source in catalogue.groups.items()
            for name, upstream in source.upstreams.items()
        }
        defaults = catalogue.defaults
        self.window_ms = defaults.signature_window_s * 1000
        self.texts: Texts = {int(code): texts for code, texts in defaults.texts.items()}
        self.cors = None if defaults.cors is None else CompiledCors(defaults.cors)
        self.filter = RequestFilter([authorizer.header for authorizer in terms.authorizers.values()])
        self.egress = EgressRoute(workspace_id, catalogue.egress, defaults.limits) if catalogue.egress.domains else None

    def find(self, operation: str, version: str | None) -> CompiledRoute | None:
        """The operation in this version, or in its default one (None, "")."""
        route = self.routes.get((operation, version or None))
        if route is not None and route.terms is not self.terms:
            self.routes[operation, version or None] = route = route.under(self.terms)
        return route

    def with_apps(self, apps: Iterable[App]) -> CompiledTable:
        """The same catalogue for other apps."""
        table = CompiledTable.__new__(CompiledTable)
        for name in CompiledTable.__slots__:
            setattr(table, name, getattr(self, name))
        table.apps = _apps(apps, self.catalogue.defaults.app_limits, self)
        return table


def compile_workspace(
    catalogue: Catalogue, apps: Iterable[App], workspace_id: str, revision: int, previous: CompiledTable | None = None
) -> CompiledTable:
    """The catalogue and who may call, ready for use; CompileError names the place of what cannot be."""
    defaults = catalogue.defaults
    authorizers: dict[str, CompiledAuthorizer] = {}
    for name, authorizer in catalogue.authorizers.items():
        place = f"authorizers.{name}"
        if authorizer.operation not in catalogue.operations:
            raise CompileError(place, f"There is no operation {authorizer.operation}.")
        with _at(place):
            authorizers[name] = CompiledAuthorizer(f"{workspace_id}/{name}", authorizer)
    terms = Terms(defaults, authorizers)
    if previous is not None and previous.terms.defaults == defaults:
        # with the same authorizers, nothing that holds for all has changed
        terms = previous.terms if previous.catalogue.authorizers == catalogue.authorizers else terms
    routes: dict[tuple[str, str | None], CompiledRoute] = {}
    alike = set() if previous is None else _alike_groups(previous.catalogue, catalogue)
    same_models = previous is not None and previous.catalogue.models == catalogue.models
    for name, operation in catalogue.operations.items():
        for version in operation.versions.keys() | {operation.version}:
            source = operation if version == operation.version else operation.versions[version]
            place = f"operations.{name}" if source is operation else f"operations.{name}.versions.{version}"
            if source.authorizer and source.authorizer not in authorizers:
                raise CompileError(place, f"There is no authorizer {source.authorizer}.")
            old = None if previous is None else previous.routes.get((name, version))
            kept = source.group in alike and (same_models or not source.check_body)
            if old is not None and kept and old.source == source:
                routes[name, version] = old
                continue
            with _at(place):
                routes[name, version] = _route(workspace_id, name, version, source, catalogue, terms)
        routes[name, None] = routes[name, operation.version]
    made = _apps(apps, defaults.app_limits, previous)
    return CompiledTable(workspace_id, revision, catalogue, routes, made, terms)


def _route(
    workspace_id: str, name: str, version: str, source: OperationVersion, catalogue: Catalogue, terms: Terms
) -> CompiledRoute:
    group = catalogue.groups.get(source.group)
    if group is None:
        raise ValueError(f"There is no group {source.group}.")
    route = CompiledRoute(workspace_id, name, version, source, group, terms)
    if source.check_body:
        route.check_body = compile_body(catalogue.models, source)
    if route.migration is not None and route.migration.upstream.partition("/")[2] not in group.upstreams:
        raise ValueError(f"The group has no upstream {route.migration.upstream.partition('/')[2]}.")
    if group.default_upstream not in group.upstreams:
        raise CompileError(f"groups.{source.group}", f"There is no upstream {group.default_upstream}.")
    return route


@contextmanager
def _at(place: str) -> Iterator[None]:
    """Say where in the document something is wrong."""
    try:
        yield
    except CompileError:
        raise
    except (ValueError, re.error) as error:
        raise CompileError(place, str(error)) from error


def _alike_groups(one: Catalogue, other: Catalogue) -> set[str]:
    return {name for name, group in other.groups.items() if one.groups.get(name) == group}


def _apps(apps: Iterable[App], default: Limits | None, previous: CompiledTable | None) -> dict[bytes, CompiledApp]:
    made = {}
    for app in apps:
        key = app.key.encode()
        old = None if previous is None else previous.apps.get(key)
        if old is not None and old.source == (app, default):
            made[key] = old
        else:
            with _at(f"apps.{app.key}"):
                made[key] = CompiledApp(app, default)
    return made
