"""A catalogue made ready: what can be decided once per change is not decided once per call.

A table is made at once, however many operations there are: each is made ready with its first call. One that did not
change since the table before is taken over then, with what it remembers, under the terms of the new table: no change
closes breakers or empties caches of operations that it does not concern.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count

from eden.gateway.interfaces import App, Defaults, Group, Kind, Limits, OperationVersion, Upstream
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
from eden.gateway.rules_catalogue import place_of
from eden.gateway.stored import Stored

#: tells compiled operations of one process apart
_numbers = count(1)


class CompileError(ValueError):
    """A catalogue cannot be used; `place` is where in the document."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason


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
        "_before",
        "_routes",
        "apps",
        "catalogue",
        "cors",
        "egress",
        "filter",
        "revision",
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
        catalogue: Stored,
        apps: dict[bytes, CompiledApp],
        terms: Terms,
        previous: CompiledTable | None,
    ) -> None:
        self.workspace_id = workspace_id
        self.revision = revision
        self.catalogue = catalogue
        #: what was called since there is this table, by name and version, and by name and None
        self._routes: dict[tuple[str, str | None], CompiledRoute] = {}
        #: what was called before and not since, as far as it may still be the same
        self._before = {} if previous is None else previous._left(catalogue)
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
        """The operation in this version, or in its default one (None, ""). CompileError for one that cannot be used."""
        route = self._routes.get((operation, version or None))
        return self._first(operation, version or None) if route is None else route

    def _first(self, name: str, version: str | None) -> CompiledRoute | None:
        """For its first call."""
        if name not in self.catalogue.operations:
            return None
        with _at(place_of("operations", name)):
            operation = self.catalogue.operations[name]
        if version is None:
            route = self.find(name, operation.version)
        elif version == operation.version:
            with _at(place_of("operations", name)):
                route = self._made(name, version, operation)
        elif version in operation.versions:
            with _at(place_of("operations", name, "versions", version)):
                route = self._made(name, version, operation.versions[version])
        else:
            return None
        if route is not None:
            self._routes[name, version] = route
        return route

    def _made(self, name: str, version: str, source: OperationVersion) -> CompiledRoute:
        if source.authorizer and source.authorizer not in self.terms.authorizers:
            raise ValueError(f"There is no authorizer {source.authorizer}.")
        old = self._before.pop((name, version), None)
        if old is not None and old.source == source and old.group == self.catalogue.groups.get(source.group):
            return old.under(self.terms)
        return _route(self.workspace_id, name, version, source, self.catalogue, self.terms)

    def _left(self, catalogue: Stored) -> dict[tuple[str, str | None], CompiledRoute]:
        """What may be the same in another catalogue."""
        left, names = self._before | self._routes, catalogue.operations.texts
        alike = catalogue.models.texts == self.catalogue.models.texts
        if not alike or self.catalogue.operations.texts.keys() - names.keys():
            left = {
                key: route for key, route in left.items() if key[0] in names and (alike or not route.source.check_body)
            }
        return left

    def with_apps(self, apps: Iterable[App]) -> CompiledTable:
        """The same catalogue for other apps."""
        table = CompiledTable.__new__(CompiledTable)
        for name in CompiledTable.__slots__:
            setattr(table, name, getattr(self, name))
        table.apps = _apps(apps, self.catalogue.defaults.app_limits, self)
        return table


def compile_workspace(
    catalogue: Stored, apps: Iterable[App], workspace_id: str, revision: int, previous: CompiledTable | None = None
) -> CompiledTable:
    """The catalogue and who may call, ready for use; CompileError names the place of what cannot be."""
    defaults = catalogue.defaults
    authorizers: dict[str, CompiledAuthorizer] = {}
    for name, authorizer in catalogue.authorizers.items():
        place = place_of("authorizers", name)
        if authorizer.operation not in catalogue.operations:
            raise CompileError(place, f"There is no operation {authorizer.operation}.")
        with _at(place):
            authorizers[name] = CompiledAuthorizer(f"{workspace_id}/{name}", authorizer)
    terms = Terms(defaults, authorizers)
    if previous is not None and previous.terms.defaults == defaults:
        # with the same authorizers, nothing that holds for all has changed
        terms = previous.terms if previous.catalogue.authorizers == catalogue.authorizers else terms
    return CompiledTable(workspace_id, revision, catalogue, _apps(apps, defaults.app_limits, previous), terms, previous)


def _route(
    workspace_id: str, name: str, version: str, source: OperationVersion, catalogue: Stored, terms: Terms
) -> CompiledRoute:
    group = catalogue.groups.get(source.group)
    if group is None:
        raise ValueError(f"There is no group {source.group}.")
    route = CompiledRoute(workspace_id, name, version, source, group, terms)
    if source.check_body:
        try:
            route.check_body = compile_body(catalogue.models, source)
        except KeyError as error:
            raise ValueError(f"There is no model {error.args[0]}.") from None
    if route.migration is not None and route.migration.upstream.partition("/")[2] not in group.upstreams:
        raise ValueError(f"The group has no upstream {route.migration.upstream.partition('/')[2]}.")
    if group.default_upstream not in group.upstreams:
        raise CompileError(place_of("groups", source.group), f"There is no upstream {group.default_upstream}.")
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


def _apps(apps: Iterable[App], default: Limits | None, previous: CompiledTable | None) -> dict[bytes, CompiledApp]:
    made = {}
    for app in apps:
        key = app.key.encode()
        old = None if previous is None else previous.apps.get(key)
        if old is not None and old.source == (app, default):
            made[key] = old
        else:
            with _at(place_of("apps", app.key)):
                made[key] = CompiledApp(app, default)
    return made
