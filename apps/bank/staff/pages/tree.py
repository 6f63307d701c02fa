"""The Merkle tree over the journal: its signed head, its witness, and receipts."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from sqlalchemy import Connection

from bank.ledger.interfaces import LedgerError, Posted
from bank.ledger.receipts import Receipt, ReceiptError, verify
from bank.staff import trail, views
from bank.staff.desk import Desk, TheDesk, needs
from eden.base.api.handlers import FromPath
from eden.base.problems import not_found
from eden.console.http import SECURITY_HEADERS
from eden.console.view import ROOT

_HERE = f"{ROOT}/tree"


@get(_HERE, opt=needs("books.read"))
async def show_tree(desk: TheDesk) -> Response[bytes]:
    """Size, root, signature, and what the witness says."""
    return await _page(desk)


@post(f"{_HERE}/witness", opt=needs("books.read"))
async def ask_witness(desk: TheDesk) -> Response[bytes]:
    """Show the head to the witness now."""
    state = await desk.bank.witnessing.look()
    good = state.state == "agrees"
    return desk.go("tree", desk.t(f"staff.tree.{state.state}-text"), "good" if good else "bad")


@post(f"{_HERE}/verify", opt=needs("books.read"))
async def check(desk: TheDesk) -> Response[bytes]:
    """Whether a receipt that somebody brings is one of this bank's, whole."""
    # as it came: a receipt has one spelling. Browsers send the ends of lines in their own way.
    pasted = (await desk.form()).values.get("receipt", [""])[0].replace("\r\n", "\n").strip() + "\n"
    try:
        proven = verify(pasted.encode(), desk.bank.ledger.public_keys())
    except ReceiptError as error:
        return await _page(desk, pasted=pasted, wrong=str(error), status=422)
    return await _page(desk, pasted=pasted, proven=proven)


@get(f"{_HERE}/transfers", opt=needs("books.read"))
async def find_transfer(desk: TheDesk) -> Response[bytes]:
    """From the field of the page to the address of a transfer."""
    text = desk.asked.one("id").lower()
    if not _is_id(text) or (await desk.bank.ledger.transfers([text]))[0] is None:
        return desk.go("tree", desk.t("staff.tree.no-transfer"), "bad")
    return desk.go(f"tree/transfers/{text}")


@get(f"{_HERE}/transfers/{{transfer:str}}", opt=needs("books.read"))
async def show_transfer(desk: TheDesk, transfer: FromPath[str]) -> Response[bytes]:
    """A transfer of the ledger, and the proof that it is in the tree."""
    posted, receipt, owners = await _seen(desk, transfer, "customer.transfer")
    text = receipt.encoded()
    return desk.page(
        "staff/transfer.html", posted=posted, receipt=text.decode(), path=receipt.path, owners=owners,
        proven=verify(text, desk.bank.ledger.public_keys()),
    )  # fmt: skip


@get(f"{_HERE}/transfers/{{transfer:str}}/receipt.json", opt=needs("books.read"))
async def download(desk: TheDesk, transfer: FromPath[str]) -> Response[bytes]:
    """The receipt as a file, as a customer gets it."""
    _, receipt, _ = await _seen(desk, transfer, "customer.receipt")
    return _file(receipt.encoded(), f"receipt-{transfer}.json")


@get(f"{_HERE}/days/{{day:str}}/receipt.json", opt=needs("books.read"))
async def download_day(desk: TheDesk, day: FromPath[str]) -> Response[bytes]:
    """The proof of a day's closing: numbers of entries and the hash of all closing balances."""
    try:
        receipt = await desk.bank.ledger.note_receipt("day", day)
    except LedgerError:
        raise not_found(f"The day {day}") from None
    return _file(receipt.encoded(), f"day-{day}.json")


async def _seen(desk: Desk, transfer: str, action: str) -> tuple[Posted, Receipt, dict[str, tuple[str, str]]]:
    """A transfer, its receipt, and whose accounts it is of (`views.owners`): that they were looked at is recorded
    first. Problem "not-found"."""
    if not _is_id(transfer):
        raise not_found(f"The transfer {transfer}")
    try:
        receipt = await desk.bank.ledger.receipt(transfer)
    except LedgerError:
        raise not_found(f"The transfer {transfer}") from None
    (posted,) = await desk.bank.ledger.transfers([transfer])
    assert posted is not None
    sides = [posted.transfer.debit, posted.transfer.credit]

    def work(connection: Connection) -> dict[str, tuple[str, str]]:
        owners = views.owners(connection, sides)
        for owner in dict.fromkeys(owner for owner, _ in owners.values()):
            desk.trail.do_note(connection, desk.member, action, trail.customer(owner), transfer=transfer)
        return owners

    return posted, receipt, await desk.write(work)


def _file(content: bytes, name: str) -> Response[bytes]:
    headers = SECURITY_HEADERS | {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="application/json", headers=headers)


async def _page(
    desk: Desk, pasted: str = "", proven: Any = None, wrong: str = "", status: int = 200
) -> Response[bytes]:
    head = await desk.bank.ledger.head()
    entry = proven.entry if proven else None
    return desk.page(
        "staff/tree.html", status=status, head=head, keys=desk.bank.ledger.public_keys(),
        witness=desk.bank.witnessing.state, pasted=pasted.strip(), proven=proven, wrong=wrong,
        transfer=entry if isinstance(entry, Posted) else None,
    )  # fmt: skip


def _is_id(text: str) -> bool:
    return len(text) == 32 and not set(text) - set("0123456789abcdef")


HANDLERS: tuple[Any, ...] = (
    show_tree, ask_witness, check, find_transfer, show_transfer, download, download_day,
)  # fmt: skip
