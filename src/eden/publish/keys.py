"""`eden keys`: root keys stay in files on the machines of the people who hold them; the server gets signatures only.

The server proposes the next root, holders sign it here, and it is sent back. With enough keys at hand that is one
command; otherwise the proposal is a file that goes from holder to holder (`sign`) and is sent at last (`send`).
"""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root
from tuf.api.serialization import DeserializationError
from tuf.api.serialization.json import JSONSerializer

from eden.base.errors import EdenError
from eden.publish.client import Access, Client, connect
from eden.release.trust_keys import P256, key_to, new_signer, read_key_file, write_key_file

ONLINE = ("targets", "snapshot", "timestamp", "programs")


@dataclass(frozen=True)
class Change:
    """What the next root shall have that this one has not. `add`: files of new root keys; `remove`: beginnings of key
    ids; `renew`: online roles."""

    add: tuple[Path, ...] = ()
    remove: tuple[str, ...] = ()
    threshold: int | None = None
    renew: tuple[str, ...] = ()


class Passphrases:
    """Of key files: from EDEN_ROOT_PASSPHRASE or a file, else asked for, each once."""

    def __init__(self, file: Path | None = None) -> None:
        self._given = os.environ.get("EDEN_ROOT_PASSPHRASE")
        if file is not None:
            try:
                self._given = file.read_text(encoding="utf-8").rstrip("\r\n")
            except (OSError, UnicodeDecodeError) as error:
                raise EdenError("passphrase-file", f"{file} cannot be read: {error}.") from error

    def open(self, path: Path) -> CryptoSigner:
        """The key in a file; asks for its passphrase if it has one."""
        try:
            return read_key_file(path, self._given)
        except EdenError as error:
            if error.code != "key-passphrase" or self._given is not None or not sys.stdin.isatty():
                raise
        return read_key_file(path, getpass.getpass(f"Passphrase of {path}: "))

    def new(self) -> str:
        """A passphrase for new keys. EdenError when nobody can be asked."""
        if self._given is not None:
            passphrase = self._given
        elif sys.stdin.isatty():
            passphrase = getpass.getpass("Passphrase for the new keys: ")
            if passphrase != getpass.getpass("The same again: "):
                raise EdenError("passphrase", "The two were not the same.", "Begin again.")
        else:
            raise EdenError(
                "passphrase",
                "The new keys need a passphrase.",
                "Set EDEN_ROOT_PASSPHRASE, name a --passphrase-file, or write them readable with --plain.",
            )
        if len(passphrase) < 12:
            raise EdenError("passphrase", "The passphrase has less than 12 characters.", "Take four words.")
        return passphrase


def make(folder: Path, count: int, passphrase: str | None) -> list[Path]:
    """Write new root keys as `root-1.pem`, …; none in place of one that is there."""
    files = []
    for number in range(1, count + 1):
        path = folder / f"root-{number}.pem"
        write_key_file(path, new_signer(P256), passphrase)
        files.append(path)
    return files


async def init(
    access: Access, folder: Path, count: int, threshold: int, passphrases: Passphrases, *, plain: bool
) -> int:
    """Make root keys and the workspace's first root."""
    if not 1 <= threshold <= count:
        raise EdenError("threshold", f"{threshold} of {count} keys cannot sign.", "Make more keys, or ask for fewer.")
    async with connect(access) as client:
        state = await client.get("/trust")
        if state["version"]:
            raise EdenError(
                "root-exists",
                f"The workspace {client.workspace} has a root already, version {state['version']}.",
                "Change it with eden keys rotate or eden keys revoke.",
            )
        if plain:
            print("The keys will be readable by anybody who gets the files.", file=sys.stderr)
        passphrase = None if plain else passphrases.new()
        files = make(folder, count, passphrase)
        signers = [read_key_file(path, passphrase) for path in files]
        body = {"add": [key_to(signer.public_key) for signer in signers], "threshold": threshold}
        root = _read(await _propose(client, body))
        for signer in signers[:threshold]:
            root.sign(signer, append=True)
        state = await _send(client, root)
    listed = ", ".join(str(path) for path in files)
    print(
        f"The workspace {client.workspace} has its root of trust: {threshold} of {count} keys must sign changes of it."
    )
    print(f"The keys are in {listed}. Keep them away from the server, each with another person, and a copy elsewhere.")
    return 0


async def show(access: Access) -> int:
    """Which keys sign what."""
    async with connect(access) as client:
        state = await client.get("/trust")
    if not state["version"]:
        print("There is no root of trust yet. Make one: eden keys init")
        return 0
    print(f"root, version {state['version']}, until {state['expires_at'][:10]}, {state['threshold']} must sign:")
    for key in state["root_keys"]:
        print(f"  {key['key_id']}  {key['scheme']}")
    for role in ONLINE:
        print(f"{role}:")
        for key in state["online_keys"]:
            if key["role"] == role:
                print(f"  {key['key_id']}  {key['scheme']}  {key['state']}")
    return 0


async def change(access: Access, wanted: Change, keys: Sequence[Path], out: Path, passphrases: Passphrases) -> int:
    """Have the next root proposed, sign it with the keys at hand, and send it when that is enough."""
    signers = [passphrases.open(path) for path in keys]
    added = [passphrases.open(path) for path in wanted.add]
    async with connect(access) as client:
        state = await client.get("/trust")
        body: dict[str, Any] = {
            "add": [key_to(signer.public_key) for signer in added],
            "remove": [_whole(state, start) for start in wanted.remove],
            "renew": list(wanted.renew),
        }
        if wanted.threshold is not None:
            body["threshold"] = wanted.threshold
        root = _read(await _propose(client, body))
        _sign(root, [*signers, *added])
        if await _is_enough(client, root):
            state = await _send(client, root)
            print(f"The root is version {state['version']} now.")
            return 0
    _write(out, root)
    print(f"More keys must sign. Give {out} to their holders: eden keys sign {out} --key KEYFILE")
    print(f"Then send it: eden keys send {out}")
    return 0


def sign(file: Path, keys: Sequence[Path], passphrases: Passphrases) -> int:
    """Add signatures to a proposal. Needs no server."""
    root = _load(file)
    _sign(root, [passphrases.open(path) for path in keys])
    _write(file, root)
    print(f"{file} has {len(root.signatures)} signatures, of {root.signed.roles['root'].threshold} that it asks for.")
    return 0


async def send(access: Access, file: Path) -> int:
    """Make a signed proposal the root."""
    root = _load(file)
    async with connect(access) as client:
        state = await _send(client, root)
    print(f"The root is version {state['version']} now.")
    return 0


async def leap(access: Access, versions: int) -> int:
    """Have everything signed anew, versions beyond what is there."""
    async with connect(access) as client:
        found = await client.post("/trust/leap", {"versions": versions})
        print(f"The metadata of the workspace {client.workspace} goes on at version {found['timestamp']}.")
    return 0


async def _propose(client: Client, body: dict[str, Any]) -> bytes:
    return msgspec.json.encode(await client.post("/trust/proposals", body))


async def _send(client: Client, root: Metadata[Root]) -> Any:
    return await client.put_bytes("/trust/root", _bytes(root), "application/json")


async def _is_enough(client: Client, root: Metadata[Root]) -> bool:
    """By the root of now and by the new one."""
    now = _read(msgspec.json.encode(await client.get("/trust/root")))
    signed = root.signed_bytes
    try:
        return all(
            delegator.get_verification_result("root", signed, root.signatures).verified
            for delegator in (now.signed, root.signed)
        )
    except (RepositoryError, ValueError):
        return False


def _sign(root: Metadata[Root], signers: Sequence[CryptoSigner]) -> None:
    for signer in signers:
        root.sign(signer, append=True)


def _whole(state: Any, start: str) -> str:
    """The id of the root key that begins like this."""
    found = [key["key_id"] for key in state["root_keys"] if key["key_id"].startswith(start.lower())]
    if len(found) != 1 or not start:
        what = "No root key begins" if not found else "Several root keys begin"
        raise EdenError("which-key", f"{what} with {start!r}.", "eden keys list shows them.")
    return str(found[0])


def _read(data: bytes) -> Metadata[Root]:
    try:
        root = Metadata[Root].from_bytes(data)
    except DeserializationError:
        raise EdenError("no-root", "This is no proposal of a root.", "Take the file that eden keys wrote.") from None
    if not isinstance(root.signed, Root):
        raise EdenError("no-root", "This is metadata of another role.", "Take the file that eden keys wrote.")
    return root


def _load(file: Path) -> Metadata[Root]:
    try:
        return _read(file.read_bytes())
    except OSError as error:
        raise EdenError("no-root", f"{file} cannot be read: {error.strerror}.") from error


def _write(file: Path, root: Metadata[Root]) -> None:
    try:
        file.write_bytes(_bytes(root))
    except OSError as error:
        raise EdenError("no-root", f"{file} cannot be written: {error.strerror}.") from error


def _bytes(root: Metadata[Root]) -> bytes:
    return root.to_bytes(JSONSerializer(compact=True))
