"""Addresses in a catalogue: targets, origins, domains of the exit. Each function gives a sentence when it is none."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_BASE = re.compile(r"(/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)*/?")


def bad_target(url: str) -> str:
    """Why it is no address of a target: scheme, host, port and a path, nothing else."""
    if not url.isascii() or re.search(r"[\s\x00-\x1f\x7f\\]", url):
        return f"{url!r} has characters that no address has."
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return f"{url} is no address."
    if parts.scheme not in ("http", "https"):
        return f"{url} does not begin with http:// or https://."
    if "@" in parts.netloc:
        return "An address with a user's name or password is not kept here."
    if not host or port == 0 or not _is_host(host):
        return f"{url} has no host."
    if parts.query or parts.fragment or "?" in url or "#" in url:
        return f"{url} has a query or a fragment."
    if not _BASE.fullmatch(parts.path) or any(part in (".", "..") for part in parts.path.split("/")):
        return f"The path of {url} is none that others can be put behind."
    return ""


def bad_origin(origin: str) -> str:
    """Why it is no origin (RFC 6454): scheme, host and port, or `*`."""
    if origin == "*":
        return ""
    if trouble := bad_target(origin):
        return trouble
    return f"{origin} has a path." if urlsplit(origin).path else ""


def bad_domain(host: str) -> str:
    """Why it is no host of the exit: a name, or `*.` and a name of at least two labels."""
    name = host.removeprefix("*.")
    if not _HOST.fullmatch(name) or "_" in name:
        return f"{host!r} is no name of a host."
    if host.startswith("*.") and "." not in name:
        return f"{host} are all hosts of a top-level domain."
    if _is_address(name) or (re.fullmatch(r"(0[xX])?[0-9A-Fa-f]+", name.rpartition(".")[2]) and name[-1].isdigit()):
        return f"{host} is a number, not a name: third parties are reached by their names."
    return ""


def _is_host(host: str) -> bool:
    return _is_address(host) or _HOST.fullmatch(host) is not None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
