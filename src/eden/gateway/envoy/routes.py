"""Operations as Envoy's routes. What does not fit one of them exactly goes on to our own gateway, which answers it."""

from __future__ import annotations

import math
import re
from typing import Any

from eden.gateway.envoy.reasons import base_path
from eden.gateway.envoy.script import LOCAL_HEADER
from eden.gateway.interfaces import Catalogue, HeaderRule, OperationVersion, Upstream
from eden.gateway.pipeline.mock import CompiledMock

OWN = "eden-gateway"
#: seconds that a stream may be silent
_SILENT = "300s"
_LUA = "envoy.filters.http.lua"
_BUFFER = "envoy.filters.http.buffer"
_LIMIT = "envoy.filters.http.local_ratelimit"
#: the least time between two fillings of a bucket
_FILL = 0.05


def fallback() -> dict[str, Any]:
    """The last route."""
    return {
        "match": {"prefix": "/"},
        "route": {
            "cluster": OWN,
            # what was not sent yet may be sent again, whatever it is
            "retry_policy": {"retry_on": "connect-failure,reset-before-request", "num_retries": 1},
            "timeout": "0s",
            "idle_timeout": _SILENT,
            "upgrade_configs": [{"upgrade_type": "websocket"}],
        },
        "metadata": {"filter_metadata": {_LUA: {"own": True}}},
        "typed_per_filter_config": {_BUFFER: _buffer(None)},
    }


def routes(
    catalogue: Catalogue, name: str, version: str | None, operation: OperationVersion, apps: list[str]
) -> list[dict[str, Any]]:
    """Of one version of an operation: its mock, then its way to the service. `version` None: of calls without one."""
    match = _match(catalogue, name, version, operation, apps)
    common: dict[str, Any] = {
        "metadata": {"filter_metadata": {_LUA: _about(operation)}},
        "typed_per_filter_config": _filters(catalogue, operation),
    }
    found = []
    mock = CompiledMock(operation.mock) if operation.mock and operation.mock.on and catalogue.defaults.mock_on else None
    if mock is not None and mock.share > 0:
        share = {"default_value": {"numerator": round(mock.share * 100), "denominator": "HUNDRED"}}
        found.append(
            {
                "match": match if mock.share >= 1 else {**match, "runtime_fraction": share},
                "direct_response": {"status": mock.status, "body": {"inline_string": mock.body.decode()}},
                "response_headers_to_add": [
                    *(_added(name.decode(), value.decode("latin-1")) for name, value in mock.headers),
                    *_adding(operation.headers, "response"),
                ],
                "response_headers_to_remove": _removing(operation.headers, "response"),
                **common,
            }
        )
    found.append(
        {
            "match": match,
            "route": _action(catalogue, operation),
            "request_headers_to_add": _adding(operation.headers, "request"),
            "request_headers_to_remove": _removing(operation.headers, "request"),
            "response_headers_to_add": _adding(operation.headers, "response"),
            "response_headers_to_remove": _removing(operation.headers, "response"),
            **common,
        }
    )
    return found


def _match(
    catalogue: Catalogue, name: str, version: str | None, operation: OperationVersion, apps: list[str]
) -> dict[str, Any]:
    def absent(header: str) -> dict[str, Any]:
        return {"name": header, "present_match": True, "invert_match": True}

    headers: list[dict[str, Any]] = [
        {"name": ":method", "string_match": {"exact": operation.method}},
        {"name": "x-eden-app", "string_match": {"safe_regex": {"regex": "|".join(map(re.escape, apps))}}},
        absent("x-eden-encryption"),
        absent("x-eden-version") if version is None else {"name": "x-eden-version", "string_match": {"exact": version}},
    ]
    if catalogue.defaults.cors is not None:
        headers.append(absent("origin"))
    if operation.kind == "websocket":
        headers.append({"name": "upgrade", "string_match": {"exact": "websocket", "ignore_case": True}})
    return {"path": f"/rpc/{name}", "headers": headers}


def _about(operation: OperationVersion) -> dict[str, Any]:
    return {} if operation.method in ("GET", "HEAD") else {"content_type": operation.content_type}


def _action(catalogue: Catalogue, operation: OperationVersion) -> dict[str, Any]:
    group = catalogue.groups[operation.group]
    name = group.default_upstream
    upstream = group.upstreams[name]
    timeout = operation.timeout_ms or group.timeout_ms or catalogue.defaults.timeout_ms
    made: dict[str, Any] = {
        "prefix_rewrite": base_path(upstream.targets[0].url) + operation.path,
        "timeout": f"{timeout / 1000:.3f}s" if operation.kind == "http" else "0s",
        "idle_timeout": "0s" if operation.kind == "http" else _SILENT,
        **_host(upstream),
    }
    moves = operation.migration
    share = 0 if moves is None else 100 if moves.complete else moves.percent
    if moves is None or share == 0:
        made["cluster"] = f"{operation.group}/{name}"
    elif share == 100:
        made["cluster"] = f"{operation.group}/{moves.upstream}"
        made |= _host(group.upstreams[moves.upstream])
    else:
        # the same device goes the same way every time
        made["hash_policy"] = [{"header": {"header_name": "x-eden-device"}, "terminal": True}]
        made["weighted_clusters"] = {
            "use_hash_policy": True,
            "clusters": [
                {"name": f"{operation.group}/{name}", "weight": 100 - share},
                {"name": f"{operation.group}/{moves.upstream}", "weight": share},
            ],
        }
    if operation.kind == "websocket":
        made["upgrade_configs"] = [{"upgrade_type": "websocket"}]
    if (retry := operation.retry) is not None and retry.most and retry.on:
        statuses = [int(cause) for cause in retry.on if cause != "connect"]
        safe = retry.any_method or operation.method in ("GET", "HEAD", "PUT", "DELETE")
        causes = (["connect-failure"] if "connect" in retry.on else []) + (
            ["retriable-status-codes"] if statuses and safe else []
        )
        if causes:
            made["retry_policy"] = {"retry_on": ",".join(causes), "num_retries": retry.most}
            if statuses and safe:
                made["retry_policy"]["retriable_status_codes"] = statuses
    return made


def _host(upstream: Upstream) -> dict[str, Any]:
    return {"host_rewrite_literal": upstream.host} if upstream.host else {"auto_host_rewrite": True}


def _filters(catalogue: Catalogue, operation: OperationVersion) -> dict[str, Any]:
    made = {_BUFFER: _buffer(operation.body_bytes if operation.kind == "http" and operation.body_bytes else None)}
    limits = operation.limits or catalogue.defaults.limits
    if limits is not None and limits.rate is not None:
        most = limits.burst or math.ceil(limits.rate)
        fill = max(1, math.ceil(limits.rate * _FILL))
        always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
        made[_LIMIT] = {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
            "stat_prefix": "operation",
            "token_bucket": {
                "max_tokens": max(most, fill),
                "tokens_per_fill": fill,
                "fill_interval": f"{fill / limits.rate:.6f}s",
            },
            "filter_enabled": always,
            "filter_enforced": always,
            "response_headers_to_add": [
                _added("retry-after", str(max(1, math.ceil(1 / limits.rate)))),
                _added(LOCAL_HEADER, "limited"),
            ],
        }
    return made


def _buffer(most: int | None) -> dict[str, Any]:
    kind = {"@type": "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.BufferPerRoute"}
    return {**kind, "disabled": True} if most is None else {**kind, "buffer": {"max_request_bytes": most}}


def _added(name: str, value: str) -> dict[str, Any]:
    # a percent sign begins a variable of Envoy's
    header = {"key": name, "value": value.replace("%", "%%")}
    return {"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD", "keep_empty_value": True}


def _adding(rules: tuple[HeaderRule, ...], location: str) -> list[dict[str, Any]]:
    return [
        _added(rule.name.lower(), rule.value.strip())
        for rule in rules
        if rule.location == location and rule.action == "add"
    ]


def _removing(rules: tuple[HeaderRule, ...], location: str) -> list[str]:
    return [rule.name.lower() for rule in rules if rule.location == location and rule.action == "delete"]
