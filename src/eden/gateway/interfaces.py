"""The API catalogue of a workspace, and the apps that may call it, as values.

A `Catalogue` is one document: everything that the data plane does with a request follows from it. Somebody writes it as
TOML or JSON, the API takes it as JSON, a row keeps it whole per revision. What is left out has the default here; the
defaults are part of the format and stay what they are, so that a document means tomorrow what it meant today.

Names of groups, upstreams and models begin with a letter or underscore. A *type* is a short text: one of `SCALARS` or a
model's name, then any number of `[]` (list of) and `?` (or null); `map<T>` is an object of any names. An *expression*
is a text that begins with `$` (`eden.gateway.expressions`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, get_args

import msgspec
from msgspec import Meta

# $(?!\n) is the very end, in Python's dialect and in JavaScript's
Name: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$(?!\n)")]
#: organisation.domain.product.operation
OperationType: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$(?!\n)")]
Version: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$(?!\n)")]
ModelName: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$(?!\n)")]
AppKey: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$(?!\n)")]
AppName: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200)]
FieldName: TypeAlias = Annotated[str, Meta(min_length=1, max_length=128)]
Type: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200)]
Expression: TypeAlias = Annotated[str, Meta(min_length=1, max_length=500)]
Text: TypeAlias = Annotated[str, Meta(max_length=4000)]
Short: TypeAlias = Annotated[str, Meta(max_length=200)]
Url: TypeAlias = Annotated[str, Meta(min_length=8, max_length=500)]
Path: TypeAlias = Annotated[str, Meta(pattern="^/", max_length=1000)]
Header: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$(?!\n)")]
Millis: TypeAlias = Annotated[int, Meta(ge=1, le=600_000)]
Percent: TypeAlias = Annotated[int, Meta(ge=0, le=100)]
Rate: TypeAlias = Annotated[float, Meta(gt=0, le=1_000_000)]
#: language ("en", "zh") → sentence for a person
Texts: TypeAlias = dict[str, Short]

Scalar: TypeAlias = Literal[
    "string", "int", "long", "float", "double", "boolean", "date", "datetime", "bytes", "file", "any"
]
SCALARS: tuple[Scalar, ...] = get_args(Scalar)
Method: TypeAlias = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
Kind: TypeAlias = Literal["http", "stream", "websocket"]
Location: TypeAlias = Literal["path", "query", "header", "body"]
SignatureAlgorithm: TypeAlias = Literal["hmac-sha256", "hmac-sm3"]
EncryptionAlgorithm: TypeAlias = Literal["hpke-x25519", "hpke-p256", "sm2-sm4"]
#: what may be tried again: no connection, or these answers of the upstream
RetryCause: TypeAlias = Literal["connect", "502", "503", "504"]

#: kinds of the feed's rows; their payload is {"revision": n} and {"app": key}
CATALOGUE_CHANGED = "gateway.catalogue"
APPS_CHANGED = "gateway.apps"


class Given(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """What somebody writes."""

    def __hash__(self) -> int:
        # fields that are dictionaries have none of their own
        return hash(msgspec.json.encode(self, order="sorted"))


# where requests go


class Target(Given, frozen=True, kw_only=True):
    """One address of an upstream: scheme, host, port, and a path that is put in front. Others get `weight` ÷ sum."""

    url: Url
    weight: Annotated[int, Meta(ge=0, le=1000)] = 1


class Health(Given, frozen=True, kw_only=True):
    """Active checks of each target: GET `path` every `interval_ms`. A target is taken out after `unhealthy` bad answers
    in a row and comes back after `healthy` good ones; good is a status from `status[0]` to `status[1]` within
    `timeout_ms`."""

    path: Path = "/"
    interval_ms: Millis = 2000
    timeout_ms: Millis = 1000
    healthy: Annotated[int, Meta(ge=1, le=20)] = 2
    unhealthy: Annotated[int, Meta(ge=1, le=20)] = 3
    status: tuple[Annotated[int, Meta(ge=100, le=599)], Annotated[int, Meta(ge=100, le=599)]] = (200, 399)


class Outlier(Given, frozen=True, kw_only=True):
    """Passive ejection: after `consecutive` failures of real requests (no connection, 5xx) a target rests for
    `eject_ms`, but at most `most_share` % of the targets do at once."""

    consecutive: Annotated[int, Meta(ge=1, le=1000)] = 5
    eject_ms: Millis = 30_000
    most_share: Percent = 50


class Upstream(Given, frozen=True, kw_only=True):
    """A service: targets that answer alike. `connections` to each target and worker, `queue` of requests that wait for
    one; more are refused at once. `host`: the Host header that it is sent (empty: the target's)."""

    targets: Annotated[tuple[Target, ...], Meta(min_length=1, max_length=100)]
    health: Health | None = None
    outlier: Outlier | None = None
    connections: Annotated[int, Meta(ge=1, le=10_000)] = 64
    queue: Annotated[int, Meta(ge=0, le=100_000)] = 256
    host: Short = ""


class Group(Given, frozen=True, kw_only=True):
    """Operations of one system. `upstream`: the one its operations go to (may be left out when there is only one).
    `timeout_ms`: of operations without their own (none: the defaults')."""

    upstreams: Annotated[dict[Name, Upstream], Meta(min_length=1, max_length=50)]
    upstream: Annotated[str, Meta(max_length=64)] = ""
    timeout_ms: Millis | None = None
    owner: Short = ""
    description: Text = ""

    @property
    def default_upstream(self) -> str:
        """The name of `upstream`, or of the only one."""
        return self.upstream or next(iter(self.upstreams))


# what requests and answers are made of


class Field(Given, frozen=True, kw_only=True):
    """A field of a model. `values`: the only ones that there are; bounds are of numbers (`minimum`, `maximum`), or of
    the length of texts and lists."""

    type: Type = "string"
    required: bool = False
    default: Any = None
    description: Text = ""
    example: Any = None
    values: Annotated[tuple[str | int, ...], Meta(max_length=1000)] = ()
    minimum: float | None = None
    maximum: float | None = None
    min_length: Annotated[int, Meta(ge=0)] | None = None
    max_length: Annotated[int, Meta(ge=0)] | None = None
    pattern: Short = ""


class Model(Given, frozen=True, kw_only=True):
    """A named type, by exactly one of: `fields` of an object; `values` of a text; `alias`, another type; `any_of`, one
    of several types, told apart by the field `tag` where there is one."""

    description: Text = ""
    fields: Annotated[dict[FieldName, Field], Meta(max_length=1000)] | None = None
    values: Annotated[tuple[str, ...], Meta(max_length=1000)] | None = None
    alias: Type | None = None
    any_of: Annotated[tuple[Type, ...], Meta(min_length=1, max_length=100)] | None = None
    tag: Annotated[str, Meta(max_length=128)] = ""


class Parameter(Field, frozen=True, kw_only=True):
    """What a caller gives. In a call, `path` and `query` parameters are both in the query under `name` (those of the
    path are put into it and not sent on in the query), `header` ones in a header; those of the `body` are the fields of
    a JSON object."""

    name: FieldName
    location: Location = "query"


class Mapping(Given, frozen=True, kw_only=True):
    """What the upstream is sent where it is not simply what came: `path` variable → expression, `query` name →
    expression (with it, nothing else is in the query), `headers` to add, and `body`, a JSON template whose texts that
    begin with `$` are expressions ("$$" for a text that begins with "$"); null passes the body on untouched."""

    path: dict[FieldName, Expression] = {}
    query: dict[FieldName, Expression] | None = None
    headers: dict[Header, Expression] = {}
    body: Any = None


# what the gateway does on the way


class LimitAnswer(Given, frozen=True, kw_only=True):
    """What a caller over the limit is told: code `status` with `tips` in its language, or with status 1000 `result` as
    if it had been the upstream's body."""

    status: Annotated[int, Meta(ge=1000, le=9999)] = 1002
    tips: Texts = {}
    result: Any = None


class Limits(Given, frozen=True, kw_only=True):
    """Token buckets: `rate` requests a second, `burst` at once (0: a second's worth). `per_device` and `per_user`:
    requests a second of each one. Null is no bound."""

    rate: Rate | None = None
    burst: Annotated[int, Meta(ge=0, le=10_000_000)] = 0
    per_device: Rate | None = None
    per_user: Rate | None = None
    answer: LimitAnswer = LimitAnswer()


class Authorizer(Given, frozen=True, kw_only=True):
    """An operation that decides who is calling: it is POSTed `fields` ("header.NAME" and "cookie.NAME" of the request)
    as a JSON object by NAME, and a 2xx answer has "principal"; that goes upstream in the header `principal`, and is
    believed for `cache_s` (0: it is asked every time). `required`: without a principal the call is refused."""

    operation: OperationType
    fields: Annotated[tuple[Short, ...], Meta(min_length=1, max_length=20)] = ("header.authorization",)
    cache_s: Annotated[int, Meta(ge=0, le=86_400)] = 60
    principal: Header = "x-eden-principal"
    required: bool = True


class Mock(Given, frozen=True, kw_only=True):
    """`percentage` of the calls are answered with this and do not go upstream; works where `Defaults.mock_on` is
    set."""

    on: bool = True
    percentage: Percent = 100
    status: Annotated[int, Meta(ge=100, le=599)] = 200
    headers: dict[Header, Short] = {}
    body: Any = None


class Cache(Given, frozen=True, kw_only=True):
    """Good answers are kept for `ttl_s`, apart by app, operation, query, who calls (the authorizer's principal; where
    none is asked, the header Authorization), the values of `keys`, and, where none of those is of the body, the body;
    `most_bytes` of each. An upstream opts out by `Pragma: no-cache` or `Cache-Control: no-store`, `no-cache` or
    `private`."""

    ttl_s: Annotated[int, Meta(ge=1, le=86_400)] = 60
    keys: Annotated[tuple[Expression, ...], Meta(max_length=20)] = ()
    most_bytes: Annotated[int, Meta(ge=1, le=4 << 20)] = 256 << 10


class Breaker(Given, frozen=True, kw_only=True):
    """Opens for `open_s` when, of at least `least_calls` in `window_s`, `error_percent` failed (model "errors"), or
    `slow_percent` took longer than `slow_ms` (model "slow"), or either; then `trial_calls` go through and decide. While
    it is open, `answer` (null: a problem) is given."""

    on: bool = True
    model: Literal["errors", "slow", "either"] = "errors"
    error_percent: Annotated[int, Meta(ge=1, le=100)] = 50
    slow_ms: Millis = 1000
    slow_percent: Annotated[int, Meta(ge=1, le=100)] = 80
    window_s: Annotated[int, Meta(ge=1, le=600)] = 10
    least_calls: Annotated[int, Meta(ge=1, le=100_000)] = 20
    open_s: Annotated[int, Meta(ge=1, le=3600)] = 5
    trial_calls: Annotated[int, Meta(ge=1, le=1000)] = 3
    answer: Any = None


class Migration(Given, frozen=True, kw_only=True):
    """`percent` of the callers (the same ones every time) go to `upstream` of the group instead; `complete`: all."""

    upstream: Name
    percent: Percent = 0
    complete: bool = False


class Retry(Given, frozen=True, kw_only=True):
    """At most `most` more tries, of `on` only; never once an answer has begun. Of methods that are not idempotent (RFC
    9110, section 9.2.2) only "connect" is, unless `any_method`."""

    most: Annotated[int, Meta(ge=0, le=5)] = 1
    on: tuple[RetryCause, ...] = ("connect", "502", "503", "504")
    any_method: bool = False


class HeaderRule(Given, frozen=True, kw_only=True):
    """Add (in place of what is there) or delete a header. `value` of a deletion: only if it is this one (empty:
    any)."""

    location: Literal["request", "response"] = "request"
    action: Literal["add", "delete"] = "add"
    name: Header
    value: Short = ""


# operations


class OperationVersion(Given, frozen=True, kw_only=True):
    """What one version of an operation is: `method` and `path` of the upstream (variables as `${id}`), types of `body`
    and `response`, and what the gateway does on the way. `open`: it can be called. `check_body`: bodies that
    are not of their type, or break its rules, are refused. `response_signature`: answers are signed with the caller's
    secret. `etag`: answers of GET get one, and 304."""

    group: Name
    open: bool = False
    owner: Short = ""
    description: Text = ""
    method: Method = "POST"
    path: Path = "/"
    kind: Kind = "http"
    parameters: Annotated[tuple[Parameter, ...], Meta(max_length=200)] = ()
    body: Type | None = None
    response: Type | None = None
    check_body: bool = False
    mapping: Mapping | None = None
    content_type: Annotated[str, Meta(max_length=100)] = "application/json"
    timeout_ms: Millis | None = None
    body_bytes: Annotated[int, Meta(ge=0, le=1 << 30)] = 1 << 20
    signature: Literal["on", "off"] = "on"
    encryption: Literal["off", "optional", "required"] = "off"
    response_signature: bool = False
    etag: bool = False
    limits: Limits | None = None
    authorizer: Name | None = None
    mock: Mock | None = None
    cache: Cache | None = None
    breaker: Breaker | None = None
    headers: Annotated[tuple[HeaderRule, ...], Meta(max_length=50)] = ()
    migration: Migration | None = None
    retry: Retry | None = None


class Operation(OperationVersion, frozen=True, kw_only=True):
    """An operation as it is called without a version, which is `version`; `versions`: the others, whole."""

    version: Version = "1"
    versions: Annotated[dict[Version, OperationVersion], Meta(max_length=20)] = {}


# of the whole workspace


class Cors(Given, frozen=True, kw_only=True):
    """Pages of `origins` ("https://shop.example", or "*") may call from a browser."""

    origins: Annotated[tuple[Short, ...], Meta(max_length=100)] = ()
    headers: Annotated[tuple[Header, ...], Meta(max_length=50)] = ()
    credentials: bool = False
    max_age_s: Annotated[int, Meta(ge=0, le=86_400)] = 600


class Defaults(Given, frozen=True, kw_only=True):
    """What holds for all operations. `limits`: of each one without its own; `app_limits`: of each app without its own,
    over all its calls. `mock_on`, `auth_on`: whether mocks answer and authorizers are asked. `texts`: result code →
    what people are told."""

    limits: Limits | None = None
    app_limits: Limits | None = None
    timeout_ms: Millis = 3000
    signature_window_s: Annotated[int, Meta(ge=1, le=315_360_000)] = 300
    mock_on: bool = False
    auth_on: bool = True
    texts: dict[Annotated[str, Meta(pattern=r"^[0-9]{4}$(?!\n)")], Texts] = {}
    cors: Cors | None = None


class Domain(Given, frozen=True, kw_only=True):
    """A third party that apps may reach through the gateway: `host`, or `*.suffix` for all below it."""

    host: Annotated[str, Meta(min_length=1, max_length=253)]
    methods: tuple[Method, ...] = ("GET",)
    ports: Annotated[tuple[Annotated[int, Meta(ge=1, le=65535)], ...], Meta(min_length=1, max_length=20)] = (443,)


class Egress(Given, frozen=True, kw_only=True):
    """The safe exit. `bytes`: of an answer."""

    domains: Annotated[tuple[Domain, ...], Meta(max_length=500)] = ()
    redirects: Annotated[int, Meta(ge=0, le=10)] = 5
    bytes: Annotated[int, Meta(ge=1, le=1 << 30)] = 10 << 20
    timeout_ms: Millis = 10_000


class Catalogue(Given, frozen=True, kw_only=True):
    """The whole document of a workspace."""

    groups: Annotated[dict[Name, Group], Meta(max_length=500)] = {}
    operations: Annotated[dict[OperationType, Operation], Meta(max_length=5000)] = {}
    models: Annotated[dict[ModelName, Model], Meta(max_length=5000)] = {}
    authorizers: Annotated[dict[Name, Authorizer], Meta(max_length=100)] = {}
    defaults: Defaults = Defaults()
    egress: Egress = Egress()


# who may call


class Secret(msgspec.Struct, frozen=True):
    """What an app signs with: `key`, 16 to 64 bytes, by its `kid`. Accepted before `retires_at` (µs; null: always)."""

    kid: str
    algorithm: SignatureAlgorithm
    key: bytes
    retires_at: int | None = None


class EncryptionKey(msgspec.Struct, frozen=True):
    """A key pair that callers of an app encrypt to. X25519: 32 bytes each; P-256 and SM2: the private scalar of 32
    bytes, the public point of 65 bytes, uncompressed (SEC 1, 2.3.3)."""

    kid: str
    algorithm: EncryptionAlgorithm
    private: bytes
    public: bytes
    retires_at: int | None = None


class App(msgspec.Struct, frozen=True, kw_only=True):
    """Who may call, as the data plane knows it: `key` (AppId, one on the whole platform), the secrets and keys that are
    live. A closed app is refused."""

    key: str
    workspace_id: str
    name: str
    open: bool = True
    limits: Limits | None = None
    secrets: tuple[Secret, ...] = ()
    keys: tuple[EncryptionKey, ...] = ()
