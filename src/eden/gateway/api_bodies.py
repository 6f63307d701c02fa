"""Documents that may be larger than the API's other bodies: how they are read and how the API's description has
them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType

from eden.base.api.handlers import AnyRequest
from eden.base.http import has_nul
from eden.base.problems import Problem
from eden.gateway.documents import place_and_sentence
from eden.gateway.interfaces import Catalogue
from eden.gateway.service import MOST_BYTES

T = TypeVar("T")


async def read_catalogue(request: AnyRequest) -> Catalogue:
    """The body as a catalogue. Problems `too-large`, `media-type`, `invalid`."""
    return _decoded(await _read(request), Catalogue)


async def read_object(request: AnyRequest) -> dict[str, Any]:
    """The body as any JSON object. The same problems."""
    return _decoded(await _read(request), dict[str, Any])


def revision_of(tag: str | None) -> int | None:
    """The revision of an `If-Match` (RFC 9110, section 13.1.1): what `ETag` said, or the number alone; None for any.
    Problem `invalid`."""
    if tag is None or tag.strip() == "*":
        return None
    number = tag.strip().removeprefix("W/").strip('"')
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        sentence = f"If-Match: {tag[:60]} is no revision."
        raise Problem("invalid", sentence, 'Send what ETag said, as in If-Match: "7".', errors=[("If-Match", sentence)])
    return int(number)


async def _read(request: AnyRequest) -> bytes:
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared != "application/json":
        sentence = f"The body is declared as {declared[:60] or 'nothing'}, not as JSON."
        raise Problem("media-type", sentence, "Send the header Content-Type: application/json.")
    found = bytearray()
    async for piece in request.stream():
        found += piece
        if len(found) > MOST_BYTES:
            raise Problem("too-large", f"The document has more than {MOST_BYTES:,} bytes.", "Is it the right file?")
    if has_nul(bytes(found)):
        raise Problem("invalid", "The document has a character that is never used (NUL, \\u0000).")
    return bytes(found)


def _decoded(data: bytes, of: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=of)
    except msgspec.ValidationError as error:
        raise invalid_document(error) from error
    except msgspec.DecodeError as error:
        raise Problem("bad-request", f"The body is not JSON: {error}.") from error


def invalid_document(error: msgspec.ValidationError) -> Problem:
    """What msgspec says, with the place."""
    place, sentence = place_and_sentence(error)
    hint = "Places are counted as in JSON; docs/gateway-catalogue.md lists all fields."
    return Problem("invalid", f"{place}: {sentence}.", hint, errors=[(place, sentence)])


@dataclass
class DocumentOperation(Operation):
    """Takes a catalogue or an OpenAPI document."""

    def __post_init__(self) -> None:
        self.request_body = RequestBody(
            content={"application/json": OpenAPIMediaType(schema=Schema(type=OpenAPIType.OBJECT))},
            description="The document as JSON; docs/gateway-catalogue.md has all fields of a catalogue.",
            required=True,
        )
