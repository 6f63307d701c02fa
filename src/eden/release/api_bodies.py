"""Bodies that are not JSON in memory: how they are read and how the API's description has them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType

from eden.base.api.handlers import AnyRequest
from eden.base.problems import Problem

ZIP = ("application/zip", "application/x-zip-compressed", "application/octet-stream")
TEXT = ("text/plain", "text/csv", "application/octet-stream")
ROOT_BYTES = 512_000


def stream(request: AnyRequest, types: tuple[str, ...]) -> AsyncIterator[bytes]:
    """The body in pieces. Problem `media-type` unless it is declared as one of the types."""
    found = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if found not in types:
        raise Problem(
            "media-type",
            f"The body is declared as {found[:60] or 'nothing'}, not as {types[0]}.",
            f"Send the header Content-Type: {types[0]}.",
        )
    return request.stream()


async def read(request: AnyRequest, limit: int) -> bytes:
    """A small body as a whole. Problem `too-large`."""
    found = bytearray()
    async for piece in request.stream():
        found += piece
        if len(found) > limit:
            raise Problem("too-large", f"The body has more than {limit:,} bytes.", "Is it the right file?")
    return bytes(found)


def _body(media_type: str, description: str) -> RequestBody:
    schema = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
    return RequestBody(content={media_type: OpenAPIMediaType(schema=schema)}, description=description, required=True)


@dataclass
class ZipOperation(Operation):
    """Takes a zip."""

    def __post_init__(self) -> None:
        self.request_body = _body("application/octet-stream", "The package, a zip; application/zip is taken as well.")


@dataclass
class TextOperation(Operation):
    """Takes a list as text."""

    def __post_init__(self) -> None:
        self.request_body = _body("text/plain", "Ids by commas or lines, or patterns by lines; UTF-8.")


@dataclass
class RootOperation(Operation):
    """Takes signed metadata of a root."""

    def __post_init__(self) -> None:
        self.request_body = RequestBody(
            content={"application/json": OpenAPIMediaType(schema=Schema(type=OpenAPIType.OBJECT))},
            description="The proposed root with its signatures, as TUF metadata.",
            required=True,
        )
