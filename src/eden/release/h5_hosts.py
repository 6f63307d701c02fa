"""The hosts of H5 programs. Each program runs on an origin of its own, as its virtual host name wants it, so that its
scripts reach no page, session or storage but its own. On these hosts the server gives out a shell (`h5_shell`) and
nothing else: pages, API and session of the platform do not exist there.

`h5_url` says which hosts they are. A server that only its own machine reaches takes *.eden.localhost, which browsers
resolve to that machine and treat as a secure context. For a page at eden.localhost these hosts are of the same site;
a page at 127.0.0.1 frames them as another site's, which a browser may keep from storage (private windows do). The
label before the domain is made by the super app (`container/app/h5/origin.ts`) of workspace and key; here every label
is the same. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from eden.base.settings import H5_URL, Settings

#: also a name of the platform
LOCAL = "eden.localhost"


@dataclass(frozen=True)
class H5Hosts:
    """Hosts below `domain`. `origin`: of the platform, whose pages alone may frame programs. `local`: below `LOCAL`,
    by whatever port the request came."""

    scheme: str
    domain: str
    port: str
    origin: str
    local: bool

    def owns(self, host: str) -> bool:
        """Whether a request with this Host header is for a program."""
        name, _ = _split(host)
        return name.endswith(f".{self.domain}") and name != urlsplit(self.origin).hostname

    def template(self, host: str) -> str:
        """How the super app makes addresses; `host` is the Host header of its request."""
        port = _split(host)[1] if self.local else self.port
        return f"{self.scheme}://{{key}}.{self.domain}{f':{port}' if port else ''}"

    def framers(self, host: str) -> list[str]:
        """Origins whose pages may frame the program at `host`, and talk to its shell."""
        port = _split(host)[1]
        tail = f":{port}" if port else ""
        near = [f"{self.scheme}://{name}{tail}" for name in (LOCAL, "localhost", "127.0.0.1")] if self.local else []
        # content security policies have no form for addresses of IPv6
        return [origin for origin in dict.fromkeys([self.origin, *near]) if "[" not in origin]


def h5_hosts(settings: Settings) -> H5Hosts | None:
    """None: this server has no hosts for programs."""
    if settings.h5_url:
        found = H5_URL.fullmatch(settings.h5_url)
        assert found is not None, "settings are checked"
        return H5Hosts(found["scheme"], found["domain"], found["port"] or "", settings.origin, False)
    if settings.is_public:
        return None
    return H5Hosts(urlsplit(settings.origin).scheme, LOCAL, "", settings.origin, True)


def _split(host: str) -> tuple[str, str]:
    """Name and port of a Host header; a name may end in a dot, and its case does not matter."""
    name, colon, port = host.rpartition(":")
    if not colon or not port.isdigit() or name.endswith(":"):
        name, port = host, ""
    return name.lower().rstrip("."), port
