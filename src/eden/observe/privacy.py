"""Masking: what looks like personal data is replaced before it is stored, in texts that an app sends, and in numbers.

Built-in patterns know e-mail addresses, phone numbers, payment cards (with their check digit) and identity numbers
(Chinese resident identity cards, with theirs). Patterns of one's own are Python's regular expressions without what can
take long: one app's pattern is looked for while the reports of all wait. Replacing twice changes nothing.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import Any, Literal, TypeAlias, get_args

#: what `re` reads patterns with; it has no public name
_READER: Any = import_module("re._parser")

BuiltIn: TypeAlias = Literal["email", "phone", "card", "id"]
BUILT_IN: tuple[BuiltIn, ...] = get_args(BuiltIn)
#: unbounded repetitions of a pattern before its end: each one is a power of the text's length
_MOST_REPEATS = 1
#: ways in which a pattern's short repetitions can be combined; and beside an unbounded one
_MOST_WAYS, _MOST_WAYS_BESIDE = 2_000, 40
#: characters that a pattern of one's own is looked for in at once, and of these, at the end, where a cut is looked for
_PIECE, _CUT = 2_000, 200
#: texts whose masked form is remembered: most come again and again
_REMEMBERED = 5_000
_REMEMBERED_LENGTH = 200

_EMAIL = r"[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9.\-]{1,190}\.[A-Za-z]{2,24}"
#: + and country code; Chinese mobile numbers; groups as people write them
_PHONE = r"(?<![\w+])(?:\+[1-9][0-9]{0,2}[ \-.]?(?:\(?[0-9]{1,4}\)?[ \-.]?){2,5}[0-9]{2,4}|1[3-9][0-9]{9})(?![\w])"
_CARD = r"(?<![\w])[0-9](?:[ \-]?[0-9]){12,18}(?![\w])"
_ID = r"(?<![\w])[1-9][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx](?![\w])"


#: what the numbers of payment cards begin with: of Visa (13 digits as well), JCB, Diners Club, American Express, Mir,
#: Mastercard, UnionPay, Maestro, RuPay, Troy; none begins as times do that are counted in milliseconds or finer, and
#: none as orders that begin with a year
_ISSUERS = re.compile(r"4|3[0-9]|220[0-4]|22[2-9]|2[3-6]|27[0-2]|5|6|8[12]|979")


def _is_card(text: str) -> bool:
    """What payment cards begin with, and their check digit (ISO/IEC 7812-1, annex B: Luhn)."""
    digits = [int(one) for one in text if one.isdigit()]
    if not _ISSUERS.match(text.replace(" ", "").replace("-", "")) or (len(digits) == 13 and digits[0] != 4):
        return False
    doubled = [(2 * one) // 10 + (2 * one) % 10 for one in digits[-2::-2]]
    return len(set(digits)) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_id(text: str) -> bool:
    """The check digit of Chinese resident identity numbers (GB 11643: ISO 7064, MOD 11-2)."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(text[:17]))
    return "10X98765432"[total % 11] == text[17].upper()


def _always(text: str) -> bool:
    return True


_CHECKED: dict[BuiltIn, tuple[str, Callable[[str], bool]]] = {
    # an identity number is no card, whose digits it may have
    "id": (_ID, _is_id),
    "email": (_EMAIL, _always),
    # nor is a phone number
    "phone": (_PHONE, _always),
    "card": (_CARD, _is_card),
}
#: no built-in pattern takes a smaller number for anything
_LEAST_NUMBER = 10**10
#: whole numbers that a float has exactly
_MOST_FLOAT = 2**53
#: without any of these no built-in pattern can match
_SUSPECT = re.compile(r"@|[0-9](?:[ \-.()]{0,3}[0-9]){6}")


#: pattern, further check, what stands in its place
_BuiltIn: TypeAlias = tuple[re.Pattern[str], Callable[[str], bool], str]


class Masks:
    """The patterns of one app, compiled. Of one thread: it remembers texts."""

    def __init__(self, built_in: Iterable[BuiltIn] = BUILT_IN, patterns: Iterable[str] = ()) -> None:
        wanted = set(built_in)
        self._built_in: list[_BuiltIn] = [
            (re.compile(pattern), check, f"[{name}]") for name, (pattern, check) in _CHECKED.items() if name in wanted
        ]
        self._own = [re.compile(pattern) for pattern in patterns]
        self._known: dict[str, str] = {}
        #: whether there is anything to do
        self.any = bool(self._built_in or self._own)
        #: numbers below are left alone
        self.least = -math.inf if self._own else _LEAST_NUMBER if self._built_in else math.inf
        self._of_numbers = [one for one in self._built_in if one[2] != "[phone]"]

    def text(self, text: str) -> str:
        """The text with what matches replaced by [email], [phone], [card], [id] or [masked]."""
        if len(text) < 6 and not self._own:
            return text
        known = self._known.get(text)
        if known is not None:
            return known
        masked = self._mask(text, self._built_in)
        if len(text) <= _REMEMBERED_LENGTH:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[text] = masked
        return masked

    def number(self, number: float, *, phones: bool = True) -> float | str:
        """The number, or, where its digits are somebody's, what its text becomes. `phones`: also those that could be
        Chinese mobile numbers, as sizes in bytes could be as well."""
        if number < self.least:
            return number
        built_in = self._built_in if phones else self._of_numbers
        if type(number) is int:
            said = str(number)
        elif number.is_integer() and abs(number) < _MOST_FLOAT:
            said = str(int(number))
        else:
            said, built_in = str(number), []
        masked = self._mask(said, built_in)
        return number if masked == said else masked

    def document(self, document: Any) -> None:
        """Mask all texts in a JSON object or array, numbers of cards and identities, and take out addresses, cookies
        and what else names a person or a session, in place. Names of members stay, and what is called `frames`: that
        is code."""
        if type(document) is dict:
            if not _PRIVATE.isdisjoint(document):
                _strip_object(document)
            for name, inner in document.items():
                kind = type(inner)
                if kind is str:
                    document[name] = self.text(inner)
                elif kind is int or kind is float:
                    if inner >= self.least:
                        document[name] = self.number(inner, phones=False)
                elif (kind is dict or kind is list) and name != "frames":
                    self.document(inner)
        else:
            for index, inner in enumerate(document):
                kind = type(inner)
                if kind is str:
                    document[index] = self.text(inner)
                elif kind is int or kind is float:
                    if inner >= self.least:
                        document[index] = self.number(inner, phones=False)
                elif kind is dict or kind is list:
                    self.document(inner)

    def _mask(self, text: str, built_in: list[_BuiltIn]) -> str:
        if built_in and _SUSPECT.search(text):
            for pattern, check, name in built_in:
                if name == "[email]" and "@" not in text:
                    # the dearest one, and nearly always in vain
                    continue
                text = pattern.sub(lambda found: name if check(found[0]) else found[0], text)  # noqa: B023
        for own in self._own:
            text = "".join(own.sub("[masked]", piece) for piece in _pieces(text))
        return text


def _pieces(text: str) -> Iterator[str]:
    """A text in pieces, cut at a space where there is one."""
    begin = 0
    while len(text) - begin > _PIECE:
        space = text.rfind(" ", begin + _PIECE - _CUT, begin + _PIECE)
        end = space + 1 or begin + _PIECE
        yield text[begin:end]
        begin = end
    yield text[begin:]


def check_pattern(pattern: str) -> str:
    """Why a pattern cannot be used; empty when it can.

    Refused is what can take exponential time, or a high power of the text's length: repetitions inside repetitions,
    references back, conditions, more than one repetition without an end before the pattern's own end; and a pattern
    that matches nothing at all.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            parsed = _READER.parse(pattern)
            compiled = re.compile(pattern)
    except (re.error, Warning, RecursionError, OverflowError) as error:
        return f"no regular expression: {error}"
    if compiled.search("") is not None:
        return "it matches an empty text"
    counted = [0, 1]
    trouble = _check(parsed, repeated=False, last=True, counted=counted)
    if not trouble and counted[0] > _MOST_REPEATS:
        trouble = "more than one repetition without an end before the end of the pattern; write {0,40} in place of *"
    if not trouble and counted[1] > (_MOST_WAYS_BESIDE if counted[0] else _MOST_WAYS):
        trouble = "too many repetitions with a choice of lengths"
    return trouble


#: a repetition of up to so many is none
_SHORT = 64


def _check(parsed: Any, *, repeated: bool, last: bool, counted: list[int]) -> str:
    """`last`: nothing of the pattern follows."""
    for place, (operation, argument) in enumerate(parsed):
        ends = last and place == len(parsed) - 1
        name = str(operation)
        inner: list[Any] = []
        again = repeated
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            low, high = int(argument[0]), int(argument[1])
            if high > 1:
                if repeated:
                    return "a repetition inside a repetition"
                again = True
                if high > _SHORT:
                    # what ends a pattern takes what there is and never tries again
                    counted[0] += not ends
                else:
                    counted[1] *= high - low + 1
            inner = [argument[2]]
        elif name in ("GROUPREF", "GROUPREF_EXISTS"):
            return "a reference back"
        elif name in ("ASSERT", "ASSERT_NOT"):
            inner, ends = [argument[1]], False
        elif name == "SUBPATTERN":
            inner = [argument[3]]
        elif name == "ATOMIC_GROUP":
            inner = [argument]
        elif name == "BRANCH":
            if repeated:
                return "a choice inside a repetition"
            inner = list(argument[1])
        for one in inner:
            if trouble := _check(one, repeated=again, last=ends, counted=counted):
                return trouble
    return ""


# addresses and browsers

#: names of members that have an IP address
_ADDRESSES = frozenset({"ip", "$ip", "ip_address", "client_ip", "remote_addr", "REMOTE_ADDR", "client.address"})
#: headers that name a person, an address or a session
_HEADERS = frozenset(
    {"cookie", "set-cookie", "authorization", "proxy-authorization", "x-forwarded-for", "x-real-ip", "forwarded"}
    | {"cf-connecting-ip", "true-client-ip", "x-api-key", "x-csrf-token", "x-eden-key"}
)
_AGENTS = frozenset({"$user_agent", "$raw_user_agent", "user_agent", "userAgent", "user_agent.original"})
_PRIVATE = _ADDRESSES | _AGENTS | {"headers", "cookies"}
_BROWSERS = (
    ("MicroMessenger", re.compile(r"MicroMessenger/([0-9]+)")),
    ("Edge", re.compile(r"Edg(?:e|A|iOS)?/([0-9]+)")),
    ("Opera", re.compile(r"OPR/([0-9]+)")),
    ("Firefox", re.compile(r"(?:Firefox|FxiOS)/([0-9]+)")),
    ("Chrome", re.compile(r"(?:Chrome|CriOS|HeadlessChrome)/([0-9]+)")),
    ("Safari", re.compile(r"Version/([0-9]+)[0-9.]* (?:Mobile/\S+ )?Safari/")),
)
_SYSTEMS = (
    ("HarmonyOS", re.compile(r"OpenHarmony|HarmonyOS")),
    ("iOS", re.compile(r"iPhone|iPad|iPod")),
    ("Android", re.compile(r"Android")),
    ("Windows", re.compile(r"Windows")),
    ("macOS", re.compile(r"Macintosh")),
    ("Linux", re.compile(r"Linux|X11")),
)


def reduced_agent(agent: str) -> str:
    """A user agent without what tells one person from another: "Chrome 126, Android"; "" for one that is no browser's.

    What is left is what User-Agent reduction leaves in browsers (wicg.github.io/ua-client-hints): name, main version,
    system.
    """
    agent = agent[:1000]
    browser = next((f"{name} {found[1]}" for name, pattern in _BROWSERS if (found := pattern.search(agent))), "")
    system = next((name for name, pattern in _SYSTEMS if pattern.search(agent)), "")
    if not browser and not system:
        # a library: its name and version are nobody's
        product = re.match(r"[A-Za-z][\w.-]{0,40}/[0-9][\w.]{0,20}", agent)
        return product[0] if product else ""
    return ", ".join(part for part in (browser, system) if part)


def strip_props(props: dict[str, Any]) -> None:
    """Take addresses out of properties, and reduce user agents, in place."""
    if _PRIVATE.isdisjoint(props):
        return
    for name in _ADDRESSES & props.keys():
        del props[name]
    for name in _AGENTS & props.keys():
        props[name] = reduced_agent(props[name]) if type(props[name]) is str else ""


def _strip_object(document: dict[str, Any]) -> None:
    strip_props(document)
    document.pop("cookies", None)
    headers = document.get("headers")
    if type(headers) is dict:
        for name in [name for name in headers if name.lower() in _HEADERS]:
            del headers[name]
        for name, value in headers.items():
            if name.lower() == "user-agent":
                headers[name] = reduced_agent(value) if type(value) is str else ""
