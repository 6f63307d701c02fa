"""Files that hold a document: TOML, JSON and YAML."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec

from eden.base.errors import EdenError
from eden.gateway.interfaces import Catalogue

_Item: TypeAlias = tuple[str, Any]
#: fields whose value is any JSON
_FREE: Final = frozenset({"answer", "body", "default", "example", "result"})


def read_document(path: Path) -> dict[str, Any]:
    """An object, by the file's ending. Raises EdenError with the place of a mistake."""
    try:
        text = path.read_text(encoding="utf-8")
        found: Any
        if path.suffix in (".yaml", ".yml"):
            # without the extra types that YAML finds in plain words, such as dates
            found = msgspec.yaml.decode(text.encode())
        else:
            found = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise EdenError("document-unreadable", f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise EdenError("document-unreadable", f"{path} is no text in UTF-8: {error}.") from error
    except ImportError:
        raise EdenError("no-yaml", "Reading YAML needs PyYAML.", "Run pip install pyyaml, or give JSON.") from None
    except (tomllib.TOMLDecodeError, msgspec.MsgspecError, ValueError) as error:
        raise EdenError("document-invalid", f"{path} cannot be read: {error}.", "TOML, JSON or YAML?") from error
    if not isinstance(found, dict):
        raise EdenError("document-invalid", f"{path} holds no object.", "A document begins with names.")
    return found


def read_catalogue(path: Path) -> Catalogue:
    """A catalogue. Raises EdenError with the place of what is wrong."""
    found = read_document(path)
    try:
        return msgspec.convert(found, Catalogue)
    except msgspec.ValidationError as error:
        place, sentence = place_and_sentence(error)
        hint = "docs/gateway-catalogue.md lists all fields."
        raise EdenError("document-invalid", f"{path}: {place}: {sentence}.", hint) from error


def place_and_sentence(error: msgspec.ValidationError) -> tuple[str, str]:
    """Where in a document what is wrong, of what msgspec says."""
    sentence, _, place = str(error).partition(" - at `")
    # of a name: "key` in `$.groups`"
    of_name, _, inside = place.partition("key` in `")
    if inside and not of_name:
        place, sentence = inside, f"A name in it cannot be used: {sentence}"
    return place.rstrip("`").removeprefix("$").lstrip(".") or "document", sentence


def write_catalogue(catalogue: Mapping[str, Any], suffix: str) -> str:
    """The text of a file with this ending, of a catalogue as JSON values. EdenError for other endings."""
    if suffix == ".json":
        return json.dumps(catalogue, indent=2, ensure_ascii=False) + "\n"
    if suffix == ".toml":
        return write_toml(catalogue)
    raise EdenError("document-form", f"A catalogue is not written as {suffix or 'a file without an ending'}.",
                    "Call the file NAME.toml or NAME.json.")  # fmt: skip


def write_toml(document: Mapping[str, Any]) -> str:
    """TOML 1.0 of JSON values: tables for objects, one line for what is inside a list. EdenError for null, which TOML
    does not have."""
    lines: list[str] = []
    _table(lines, (), document)
    return "\n".join(lines).lstrip("\n") + "\n"


def _table(lines: list[str], path: tuple[str, ...], table: Mapping[str, Any]) -> None:
    plain, tables = _parted(path, list(table.items()))
    if path and (plain or not table):
        lines += ["", f"[{'.'.join(map(_key, path))}]"]
    lines += [f"{_key(name)} = {_value(value)}" for name, value in plain]
    for name, value in tables:
        _table(lines, (*path, name), value)


def _parted(path: tuple[str, ...], items: list[_Item]) -> tuple[list[_Item], list[_Item]]:
    """What has a line each, and what has a heading and must come behind. The order of things that have names, as the
    fields of a model, and of people's own JSON is kept; that of the fields of a thing means nothing."""
    if _FREE.isdisjoint(path) and not all(isinstance(value, Mapping) for _, value in items):
        return [item for item in items if not _is_table(item[1])], [item for item in items if _is_table(item[1])]
    lines = max((at for at, (_, value) in enumerate(items) if not isinstance(value, Mapping)), default=-1) + 1
    first = next((at for at, (_, value) in enumerate(items) if at >= lines and _is_table(value)), len(items))
    return items[:first], items[first:]


def _is_table(value: Any) -> bool:
    """Objects that are long get a heading of their own."""
    return isinstance(value, Mapping) and (len(_value(value)) > 80 or any(map(_is_table, value.values())))


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(name)} = {_value(item)}" for name, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        items = [_value(item) for item in value]
        if sum(map(len, items)) > 100:
            return "[\n" + "".join(f"  {item},\n" for item in items) + "]"
        return f"[{', '.join(items)}]"
    if value is None:
        raise EdenError("no-null", "TOML has no null, and there is one in this catalogue.", "Write it as NAME.json.")
    if isinstance(value, str):
        # the escapes of TOML's basic strings are JSON's; DEL it wants escaped, too
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _value(name)
