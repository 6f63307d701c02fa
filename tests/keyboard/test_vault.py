"""Keys in memory and in a hardware module open the same; PIN blocks as another implementation makes them."""

from __future__ import annotations

import base64

import psec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from eden.base.crypto import HpkePrivateKey, HpkePublicKey, Unopened
from eden.base.errors import EdenError
from eden.keyboard import pin_block
from eden.keyboard.decapsulation import ENC_BYTES, HeldKey, Kem, Receiver
from eden.keyboard.interfaces import SEAL_ALGORITHMS, OfferedKey, SealAlgorithm
from eden.keyboard.modules import open_vault
from eden.keyboard.opening import Opening
from eden.keyboard.rules import pack
from eden.keyboard.vault import AesBlocks, ModuleVault, SoftwareVault, Vault
from eden.keyboard.wire import Bytes, KeyRow, Load, Make, MakeBlock, Message, Refused, Sign
from tests.base.crypto.test_hpke import AAD, INFO, PLAINTEXT, VECTORS
from tests.keyboard.hardware import FakeModule
from tests.keyboard.typing_in import seal


@pytest.fixture(params=["software", "module"])
def vault(request: pytest.FixtureRequest) -> Vault:
    return SoftwareVault(b"s" * 32) if request.param == "software" else ModuleVault(FakeModule())


@pytest.mark.parametrize("algorithm", SEAL_ALGORITHMS)
def test_opens_what_was_sealed(vault: Vault, algorithm: SealAlgorithm) -> None:
    made = vault.make(algorithm, "k")
    key = vault.opens(algorithm, "k", made.public, made.kept)
    offered = OfferedKey("k", algorithm, _text(made.public))
    sealed = seal(offered, b"bound", b"what was typed")
    assert key.open(b"bound", sealed) == b"what was typed"
    for info, message in ((b"other", sealed), (b"bound", sealed[:-1]), (b"bound", bytes(len(sealed))), (b"bound", b"")):
        with pytest.raises(Unopened):
            key.open(info, message)


def test_module_by_the_name_of_its_factory() -> None:
    assert isinstance(open_vault("", b"s" * 32), SoftwareVault)
    assert isinstance(open_vault("tests.keyboard.hardware:FakeModule", b"s" * 32), ModuleVault)
    for name, words in (
        ("tests.keyboard.hardware:absent", "CKR_TOKEN_NOT_PRESENT"),
        ("tests.keyboard.hardware:half", "has no generate_key_pair"),
        ("tests.keyboard.hardware", "cannot be opened"), ("no.such.package:x", "No module named"),
    ):  # fmt: skip
        with pytest.raises(EdenError, match=words) as error:
            open_vault(name, b"s" * 32)
        assert "PACKAGE.MODULE:NAME" in error.value.hint


def test_signs_and_enciphers(vault: Vault) -> None:
    signer = vault.make("ed25519", "s")
    signature = vault.signs("s", signer.kept).sign(b"message")
    Ed25519PublicKey.from_public_bytes(signer.public).verify(signature, b"message")
    cipher = vault.enciphers("p", vault.make("aes-256", "p").kept)
    assert cipher.decrypt(cipher.encrypt(b"sixteen bytes...")) == b"sixteen bytes..."


def test_software_keys_are_sealed_for_their_name() -> None:
    vault = SoftwareVault(b"s" * 32)
    made = vault.make("hpke-x25519", "k")
    for other, kid in ((vault, "l"), (SoftwareVault(b"t" * 32), "k")):
        with pytest.raises(EdenError):
            other.opens("hpke-x25519", kid, made.public, made.kept)


@pytest.mark.parametrize(("kem", "algorithm"), [("x25519", "hpke-x25519"), ("p256", "hpke-p256")])
def test_decapsulation_by_the_published_values(kem: Kem, algorithm: str) -> None:
    """RFC 9180, appendices A.1.1 and A.3.1."""
    vector = VECTORS[algorithm]
    raw, enc = bytes.fromhex(vector.private), bytes.fromhex(vector.enc)
    if kem == "x25519":
        shared = x25519.X25519PrivateKey.from_private_bytes(raw).exchange(x25519.X25519PublicKey.from_public_bytes(enc))
    else:
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), enc)
        shared = ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1()).exchange(ec.ECDH(), point)
    public, message = bytes.fromhex(vector.public), bytes.fromhex(vector.ciphertext)
    receiver = Receiver(kem, public, key_bytes=16)
    assert receiver.open(shared, enc, INFO, message, AAD) == PLAINTEXT
    with pytest.raises(Unopened):
        receiver.open(bytes(32), enc, INFO, message, AAD)


def test_decapsulation_as_the_library_seals() -> None:
    kems: list[tuple[Kem, str]] = [("x25519", "hpke-x25519"), ("p256", "hpke-p256")]
    for kem, algorithm in kems:
        module = FakeModule()
        public, handle = module.generate_key_pair("X25519" if kem == "x25519" else "P-256", "k")
        sealed = HpkePublicKey(algorithm, public).seal(b"info", b"plain")
        size = ENC_BYTES[kem]
        shared = module.derive(handle, sealed[:size])
        assert Receiver(kem, public).open(shared, sealed[:size], b"info", sealed[size:]) == b"plain"
        own = HpkePrivateKey.generate(algorithm)
        held = HeldKey(kem, own.raw, own.public.raw)
        assert held.open(b"info", own.public.seal(b"info", b"plain")) == b"plain"
        # zeros: of X25519 a point of small order, of P-256 none
        for junk in (bytes(size + 20), b"", own.public.raw + bytes(16)):
            with pytest.raises(Unopened):
                held.open(b"info", junk)


@given(
    pin=st.text("0123456789", min_size=4, max_size=12), pan=st.text("0123456789", min_size=1, max_size=19),
    key=st.sampled_from([16, 24, 32]).flatmap(lambda size: st.binary(min_size=size, max_size=size)),
    random=st.binary(min_size=8, max_size=8),
)  # fmt: skip
def test_pin_blocks_as_psec_makes_and_reads_them(pin: str, pan: str, key: bytes, random: bytes) -> None:
    ours = pin_block.encipher(AesBlocks(key), pin.encode(), pan, random)
    assert psec.pinblock.decipher_pinblock_iso_4(key, ours, pan) == pin
    theirs = psec.pinblock.encipher_pinblock_iso_4(key, pin, pan)
    assert pin_block.decipher(AesBlocks(key), theirs, pan) == pin.encode()


def test_pin_blocks_of_other_accounts_and_keys() -> None:
    cipher = AesBlocks(b"k" * 32)
    block = pin_block.encipher(cipher, b"2580", "4123456789012345", bytes(8))
    assert block != pin_block.encipher(cipher, b"2580", "4123456789012345", bytes(7) + b"\1")
    for other, pan, changed in (
        (cipher, "4123456789012346", block), (AesBlocks(b"l" * 32), "4123456789012345", block),
        (cipher, "4123456789012345", block[:-1]), (cipher, "4123456789012345", bytes(16)),
        (cipher, "", block), (cipher, "x" * 12, block),
    ):  # fmt: skip
        with pytest.raises(ValueError):
            pin_block.decipher(other, changed, pan)
    for pin in (b"258", b"2580258025802", b"25a0", b""):
        with pytest.raises(ValueError):
            pin_block.encipher(cipher, pin, "4123456789012345", bytes(8))


def test_pan_of_an_account() -> None:
    assert pin_block.pan_of("4123456789012345") == "4123456789012345"
    for account in ("anna", "12345678901", "1" * 20, "４" * 12):
        pan = pin_block.pan_of(account)
        assert len(pan) == 19
        assert pan.isdigit()
        assert pan == pin_block.pan_of(account)
    assert pin_block.pan_of("anna") != pin_block.pan_of("bert")


def test_opener_uses_a_key_for_its_own_thing_only() -> None:
    vault = SoftwareVault(b"s" * 32)
    opening = Opening(vault)
    rows = []
    for algorithm, kid in (("hpke-x25519", "x"), ("ed25519", "s"), ("aes-256", "p")):
        made = vault.make(algorithm, kid)  # type: ignore[arg-type]
        rows.append(KeyRow(kid, algorithm, made.public, made.kept))  # type: ignore[arg-type]
    assert opening.do(Load(rows)) == Bytes(b"")
    sealed = HpkePublicKey("hpke-x25519", rows[0].public).seal(b"i", pack("pin", "typed", b"2580", bytes(144)))

    def message(kid: str) -> Message:
        return Message(kid, b"i", sealed, "pin", "typed", 4, 4)

    assert isinstance(opening.do(MakeBlock(message("x"), "p", "a")), Bytes)
    assert opening.do(MakeBlock(message("s"), "p", "a")) == Refused("no-key")
    assert opening.do(MakeBlock(message("gone"), "p", "a")) == Refused("no-key")
    assert opening.do(Load(rows[1:])) == Bytes(b"")
    assert opening.do(MakeBlock(message("x"), "p", "a")) == Refused("no-key")
    assert opening.do(Make("hpke-p256", "y")) != Refused("no-key")
    assert opening.do(Sign("none", b"")) == Refused("no-key")


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
