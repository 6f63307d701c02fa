"""The signed metadata, judged by python-tuf's own client; keys; changes of the root."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from securesystemslib.signer import CryptoSigner
from sqlalchemy import Connection, insert, select
from tuf.api.exceptions import DownloadHTTPError, ExpiredMetadataError, UnsignedMetadataError
from tuf.api.metadata import Metadata, Root
from tuf.ngclient import Updater, UpdaterConfig
from tuf.ngclient.fetcher import FetcherInterface

from eden.base.database import Database
from eden.base.errors import EdenError
from eden.base.ids import now
from eden.base.problems import Problem
from eden.base.sealing import Seal
from eden.base.tables import workspaces
from eden.release import trust_root
from eden.release.models import metadata_files, signing_keys
from eden.release.trust import KEPT_SECONDS, File, TrustRepository, expiring, read_file, read_heads
from eden.release.trust_keys import ED25519, P256, key_to, new_signer, read_key_file, write_key_file
from eden.release.trust_root import RootChange

SECRET = b"a secret of thirty-two characters"
DAY = 24 * 3600 * 1_000_000
BANK = b"the bank"


class Place:
    """A repository with its root keys, and devices that read it."""

    def __init__(self, database: Database, tmp_path: Path) -> None:
        self.database = database
        self.tmp_path = tmp_path
        self.repository = TrustRepository(SECRET)
        self.roots: list[CryptoSigner] = []
        self.at = now()
        database.write_now(
            lambda c: c.execute(
                insert(workspaces).values(id="w", slug="test", name="Test", settings={}, created_at=self.at)
            )
        )

    def change_root(self, change: RootChange, signers: list[CryptoSigner]) -> int:
        def work(connection: Connection) -> int:
            data = trust_root.propose(self.repository, connection, "w", change, self.at)
            return trust_root.install(self.repository, connection, "w", signed(data, signers), self.at)

        return self.database.write_now(work)

    def begin(self, keys: int = 1, threshold: int = 1) -> None:
        self.roots = [new_signer(P256) for _ in range(keys)]
        added = tuple(key_to(signer.public_key) for signer in self.roots)
        assert self.change_root(RootChange(add=added, threshold=threshold), self.roots[:threshold]) == 1

    def apply(self, programs: dict[str, list[File]]) -> int:
        return self.database.write_now(lambda c: self.repository.apply(c, "w", programs, self.at))

    def read(self, name: str, version: int | None = None) -> bytes | None:
        return self.database.read_now(lambda c: read_file(c, "w", name, version))

    def device(self, name: str = "phone") -> Device:
        root = self.read("root", 1)
        assert root is not None
        return Device(self, root, self.tmp_path / name)


class Device:
    """python-tuf's client."""

    def __init__(self, place: Place, root: bytes, folder: Path) -> None:
        self.place, self.root, self.folder = place, root, folder
        (folder / "targets").mkdir(parents=True)

    def updater(self) -> Updater:
        return Updater(
            str(self.folder), "http://w/metadata/", str(self.folder / "targets"), "http://w/targets/",
            Fetcher(self.place), UpdaterConfig(), bootstrap=self.root,
        )  # fmt: skip

    def download(self, path: str) -> bytes | None:
        updater = self.updater()
        updater.refresh()
        info = updater.get_targetinfo(path)
        if info is None:
            return None
        return Path(updater.download_target(info)).read_bytes()


class Fetcher(FetcherInterface):
    """Reads metadata from the tables, and any target as "the bank"."""

    def __init__(self, place: Place) -> None:
        self.place = place

    def _fetch(self, url: str) -> Iterator[bytes]:
        kind, _, name = urlsplit(url).path.lstrip("/").partition("/")
        data: bytes | None = BANK
        if kind == "metadata":
            stem = name.removesuffix(".json")
            version, _, role = stem.partition(".")
            data = self.place.read(role, int(version)) if role else self.place.read(stem)
        if data is None:
            raise DownloadHTTPError("not there", 404)
        yield data


def signed(data: bytes, signers: list[CryptoSigner]) -> bytes:
    metadata = Metadata[Root].from_bytes(data)
    for signer in signers:
        metadata.sign(signer, append=True)
    return metadata.to_bytes()


def bank_file(code: int = 10000, custom: dict[str, Any] | None = None) -> File:
    return File(f"apps/bank/{code}/main.zip", len(BANK), hashlib.sha256(BANK).hexdigest(), custom)


def _ed25519(public: str) -> RootChange:
    return RootChange(add=({"keyid": "x", "keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": public}},))


@pytest.fixture
def place(database: Database, tmp_path: Path) -> Place:
    return Place(database, tmp_path)


def test_another_client_takes_a_target(place: Place) -> None:
    place.begin()
    custom = {"eden": {"version": "1.0.0", "code": 10000, "state": "stable", "container": 1}}
    assert place.apply({"bank": [bank_file(custom=custom)], "shop": []}) == 2
    device = place.device()
    assert device.download("apps/bank/10000/main.zip") == BANK
    assert device.download("apps/bank/10100/main.zip") is None
    assert device.download("apps/shop/1/main.zip") is None
    role = json.loads(place.read("apps.bank") or b"")
    assert role["signed"]["targets"]["apps/bank/10000/main.zip"]["custom"] == custom
    assert len(role["signatures"]) == 2
    place.apply({"bank": [bank_file(), bank_file(10100)]})
    assert device.download("apps/bank/10100/main.zip") == BANK
    versions = {name: head.version for name, head in place.database.read_now(lambda c: read_heads(c, "w")).items()}
    assert versions == {"root": 1, "targets": 2, "snapshot": 3, "timestamp": 3, "apps.bank": 2, "apps.shop": 1}


def test_a_program_cannot_name_files_of_another(place: Place) -> None:
    place.begin()
    place.apply({"bank": [], "shop": [bank_file()]})
    assert place.device().download("apps/bank/10000/main.zip") is None


@pytest.mark.parametrize("scheme", ["ed25519", "ecdsa-sha2-nistp256"])
def test_one_of_the_two_signatures_is_enough(place: Place, scheme: str) -> None:
    """A phone that knows only one of the schemes verifies everything."""
    place.begin()
    place.apply({"bank": [bank_file()]})
    root = Metadata[Root].from_bytes(place.read("root") or b"").signed
    for role in ("targets", "snapshot", "timestamp"):
        metadata: Metadata[Any] = Metadata.from_bytes(place.read(role) or b"")
        kept = {key_id for key_id in root.roles[role].keyids if root.keys[key_id].scheme == scheme}
        for key_id in set(metadata.signatures) - kept:
            del metadata.signatures[key_id]
        assert len(metadata.signatures) == 1
        root.verify_delegate(role, metadata.signed_bytes, metadata.signatures)


def test_nothing_is_signed_without_a_root(place: Place) -> None:
    with pytest.raises(Problem, match="no root of trust") as caught:
        place.apply({"bank": []})
    assert caught.value.code == "conflict"


def test_a_root_needs_its_threshold(place: Place) -> None:
    place.begin(keys=3, threshold=2)
    extra = new_signer(P256)
    change = RootChange(add=(key_to(extra.public_key),))
    with pytest.raises(Problem, match="1 of 2 keys of the root of now have signed"):
        place.change_root(change, place.roots[:1])
    with pytest.raises(Problem, match="0 of 2 keys"):
        place.change_root(change, [new_signer(P256)])
    assert place.change_root(change, place.roots[1:]) == 2


def test_devices_follow_a_rotated_root(place: Place) -> None:
    place.begin(keys=2, threshold=1)
    place.apply({"bank": [bank_file()]})
    device = place.device()
    assert device.download("apps/bank/10000/main.zip") == BANK
    lost, kept = place.roots
    fresh = new_signer(P256)
    change = RootChange(add=(key_to(fresh.public_key),), remove=(lost.public_key.keyid,), threshold=2)
    with pytest.raises(Problem, match="keys of this root have signed"):
        place.change_root(change, [lost, kept])
    assert place.change_root(change, [kept, fresh]) == 2
    assert device.download("apps/bank/10000/main.zip") == BANK
    with pytest.raises(Problem, match="of the root of now"):
        place.change_root(RootChange(threshold=1), [lost, kept])
    state = place.database.read_now(lambda c: trust_root.state(c, "w"))
    assert (state.version, state.threshold) == (2, 2)
    assert {key.key_id for key in state.root_keys} == {kept.public_key.keyid, fresh.public_key.keyid}


def test_online_keys_are_renewed_by_a_root(place: Place) -> None:
    place.begin()
    place.apply({"bank": [bank_file()]})
    device = place.device()
    device.download("apps/bank/10000/main.zip")

    def active() -> dict[str, set[str]]:
        rows = place.database.read_now(
            lambda c: c.execute(select(signing_keys).where(signing_keys.c.state == "active")).all()
        )
        return {role: {row.key_id for row in rows if row.role == role} for role in {row.role for row in rows}}

    before = active()
    stolen = place.database.read_now(lambda c: place.repository._signers(c, "w", {"timestamp"})["timestamp"])
    place.change_root(RootChange(renew=("timestamp", "programs")), place.roots)
    after = active()
    assert not before["timestamp"] & after["timestamp"]
    assert not before["programs"] & after["programs"]
    assert before["targets"] == after["targets"]
    assert all(len(keys) == 2 for keys in after.values())
    # everything was signed anew, by the new keys
    assert device.download("apps/bank/10000/main.zip") == BANK
    assert place.apply({"bank": [bank_file(), bank_file(10100)]}) > 2
    assert device.download("apps/bank/10100/main.zip") == BANK
    # what the stolen keys sign is worth nothing now
    root = Metadata[Root].from_bytes(place.read("root") or b"").signed
    forged: Metadata[Any] = Metadata.from_bytes(place.read("timestamp") or b"")
    forged.signatures.clear()
    for signer in stolen:
        forged.sign(signer, append=True)
    with pytest.raises(UnsignedMetadataError):
        root.verify_delegate("timestamp", forged.signed_bytes, forged.signatures)
    retired = place.database.read_now(
        lambda c: c.execute(select(signing_keys.c.sealed).where(signing_keys.c.state == "retired")).scalars().all()
    )
    assert retired
    assert set(retired) == {b""}


def test_a_root_with_keys_of_somebody_else_is_refused(place: Place) -> None:
    place.begin()
    place.apply({"bank": []})

    def work(connection: Connection) -> bytes:
        return trust_root.propose(place.repository, connection, "w", RootChange(), place.at)

    metadata = Metadata[Root].from_bytes(place.database.write_now(work))
    foreign = new_signer(P256)
    metadata.signed.add_key(foreign.public_key, "timestamp")
    metadata.sign(place.roots[0])

    def install(data: bytes) -> None:
        place.database.write_now(lambda c: trust_root.install(place.repository, c, "w", data, place.at))

    with pytest.raises(Problem, match="online key that this server does not have"):
        install(metadata.to_bytes())
    for data, reason in (
        (b"{}", "no metadata of a root"),
        (b"[" * 100_000, "no metadata of a root"),
        (place.read("timestamp") or b"", "another role"),
        (place.read("root") or b"", "the next root is version 2"),
    ):
        with pytest.raises(Problem, match=reason) as caught:
            install(data)
        assert caught.value.code == "invalid"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (RootChange(threshold=2), "2 of 1 root keys"),
        (RootChange(threshold=0), "0 of 1 root keys"),
        (RootChange(remove=("f" * 64,)), "is not a root key"),
        (RootChange(add=({"keyid": "x"},)), "none that may sign"),
        (_ed25519("zz"), "may sign"),
        (_ed25519("00"), "may sign"),
        (RootChange(add=(key_to(new_signer(ED25519).public_key),)), "is no ECDSA P-256 key"),
        (RootChange(add=({"keyid": "x", "keytype": "rsa", "scheme": "s", "keyval": {"public": "k"}},)), "may sign"),
        (RootChange(renew=("root",)), "no online role root"),
    ],
)
def test_impossible_roots_are_not_proposed(place: Place, change: RootChange, reason: str) -> None:
    place.begin()
    with pytest.raises(Problem, match=reason):
        place.change_root(change, place.roots)


def test_what_expires_is_signed_anew(place: Place) -> None:
    place.begin()
    place.apply({"bank": [bank_file()]})

    def refresh(at: int) -> bool:
        return place.database.write_now(lambda c: place.repository.refresh(c, "w", at))

    def versions() -> dict[str, int]:
        return {name: head.version for name, head in place.database.read_now(lambda c: read_heads(c, "w")).items()}

    first = versions()
    assert not refresh(place.at + DAY // 3)
    assert versions() == first
    assert refresh(place.at + DAY * 3 // 4)
    second = versions()
    assert second == first | {"snapshot": first["snapshot"] + 1, "timestamp": first["timestamp"] + 1}
    assert refresh(place.at + 70 * DAY)
    third = versions()
    assert third["apps.bank"] == 2
    assert third["targets"] == first["targets"] + 1
    assert place.device().download("apps/bank/10000/main.zip") == BANK


def test_a_client_takes_nothing_from_what_has_expired(place: Place) -> None:
    place.at = now() - 3 * DAY
    place.begin()
    place.apply({"bank": [bank_file()]})
    with pytest.raises(ExpiredMetadataError):
        place.device().download("apps/bank/10000/main.zip")
    found = place.database.read_now(lambda c: expiring(c, now()))
    assert [(workspace, name) for workspace, name, _ in found] == [("w", "timestamp")]


def test_after_an_old_backup_devices_are_passed(place: Place) -> None:
    place.begin()
    place.apply({"bank": [bank_file()]})
    version = place.database.write_now(lambda c: place.repository.sign_all(c, "w", place.at, leap=1000))
    assert version == 1003
    heads = place.database.read_now(lambda c: read_heads(c, "w"))
    assert {name: head.version for name, head in heads.items()} == {
        "root": 1, "targets": 1003, "snapshot": 1003, "timestamp": 1003, "apps.bank": 1002,
    }  # fmt: skip
    assert place.device().download("apps/bank/10000/main.zip") == BANK
    assert place.apply({"bank": [bank_file()]}) == 1004


def test_old_files_are_forgotten_but_roots_and_the_newest(place: Place) -> None:
    place.begin()
    for _ in range(3):
        place.apply({"bank": [bank_file()]})
    place.change_root(RootChange(), place.roots)
    later = place.at + (KEPT_SECONDS + 1) * 1_000_000
    place.database.write_now(lambda c: place.repository.forget_old(c, later))
    rows = place.database.read_now(
        lambda c: c.execute(
            select(metadata_files.c.name, metadata_files.c.version).order_by(*metadata_files.primary_key)
        ).all()
    )
    assert [tuple(row) for row in rows] == [
        ("apps.bank", 3), ("root", 1), ("root", 2), ("snapshot", 4), ("targets", 2), ("timestamp", 4),
    ]  # fmt: skip
    assert place.device().download("apps/bank/10000/main.zip") == BANK
    # what was replaced just now stays, however old it is: a device may be about to fetch it
    place.at = later
    place.apply({"bank": [bank_file()]})
    place.database.write_now(lambda c: place.repository.forget_old(c, later + 1))
    assert [place.read(name, version) is not None for name, version in (("apps.bank", 3), ("snapshot", 4))] == [
        True
    ] * 2
    place.database.write_now(lambda c: place.repository.forget_old(c, later + (KEPT_SECONDS + 1) * 1_000_000))
    assert [place.read(name, version) is not None for name, version in (("apps.bank", 3), ("snapshot", 4))] == [
        False
    ] * 2


def test_signing_is_that_of_canonical_json(place: Place) -> None:
    """Names and custom fields that JSON could write in several ways."""
    place.begin()
    custom = {"eden": {"z": '字\u2028"\\é', "a": [1, {"b": True, "a": 2**53 - 1}], "rule": {"in": ["x", "😀"]}}}
    place.apply({"bank": [bank_file(custom=custom)]})
    updater = place.device().updater()
    updater.refresh()
    info = updater.get_targetinfo("apps/bank/10000/main.zip")
    assert info is not None
    assert info.custom == custom


def test_what_is_sealed_opens_in_its_place_only() -> None:
    seal = Seal(SECRET, "tests")
    closed = seal.close(b"private", "w", "timestamp")
    assert b"private" not in closed
    assert seal.open(closed, "w", "timestamp") == b"private"
    for other, context in ((seal, ("w", "root")), (Seal(SECRET, "other"), ("w", "timestamp"))):
        with pytest.raises(EdenError, match="cannot be opened"):
            other.open(closed, *context)
    with pytest.raises(EdenError, match="cannot be opened"):
        seal.open(closed[:-1], "w", "timestamp")


def test_key_files(tmp_path: Path) -> None:
    signer = new_signer(P256)
    plain, locked = tmp_path / "k" / "plain.pem", tmp_path / "k" / "locked.pem"
    write_key_file(plain, signer, None)
    write_key_file(locked, signer, "correct horse")
    assert plain.stat().st_mode & 0o777 == 0o600
    assert b"ENCRYPTED" in locked.read_bytes()
    for path, passphrase in ((plain, None), (plain, "not needed"), (locked, "correct horse")):
        assert read_key_file(path, passphrase).public_key.keyid == signer.public_key.keyid
    for path, passphrase, code in (
        (locked, None, "key-passphrase"),
        (locked, "wrong", "key-passphrase"),
        (tmp_path / "absent", None, "key-file"),
    ):
        with pytest.raises(EdenError) as caught:
            read_key_file(path, passphrase)
        assert caught.value.code == code
    with pytest.raises(EdenError, match="is there already"):
        write_key_file(plain, signer, None)
    (tmp_path / "noise").write_bytes(b"noise")
    with pytest.raises(EdenError, match="not a private key"):
        read_key_file(tmp_path / "noise", None)
    for curve in (ec.SECP256K1(), ec.SECP384R1()):
        other = ec.generate_private_key(curve).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (tmp_path / "other").write_bytes(other)
        with pytest.raises(EdenError, match="neither an Ed25519 nor an ECDSA P-256 key"):
            read_key_file(tmp_path / "other", None)


def test_times_are_whole_seconds(place: Place) -> None:
    place.begin()
    signed_part = msgspec.json.decode(place.read("timestamp") or b"")["signed"]
    assert datetime.fromisoformat(signed_part["expires"]).astimezone(UTC).microsecond == 0
