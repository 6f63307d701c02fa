"""The whole configuration: who listens, the filters of each call, clusters and routes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from eden.gateway.envoy.addresses import Address
from eden.gateway.envoy.clusters import cluster, plain_cluster
from eden.gateway.envoy.reasons import reasons
from eden.gateway.envoy.routes import OWN, fallback, routes
from eden.gateway.envoy.script import LOCAL, LOCAL_HEADER, script
from eden.gateway.interfaces import App, Catalogue, OperationVersion

_TYPES = "type.googleapis.com/envoy"
_CONNECTIONS = "extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig"
#: response flags of Envoy → the word for them in `script.LOCAL`; the first that fits counts
_FLAGS = {
    "timeout": ["UT", "DT"],
    "queue": ["UO"],
    "none": ["UH"],
    "connect": ["UF"],
    "broken": ["UC", "UR", "UPE", "URX"],
}
_MOST_DIRECT = 4 << 20


class Shortfall(NamedTuple):
    """An operation in a version that goes to our own gateway, and why."""

    operation: str
    version: str
    reasons: list[str]


class Rendered(NamedTuple):
    """`files`: name → configuration. `shortfalls`: what Envoy does not do itself."""

    files: dict[str, dict[str, Any]]
    shortfalls: list[Shortfall]


def render(
    catalogue: Catalogue, apps: Iterable[App], listen: Address, own: Address, admin: Address | None = None
) -> Rendered:
    """Envoy at `listen` in front of our own gateway at `own`."""
    is_open = [app for app in apps if app.open]
    limited = catalogue.defaults.app_limits is not None
    callers = sorted(app.key for app in is_open if app.limits is None and not limited)
    found: list[dict[str, Any]] = []
    shortfalls = []
    used: set[tuple[str, str]] = set()
    for name, operation in sorted(catalogue.operations.items()):
        versions: list[tuple[str | None, str, OperationVersion]] = [
            (None, operation.version, operation),
            (operation.version, operation.version, operation),
            *((version, version, other) for version, other in operation.versions.items()),
        ]
        for called, version, one in versions:
            if not one.open:
                continue
            why = reasons(catalogue, one)
            if not callers:
                why = ["Every app has a limit of its own." if is_open else "No app is open.", *why]
            if not why:
                found += routes(catalogue, name, called, one, callers)
                used.add((one.group, catalogue.groups[one.group].default_upstream))
                if one.migration is not None:
                    used.add((one.group, one.migration.upstream))
            elif called is not None:
                shortfalls.append(Shortfall(name, version, why))
    clusters = [cluster(f"{group}/{name}", catalogue.groups[group].upstreams[name]) for group, name in sorted(used)]
    files = {
        "bootstrap.json": _bootstrap(admin),
        "listeners.json": _discovery("listener.v3.Listener", [_listener(catalogue, listen)]),
        "clusters.json": _discovery("cluster.v3.Cluster", [plain_cluster(OWN, *own), *clusters]),
        "routes.json": _discovery("route.v3.RouteConfiguration", [_route_table([*found, fallback()])]),
    }
    return Rendered(files, shortfalls)


def _route_table(found: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": "eden",
        "max_direct_response_body_size_bytes": _MOST_DIRECT,
        "virtual_hosts": [{"name": "eden", "domains": ["*"], "routes": found}],
    }


def _discovery(kind: str, resources: list[dict[str, Any]]) -> dict[str, Any]:
    return {"resources": [{"@type": f"{_TYPES}.config.{kind}", **resource} for resource in resources]}


def _file(name: str) -> dict[str, Any]:
    # paths are put in by `files.write`, which knows the folder
    return {"resource_api_version": "V3", "path_config_source": {"path": name, "watched_directory": {"path": "."}}}


def _bootstrap(admin: Address | None) -> dict[str, Any]:
    made: dict[str, Any] = {
        "node": {"id": "eden", "cluster": "eden"},
        "dynamic_resources": {"lds_config": _file("listeners.json"), "cds_config": _file("clusters.json")},
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": "envoy.resource_monitors.global_downstream_max_connections",
                    "typed_config": {
                        "@type": f"{_TYPES}.{_CONNECTIONS}",
                        "max_active_downstream_connections": 10_000,
                    },
                }
            ]
        },
    }
    if admin is not None:
        made["admin"] = {"address": {"socket_address": {"address": admin.host, "port_value": admin.port}}}
    return made


def _listener(catalogue: Catalogue, listen: Address) -> dict[str, Any]:
    lua = {
        "default_source_code": {"inline_string": script(catalogue.defaults.texts)},
        # a call stays on the route that its own headers have led it to
        "clear_route_cache": False,
    }
    manager = {
        "@type": f"{_TYPES}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "eden",
        "rds": {"config_source": _file("routes.json"), "route_config_name": "eden"},
        "use_remote_address": True,
        "generate_request_id": True,
        "server_header_transformation": "PASS_THROUGH",
        "stream_idle_timeout": "0s",
        "request_headers_timeout": "10s",
        "common_http_protocol_options": {"headers_with_underscores_action": "DROP_HEADER", "idle_timeout": "75s"},
        "http_filters": [
            _filter("lua", "lua.v3.Lua", lua),
            _filter("local_ratelimit", "local_ratelimit.v3.LocalRateLimit", {"stat_prefix": "eden"}),
            _filter("buffer", "buffer.v3.Buffer", {"max_request_bytes": 1 << 20}),
            _filter("router", "router.v3.Router", {"suppress_envoy_headers": True}),
        ],
        "local_reply_config": {
            "mappers": [
                *(_mapper(word, {"response_flag_filter": {"flags": flags}}) for word, flags in _FLAGS.items()),
                _mapper(
                    "large",
                    {
                        "status_code_filter": {
                            "comparison": {"op": "EQ", "value": {"default_value": 413, "runtime_key": "eden.large"}}
                        }
                    },
                ),
            ]
        },
    }
    return {
        "name": "eden",
        "address": {"socket_address": {"address": listen.host, "port_value": listen.port}},
        "per_connection_buffer_limit_bytes": 1 << 20,
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        ],
    }


def _filter(name: str, kind: str, settings: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": f"envoy.filters.http.{name}",
        "typed_config": {"@type": f"{_TYPES}.extensions.filters.http.{kind}", **settings},
    }


def _mapper(word: str, condition: dict[str, Any]) -> dict[str, Any]:
    return {
        "filter": condition,
        "status_code": LOCAL[word][0],
        "headers_to_add": [
            {"header": {"key": LOCAL_HEADER, "value": word}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
        ],
    }
