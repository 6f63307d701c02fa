"""Accounts are opened and changed by commands to the writer; each leaves a note in the tree."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from bank.ledger.canonical import ID, is_text, note_body
from bank.ledger.interfaces import MOST, MOST_NUMBER, AccountFlag, LedgerError, NewAccount, Outcome
from bank.ledger.records import AccountState, OpenedAccount
from bank.ledger.rules import Book

_KNOWN = int(
    AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS
    | AccountFlag.CREDITS_MUST_NOT_EXCEED_DEBITS
    | AccountFlag.CLOSED
    | AccountFlag.FROZEN
)


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """What of an account changes: flags that are set and cleared, limits that take the place of the old ones."""

    set: int = 0
    clear: int = 0
    transfer_limit: int | None = None
    day_limit: int | None = None
    #: why, for the record
    reason: str = ""


def opening(accounts: Sequence[NewAccount]) -> tuple[Callable[[Book], list[Outcome]], list[bytes]]:
    """The command that opens accounts, and the accounts that it needs."""
    keys = [_key(account.id) for account in accounts]

    def command(book: Book) -> list[Outcome]:
        return [_open(book, key, account) for key, account in zip(keys, accounts, strict=True)]

    return command, keys


def _key(id_: str) -> bytes:
    try:
        return bytes.fromhex(id_)
    except ValueError:
        return b""


def _open(book: Book, key: bytes, account: NewAccount) -> Outcome:
    if len(key) != ID or not any(key):
        return Outcome.ID_MUST_BE_VALID
    if not 0 < account.ledger <= MOST_NUMBER:
        return Outcome.LEDGER_MUST_NOT_BE_ZERO
    if not 0 < account.code <= MOST_NUMBER:
        return Outcome.CODE_MUST_NOT_BE_ZERO
    if account.reference and not is_text(account.reference):
        return Outcome.REFERENCE_MUST_BE_VALID
    if account.flags & ~_KNOWN:
        return Outcome.RESERVED_FLAG
    if not (0 <= account.transfer_limit <= MOST and 0 <= account.day_limit <= MOST):
        return Outcome.LIMIT_MUST_BE_VALID
    if (there := book.accounts.get(key)) is not None:
        return _compare(account, there)
    head = book.head
    state = AccountState(
        key, head.account, account.ledger, account.code, int(account.flags), account.transfer_limit, account.day_limit
    )  # fmt: skip
    head.account += 1
    plain = msgspec.structs.replace(account, id=key.hex(), flags=int(account.flags))
    _, at = book.note("account", key.hex(), note_body({"number": state.number} | _fields(plain)))
    book.accounts[key] = state
    book.changes.opened.append(OpenedAccount(state, account.reference, at))
    book.changes.touched[state.number] = state
    return Outcome.CREATED


def _fields(account: NewAccount) -> dict[str, object]:
    return {name: getattr(account, name) for name in account.__struct_fields__}


def _compare(account: NewAccount, there: AccountState) -> Outcome:
    """Flags and limits may have been changed since: what an account is does not."""
    if account.ledger != there.ledger:
        return Outcome.EXISTS_WITH_DIFFERENT_LEDGER
    if account.code != there.code:
        return Outcome.EXISTS_WITH_DIFFERENT_CODE
    return Outcome.EXISTS


def changing(id_: str, change: Change) -> tuple[Callable[[Book], None], list[bytes]]:
    """The command that freezes, thaws, closes, opens or limits an account, and the account that it needs.

    Raises LedgerError for an account that there is not, or what cannot be set.
    """
    key = _key(id_)
    limits = [limit for limit in (change.transfer_limit, change.day_limit) if limit is not None]
    if (change.set | change.clear) & ~_KNOWN or not all(0 <= limit <= MOST for limit in limits):
        raise LedgerError("ledger-change", "An account has no such flag or limit.", "See AccountFlag.")

    def command(book: Book) -> None:
        state = book.accounts.get(key)
        if state is None:
            raise LedgerError("ledger-account", f"There is no account {id_}.", "Look at its id.")
        if change.transfer_limit is not None:
            state.transfer_limit = change.transfer_limit
        if change.day_limit is not None:
            state.day_limit = change.day_limit
        state.set_flags(state.flags & ~change.clear | change.set)
        after = {"flags": state.flags, "transfer_limit": state.transfer_limit, "day_limit": state.day_limit}
        book.note("change", key.hex(), note_body(after | {"reason": change.reason}))
        book.changes.flagged.append(state)

    return command, [key]
