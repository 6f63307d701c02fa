"""Settings from `eden.toml`, overridden by the environment.

A secret may stand in a file of its own: `NAME_file` gives the path. Nothing is read but what `eden.base.settings`
names; an unknown name is an error that tells the nearest known one.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

import msgspec

from eden.base.errors import EdenError
from eden.base.settings import H5_URL, PREFIX, SECRETS, Setting, Settings, is_loopback, table

CONFIG = "eden.toml"
_KEY_FILE = "secret_key_file"


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
