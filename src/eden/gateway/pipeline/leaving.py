"""Answers as they leave: header rules, entity tag, result code, sealing, signing; and errors in their wire's words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from eden.gateway.exchange import GOOD, Answer, Exchange, Table
from eden.gateway.pipeline import codes
from eden.gateway.pipeline.codes import Stop
from eden.gateway.pipeline.cors import preflight
from eden.gateway.pipeline.encryption import IV
from eden.gateway.pipeline.etag import etag_of, matches
from eden.gateway.pipeline.notes import Notes

if TYPE_CHECKING:
    from eden.gateway.pipeline.compile import CompiledRoute, CompiledTable

#: what the proxy itself refuses, by status; all else is MALFORMED
_REFUSED = {404: codes.NO_OPERATION, 403: codes.DENIED, 429: codes.LIMITED, 503: codes.LIMITED, 500: codes.INTERNAL}
#: that all good answers have
GOOD_LINE: Final = (b"result-status", b"%d" % GOOD)


class Leaving:
    """The last steps of every answer. `random_bytes`: so many of them, unpredictable."""

    def __init__(self, random_bytes: Callable[[int], bytes]) -> None:
        self._random_bytes = random_bytes

    def refused(self, exchange: Exchange, status: int, sentence: str) -> Answer:
        """The proxy itself refuses."""
        return self._stopped(exchange, Stop(_REFUSED.get(status, codes.MALFORMED), sentence, status=status))

    def stray(self, trace: str, now_ms: int, status: int, sentence: str) -> Answer:
        """The proxy refuses what is no call."""
        code = _REFUSED.get(status, codes.MALFORMED)
        tips = codes.tips_of(code, "en", {})
        answer = codes.failure(code, "rpc", tips=tips, reason=sentence, trace=trace, status=status)
        answer.lines = _lines(trace, now_ms)
        return answer

    def preflight(self, tables: Iterable[Table], fields: Mapping[bytes, bytes]) -> Answer:
        """The answer to OPTIONS, which no app signs: by the rules of any workspace."""
        rules = [cors for table in tables if (cors := _compiled(table).cors) is not None]
        return preflight(rules, dict(fields))

    def _stopped(self, exchange: Exchange, stop: Stop) -> Answer:
        if stop.result is not None:
            answer = Answer(200, [(b"content-type", b"application/json"), *stop.headers], stop.result)
            return self._finished(exchange, answer)
        speech = codes.language(exchange.fields.get(b"accept-language", b""))
        tips = (stop.tips or {}).get(speech) or codes.tips_of(stop.code, speech, _compiled(exchange.table).texts)
        answer = codes.failure(
            stop.code,
            exchange.wire,
            tips=tips,
            reason=stop.reason,
            trace=exchange.trace,
            status=stop.status,
            headers=stop.headers,
        )
        return self._signed(exchange, answer)

    def _finished(self, exchange: Exchange, answer: Answer) -> Answer:
        """Rules, entity tag, result code, sealing."""
        route: CompiledRoute = exchange.route  # type: ignore[assignment]
        notes: Notes | None = exchange.notes
        if route.response_rules is not None:
            answer.headers = route.response_rules.apply(answer.headers)
        if route.etag and answer.status == 200 and answer.body is not None and (notes is None or notes.seal is None):
            self._tag(exchange, answer)
        if answer.code == GOOD:
            answer.headers.append(GOOD_LINE)
        else:
            speech = codes.language(exchange.fields.get(b"accept-language", b""))
            tips = codes.tips_of(answer.code, speech, _compiled(exchange.table).texts)
            answer.headers += codes.headers_of(answer.code, tips, answer.reason)
        if exchange.wire == "mgw" and answer.status != 101:
            answer.status = 200
        if notes is not None and notes.seal is not None:
            self._seal(notes, answer)
        return self._signed(exchange, answer)

    def _tag(self, exchange: Exchange, answer: Answer) -> None:
        tag = next((value for name, value in answer.headers if name == b"etag"), None)
        if tag is None:
            tag = etag_of(answer.body or b"")
            answer.headers.append((b"etag", tag))
        if matches(exchange.fields.get(b"if-none-match", b""), tag):
            answer.status, answer.body = 304, b""
            answer.headers = [h for h in answer.headers if h[0] not in (b"content-type", b"content-length")]
            if exchange.wire == "mgw":
                answer.code = codes.NOT_MODIFIED

    def _seal(self, notes: Notes, answer: Answer) -> None:
        if notes.seal is None or notes.opener is None or answer.body is None:
            return
        answer.body = notes.seal(answer.body, self._random_bytes(IV))
        answer.headers = [header for header in answer.headers if header[0] != b"content-length"]
        answer.headers.append((b"x-eden-encryption", notes.opener.header))

    def _signed(self, exchange: Exchange, answer: Answer) -> Answer:
        """What every answer has: its trace, the time, what browsers have to know, and a signature where one is
        wanted.
        """
        answer.lines = _lines(exchange.trace, exchange.now_ms)
        if b"origin" in exchange.fields and (cors := _compiled(exchange.table).cors) is not None:
            answer.headers += cors.of_answer(exchange.fields[b"origin"])
        notes: Notes | None = exchange.notes
        if notes is not None and notes.signer is not None and answer.body is not None:
            signature = notes.signer.answered(exchange.trace, answer.status, exchange.nonce, answer.body)
            answer.headers.append((b"x-eden-response-signature", signature))
        return answer


def _lines(trace: str, now_ms: int) -> bytes:
    return b"x-eden-trace: %b\r\nmgw-traceid: %b\r\nserver-time: %d\r\n" % (trace.encode(), trace.encode(), now_ms)


def _compiled(table: Table) -> CompiledTable:
    return table  # type: ignore[return-value]
