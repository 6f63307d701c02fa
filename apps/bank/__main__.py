"""`python -m bank serve --data DIR`: the bank as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import datetime
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import uvicorn
import uvloop
from sqlalchemy import Connection

from bank import catalogue, operating
from bank.centres import contracts, lender, worklist
from bank.centres.accounting import DAY_STARTS
from bank.ledger import commands as ledger
from bank.openbank import commands as openbank
from bank.refusals import yuan
from bank.server import DAY_END, Server
from bank.settings import Settings
from bank.staff import commands as staff
from bank.staff.members import ROLES
from bank.tables import bring_up_to_date
from bank.times import ZONE
from eden.base.database import Database
from eden.base.errors import EdenError
from eden.base.garbage import settle
from eden.base.ids import now

#: environment: the token of the platform's keyboard, which is not to be seen in a list of processes
KEYBOARD_TOKEN = "BANK_KEYBOARD_TOKEN"


def main(arguments: list[str] | None = None) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="bank", description="The reference bank.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve the bank until interrupted")
    serve.add_argument("--data", type=Path, required=True, help="folder of everything that the bank keeps")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8720, help="0: any that is free")
    serve.add_argument("--database", default="", help="address of the database (default: SQLite in the folder)")
    serve.add_argument("--ledger", default="", help="address of the ledger (default: SQLite in the folder)")
    serve.add_argument("--keyboard", default="", help="address of the platform's secure keyboard, with its workspace")
    serve.add_argument("--witness", default="", help="file in which heads of the ledger's tree are kept a second time")
    serve.add_argument("--address", default="", help="as third parties know it, https://… (default: where it listens)")
    serve.add_argument("--seed", type=int, default=0, help="make up so many customers on a first start")
    serve.add_argument("--ends-with-input", action="store_true", help="end when standard input does, as its parent has")
    serve.set_defaults(run=_serve)
    commands.add_parser("catalogue", help="write the gateway's catalogue of the bank").set_defaults(run=_catalogue)
    cases = commands.add_parser("work-list", help="list what waits for an officer")
    decide = commands.add_parser("decide", help="an officer's word on what waits for one")
    decide.add_argument("number", help="of the application, claim or loan")
    word = decide.add_mutually_exclusive_group(required=True)
    word.add_argument("--approve", action="store_true", help="agree: offer what the rules would")
    word.add_argument("--refuse", action="store_true")
    decide.add_argument("--officer", required=True, metavar="NAME", help="whose word it is; kept with the decision")
    decide.add_argument("--note", required=True, metavar="WORDS", help="why; kept with the decision")
    for one in (cases, decide):
        one.add_argument("--data", type=Path, required=True, help="folder of everything that the bank keeps")
        one.add_argument("--database", default="", help="address of the database (default: SQLite in the folder)")
    cases.set_defaults(run=_cases)
    decide.set_defaults(run=_decide)
    lend = commands.add_parser("lender", help="show the lender as regulation looks at it, or set it")
    lend.add_argument("file", type=Path, nargs="?", help="what it shall be, TOML (default: show what it is)")
    lend.add_argument("--author", default="", metavar="NAME", help="who sets it; kept with it")
    lend.add_argument("--data", type=Path, required=True, help="folder of everything that the bank keeps")
    lend.add_argument("--database", default="", help="address of the database (default: SQLite in the folder)")
    lend.set_defaults(run=_lender)
    people = commands.add_parser("staff", help="list who works at the bank, or take somebody in")
    people.add_argument("login", nargs="?", default="", help="whom to take in, or give a new password")
    people.add_argument("--name", default="", help="as others read it")
    people.add_argument("--role", action="append", default=[], choices=list(ROLES), help="may be given several times")
    people.add_argument("--leave", action="store_true", help="they do not work here any more")
    people.add_argument("--data", type=Path, required=True, help="folder of everything that the bank keeps")
    people.add_argument("--database", default="", help="address of the database (default: SQLite in the folder)")
    people.set_defaults(run=_staff)
    openbank.add_to(commands, _database)
    for name, run, text in (
        ("batches", _batches, "list the newest batches of ends of days"),
        ("rollover", _rollover, "end the days that are over, or run a batch of one again"),
        ("rotate-key", _rotate_key, "sign heads of the ledger's tree with a new key"),
        ("rotate-secret", _rotate_secret, "make a new secret, and seal anew what was sealed under the old one"),
    ):
        operation = commands.add_parser(name, help=text)
        operation.add_argument("--data", type=Path, required=True, help="folder of everything that the bank keeps")
        operation.add_argument("--database", default="", help="address of the database (default: SQLite in the folder)")
        operation.add_argument("--ledger", default="", help="address of the ledger (default: SQLite in the folder)")
        if name == "rollover":
            operation.add_argument("--day", type=datetime.date.fromisoformat, help="with --batch: run it again")
            operation.add_argument("--batch", default="", choices=["", *DAY_END], help="with --day: run it again")
        operation.set_defaults(run=run)
    prove = commands.add_parser("verify-contract", help="prove a contract by its receipt, without the bank")
    prove.add_argument("file", type=Path, help="the signed PDF")
    prove.add_argument("--receipt", type=Path, required=True, help="of the contract's note in the ledger")
    prove.add_argument("--keys", type=Path, required=True, help="the ledger's public keys, one in each line")
    prove.add_argument("--certificate", type=Path, required=True, help="of the bank's signatures, PEM")
    prove.set_defaults(run=_prove)
    check = commands.add_parser("verify", help="prove a transfer by its receipt, or the whole ledger")
    check.add_argument("receipt", type=Path, nargs="?", help="a receipt; it needs no bank (default: the ledger)")
    check.add_argument("--keys", type=Path, help="the ledger's public keys, one in each line (default: in the folder)")
    check.add_argument("--witness", type=Path, help="the witness's file (default: in the folder)")
    balance = commands.add_parser("trial-balance", help="sums of the general ledger by currency and account")
    balance.add_argument(
        "--at", metavar="TIME", help="2026-11-26T18:00, of the bank's zone unless it says (default: now)"
    )
    for one in (check, balance):
        one.add_argument("--data", type=Path, help="folder of everything that the bank keeps")
        one.add_argument("--ledger", default="", help="address of the ledger (default: SQLite in the folder)")
    check.set_defaults(run=_verify)
    balance.set_defaults(run=_trial_balance)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        code: int = given.run(given)
        sys.stdout.flush()
    except BrokenPipeError:
        # whoever reads has enough, as `head` has; nothing may be written to it at the end either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except EdenError as error:
        print(f"{error.sentence} {error.hint}".rstrip(), file=sys.stderr)
        return 1
    return code


@contextlib.contextmanager
def _database(given: argparse.Namespace) -> Iterator[Database]:
    """That of a bank, which may run meanwhile."""
    database = Database(Settings(given.data, database=given.database).database_address)
    try:
        bring_up_to_date(database)
        yield database
    finally:
        database.close()


def _cases(given: argparse.Namespace) -> int:
    with _database(given) as database:
        cursor: str | None = ""
        while cursor is not None:
            page = database.read_now(lambda connection, after=cursor: worklist.items(connection, now(), cursor=after))  # type: ignore[misc]
            cursor = page.next
            for item in page.items:
                late = ", late" if item.left < 0 else ""
                print(f"{item.number}  {item.kind}  {yuan(item.amount)}  {item.owner or 'nobody'} has it{late}")
                print(f"    {' '.join(english for _, english in item.reasons)}")
    return 0


def _decide(given: argparse.Namespace) -> int:
    word = worklist.Word.APPROVE if given.approve else worklist.Word.REFUSE

    def work(connection: Connection) -> worklist.Item:
        at = now()
        item = worklist.of_number(connection, given.number, at)
        worklist.do_claim(connection, item.id, given.officer, at)
        return worklist.do_decide(connection, item.id, given.officer, word, given.note, at)

    with _database(given) as database:
        item = database.write_now(work)
    if item.outcome:
        print(f"{given.number}: {item.outcome}. The customer has been told.")
    else:
        print(f"{given.number}: another officer has to agree.")
    return 0


def _lender(given: argparse.Namespace) -> int:
    with _database(given) as database:
        if given.file is None:
            version, profile = database.read_now(lender.newest)
            print(f"# version {version}\n{lender.write(profile)}")
            return 0
        if not given.author:
            raise EdenError("bank-arguments", "Nobody is said to set it.", "Give --author NAME.")
        try:
            wanted = lender.read(given.file.read_text())
        except OSError as error:
            raise EdenError("bank-lender", f"{given.file} cannot be read: {error.strerror}.") from error
        version = database.write_now(lambda connection: lender.do_set(connection, wanted, given.author, now()))
    print(f"Version {version}. Decisions are made by it from now on.")
    return 0


def _staff(given: argparse.Namespace) -> int:
    with _database(given) as database:
        if not given.login:
            return staff.list_staff(database)
        if given.leave:
            return staff.leave(database, given.login)
        return staff.set_member(database, given.login, given.name, given.role)


def _prove(given: argparse.Namespace) -> int:
    return contracts.prove_files(given.file, given.receipt, given.keys, given.certificate)


def _ledger_of(given: argparse.Namespace) -> Settings:
    if given.data is None:
        raise EdenError("bank-folder", "Which bank is not said.", "Give its folder with --data.")
    return Settings(given.data, ledger=given.ledger)


def _verify(given: argparse.Namespace) -> int:
    if given.receipt is not None:
        return ledger.verify_receipt(given.receipt, given.keys or _ledger_of(given).public_keys)
    settings = _ledger_of(given)
    return asyncio.run(
        ledger.verify_ledger(
            settings.ledger_address,
            given.keys or settings.public_keys,
            given.witness or settings.witness_file,
            day_starts=DAY_STARTS,
        )
    )


def _trial_balance(given: argparse.Namespace) -> int:
    at = now()
    if given.at:
        try:
            moment = datetime.datetime.fromisoformat(given.at)
        except ValueError:
            raise EdenError("bank-time", f"{given.at} is not a time.", "Write it as 2026-11-26T18:00.") from None
        at = int((moment if moment.tzinfo else moment.replace(tzinfo=ZONE)).timestamp() * 1_000_000)
    return asyncio.run(ledger.print_trial_balance(_ledger_of(given).ledger_address, at))


def _batches(given: argparse.Namespace) -> int:
    for run in operating.listed(_settings(given)):
        print(operating.line(run))
    return 0


def _rollover(given: argparse.Namespace) -> int:
    settings = _settings(given)
    if bool(given.day) != bool(given.batch):
        raise EdenError("bank-arguments", "A day needs a batch, and a batch a day.", "Give both, or none.")
    runs = [operating.again(settings, given.day, given.batch)] if given.day else operating.rollover(settings)
    for run in runs:
        print(operating.line(run))
    return 0 if all(run.state == "done" for run in runs) else 1


def _rotate_key(given: argparse.Namespace) -> int:
    print(operating.rotate_key(_settings(given)))
    return 0


def _rotate_secret(given: argparse.Namespace) -> int:
    print(f"A new secret seals {operating.rotate_secret(_settings(given))} values. Forget copies of the old one.")
    return 0


def _settings(given: argparse.Namespace) -> Settings:
    return Settings(given.data, database=given.database, ledger=given.ledger)


def _catalogue(given: argparse.Namespace) -> int:
    print(catalogue.text(), end="")
    return 0


def _serve(given: argparse.Namespace) -> int:
    settings = Settings(
        given.data,
        given.host,
        given.port,
        given.database,
        given.ledger,
        given.keyboard,
        os.environ.get(KEYBOARD_TOKEN, ""),
        given.seed,
        witness=given.witness,
    )
    with operating.alone(settings) as is_alone, contextlib.closing(_listen(given.host, given.port)) as listener:
        if not is_alone:
            raise operating.runs()
        address = f"http://{given.host}:{listener.getsockname()[1]}"
        print(f"Bank  {address}", flush=True)
        settings = dataclasses.replace(settings, address=given.address or address)
        config = uvicorn.Config(
            Server(settings),
            log_level="warning",
            access_log=False,
            lifespan="on",
            proxy_headers=False,
            server_header=False,
        )
        server = uvicorn.Server(config)
        with contextlib.suppress(KeyboardInterrupt):
            uvloop.run(_run(server, listener, given.ends_with_input))
    return 0 if server.started else 1


async def _run(server: uvicorn.Server, listener: socket.socket, ends_with_input: bool) -> None:
    loop = asyncio.get_running_loop()

    def read() -> None:
        sys.stdin.buffer.read()
        with contextlib.suppress(RuntimeError):  # it has stopped already
            loop.call_soon_threadsafe(server.handle_exit, signal.SIGTERM, None)

    # what a bank consists of is no garbage
    settle()
    if ends_with_input:
        threading.Thread(target=read, name="bank-input", daemon=True).start()
    await server.serve(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    try:
        listener = socket.create_server((host, port), backlog=512)
    except OSError as error:
        raise EdenError("cannot-listen", f"{host} port {port}: {error.strerror}.", "Choose another port.") from error
    return listener


if __name__ == "__main__":
    sys.exit(main())
