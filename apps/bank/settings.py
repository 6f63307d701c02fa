"""What the bank's process is told when it starts."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from eden.base.errors import EdenError

#: bytes of the secret from which the keys of principals and of the bank's own seals are derived
_SECRET = 32


@dataclass(frozen=True, slots=True)
class Settings:
    """`data` is the folder with everything that the bank keeps. `database` and `ledger` are addresses as
    `eden.base.database` takes them; "" puts both into SQLite files in the folder. Amounts are CNY cents."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 0
    database: str = ""
    ledger: str = ""
    #: where the platform's secure keyboard opens sealed values, and the token that may ask it; "" without
    keyboard: str = ""
    keyboard_token: str = ""
    #: customers with two years of history that are made up on a first start; 0: none
    seed: int = 0
    #: the bank's address as third parties know it, without a slash at its end: the issuer of their tokens; "" where it
    #: listens
    address: str = ""
    #: file of the ledger's witness, best on another machine; "" puts it into the folder
    witness: str = ""

    @property
    def public_address(self) -> str:
        return self.address.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def database_address(self) -> str:
        return self.database or f"sqlite:///{self.data / 'bank.db'}"

    @property
    def ledger_address(self) -> str:
        return self.ledger or f"sqlite:///{self.data / 'ledger.db'}"

    @property
    def ledger_keys(self) -> Path:
        """The file of the keys that sign the ledger's tree heads."""
        return self.data / "ledger.keys"

    @property
    def public_keys(self) -> Path:
        """The file of those that verify them, which anybody may have."""
        return self.ledger_keys.with_name(f"{self.ledger_keys.name}.pub")

    @property
    def witness_file(self) -> Path:
        """Where heads of the ledger's tree are kept a second time."""
        return Path(self.witness) if self.witness else self.data / "ledger.witness"

    def secret(self) -> bytes:
        """The bank's secret, made on the first start and kept in the folder, readable by its owner only.

        Raises EdenError "bank-secret" when what is kept is not one.
        """
        file = self.data / "secret"
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            kept = file.read_bytes()
            if len(kept) != _SECRET:
                raise EdenError(
                    "bank-secret", f"{file} does not hold the bank's secret.", "Restore it from a backup."
                ) from None
            return kept
        secret = secrets.token_bytes(_SECRET)
        with os.fdopen(handle, "wb") as writer:
            writer.write(secret)
        return secret
