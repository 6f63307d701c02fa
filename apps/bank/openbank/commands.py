"""`python -m bank openbank …`: who may ask, and the document of what can be asked."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec

from bank.openbank import openapi, third_parties
from bank.times import shown_day
from eden.base.database import Database
from eden.base.errors import EdenError
from eden.base.ids import now

Opener = Callable[[argparse.Namespace], AbstractContextManager[Database]]


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser], database: Opener) -> None:
    """Add `openbank` to the bank's commands; `database` opens that of the given options."""
    words = commands.add_parser("openbank", help="third parties of the open bank").add_subparsers(
        dest="word", required=True
    )
    register = words.add_parser("register", help="let a third party ask; prints its client_id")
    register.add_argument("--name", required=True, help="as customers read it")
    register.add_argument("--jwks", type=Path, required=True, metavar="FILE", help="its public keys (RFC 7517)")
    register.add_argument(
        "--redirect-uri", action="append", required=True, metavar="URI", help="where its customers are sent back to"
    )
    register.add_argument(
        "--scope", action="append", choices=third_parties.SCOPES, help="what it may ask for (default: both)"
    )
    listing = words.add_parser("list", help="list third parties")
    revoke = words.add_parser("revoke", help="a third party may not ask any more, and its consents end")
    revoke.add_argument("client", metavar="CLIENT_ID")
    for one, run in ((register, _register), (listing, _list), (revoke, _revoke)):
        one.add_argument("--data", type=Path, required=True, help="folder of everything that the bank keeps")
        one.add_argument("--database", default="", help="address of the database (default: SQLite in the folder)")
        one.set_defaults(run=lambda given, run=run: _with(database, given, run))
    words.add_parser("openapi", help="write the OpenAPI document").set_defaults(run=_openapi)


def _with(opener: Opener, given: argparse.Namespace, run: Callable[[Database, argparse.Namespace], None]) -> int:
    with opener(given) as database:
        run(database, given)
    return 0


def _register(database: Database, given: argparse.Namespace) -> None:
    try:
        keys = msgspec.json.decode(given.jwks.read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        raise EdenError("keys", f"{given.jwks} cannot be read: {error}.", "Give a file with a JWKS.") from None
    scopes = given.scope or third_parties.SCOPES
    client = database.write_now(
        lambda connection: third_parties.do_register(connection, given.name, given.redirect_uri, keys, scopes, now())
    )
    print(client)


def _list(database: Database, given: argparse.Namespace) -> None:
    for party in database.read_now(third_parties.list_all):
        state = "" if party.revoked_at is None else f"  revoked {shown_day(party.revoked_at)}"
        print(f"{party.id}  {shown_day(party.created_at)}  {', '.join(party.scopes)}  {party.name}{state}")
        for uri in party.redirect_uris:
            print(f"    {uri}")


def _revoke(database: Database, given: argparse.Namespace) -> None:
    name = database.write_now(lambda connection: third_parties.do_revoke(connection, given.client, now()))
    print(f"{name} may not ask any more; its consents have ended.")


def _openapi(given: argparse.Namespace) -> int:
    print(openapi.text(), end="")
    return 0
