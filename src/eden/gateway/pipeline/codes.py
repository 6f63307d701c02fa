"""Result codes: those of the commercial platform, which its clients know, with what people are told.

`memo` is for whoever builds the app, `tips` for the person who holds it; both are headers, percent-encoded (UTF-8), and
in the body: of an `application/problem+json` with the real status at /rpc, of the platform's own shape with status 200
at /mgw.htm. A catalogue may replace the tips of each code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from eden.gateway.exchange import GOOD, Answer, Headers, Wire

DENIED = 1001
LIMITED = 1002
UNAUTHORIZED = 1005
SIGNED_OUT = 2000
NO_OPERATION = 3000
EMPTY = 3001
MALFORMED = 3002
UNREADABLE = 3003
TIMEOUT = 4001
UPSTREAM = 4002
UPSTREAM_NAME = 4003
INTERNAL = 5000
BUSINESS = 6666
NO_SECRET = 7000
SIGNATURE_PARTS = 7001
SIGNATURE_WRONG = 7002
SIGNATURE_TIME = 7003
NO_TIME = 7007
NO_SIGNATURE = 7014
NOT_MODIFIED = 8001
PREFLIGHT = 8002


class Stop(Exception):
    """The call ends here. `reason`: what exactly, for whoever builds the app; `tips` in place of the code's; `result`:
    a body that is given as if all were well.
    """

    def __init__(
        self,
        code: int,
        reason: str = "",
        *,
        status: int | None = None,
        headers: Headers | None = None,
        tips: Mapping[str, str] | None = None,
        result: bytes | None = None,
    ) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.status = status
        self.headers = headers or []
        self.tips = tips
        self.result = result


class Code(NamedTuple):
    """`status` at /rpc; `name` is the stable word of problem+json; `memo` in English; tips by language."""

    status: int
    name: str
    memo: str
    en: str
    zh: str


_AGAIN_EN, _AGAIN_ZH = "Something went wrong. Please try again later.", "系统开小差了，请稍后再试。"
_SAFE_EN, _SAFE_ZH = "This call could not be verified. Please update the app.", "请求校验未通过，请更新应用后再试。"

CODES: dict[int, Code] = {
    GOOD: Code(200, "good", "", "", ""),
    DENIED: Code(403, "denied", "Access is denied", "You may not do this.", "您没有权限进行此操作。"),
    LIMITED: Code(
        429,
        "limited",
        "Too many calls",
        "Too many people are here at the moment. Please try again.",
        "当前人数太多，请稍后再试。",
    ),
    UNAUTHORIZED: Code(403, "unauthorized", "The authorizer refused", "You may not do this.", "您没有权限进行此操作。"),
    SIGNED_OUT: Code(401, "signed-out", "Nobody is signed in", "Please sign in.", "登录超时，请重新登录。"),
    NO_OPERATION: Code(
        404,
        "no-operation",
        "There is no such operation, or it is closed",
        "This service is not available.",
        "服务不存在或已关闭。",
    ),
    EMPTY: Code(400, "empty", "The request has no data", _AGAIN_EN, "请求数据为空。"),
    MALFORMED: Code(400, "malformed", "The request cannot be read", _AGAIN_EN, "请求数据格式有误。"),
    UNREADABLE: Code(
        400, "unreadable", "The request cannot be decrypted", _SAFE_EN, "请求数据解密失败，请更新应用后再试。"
    ),
    TIMEOUT: Code(
        504,
        "timeout",
        "The service did not answer in time",
        "This takes longer than usual. Please try again later.",
        "请求超时，请稍后再试。",
    ),
    UPSTREAM: Code(502, "upstream", "The service cannot be reached", _AGAIN_EN, _AGAIN_ZH),
    UPSTREAM_NAME: Code(502, "upstream-name", "The name of the service has no address", _AGAIN_EN, _AGAIN_ZH),
    INTERNAL: Code(500, "internal", "Something unexpected went wrong", _AGAIN_EN, _AGAIN_ZH),
    BUSINESS: Code(200, "business", "The service answered with an error", "", ""),
    NO_SECRET: Code(401, "no-secret", "This app or its secret is not known", _SAFE_EN, _SAFE_ZH),
    SIGNATURE_PARTS: Code(400, "signature-parts", "What a signature needs is missing", _SAFE_EN, _SAFE_ZH),
    SIGNATURE_WRONG: Code(401, "signature-wrong", "The signature is wrong", _SAFE_EN, _SAFE_ZH),
    SIGNATURE_TIME: Code(
        401,
        "signature-time",
        "The time of the signature is too far off",
        "Please set the clock of this device.",
        "请校准设备的时间后再试。",
    ),
    NO_TIME: Code(400, "no-time", "The time of the signature is missing", _SAFE_EN, _SAFE_ZH),
    NO_SIGNATURE: Code(401, "no-signature", "The signature is missing", _SAFE_EN, _SAFE_ZH),
    NOT_MODIFIED: Code(304, "not-modified", "Nothing has changed", "", ""),
    PREFLIGHT: Code(204, "preflight", "A preflight request", "", ""),
}

#: language → sentence, by code
Texts = Mapping[int, Mapping[str, str]]


def language(accepted: bytes) -> str:
    """ "zh" or "en", by an Accept-Language header."""
    return "zh" if accepted[:2].lower() == b"zh" else "en"


def tips_of(code: int, speech: str, texts: Texts) -> str:
    """What a person is told: the catalogue's own words, in another language rather than none, or ours."""
    own = texts.get(code)
    if own:
        return own.get(speech) or own.get("en") or next(iter(own.values()))
    known = CODES.get(code)
    return "" if known is None else known.zh if speech == "zh" else known.en


def headers_of(code: int, tips: str, memo: str) -> Headers:
    """The headers that say how it went."""
    headers = [(b"result-status", b"%d" % code)]
    if tips:
        headers.append((b"tips", quote(tips).encode()))
    if memo:
        headers.append((b"memo", quote(memo, safe=" ").encode()))
    return headers


def failure(
    code: int,
    wire: Wire,
    *,
    tips: str,
    reason: str = "",
    trace: str = "",
    status: int | None = None,
    headers: Headers | None = None,
) -> Answer:
    """An error as this wire tells it. `reason`: what exactly, for traces and `memo`; the code's own words otherwise."""
    known = CODES.get(code) or CODES[INTERNAL]
    memo = reason or known.memo
    if wire == "mgw":
        status = 200
        body = msgspec.json.encode({"resultStatus": code, "tips": tips, "memo": memo})
        kind = b"application/json;charset=utf-8"
    else:
        status = status or known.status
        problem = {
            "type": "about:blank",
            "title": known.memo,
            "status": status,
            "code": known.name,
            "detail": memo,
            "tips": tips,
            "resultStatus": code,
            "trace": trace,
        }
        body = msgspec.json.encode(problem)
        kind = b"application/problem+json"
    told = [(b"content-type", kind), *headers_of(code, tips, memo), *(headers or ())]
    return Answer(status, told, body, code, memo)
