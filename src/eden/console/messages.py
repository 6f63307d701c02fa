"""Sentences of the console in English and Chinese.

Every room has two catalogues, `messages.en.toml` and `messages.zh.toml`, with the same keys; a key begins with the
room's name ("release.versions.title"). A message is plain text with placeholders:

    {name}              the value; numbers are written as the language writes them
    {count:file|files}  the first word when the value is 1, the second otherwise (English; Chinese has no use for it)

Nothing falls back: an unknown key, a missing value and a value without a placeholder are errors, so tests find them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from markupsafe import Markup, escape

from eden.console.formats import number

Locale: TypeAlias = Literal["en", "zh"]
LOCALES: tuple[Locale, ...] = get_args(Locale)

_PLACEHOLDER = re.compile(r"\{(?P<name>[a-z_]+)(?::(?P<one>[^{}|]*)\|(?P<many>[^{}|]*))?\}")


class MessageError(Exception):
    """A mistake in a catalogue or in the use of a message; never the fault of who looks at the page."""


class Message:
    """One sentence, taken apart once."""

    __slots__ = ("placeholders", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.placeholders = frozenset(match["name"] for match in _PLACEHOLDER.finditer(text))
        if {"{", "}"} & set(_PLACEHOLDER.sub("", text)):
            raise MessageError(f"a brace does not belong to a placeholder in: {text}")

    def format(self, locale: Locale, values: Mapping[str, Any]) -> str:
        """The sentence with its values; `Markup` when a value is, the rest is then escaped."""
        if not self.placeholders and not values:
            return self.text
        if self.placeholders != values.keys():
            raise MessageError(f"values {sorted(values)} for placeholders {sorted(self.placeholders)} in: {self.text}")
        if any(hasattr(value, "__html__") for value in values.values()):
            pieces, end = [], 0
            for match in _PLACEHOLDER.finditer(self.text):
                pieces += [escape(self.text[end : match.start()]), escape(_filled(match, locale, values))]
                end = match.end()
            return Markup("").join([*pieces, escape(self.text[end:])])
        return _PLACEHOLDER.sub(lambda match: str(_filled(match, locale, values)), self.text)


def _filled(match: re.Match[str], locale: Locale, values: Mapping[str, Any]) -> Any:
    value = values[match["name"]]
    if match["one"] is not None:
        return match["one"] if value == 1 else match["many"]
    return number(value, locale) if isinstance(value, int | float) and not isinstance(value, bool) else value


Catalogue: TypeAlias = Mapping[str, Message]


def read_catalogue(file: Path) -> Catalogue:
    """Keys with dots → messages. MessageError names the file when it is not a table of strings."""
    try:
        return {key: Message(text) for key, text in _flat(tomllib.loads(file.read_text("utf-8")), "")}
    except (OSError, ValueError, MessageError) as error:
        raise MessageError(f"{file}: {error}") from error


def _flat(table: Mapping[str, Any], prefix: str) -> Iterable[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, str):
            yield f"{prefix}{key}", value
        else:
            raise MessageError(f"{prefix}{key} is neither a sentence nor a table")


class Messages:
    """All rooms' catalogues together."""

    def __init__(self) -> None:
        self._catalogues: dict[Locale, dict[str, Message]] = {locale: {} for locale in LOCALES}

    def add(self, room: str, folder: Path) -> None:
        """Take the catalogues of a room; every key has to begin with its name."""
        for locale in LOCALES:
            catalogue = read_catalogue(folder / f"messages.{locale}.toml")
            if strangers := [key for key in catalogue if not key.startswith(f"{room}.")]:
                raise MessageError(f"{folder}: {strangers[0]} does not begin with {room}.")
            self._catalogues[locale].update(catalogue)

    def translate(self, locale: Locale, key: str, /, **values: Any) -> str:
        """The sentence `key` in a language."""
        message = self._catalogues[locale].get(key)
        if message is None:
            raise MessageError(f"there is no message {key} in {locale}")
        try:
            return message.format(locale, values)
        except MessageError as error:
            raise MessageError(f"{key}: {error}") from error


def choose_locale(remembered: str | None, accept_language: str) -> Locale:
    """The language of a page: the one that was chosen, else the first of the browser's that we have, else English.

    `accept_language` is the header (RFC 9110, section 12.5.4).
    """
    for locale in LOCALES:
        if remembered == locale:
            return locale
    weighted = []
    for position, part in enumerate(accept_language[:1000].split(",")):
        tag, _, parameters = part.strip().partition(";")
        found = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", parameters)
        weight = float(found[1]) if found else 1.0
        language = tag.lower().partition("-")[0]
        weighted += [(-weight, position, locale) for locale in LOCALES if locale == language and weight > 0]
    return min(weighted)[2] if weighted else "en"
