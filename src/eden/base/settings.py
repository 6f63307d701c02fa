"""What an operator may set.

The structs below are the table: every field is a setting with its type, its default and one line of reason. A setting
is named by its section and field in the file (`[listen]` `port`), in code (`settings.listen.port`) and in the
environment (`EDEN_LISTEN_PORT`); `settings_reading` reads both.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

PREFIX = "EDEN_"

#: an address of H5 programs
H5_URL = re.compile(r"(?P<scheme>https?)://\{key\}\.(?P<domain>[a-z0-9-]+(\.[a-z0-9-]+)*)(:(?P<port>[0-9]{1,5}))?")

Size = Annotated[int, Meta(ge=1)]
Seconds = Annotated[int, Meta(ge=1)]
Port = Annotated[int, Meta(ge=0, le=65535)]


def _why(reason: str) -> Meta:
    return Meta(description=reason)


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the settings."""


class Listen(Section, frozen=True):
    """Where the server answers."""

    host: Annotated[str, _why("Address to listen on. Loopback until an owner, a key and HTTPS are there.")] = (
        "127.0.0.1"
    )
    port: Annotated[Port, _why("Port to listen on; 0 takes a free one.")] = 8700
    proxies: Annotated[
        str, _why("Addresses of proxies, with commas, whose X-Forwarded-For and -Proto are believed; * for any.")
    ] = "127.0.0.1"
    allow_http: Annotated[
        bool, _why("Lets a public server run without HTTPS: passwords and tokens then cross the network readable.")
    ] = False
    drain_seconds: Annotated[
        int,
        Meta(ge=0),
        _why(
            "How long the server says that it is not ready before it stops; for load balancers that look now and then."
        ),
    ] = 0
    stop_seconds: Annotated[
        Seconds, _why("How long running requests and jobs may take to end when the server is stopped.")
    ] = 20


class DatabaseSettings(Section, frozen=True):
    """Where the tables are."""

    address: Annotated[
        str, _why("sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME. Empty: eden.db in the data folder.")
    ] = ""
    migrate: Annotated[
        Literal["auto", "always", "never"],
        _why(
            "Whether the server brings the schema up to date when it starts; auto: on SQLite, which one machine uses."
        ),
    ] = "auto"


class BlobSettings(Section, frozen=True):
    """Where packages and other files are."""

    address: Annotated[str, _why("A folder, or s3://BUCKET/PREFIX. Empty: the folder blobs in the data folder.")] = ""
    endpoint: Annotated[str, _why("Address of an S3-compatible server. Empty: Amazon's, by region.")] = ""
    region: Annotated[str, _why("Region of the bucket.")] = "us-east-1"
    access_key: Annotated[str, _why("Access key id of S3. Empty: from the machine's role.")] = ""
    secret_key: Annotated[str, _why("Secret access key of S3.")] = ""
    cache_bytes: Annotated[
        int, Meta(ge=0), _why("Memory of each process for files that are asked for often; 200 packages of 300 kB.")
    ] = 64_000_000


class Limits(Section, frozen=True):
    """How large things may be."""

    upload_bytes: Annotated[Size, _why("A package as uploaded; the commercial platforms take up to 50 MB.")] = (
        200_000_000
    )
    unpacked_bytes: Annotated[Size, _why("A package unpacked; stops zip bombs before the disk is full.")] = 800_000_000
    upload_files: Annotated[Size, _why("Files in a package; the largest public program seen has 8,000.")] = 20_000
    body_bytes: Annotated[Size, _why("Body of any other request: lists of 300,000 ids fit.")] = 16_000_000
    report_bytes: Annotated[Size, _why("Body of a device's check or report; a report of a day offline has 40 kB.")] = (
        256_000
    )
    delta_processes: Annotated[
        Size, _why("Deltas made at once by one server process; each takes a core for a second and 10 × the package.")
    ] = 2
    delta_cache_bytes: Annotated[
        Size, _why("Space for prepared deltas in the blob store; the least used ones go first.")
    ] = 2_000_000_000


class Intervals(Section, frozen=True):
    """How often things happen."""

    check_seconds: Annotated[Seconds, _why("How often a phone asks for updates while it is open.")] = 1800
    heartbeat_seconds: Annotated[
        Seconds, _why("Comment on idle event streams; proxies cut connections that are silent for 30 to 60 s.")
    ] = 15
    session_seconds: Annotated[Seconds, _why("How long a sign-in to the console lasts: a working day and a half.")] = (
        43_200
    )
    guardrail_seconds: Annotated[Seconds, _why("How often running releases are looked at.")] = 10


class Logs(Section, frozen=True):
    """What is written to standard error."""

    format: Annotated[Literal["auto", "json", "text"], _why("auto: text on a terminal, JSON lines elsewhere.")] = "auto"
    level: Annotated[Literal["debug", "info", "warning", "error"], _why("The least important line written.")] = "info"
    sample: Annotated[
        int,
        Meta(ge=0),
        _why("One of so many successful device requests is logged (0: none); they are counted in the metrics anyway."),
    ] = 0


class MetricsSettings(Section, frozen=True):
    """Who may read /metrics."""

    access: Annotated[
        Literal["loopback", "token", "public"], _why("Figures tell of users and releases; loopback keeps them here.")
    ] = "loopback"
    token: Annotated[str, _why("Bearer token that reads /metrics from anywhere when access is token.")] = ""


class Observe(Section, frozen=True):
    """What apps report, and where it is kept."""

    clickhouse: Annotated[
        str,
        _why(
            "Address of a ClickHouse server, https://USER:PASSWORD@HOST:8443/DATABASE. Empty: the embedded engine, in "
            "the data folder."
        ),
    ] = ""
    cluster: Annotated[str, _why("Name of the ClickHouse cluster on which tables are made. Empty: one server.")] = ""
    memory_bytes: Annotated[
        Size, _why("What the embedded engine may take; grouping 55 million rows finished within it, on disk.")
    ] = 900_000_000
    threads: Annotated[Size, _why("Questions answered at once by the insight process; each uses all cores.")] = 4
    spool_bytes: Annotated[
        Size, _why("Reports that wait to be stored, on this disk; above it senders are told to come later (507).")
    ] = 4_000_000_000
    batch_bytes: Annotated[
        Size, _why("Largest batch, after decompression; attachments of crash reports have up to 40 MB.")
    ] = 50_000_000
    private_addresses: Annotated[
        bool,
        _why(
            "Lets alerts be sent to machines on private networks. A server that only this machine reaches does it "
            "anyway."
        ),
    ] = False


class Keyboard(Section, frozen=True):
    """The secure keyboard."""

    session_seconds: Annotated[
        Seconds, _why("How long somebody may take to type and send a PIN or a password, from when the keyboard shows.")
    ] = 180
    module: Annotated[
        str,
        _why(
            "Hardware module that makes and holds the keys: a factory, as PACKAGE.MODULE:NAME. Without one they are in "
            "the opener's memory."
        ),
    ] = ""
    rotate_seconds: Annotated[
        Seconds,
        _why("How old keys get that typed values are sealed to; once they are gone, what was recorded stays closed."),
    ] = 604_800


class GatewaySettings(Section, frozen=True):
    """The gateway's data plane."""

    host: Annotated[str, _why("Address to listen on for calls of apps.")] = "127.0.0.1"
    port: Annotated[Port, _why("Port to listen on for calls; 0 takes a free one.")] = 8710
    processes: Annotated[
        int, Meta(ge=0, le=64), _why("Worker processes that eden up starts; one uses one core. 0: it has no gateway.")
    ] = 0
    poll_ms: Annotated[
        int,
        Meta(ge=5, le=1000),
        _why("How often a worker asks PostgreSQL for changes; they hold within twice that. SQLite tells every 4 ms."),
    ] = 20
    connections: Annotated[Size, _why("Connections of clients to one worker; more are told to come later (503).")] = (
        10_000
    )
    header_bytes: Annotated[Size, _why("Head of a request: its line and headers; browsers send some 2 kB.")] = 32_768
    header_seconds: Annotated[
        Seconds, _why("How long a head may take from its first byte; a client that drips one is cut off.")
    ] = 10
    idle_seconds: Annotated[
        Seconds, _why("How long a connection may be idle between calls; longer than proxies keep theirs (60 s).")
    ] = 75
    stream_seconds: Annotated[
        Seconds, _why("How long a stream of events or a WebSocket may be silent; heartbeats come every 15 to 60 s.")
    ] = 300
    drain_seconds: Annotated[
        int, Meta(ge=0), _why("How long calls may take to end when a worker is stopped; then they are cut.")
    ] = 20
    nonces: Annotated[
        Size, _why("Signed calls of one worker in a minute that are remembered against replays, 9 bytes each.")
    ] = 524_288
    limits: Annotated[
        Size, _why("Token buckets of one worker (operations, apps, devices, users) that are counted at once.")
    ] = 65_536


class Telemetry(Section, frozen=True):
    """Traces."""

    endpoint: Annotated[
        str, _why("Address of an OTLP collector over HTTP, such as http://127.0.0.1:4318. Empty: no traces.")
    ] = ""
    share: Annotated[float, Meta(ge=0, le=1), _why("Share of requests that are traced.")] = 0.01


class Oidc(Section, frozen=True):
    """Sign-in by another identity provider."""

    issuer: Annotated[str, _why("Address of the OpenID Connect provider. Empty: passwords only.")] = ""
    client_id: Annotated[str, _why("This server's name at the provider.")] = ""
    client_secret: Annotated[str, _why("This server's secret at the provider.")] = ""
    name: Annotated[str, _why("What the sign-in button says.")] = "OpenID Connect"
    join: Annotated[
        str,
        _why("Workspace and role of people who come without an invitation, such as test:auditor. Empty: nobody may."),
    ] = ""


class Settings(Section, frozen=True):
    """All settings."""

    data: Annotated[str, _why("Folder of everything that the server keeps on this machine.")] = "eden-data"
    public_url: Annotated[
        str, _why("The address by which people and phones reach the server. Empty: the one it listens on.")
    ] = ""
    secret_key: Annotated[
        str,
        _why(
            "Encrypts signing keys and seals the audit log; at least 32 characters. Empty: made in the data folder, "
            "on loopback."
        ),
    ] = ""
    h5_url: Annotated[
        str,
        _why(
            "Where H5 programs run, each on an origin of its own that a proxy passes on: https://{key}.h5.example.com. "
            "Empty: *.eden.localhost on a server that only this machine reaches; on others the super app opens none."
        ),
    ] = ""
    processes: Annotated[int, Meta(ge=1, le=64), _why("Server processes on this machine; one serves one core.")] = 1
    listen: Listen = Listen()
    database: DatabaseSettings = DatabaseSettings()
    blobs: BlobSettings = BlobSettings()
    limits: Limits = Limits()
    intervals: Intervals = Intervals()
    logs: Logs = Logs()
    metrics: MetricsSettings = MetricsSettings()
    observe: Observe = Observe()
    keyboard: Keyboard = Keyboard()
    gateway: GatewaySettings = GatewaySettings()
    telemetry: Telemetry = Telemetry()
    oidc: Oidc = Oidc()

    @property
    def data_folder(self) -> Path:
        return Path(self.data)

    @property
    def database_address(self) -> str:
        return self.database.address or f"sqlite:///{self.data_folder.absolute() / 'eden.db'}"

    @property
    def blobs_address(self) -> str:
        return self.blobs.address or str(self.data_folder / "blobs")

    @property
    def origin(self) -> str:
        """Scheme, host and port by which browsers reach the server; no slash at the end."""
        if self.public_url:
            return self.public_url.rstrip("/")
        host = self.listen.host if self.listen.host not in ("0.0.0.0", "::") else "127.0.0.1"
        return f"http://{f'[{host}]' if ':' in host else host}:{self.listen.port}"

    @property
    def is_public(self) -> bool:
        """Whether others than this machine can, or are meant to, reach the server."""
        hosts = [self.listen.host, *([urlsplit(self.public_url).hostname or ""] if self.public_url else [])]
        return not all(is_loopback(host) for host in hosts)


#: settings that may be given as NAME_file
SECRETS = (
    "secret_key", "database.address", "blobs.secret_key", "metrics.token", "observe.clickhouse", "oidc.client_secret",
)  # fmt: skip


class Setting(msgspec.Struct, frozen=True):
    """One row of the table: dotted name, type for people ("text", "number", a choice), default, reason."""

    name: str
    type: str
    default: Any
    reason: str
    #: the annotation, for conversion
    annotation: Any

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return PREFIX + self.name.replace(".", "_").upper()


def table() -> list[Setting]:
    """Every setting, in the order of the documentation."""
    return list(_rows(Settings, ""))


def _rows(section: type[Section], prefix: str) -> Iterator[Setting]:
    hints = get_type_hints(section, include_extras=True)
    for field in msgspec.structs.fields(section):
        hint = hints[field.name]
        if isinstance(hint, type) and issubclass(hint, Section):
            yield from _rows(hint, f"{prefix}{field.name}.")
            continue
        reason = next(meta.description for meta in reversed(hint.__metadata__) if meta.description)
        yield Setting(prefix + field.name, _type_name(hint), field.default, reason, hint)


def _type_name(hint: Any) -> str:
    kind = get_args(hint)[0]
    if get_origin(kind) is Literal:
        return " | ".join(get_args(kind))
    return {str: "text", int: "whole number", float: "number", bool: "true or false"}[kind]


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`, a name or an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
