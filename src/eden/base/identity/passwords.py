"""Passwords: Argon2id, its parameters, and which passwords are refused."""

from __future__ import annotations

import asyncio
import functools
import itertools
import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from eden.base.problems import Problem

#: OWASP's Password Storage Cheat Sheet: Argon2id with 19 MiB, two passes, one lane. More lanes gain nothing when many
#: people sign in at once; more memory lets fewer sign-ins fill a small server.
MEMORY_KIB = 19_456
PASSES = 2
LANES = 1

#: NIST SP 800-63B asks for 8 at least; this is a console that reaches everybody's phone
MINIMUM_LENGTH = 10
#: hashing is linear in the length; nobody types more
MAXIMUM_LENGTH = 256

#: hashes computed at the same time; bounds the memory that a flood of sign-ins takes
_THREADS = 2

_hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, type=Type.ID)
_executor = ThreadPoolExecutor(_THREADS, "eden-password")

#: what remains of the most used passwords without digits and signs
_COMMON = frozenset(
    "password passwort passw pass admin administrator welcome qwerty qwertyuiop qwertz asdfgh asdfghjkl zxcvbn zxcvbnm"
    " abc abcd abcdef abcdefgh iloveyou letmein monkey dragon football baseball sunshine princess master shadow login"
    " secret changeme default guest root test testing user woaini eden superapp miniprogram qazwsx qazwsxedc qweasd"
    " qweasdzxc aa".split()
)
_LEET = str.maketrans("@4310$5!7", "aaeiossit")


def hash_password(password: str) -> str:
    """In PHC form, with a new salt. Takes some 30 ms of one core; `in_thread` keeps it off the event loop."""
    return _hasher.hash(_normal(password))


def verify_password(hashed: str | None, password: str) -> bool:
    """Whether it is the password. Without a hash the answer is no, after the same time."""
    try:
        _hasher.verify(hashed or _nobody(), _normal(password))
    except (VerificationError, InvalidHashError):
        return False
    return hashed is not None


def needs_rehash(hashed: str) -> bool:
    """Whether it was made with other parameters than today's."""
    return _hasher.check_needs_rehash(hashed)


async def hash_in_thread(password: str) -> str:
    """`hash_password` off the event loop, with a bound on how many run at once."""
    return await asyncio.get_running_loop().run_in_executor(_executor, hash_password, password)


async def verify_in_thread(hashed: str | None, password: str) -> bool:
    """`verify_password` off the event loop, with a bound on how many run at once."""
    return await asyncio.get_running_loop().run_in_executor(_executor, verify_password, hashed, password)


def check_password(password: str, email: str, field: str = "password") -> None:
    """Problem `invalid` unless the password is good enough for the person with this e-mail address."""
    if sentence := _weakness(password, email):
        raise Problem(
            "invalid", sentence, "A few words that do not belong together make a good one.", errors=[(field, sentence)]
        )


def _weakness(password: str, email: str) -> str:
    if len(password) < MINIMUM_LENGTH:
        return f"The password needs at least {MINIMUM_LENGTH} characters."
    if len(password) > MAXIMUM_LENGTH:
        return f"The password may have at most {MAXIMUM_LENGTH} characters."
    lower = _normal(password).lower()
    if len(set(lower)) < 5:
        return "The password repeats too few characters."
    bare = re.sub(r"[\W\d_]+", "", lower)
    # what stands around the word goes before its signs are read as letters: P@ssw0rd2024
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", lower).translate(_LEET)
    if bare in _COMMON or core in _COMMON or (not bare and _runs(lower)):
        return "The password is one of the first that would be tried."
    rest = lower
    for part in re.split(r"[^a-z0-9]+", email.lower()):
        rest = rest.replace(part, "") if len(part) >= 3 else rest
    if rest != lower and len(re.sub(r"[\W_]+", "", rest)) < MINIMUM_LENGTH - 2:
        return "The password is too close to the e-mail address."
    return ""


def _runs(text: str) -> bool:
    """Whether most neighbours are neighbours in counting, too: 1234567890, 9876543210."""
    steps = [abs(ord(after) - ord(before)) for before, after in itertools.pairwise(text)]
    return sum(step <= 1 or step == 9 for step in steps) * 4 >= len(steps) * 3


def _normal(password: str) -> str:
    # the same password typed on another keyboard may come as other code points (NIST SP 800-63B, 5.1.1.2)
    return unicodedata.normalize("NFKC", password)


@functools.cache
def _nobody() -> str:
    """A hash that nobody knows the password of, with today's parameters: unknown e-mails take as long as known."""
    return _hasher.hash("\0nobody")
