"""Addresses of databases: `sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST/NAME`.

After the address of a PostgreSQL may stand, as with its own programs (libpq, "SSL Support"):

- `?sslmode=disable`, `prefer` (the default: TLS if the server has it, whoever it is), `require` (TLS, whoever it is) or
  `verify-full` (TLS, and the server shows a certificate for its name);
- `&sslrootcert=PATH`: whose certificates `verify-full` believes; otherwise those that this machine believes.
"""

from __future__ import annotations

import ssl
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from eden.base.errors import EdenError

#: sslmode → pg8000's `ssl_context`
_MODES: dict[str, bool | None] = {"disable": False, "prefer": None, "require": True, "verify-full": True}
#: what pg8000 takes besides
_OTHERS = frozenset({"unix_sock", "application_name", "timeout"})


def parse_address(address: str) -> URL:
    """An address with its driver. Raises EdenError, which shows no password."""
    try:
        url = make_url(address)
        backend = url.get_backend_name()
    except (ArgumentError, ValueError):
        # what cannot be read may hold a password anywhere
        raise _refused("What is set is not the address of a database.") from None
    if backend == "postgresql":
        return url.set(drivername="postgresql+pg8000")
    if backend == "sqlite" and url.database and url.database != ":memory:":
        return url
    raise _refused(f"{url.render_as_string()} is not the address of a database.")


def postgres_arguments(url: URL) -> tuple[URL, dict[str, Any]]:
    """The address as the driver takes it, and what else it is told. Raises EdenError: unknown options, no such file."""
    options = {name: value for name, value in url.query.items() if isinstance(value, str)}
    mode, root = options.pop("sslmode", "prefer"), options.pop("sslrootcert", None)
    if mode not in _MODES:
        raise _refused(f"database.address has sslmode={mode}.", f"There are {', '.join(_MODES)}.")
    if unknown := url.query.keys() - _OTHERS - {"sslmode", "sslrootcert"}:
        raise _refused(
            f"database.address has {min(unknown)}, which is not known.", "There are sslmode and sslrootcert."
        )
    context: bool | ssl.SSLContext | None = _MODES[mode]
    if mode == "verify-full":
        try:
            context = ssl.create_default_context(cafile=root)
        except OSError as error:
            raise _refused(f"sslrootcert names {root}, which cannot be used: {error}.", "It is a PEM file.") from error
    return url.set(query=options), {"ssl_context": context}


def _refused(sentence: str, hint: str = "Use sqlite:///PATH or postgresql://USER@HOST/NAME.") -> EdenError:
    return EdenError("database-address", sentence, hint)
