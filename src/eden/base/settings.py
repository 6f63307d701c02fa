"""What an operator may set: `eden.toml`, overridden by the environment.

The structs below are the table: every field is a setting with its type, its default and one line of reason. A setting
is named by its section and field in the file (`[listen]` `port`), in code (`settings.listen.port`) and in the
environment (`EDEN_LISTEN_PORT`). A secret may stand in a file of its own: `NAME_file` gives the path. Nothing is read
but what is named here; an unknown name is an error that tells the nearest known one.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from eden.base.errors import EdenError

CONFIG = "eden.toml"
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
SECRETS = ("secret_key", "database.address", "blobs.secret_key", "metrics.token", "oidc.client_secret")
_KEY_FILE = "secret_key_file"


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


def load(
    config: Path | None = None, environment: Mapping[str, str] | None = None, *, absent_key: bool = False
) -> Settings:
    """The settings of `config` (None: eden.toml here, if there is one) and `environment`, checked.

    `absent_key`: a `secret_key_file` that is not there yet counts as not set. Raises EdenError: no such file, not TOML,
    an unknown name, a value of the wrong type or out of bounds.
    """
    rows = {row.name: row for row in table()}
    given = _given(config, environment, rows)
    if absent_key and (path := _named_key_file(given)) is not None and not os.path.exists(path):
        del given[_KEY_FILE]
    values: dict[str, Any] = {}
    for name, (value, where) in given.items():
        if name not in rows:
            name, value = _secret_of_file(name, value, where, rows, given)
        values[name] = _converted(rows[name], value, where)
    return _built(values)


def key_file(config: Path | None = None, environment: Mapping[str, str] | None = None) -> Path | None:
    """The file that `secret_key_file` names, there or not; None when it is not set. Raises EdenError like `load`."""
    return _named_key_file(_given(config, environment, {row.name: row for row in table()}))


def _given(
    config: Path | None, environment: Mapping[str, str] | None, rows: Mapping[str, Setting]
) -> dict[str, tuple[Any, str]]:
    """Dotted name → value and where it stands; the environment wins."""
    given = dict(_file_values(config))
    for variable, value in sorted((environment or {}).items()):
        if variable.startswith(PREFIX) and (name := _name_of(variable, rows)):
            other = name.removesuffix("_file") if name not in rows else f"{name}_file"
            if given.pop(other, ("", ""))[1].startswith(PREFIX):
                raise _twice(other, name)
            given[name] = (value, variable)
    return given


def _named_key_file(given: Mapping[str, tuple[Any, str]]) -> Path | None:
    return Path(str(given[_KEY_FILE][0])).expanduser() if _KEY_FILE in given else None


def _file_values(config: Path | None) -> Iterator[tuple[str, tuple[Any, str]]]:
    path = config or Path(CONFIG)
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if config is None:
            return
        raise EdenError(
            "no-config", f"There is no file {config}.", "Name the file of settings with --config."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise EdenError("config-unreadable", f"{path} cannot be read: {error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise EdenError("config-syntax", f"{path} is not TOML: {error}.") from error
    for key, value in document.items():
        if isinstance(value, dict):
            for inner, setting in value.items():
                yield f"{key}.{inner}", (setting, f"{path}, [{key}] {inner}")
        else:
            yield key, (value, f"{path}, {key}")


def _name_of(variable: str, rows: Mapping[str, Setting]) -> str | None:
    """The setting of a variable; None for one of another part of Eden, or of the machine (Kubernetes makes
    EDEN_SERVICE_HOST). What begins like a section, or is nearly a name, is a mistake."""
    by_variable = {row.variable: name for name, row in rows.items()}
    by_variable |= {f"{rows[name].variable}_FILE": f"{name}_file" for name in SECRETS}
    if variable in by_variable:
        return by_variable[variable]
    sections = tuple(f"{PREFIX}{name.partition('.')[0].upper()}_" for name in rows if "." in name)
    if variable.startswith(sections) or difflib.get_close_matches(variable, list(by_variable), 1, 0.9):
        raise EdenError("unknown-setting", f"{variable} is no setting.", _nearest(variable, by_variable))
    return None


def _secret_of_file(
    name: str, value: Any, where: str, rows: Mapping[str, Setting], given: Mapping[str, Any]
) -> tuple[str, Any]:
    secret = name.removesuffix("_file")
    if not name.endswith("_file") or secret not in SECRETS:
        known = [*rows, *(f"{name}_file" for name in SECRETS)]
        raise EdenError("unknown-setting", f"{where} is no setting.", _nearest(name, known))
    if secret in given:
        raise _twice(secret, name)
    try:
        return secret, Path(str(value)).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise EdenError("secret-unreadable", f"{where} names {value}, which cannot be read: {error}.") from error


def _twice(one: str, other: str) -> EdenError:
    return EdenError("setting-twice", f"Both {one} and {other} are set.", "Keep one of them.")


def _nearest(name: str, known: Any) -> str:
    near = difflib.get_close_matches(name, list(known), 1, 0.6)
    return f"Did you mean {near[0]}?" if near else "docs/settings.md lists all settings."


def _converted(row: Setting, value: Any, where: str) -> Any:
    kind = get_args(row.annotation)[0]
    try:
        if isinstance(value, str) and kind is bool:
            value = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(
                value.lower(), value
            )
        # the environment has text only
        strict = not (isinstance(value, str) and kind in (int, float))
        return msgspec.convert(value, row.annotation, strict=strict)
    except msgspec.ValidationError as error:
        shown = "what is set" if row.name in SECRETS else repr(value)
        raise EdenError("bad-setting", f"{where} is {shown}: {error}.", f"It is {row.type}: {row.reason}") from error


def _built(values: Mapping[str, Any]) -> Settings:
    sections: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        section, _, field = name.rpartition(".")
        sections.setdefault(section, {})[field] = value
    settings = Settings(**sections.pop("", {}))
    for section, fields in sections.items():
        part = msgspec.structs.replace(getattr(settings, section), **fields)
        settings = msgspec.structs.replace(settings, **{section: part})
    if settings.secret_key and len(settings.secret_key) < 32:
        raise EdenError(
            "weak-secret-key",
            f"secret_key has {len(settings.secret_key)} characters; at least 32 are needed.",
            "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'",
        )
    if settings.public_url and not _is_origin(settings.public_url):
        raise EdenError(
            "bad-setting",
            f"public_url is {settings.public_url!r}.",
            "It is scheme and host, such as https://eden.example.com.",
        )
    _check_h5_url(settings)
    if settings.metrics.access == "token" and not settings.metrics.token:
        raise EdenError("bad-setting", "metrics.access is token, but there is no token.", "Set metrics.token_file.")
    return settings


def _check_h5_url(settings: Settings) -> None:
    """Programs need HTTPS for their service workers, and hosts that no page of the platform has."""
    if not settings.h5_url:
        return
    parts = H5_URL.fullmatch(settings.h5_url)
    if parts is None or (parts["scheme"] == "http" and not is_loopback(parts["domain"])):
        raise EdenError(
            "bad-setting",
            f"h5_url is {settings.h5_url!r}.",
            "It is an https address whose first label is {key}, such as https://{key}.h5.example.com.",
        )
    host = urlsplit(settings.origin).hostname or ""
    if f".{host}".endswith(f".{parts['domain']}"):
        raise EdenError(
            "bad-setting",
            f"h5_url is {settings.h5_url!r}, and the platform's own host {host} is among its hosts.",
            "Give programs a domain of their own: their scripts must not come near the platform's pages.",
        )


def _is_origin(url: str) -> bool:
    """Whether it is scheme, host and perhaps a port, and nothing else but a slash."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        return False
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return (
        parts.scheme in ("http", "https") and bool(host) and url.rstrip("/").lower() == f"{parts.scheme}://{host}{port}"
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`, a name or an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
