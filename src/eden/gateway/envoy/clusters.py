"""Upstreams as Envoy's clusters: targets by weight, checks, ejection, bounds."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from eden.gateway.interfaces import Upstream

_CONNECT_SECONDS = 3
#: how long a connection waits for its next call: less than servers do (uvicorn 5 s; ours 75 s), so that none
#: is sent a call while it closes
_IDLE_SECONDS, _OWN_IDLE_SECONDS = 4, 60
_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def cluster(name: str, upstream: Upstream) -> dict[str, Any]:
    """`name` is "GROUP/UPSTREAM"."""
    made: dict[str, Any] = {
        "name": name,
        "type": "STRICT_DNS",
        "connect_timeout": f"{_CONNECT_SECONDS}s",
        "dns_lookup_family": "V4_PREFERRED",
        "lb_policy": "ROUND_ROBIN",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [
                {"lb_endpoints": [_endpoint(target.url, target.weight) for target in upstream.targets if target.weight]}
            ],
        },
        "typed_extension_protocol_options": _idle(_IDLE_SECONDS),
        "circuit_breakers": {
            "thresholds": [
                {
                    "max_connections": upstream.connections,
                    "max_pending_requests": max(1, upstream.queue),
                    "max_requests": upstream.connections + upstream.queue,
                    "max_retries": upstream.connections,
                }
            ]
        },
        # all or none: calls are not spread over targets that are known to be ill
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
    }
    secure = next((url for url in (urlsplit(target.url) for target in upstream.targets) if url.scheme == "https"), None)
    if secure is not None:
        made["transport_socket"] = {
            "name": "envoy.transport_sockets.tls",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
                "sni": secure.hostname,
                "common_tls_context": {
                    "validation_context": {
                        "system_root_certs": {},
                        "match_typed_subject_alt_names": [
                            {"san_type": "DNS", "matcher": {"exact": secure.hostname}},
                        ],
                    }
                },
            },
        }
    if (health := upstream.health) is not None:
        made["health_checks"] = [
            {
                "timeout": _seconds(health.timeout_ms),
                "interval": _seconds(health.interval_ms),
                "healthy_threshold": health.healthy,
                "unhealthy_threshold": health.unhealthy,
                "http_health_check": {
                    "path": health.path,
                    "expected_statuses": [{"start": health.status[0], "end": health.status[1] + 1}],
                },
            }
        ]
    if (outlier := upstream.outlier) is not None:
        made["outlier_detection"] = {
            "consecutive_5xx": outlier.consecutive,
            "consecutive_gateway_failure": outlier.consecutive,
            "enforcing_consecutive_5xx": 100,
            "enforcing_success_rate": 0,
            "interval": "1s",
            "base_ejection_time": _seconds(outlier.eject_ms),
            "max_ejection_time": _seconds(outlier.eject_ms),
            "max_ejection_percent": outlier.most_share,
        }
    return made


def plain_cluster(name: str, host: str, port: int) -> dict[str, Any]:
    """Our own gateway."""
    return {
        "name": name,
        "type": "STRICT_DNS",
        "connect_timeout": f"{_CONNECT_SECONDS}s",
        "typed_extension_protocol_options": _idle(_OWN_IDLE_SECONDS),
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [_endpoint(f"http://{host}:{port}", 1)]}],
        },
    }


def _idle(seconds: int) -> dict[str, Any]:
    return {
        _OPTIONS: {
            "@type": f"type.googleapis.com/{_OPTIONS}",
            "explicit_http_config": {"http_protocol_options": {}},
            "common_http_protocol_options": {"idle_timeout": f"{seconds}s"},
        }
    }


def _endpoint(url: str, weight: int) -> dict[str, Any]:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return {
        "endpoint": {
            "hostname": parts.netloc.rpartition("@")[2],
            "address": {"socket_address": {"address": parts.hostname, "port_value": port}},
        },
        "load_balancing_weight": weight,
    }


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.3f}s"
