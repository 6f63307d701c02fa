"""The two published shapes of errors: of the resources (OBErrorResponse1) and of OAuth (RFC 6749, section 5.2)."""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

from eden.base.errors import EdenError


class Code(StrEnum):
    """Of the code set OBExternalStatusReason1Code; those that are used here."""

    UNEXPECTED_ERROR = "U000"
    FIELD_INVALID = "U002"
    FIELD_INVALID_DATE = "U003"
    FIELD_MISSING = "U004"
    FIELD_UNEXPECTED = "U005"
    HEADER_INVALID = "U006"
    HEADER_MISSING = "U007"
    CONSENT_MISMATCH = "U008"
    INVALID_CONSENT_STATUS = "U009"
    INVALID_FORMAT = "U010"
    NOT_FOUND = "U011"
    ACCOUNT_IDENTIFIER = "U021"
    CURRENCY = "U023"
    SCHEME = "U027"
    #: reasons of a status
    NOT_COMPLETED = "U036"
    CONSUMED = "U038"
    REFUSED_BY_CUSTOMER = "U037"
    OTHER_REASON = "U042"
    TOKEN_EXPIRED = "TKXP"
    INSUFFICIENT_FUNDS = "AM04"
    NOT_ALLOWED_AMOUNT = "AM02"
    BLOCKED_ACCOUNT = "AC06"


class Detail(msgspec.Struct, frozen=True, rename="pascal", omit_defaults=True):
    """OBError1."""

    error_code: str
    message: str = ""
    path: str = ""


class ErrorResponse(msgspec.Struct, frozen=True, rename="pascal"):
    """OBErrorResponse1."""

    code: str
    id: str
    message: str
    errors: list[Detail]


class ObError(EdenError):
    """A request for a resource that cannot be answered; without a `code` the answer has no body."""

    def __init__(self, status: int, code: Code | None = None, sentence: str = "", path: str = "") -> None:
        super().__init__(f"openbank-{status}", sentence)
        self.status = status
        self.errors = [] if code is None else [Detail(code.value, sentence[:500], path[:500])]


class OAuthError(EdenError):
    """A refused request to the authorization server. `error` is a code of RFC 6749, 7009, 7662, 9126 or 9449."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error, description)
        self.error, self.status = error, status

    @property
    def body(self) -> bytes:
        # the characters that RFC 6749 allows in a description
        description = re.sub(r"[^\x20\x21\x23-\x5B\x5D-\x7E]", "'", self.sentence)
        return msgspec.json.encode({"error": self.error, "error_description": description})


_PLACE = re.compile(r" - at `\$\.?(.*)`$")


def of_decoding(error: Exception) -> ObError:
    """What is wrong with a body."""
    if not isinstance(error, msgspec.ValidationError):
        return ObError(400, Code.INVALID_FORMAT, "The body is not JSON.")
    text = str(error)
    found = _PLACE.search(text)
    place, sentence = (found[1] if found else ""), _PLACE.sub("", text)
    code = Code.FIELD_INVALID
    if missing := re.search(r"missing required field `(\w+)`", sentence):
        code, place = Code.FIELD_MISSING, ".".join(filter(None, (place, missing[1])))
    elif unknown := re.search(r"unknown field `(.+)`", sentence):
        code, place = Code.FIELD_UNEXPECTED, ".".join(filter(None, (place, unknown[1])))
    return ObError(400, code, f"{sentence}.", place)
