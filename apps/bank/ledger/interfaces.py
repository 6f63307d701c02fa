"""What goes into the ledger and what comes out of it: accounts, transfers, outcomes, lines, errors.

The model is TigerBeetle's (docs.tigerbeetle.com, "Data Modeling"): an account has four balances that only grow or, for
pending ones, are released; a transfer moves an amount from a debit to a credit account and never changes. Amounts are
integers in minor units. Ids are 128 bits as 32 hexadecimal digits, made by the client (`new_id`): a transfer's id is
its idempotency key, so whoever does not know what became of a transfer sends it again.
"""

from __future__ import annotations

from enum import IntFlag, StrEnum

import msgspec

from eden.base import ids
from eden.base.errors import EdenError

#: largest amount of one transfer, so that sums of a thousand of them are still far from 64 bits
MOST = 1 << 53
#: largest balance; more is refused as an overflow
MOST_BALANCE = 1 << 62
#: characters of a reference
REFERENCE = 64
#: largest currency number and code
MOST_NUMBER = (1 << 31) - 1


def new_id(shard: int = 0) -> str:
    """A new 128-bit id as 32 hexadecimal digits: UUID version 7, so it sorts by the time it was made.

    The last two digits of an account's id are the number of its shard.
    """
    return f"{ids.new_id().replace('-', '')[:30]}{shard:02x}"


def new_transfer_id() -> str:
    """A new id of a transfer: all bits of chance that a UUID of version 7 has."""
    return ids.new_id().replace("-", "")


class Flag(IntFlag):
    """What a transfer is. Values are TigerBeetle's; EXPIRED marks the ledger's own."""

    #: it and the next transfer of the same request happen both or not at all
    LINKED = 1
    #: reserves the amount until it is posted, voided or times out
    PENDING = 2
    #: moves all (amount 0) or part of what `pending_id` has reserved, and releases the rest
    POST = 4
    #: releases what `pending_id` has reserved
    VOID = 8
    #: closes the debit account; if it is pending, voiding or expiry opens the account again
    CLOSING = 64
    #: a pending transfer timed out; written by the ledger
    EXPIRED = 1 << 14


class AccountFlag(IntFlag):
    """What an account must not do."""

    #: a deposit: cannot be overdrawn
    DEBITS_MUST_NOT_EXCEED_CREDITS = 2
    #: a loan or an asset: cannot be overpaid
    CREDITS_MUST_NOT_EXCEED_DEBITS = 4
    CLOSED = 32
    #: nothing leaves it by a debit
    DEBITS_FROZEN = 1 << 8
    #: nothing comes in by a credit
    CREDITS_FROZEN = 1 << 9
    FROZEN = DEBITS_FROZEN | CREDITS_FROZEN


class Transfer(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A movement of money, as its client wants it.

    `ledger` is the currency's number (ISO 4217), `code` why it moves (the bank's own list), `timeout_s` when a pending
    one expires (0: never). `reference` is a text of at most 64 characters, `data` 128 bits of the client's (hex).
    With POST and VOID, accounts, ledger and code may be left out: they are those of the pending transfer.
    """

    id: str
    debit: str = ""
    credit: str = ""
    amount: int = 0
    ledger: int = 0
    code: int = 0
    flags: int = 0
    pending_id: str = ""
    timeout_s: int = 0
    reference: str = ""
    data: str = ""


class Posted(msgspec.Struct, frozen=True, omit_defaults=True):
    """A transfer as it stands in the journal. `at`: microseconds since 1970 (UTC), unique and growing in a shard."""

    transfer: Transfer
    #: its place in the journal and in the tree, from 0
    seq: int
    at: int
    #: what it released of a pending transfer
    released: int = 0
    #: day and number in it, once the day is closed
    voucher: str = ""


class NewAccount(msgspec.Struct, frozen=True, omit_defaults=True):
    """An account to be opened. Limits are of debits, per transfer and per day, in minor units; 0: none."""

    id: str
    ledger: int
    code: int
    flags: int = 0
    transfer_limit: int = 0
    day_limit: int = 0
    reference: str = ""


class Balances(msgspec.Struct, frozen=True):
    """The four balances, minor units."""

    debits_posted: int = 0
    debits_pending: int = 0
    credits_posted: int = 0
    credits_pending: int = 0

    @property
    def net(self) -> int:
        """Credits less debits, posted: what a deposit holds."""
        return self.credits_posted - self.debits_posted

    @property
    def available(self) -> int:
        """What can leave a deposit now."""
        return self.net - self.debits_pending


class Account(msgspec.Struct, frozen=True):
    """An account as it is; fields as in `NewAccount`."""

    id: str
    ledger: int
    code: int
    flags: int
    transfer_limit: int
    day_limit: int
    reference: str
    opened_at: int
    balances: Balances


class Line(msgspec.Struct, frozen=True):
    """One line of an account's statement: a transfer, whether it was debited, and the balances after it."""

    posted: Posted
    debited: bool
    after: Balances


class Page(msgspec.Struct, frozen=True):
    """Lines from new to old. `next`: what to ask for with `before` to go on; null at the end."""

    lines: list[Line]
    next: int | None


class Outcome(StrEnum):
    """What became of a transfer or a new account; TigerBeetle's names where it has one."""

    CREATED = "created"
    EXISTS = "exists"
    EXISTS_WITH_DIFFERENT_FLAGS = "exists_with_different_flags"
    EXISTS_WITH_DIFFERENT_PENDING_ID = "exists_with_different_pending_id"
    EXISTS_WITH_DIFFERENT_TIMEOUT = "exists_with_different_timeout"
    EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT_ID = "exists_with_different_debit_account_id"
    EXISTS_WITH_DIFFERENT_CREDIT_ACCOUNT_ID = "exists_with_different_credit_account_id"
    EXISTS_WITH_DIFFERENT_AMOUNT = "exists_with_different_amount"
    EXISTS_WITH_DIFFERENT_REFERENCE = "exists_with_different_reference"
    EXISTS_WITH_DIFFERENT_DATA = "exists_with_different_data"
    EXISTS_WITH_DIFFERENT_LEDGER = "exists_with_different_ledger"
    EXISTS_WITH_DIFFERENT_CODE = "exists_with_different_code"
    #: it was refused before, for something that may have changed since; a new try needs a new id
    ID_ALREADY_FAILED = "id_already_failed"
    LINKED_EVENT_FAILED = "linked_event_failed"
    LINKED_EVENT_CHAIN_OPEN = "linked_event_chain_open"
    ID_MUST_BE_VALID = "id_must_be_valid"
    RESERVED_FLAG = "reserved_flag"
    FLAGS_ARE_MUTUALLY_EXCLUSIVE = "flags_are_mutually_exclusive"
    AMOUNT_MUST_BE_VALID = "amount_must_be_valid"
    LEDGER_MUST_NOT_BE_ZERO = "ledger_must_not_be_zero"
    CODE_MUST_NOT_BE_ZERO = "code_must_not_be_zero"
    REFERENCE_MUST_BE_VALID = "reference_must_be_valid"
    DATA_MUST_BE_VALID = "data_must_be_valid"
    LIMIT_MUST_BE_VALID = "limit_must_be_valid"
    TIMEOUT_RESERVED_FOR_PENDING_TRANSFER = "timeout_reserved_for_pending_transfer"
    CLOSING_TRANSFER_MUST_NOT_RESOLVE = "closing_transfer_must_not_resolve"
    ACCOUNTS_MUST_BE_DIFFERENT = "accounts_must_be_different"
    ACCOUNTS_MUST_HAVE_THE_SAME_LEDGER = "accounts_must_have_the_same_ledger"
    TRANSFER_MUST_HAVE_THE_SAME_LEDGER_AS_ACCOUNTS = "transfer_must_have_the_same_ledger_as_accounts"
    DEBIT_ACCOUNT_NOT_FOUND = "debit_account_not_found"
    CREDIT_ACCOUNT_NOT_FOUND = "credit_account_not_found"
    DEBIT_ACCOUNT_FROZEN = "debit_account_frozen"
    CREDIT_ACCOUNT_FROZEN = "credit_account_frozen"
    DEBIT_ACCOUNT_ALREADY_CLOSED = "debit_account_already_closed"
    CREDIT_ACCOUNT_ALREADY_CLOSED = "credit_account_already_closed"
    EXCEEDS_CREDITS = "exceeds_credits"
    EXCEEDS_DEBITS = "exceeds_debits"
    EXCEEDS_TRANSFER_LIMIT = "exceeds_transfer_limit"
    EXCEEDS_DAY_LIMIT = "exceeds_day_limit"
    OVERFLOWS_BALANCE = "overflows_balance"
    PENDING_ID_MUST_BE_VALID = "pending_id_must_be_valid"
    PENDING_ID_MUST_BE_ZERO = "pending_id_must_be_zero"
    PENDING_TRANSFER_NOT_FOUND = "pending_transfer_not_found"
    PENDING_TRANSFER_NOT_PENDING = "pending_transfer_not_pending"
    PENDING_TRANSFER_HAS_DIFFERENT_DEBIT_ACCOUNT_ID = "pending_transfer_has_different_debit_account_id"
    PENDING_TRANSFER_HAS_DIFFERENT_CREDIT_ACCOUNT_ID = "pending_transfer_has_different_credit_account_id"
    PENDING_TRANSFER_HAS_DIFFERENT_LEDGER = "pending_transfer_has_different_ledger"
    PENDING_TRANSFER_HAS_DIFFERENT_CODE = "pending_transfer_has_different_code"
    PENDING_TRANSFER_HAS_DIFFERENT_AMOUNT = "pending_transfer_has_different_amount"
    EXCEEDS_PENDING_TRANSFER_AMOUNT = "exceeds_pending_transfer_amount"
    PENDING_TRANSFER_ALREADY_POSTED = "pending_transfer_already_posted"
    PENDING_TRANSFER_ALREADY_VOIDED = "pending_transfer_already_voided"
    PENDING_TRANSFER_EXPIRED = "pending_transfer_expired"
    #: linked and pending transfers stay within a shard, and what settles between shards is the ledger's alone
    NOT_ACROSS_SHARDS = "not_across_shards"

    @property
    def done(self) -> bool:
        """Whether the transfer or account is in the ledger, by this request or by an earlier one with the same body."""
        return self in (Outcome.CREATED, Outcome.EXISTS)


class LedgerError(EdenError):
    """Something stands in the way of the ledger as a whole."""


class Fenced(LedgerError):
    """Another process writes this shard now; this one must not any more."""

    def __init__(self, shard: int) -> None:
        super().__init__(
            "ledger-fenced",
            f"Another process has taken over writing shard {shard} of the ledger.",
            "Only one process may write a shard; this one has stopped. Ask the other, or start this one again.",
        )
