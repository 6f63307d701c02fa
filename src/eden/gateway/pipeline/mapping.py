"""From a call to a request of the service: path, query, headers and body.

A caller gives parameters by name: those of path and query in the query, or, where they are not there, as fields of a
body that is a JSON object. At /mgw.htm the body is the commercial platform's `[{"_requestBody": …, "name": …}]`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, quote, unquote_plus, urlencode

import msgspec

from eden.gateway.exchange import Exchange, Headers
from eden.gateway.expressions import Expression, compile_expression, compile_template, roots_of
from eden.gateway.interfaces import OperationVersion, Parameter
from eden.gateway.pipeline.authorizer import as_header, cookies_of
from eden.gateway.pipeline.codes import EMPTY, MALFORMED, Stop
from eden.gateway.rules_types import Named, is_plain, parse_type, without_null

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_WHOLE = re.compile(r"-?[0-9]{1,19}")
_NUMBER = re.compile(r"-?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")

Check: TypeAlias = Callable[[str], str | None]


class Call:
    """A call as expressions see it (`expressions.Source`); parsed when something is looked at."""

    __slots__ = ("_body", "_cookies", "_parsed", "_query", "exchange", "path")

    def __init__(self, exchange: Exchange) -> None:
        """Of the commercial platform's wire, `exchange.body` becomes what the service is meant to get."""
        self.exchange = exchange
        #: variables of the path, once they are known
        self.path: dict[str, str] = {}
        self._query: dict[str, Any] | None = None
        self._cookies: dict[str, str] | None = None
        self._body: Any = None
        self._parsed = False
        if exchange.wire == "mgw":
            self._unwrap()

    @property
    def query(self) -> dict[str, Any]:
        """Name → value, or values where there are several."""
        if self._query is None:
            self._query = {}
            text = self.exchange.target.partition(b"?")[2].decode(errors="replace")
            for name, value in parse_qsl(text, keep_blank_values=True, max_num_fields=1000):
                found = self._query.get(name)
                if found is None:
                    self._query[name] = value
                elif isinstance(found, list):
                    found.append(value)
                else:
                    self._query[name] = [found, value]
        return self._query

    @property
    def body(self) -> Any:
        """The body as JSON; None when it is not."""
        if not self._parsed:
            self._parsed = True
            if self.exchange.body:
                try:
                    self._body = msgspec.json.decode(self.exchange.body)
                except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                    self._body = None
        return self._body

    @property
    def cookies(self) -> dict[str, str]:
        if self._cookies is None:
            self._cookies = cookies_of(self.exchange.fields.get(b"cookie", b""))
        return self._cookies

    def root(self, name: str) -> Any:
        """One of `expressions.ROOTS`."""
        exchange = self.exchange
        if name == "http_body":
            return self.body
        if name == "header":
            return _Fields(exchange.fields)
        if name == "query":
            return self.query
        if name == "cookie":
            return self.cookies
        if name == "path":
            return self.path
        if name == "principal":
            return exchange.principal
        if name == "app":
            return exchange.app
        return exchange.device if name == "device" else exchange.operation

    def _unwrap(self) -> None:
        body = self.body
        if isinstance(body, list) and len(body) == 1 and isinstance(body[0], dict):
            self._body = inner = body[0]
            if "_requestBody" in inner:
                # its other fields are parameters
                for name, value in inner.items():
                    if name != "_requestBody" and (text := as_text(value)) is not None:
                        self.query.setdefault(name, text)
                self._body = inner["_requestBody"]
            self.exchange.body = msgspec.json.encode(self._body)


class _Fields(dict[str, str]):
    """Headers by name in lower case, decoded one by one."""

    def __init__(self, fields: dict[bytes, bytes]) -> None:
        super().__init__()
        self._fields = fields

    def get(self, name: str, default: Any = None) -> Any:
        value = self._fields.get(name.encode())
        return default if value is None else value.decode("latin-1")


class RequestMapping:
    """How calls of one operation become requests, ready for use; ValueError when the catalogue is wrong."""

    __slots__ = (
        "_add_headers",
        "_body",
        "_body_parameters",
        "_bound",
        "_content_type",
        "_header_parameters",
        "_literals",
        "_path_names",
        "_path_of",
        "_plain",
        "_query",
        "_query_parameters",
        "method",
        "reads_body",
        "requires_body",
        "takes_parameters",
    )

    def __init__(self, operation: OperationVersion) -> None:
        self.method = operation.method.encode()
        pieces = _VARIABLE.split(operation.path)
        self._literals = [piece.encode() for piece in pieces[::2]]
        self._path_names = pieces[1::2]
        by_place: dict[str, list[_Wanted]] = {"path": [], "query": [], "header": [], "body": []}
        for parameter in operation.parameters:
            by_place[parameter.location].append(_Wanted(parameter))
        self._query_parameters, self._header_parameters = by_place["query"], by_place["header"]
        self._body_parameters = by_place["body"]
        declared = {wanted.name: wanted for wanted in by_place["path"]}
        mapping = operation.mapping
        mapped = {} if mapping is None else mapping.path
        self._path_of: list[tuple[_Wanted, Expression | None]] = []
        for name in self._path_names:
            wanted = declared.get(name) or _Wanted(Parameter(name=name, location="path", required=True))
            self._path_of.append((wanted, compile_expression(mapped[name]) if name in mapped else None))
        self._query = self._body = None
        self._add_headers: list[tuple[bytes, Expression]] = []
        reads: frozenset[str] = frozenset()
        if mapping is not None:
            if mapping.query is not None:
                self._query = [(name, compile_expression(value)) for name, value in mapping.query.items()]
            self._add_headers = [(n.lower().encode(), compile_expression(v)) for n, v in mapping.headers.items()]
            self._body = None if mapping.body is None else compile_template(mapping.body)
            reads = roots_of(
                [list(mapped.values()), list((mapping.query or {}).values()), list(mapping.headers.values())]
            )
        self.takes_parameters = bool(self._path_of or self._query_parameters)
        self.requires_body = operation.body is not None and not operation.body.endswith("?")
        self.reads_body = (
            self._body is not None
            or bool(self._body_parameters)
            or "http_body" in reads
            # parameters may be in the body, too
            or (self.takes_parameters and operation.kind == "http")
        )
        self._content_type = operation.content_type.encode("latin-1", "replace")
        #: more is done than to look whether there is something
        self._bound = bool(
            self._path_of
            or self._query_parameters
            or self._body_parameters
            or self._query is not None
            or self._body is not None
            or self._add_headers
            or any(wanted.is_bound for wanted in self._header_parameters)
        )
        self._plain = not (self._bound or self._header_parameters or self.requires_body)

    def is_same(self, fields: dict[bytes, bytes]) -> bool:
        """Whether all calls with these headers, whatever secret ones say, become the same request but for its body,
        which is as it came; and, where the operation requires one, is there."""
        return (
            not self._bound
            and b"content-type" in fields
            and self.method not in (b"GET", b"HEAD")
            and all(wanted.name.lower().encode() in fields for wanted in self._header_parameters)
        )

    def is_known(self, fields: dict[bytes, bytes]) -> bool:
        """Whether they do even before they are looked at."""
        return self._plain and self.is_same(fields)

    def apply(self, exchange: Exchange, call: Call | None = None) -> None:
        """Set what of `exchange.send_…` the request consists of, but for headers of the gateway; Stop when a parameter
        is missing or is none. `call`: the exchange as expressions see it, where it was looked at before.
        """
        exchange.send_method = self.method
        if self._plain:
            exchange.send_path = self._literals[0] + exchange.target if exchange.target else self._literals[0]
            self._set_body(exchange, exchange.body)
            return
        call = call or Call(exchange)
        if self.requires_body and exchange.body is not None and not exchange.body:
            raise Stop(EMPTY, "The operation wants a body.")
        path = self._path(call)
        exchange.send_path = path + self._query_string(call)
        for wanted in self._body_parameters:
            wanted.in_body(call)
        if self._header_parameters or self._add_headers:
            exchange.send_headers = self._headers(call, exchange.send_headers)
        if self._body is None:
            self._set_body(exchange, exchange.body)
        else:
            self._set_body(exchange, msgspec.json.encode(self._body(call)), self._content_type)

    def _set_body(self, exchange: Exchange, body: bytes | None, kind: bytes | None = None) -> None:
        if exchange.send_method in (b"GET", b"HEAD"):
            # a body has no meaning there, and some servers are led astray by one (RFC 9110, section 9.3.1)
            exchange.send_body = b""
            exchange.send_headers = [header for header in exchange.send_headers if header[0] != b"content-type"]
            return
        exchange.send_body = body
        if kind is None and (body == b"" or b"content-type" in exchange.fields):
            return
        kept = [header for header in exchange.send_headers if header[0] != b"content-type"]
        exchange.send_headers = [*kept, (b"content-type", kind or self._content_type)]

    def _path(self, call: Call) -> bytes:
        if not self._path_of:
            return self._literals[0]
        parts = [self._literals[0]]
        for (wanted, expression), literal in zip(self._path_of, self._literals[1:], strict=True):
            value = wanted.find(call) if expression is None else as_text(expression(call))
            if not value or any(part in ("", ".", "..") for part in re.split(r"[/\\]", value)):
                raise Stop(MALFORMED, f"The parameter {wanted.name} cannot be part of an address.")
            call.path[wanted.name] = value
            parts.append(quote(value, safe="~").encode())
            parts.append(literal)
        return b"".join(parts)

    def _query_string(self, call: Call) -> bytes:
        raw = call.exchange.target[1:]
        if self._query is not None:
            pairs: list[tuple[str, str]] = []
            for name, expression in self._query:
                found = expression(call)
                pairs += [
                    (name, t) for v in (found if isinstance(found, list) else [found]) if (t := as_text(v)) is not None
                ]
            return b"?" + urlencode(pairs).encode() if pairs else b""
        given = call.query if self._query_parameters else {}
        added = []
        for wanted in self._query_parameters:
            value = wanted.find(call)
            if value is not None and (wanted.name not in given or wanted.name.encode() not in raw):
                added.append((wanted.name, value))
        kept = raw.split(b"&") if raw else []
        if self._path_of and kept:
            names = set(self._path_names)
            kept = [
                pair for pair in kept if unquote_plus(pair.partition(b"=")[0].decode(errors="replace")) not in names
            ]
        if added:
            kept.append(urlencode(added).encode())
        return b"?" + b"&".join(kept) if kept else b""

    def _headers(self, call: Call, headers: Headers) -> Headers:
        added: Headers = []
        for wanted in self._header_parameters:
            name = wanted.name.lower().encode()
            raw = call.exchange.fields.get(name)
            value = wanted.checked(None if raw is None else raw.decode("latin-1"))
            if raw is None and value is not None:
                added.append((name, as_header(value)))
        for name, expression in self._add_headers:
            value = as_text(expression(call))
            if value is not None:
                added.append((name, as_header(value)))
        names = {name for name, _ in added}
        return [header for header in headers if header[0] not in names] + added


class _Wanted:
    """A declared parameter, ready for use."""

    __slots__ = ("_check", "_default", "_required", "is_bound", "name")

    def __init__(self, parameter: Parameter) -> None:
        self.name = parameter.name
        node = without_null(parse_type(parameter.type))
        bounds = parameter.values, parameter.pattern, parameter.min_length, parameter.max_length
        #: not any value will do
        self.is_bound = node != Named("string") or any(bounds)
        self._required = parameter.required
        self._default = as_text(parameter.default)
        self._check = _checks(parameter)

    def find(self, call: Call) -> str | None:
        """The value in query or body, or the default; Stop."""
        value = call.query.get(self.name)
        if isinstance(value, list):
            for each in value[1:]:
                self.checked(each)
            value = value[0]
        if value is None and isinstance(call.body, dict):
            value = as_text(call.body.get(self.name))
        return self.checked(value)

    def in_body(self, call: Call) -> None:
        """Stop unless the body has it as declared, where it has to."""
        if not isinstance(call.body, dict):
            raise Stop(MALFORMED, "The body has to be a JSON object.")
        self.checked(as_text(call.body.get(self.name)))

    def checked(self, value: str | None) -> str | None:
        """The value, or the default; Stop when it is missing, or not what was declared."""
        if value is None:
            if self._default is None and self._required:
                raise Stop(MALFORMED, f"The parameter {self.name} is missing.")
            return self._default
        why = self._check(value)
        if why is not None:
            raise Stop(MALFORMED, f"The parameter {self.name} {why}.")
        return value


def _checks(parameter: Parameter) -> Check:
    node = without_null(parse_type(parameter.type))
    if not isinstance(node, Named) or (parameter.location == "body" and not is_plain(node)):
        # bounds of a list are of its entries, which a text does not show; `check_body` counts them
        return lambda value: None
    kind = node.name
    values = frozenset(str(value) for value in parameter.values)
    pattern = re.compile(parameter.pattern) if parameter.pattern else None
    low, high = parameter.minimum, parameter.maximum
    shortest, longest = parameter.min_length or 0, parameter.max_length
    is_whole, is_number = kind in ("int", "long"), kind in ("float", "double")
    bits = 31 if kind == "int" else 63

    def check(value: str) -> str | None:
        if is_whole or is_number:
            if (_WHOLE if is_whole else _NUMBER).fullmatch(value) is None:
                return "has to be a whole number" if is_whole else "has to be a number"
            number = int(value) if is_whole else float(value)
            if is_whole and not -(1 << bits) <= number < 1 << bits:
                return f"has to fit into {bits + 1} bits"
            if (low is not None and number < low) or (high is not None and number > high):
                return "has to be within its bounds"
        elif kind == "boolean":
            if value not in ("true", "false"):
                return "has to be true or false"
        elif not shortest <= len(value) or (longest is not None and len(value) > longest):
            return f"has to have {shortest} to {longest or 'any number of'} characters"
        if values and value not in values:
            return f"has to be one of {', '.join(sorted(values))}"
        if pattern is not None and pattern.search(value) is None:
            return f"has to match {pattern.pattern}"
        return None

    return check


def as_text(value: Any) -> str | None:
    """A JSON value as it stands in an address or header; None for null."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return msgspec.json.encode(value).decode()
