"""What the gateway is measured against and in front of: nginx (the distribution's) and Envoy (the wheel's), one worker
each, and what processes have used of the processor."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

#: of an answer, bytes
_ANSWER = 1024


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def processor_seconds(*pids: int) -> float:
    """Time on a processor that these processes have had, all threads: the scheduler's own count."""
    files = [file for pid in pids for file in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return sum(int(file.read_text().split()[0]) for file in files) / 1e9


def children(pid: int) -> list[int]:
    """A process and all that it has started."""
    found = [pid]
    for parent in found:
        for tasks in Path(f"/proc/{parent}/task").glob("*/children"):
            found += map(int, tasks.read_text().split())
    return found


def _nginx() -> str:
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "-qq", "update"], ["apt-get", "-qq", "install", "-y", "nginx-light"]):
            subprocess.run(command, env=environment, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        found = shutil.which("nginx", path="/usr/sbin")
    if found is None:
        raise RuntimeError("This benchmark needs nginx: install it.")
    return found


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} does not answer")


@contextmanager
def _running(command: list[str], port: int, folder: Path) -> Iterator[int]:
    with open(folder / "log", "ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait(port, process)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


@contextmanager
def nginx(folder: Path, http: str, port: int) -> Iterator[int]:
    """The master's process id. `http`: what is in the block of that name."""
    folder.mkdir()
    user = "user root;" if os.geteuid() == 0 else ""
    file = folder / "nginx.conf"
    file.write_text(
        f"{user} worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/errors warn;"
        f"events {{ worker_connections 8192; }} http {{ access_log off; keepalive_requests 100000000;"
        f"client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;"
        f"uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; {http} }}"
    )
    with _running([_nginx(), "-c", str(file), "-p", str(folder)], port, folder) as pid:
        yield pid


@contextmanager
def backend(folder: Path) -> Iterator[int]:
    """The port of a service that answers with a kilobyte of JSON."""
    port = free_port()
    text = '{"data":"' + "x" * (_ANSWER - 11) + '"}'
    http = f"server {{ listen 127.0.0.1:{port}; default_type application/json; location / {{ return 200 '{text}'; }} }}"
    with nginx(folder, http, port):
        yield port


@contextmanager
def nginx_proxy(folder: Path, upstream: int) -> Iterator[tuple[int, int]]:
    """Port and process of an nginx in front of `upstream`: route, limit by app, counts."""
    port = free_port()
    http = (
        "limit_req_zone $http_x_eden_app zone=apps:1m rate=900000r/m;"
        f"upstream service {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 100000000; }}"
        f"server {{ listen 127.0.0.1:{port}; location /status {{ stub_status; }}"
        "location = /rpc/shop.echo { limit_req zone=apps burst=100000 nodelay; proxy_pass http://service/echo;"
        'proxy_http_version 1.1; proxy_set_header Connection "";'
        "proxy_set_header X-Forwarded-For $remote_addr; } }"
    )
    with nginx(folder, http, port) as pid:
        yield port, pid


@contextmanager
def envoy_proxy(folder: Path, upstream: int) -> Iterator[tuple[int, int]]:
    """Port and process of an Envoy doing as much: route, local rate limit, statistics."""
    folder.mkdir()
    port = free_port()
    google = "type.googleapis.com/envoy.extensions"

    def address(number: int) -> dict[str, Any]:
        return {"socket_address": {"address": "127.0.0.1", "port_value": number}}

    limit = {
        "@type": f"{google}.filters.http.local_ratelimit.v3.LocalRateLimit",
        "stat_prefix": "limit",
        "token_bucket": {"max_tokens": 1_000_000, "tokens_per_fill": 1_000_000, "fill_interval": "1s"},
        "filter_enabled": {"default_value": {"numerator": 100}},
        "filter_enforced": {"default_value": {"numerator": 100}},
    }
    route = {"match": {"path": "/rpc/shop.echo"}, "route": {"cluster": "service", "prefix_rewrite": "/echo"}}
    manager = {
        "@type": f"{google}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "in",
        "use_remote_address": True,
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
        "http_filters": [
            {"name": "limit", "typed_config": limit},
            {"name": "router", "typed_config": {"@type": f"{google}.filters.http.router.v3.Router"}},
        ],
    }
    endpoint = {"endpoint": {"address": address(upstream)}}
    configuration = {
        "static_resources": {
            "listeners": [
                {"address": address(port), "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}]}
            ],
            "clusters": [
                {
                    "name": "service",
                    "connect_timeout": "2s",
                    "load_assignment": {"cluster_name": "service", "endpoints": [{"lb_endpoints": [endpoint]}]},
                }
            ],
        }
    }
    file = folder / "envoy.json"
    file.write_bytes(msgspec.json.encode(configuration))
    program = str(Path(sys.executable).parent / "envoy")
    command = [program, "-c", str(file), "--concurrency", "1", "--disable-hot-restart", "--log-level", "error"]
    with _running(command, port, folder) as pid:
        yield port, pid
