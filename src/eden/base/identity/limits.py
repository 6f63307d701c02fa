"""How often one may try to sign in, and begin to by a provider.

Counted in the store, so that all server processes count together, in windows of `WINDOW_SECONDS` that begin with the
first failure. Three counters: one e-mail from one address (guessing a password), one address (trying many people), one
e-mail from everywhere (many machines guess one password; high, since it keeps the person out, too).
A person who signs in empties the first counter, and their try is taken out of the others. Who goes to a provider
leaves a row here until the answer comes; so that nobody fills the store with them, they are counted by address, too.
"""

from __future__ import annotations

import ipaddress

from sqlalchemy import Connection, delete, insert, select, update

from eden.base.identity.secrets import digest
from eden.base.problems import Problem
from eden.base.tables import attempts

WINDOW_SECONDS = 15 * 60
PER_PAIR = 10
PER_ADDRESS = 60
PER_EMAIL = 200
#: an office behind one address that comes to work
BEGUN_PER_ADDRESS = 300

_MICROSECONDS = 1_000_000


def count_attempt(connection: Connection, email: str, address: str, at: int) -> None:
    """Count one try at `at` (µs). Problem `rate-limited` when there were too many; nothing is counted then."""
    # the address first: who has used it up makes no rows for more e-mails, which bounds the table
    _count(connection, _address_key(address), PER_ADDRESS, at)
    _count(connection, _pair_key(email, address), PER_PAIR, at)
    _count(connection, _email_key(email), PER_EMAIL, at)


def count_begun(connection: Connection, address: str, at: int) -> None:
    """Count one way to a provider at `at` (µs). Problem `rate-limited` when there were too many."""
    _count(connection, f"provider {_network(address)}", BEGUN_PER_ADDRESS, at)


def _count(connection: Connection, name: str, limit: int, at: int) -> None:
    key, expires_at = digest(name), at + WINDOW_SECONDS * _MICROSECONDS
    row = connection.execute(select(attempts.c.tries, attempts.c.expires_at).where(attempts.c.id == key)).first()
    if row is None:
        connection.execute(insert(attempts).values(id=key, tries=1, expires_at=expires_at))
    elif row.expires_at <= at:
        connection.execute(update(attempts).where(attempts.c.id == key).values(tries=1, expires_at=expires_at))
    elif row.tries >= limit:
        seconds = max(1, (row.expires_at - at) // _MICROSECONDS)
        raise Problem(
            "rate-limited",
            "There were too many attempts to sign in.",
            f"Wait {-(-seconds // 60)} minutes, then try again.",
            headers={"Retry-After": str(seconds)},
        )
    else:
        connection.execute(update(attempts).where(attempts.c.id == key).values(tries=attempts.c.tries + 1))


def forgive(connection: Connection, email: str, address: str) -> None:
    """They have signed in: this try was none, and earlier slips of this person at this address count no longer."""
    connection.execute(delete(attempts).where(attempts.c.id == digest(_pair_key(email, address))))
    keys = [digest(_address_key(address)), digest(_email_key(email))]
    connection.execute(
        update(attempts).where(attempts.c.id.in_(keys), attempts.c.tries > 0).values(tries=attempts.c.tries - 1)
    )


def _pair_key(email: str, address: str) -> str:
    return f"pair {email} {_network(address)}"


def _address_key(address: str) -> str:
    return f"address {_network(address)}"


def _email_key(email: str) -> str:
    return f"email {email}"


def _network(address: str) -> str:
    """One customer is one IPv4 address, or one IPv6 network of 64 bits."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
