"""Clients in TypeScript: over `eden.rpc` in mini programs, over `fetch` with a signer in browsers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from eden.gateway.clients.calls import Call, Names, camel, is_required, models_of, pascal, sentences
from eden.gateway.clients.typescript_parts import BROWSER, HEAD, MINI, SHARED
from eden.gateway.interfaces import Catalogue, Field, Model, Parameter
from eden.gateway.rules_types import ListOf, MapOf, Maybe, Named, TypeNode, parse_type, without_null

_SCALARS = {
    "string": "string",
    "int": "number",
    "long": "number",
    "float": "number",
    "double": "number",
    "boolean": "boolean",
    "date": "string",
    "datetime": "string",
    "bytes": "string",
    "file": "Uint8Array<ArrayBuffer>",
    "any": "unknown",
}
#: what the module says itself, and what would hide a type of the language
_RESERVED = frozenset(
    [
        *"Call Client CallOptions CalledRequest Fetch GatewayError HmacSecret Options Reply Signer Transport".split(),
        *"Array ArrayBuffer Blob Boolean Date Error Function Map Number Object Promise Record Request Response".split(),
        *"Set String Symbol Uint8Array any boolean never null number object string symbol undefined unknown".split(),
        *"browserTransport bytesOf call eden encode headers hmacSigner miniProgramTransport query send void".split(),
        *"async await break case catch class const constructor continue debugger default delete do else enum".split(),
        *"export extends false finally for function if implements import in instanceof interface let new".split(),
        *"package private protected public return static super switch this throw true try typeof var while".split(),
        *"with yield".split(),
    ]
)
_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")


def write_typescript(catalogue: Catalogue, calls: Sequence[Call], title: str, *, mini: bool) -> str:
    """One module, strict TypeScript without imports."""
    names = Names(_RESERVED)
    models = models_of(catalogue, calls)
    own = {name: names.take(name) for name in models}
    parts = [HEAD.format(title=_one_line(title)), SHARED, MINI if mini else BROWSER]
    parts += [_model(own[name], model, own) for name, model in models.items()]
    functions = Names(_RESERVED)
    methods = []
    for call in calls:
        interface, method = _call(call, own, names, functions)
        parts += interface
        methods.append(method)
    parts.append(_client(methods))
    return "\n".join(parts)


def _model(name: str, model: Model, own: Mapping[str, str]) -> str:
    head = _comment(model.description)
    if model.fields is not None:
        lines = [_field(key, field, own) for key, field in model.fields.items()]
        return f"{head}export interface {name} {{\n{''.join(lines)}}}\n"
    if model.values is not None:
        return f"{head}export type {name} = {' | '.join(map(_text, model.values)) or 'never'}\n"
    texts = model.any_of if model.any_of is not None else (model.alias or "any",)
    kinds = dict.fromkeys(_type(parse_type(text), own) for text in texts)
    return f"{head}export type {name} = {' | '.join(kinds)}\n"


def _field(key: str, field: Field, own: Mapping[str, str], *, optional: bool | None = None) -> str:
    mark = "?" if (not field.required if optional is None else optional) else ""
    shown = key if _NAME.fullmatch(key) else _text(key)
    return f"{_comment(_described(field), '  ')}  {shown}{mark}: {_field_type(field, own)}\n"


def _field_type(field: Field, own: Mapping[str, str]) -> str:
    node = parse_type(field.type)
    if field.values and not isinstance(without_null(node), ListOf):
        union = " | ".join(map(_text, field.values))
        return f"{union} | null" if isinstance(node, Maybe) else union
    return _type(node, own)


def _type(node: TypeNode, own: Mapping[str, str]) -> str:
    match node:
        case Named(name):
            return _SCALARS[name] if node.is_scalar else own[name]
        case ListOf(of):
            inner = _type(of, own)
            return f"({inner})[]" if "|" in inner else f"{inner}[]"
        case MapOf(of):
            return f"Record<string, {_type(of, own)}>"
        case Maybe(of):
            return f"{_type(of, own)} | null"


def _call(call: Call, own: Mapping[str, str], names: Names, functions: Names) -> tuple[list[str], str]:
    """The interfaces that a function brings, and the function."""
    operation, parameters, fields = call.operation, call.parameters, call.body_fields
    interfaces, arguments = [], []
    base = pascal(call.words)
    if parameters:
        kind = names.take(f"{base}Parameters")
        keys = _keys(parameters)
        lines = [
            _field(key, one, own, optional=not is_required(one)) for one, key in zip(parameters, keys, strict=True)
        ]
        interfaces.append(f"/** Parameters of `{call.name}`. */\nexport interface {kind} {{\n{''.join(lines)}}}\n")
    if fields:
        body = names.take(f"{base}Body")
        lines = [_field(one.name, one, own, optional=not is_required(one)) for one in fields]
        interfaces.append(f"/** Body of `{call.name}`. */\nexport interface {body} {{\n{''.join(lines)}}}\n")
    else:
        body = "" if operation.body is None else _type(parse_type(operation.body), own)
    optional = parameters and not any(map(is_required, parameters))
    if parameters and not (optional and body):
        arguments.append(f"parameters: {kind}{' = {}' if optional else ''}")
    if body:
        arguments.append(f"body: {body}")
    if parameters and optional and body:
        arguments.append(f"parameters: {kind} = {{}}")
    answer = "unknown" if operation.response is None else _type(parse_type(operation.response), own)
    given = [
        f"operationType: {_text(call.name)}",
        f"method: {_text(operation.method)}",
        *([f"version: {_text(call.version)}"] if call.version else []),
        f"query: {_pairs(parameters, ('path', 'query'))}",
        f"headers: {_pairs(parameters, ('header',))}",
        *(["body"] if body else []),
        f"contentType: {_text(operation.content_type)}",
    ]
    signature = ", ".join([*arguments, "options?: CallOptions"])
    name = functions.take(camel(call.words))
    inside = "".join(f"      {one},\n" for one in given)
    method = (
        f"{_comment(sentences(call), '  ')}  async {name}({signature}): Promise<{answer}> {{\n"
        f"    return await this.send({{\n{inside}    }}, options) as {answer}\n  }}\n"
    )
    return interfaces, method


def _keys(parameters: Sequence[Parameter]) -> list[str]:
    """Names in the parameters' object: where one is in the query and in a header, the later one has its place
    behind."""
    seen: set[str] = set()
    keys = []
    for one in parameters:
        key = one.name if one.name not in seen else f"{one.name}_{one.location}"
        seen.add(key)
        keys.append(key)
    return keys


def _pairs(parameters: Sequence[Parameter], locations: tuple[str, ...]) -> str:
    keys = _keys(parameters)
    found = [
        f"[{_text(one.name)}, parameters{f'.{key}' if _NAME.fullmatch(key) else f'[{_text(key)}]'}]"
        for one, key in zip(parameters, keys, strict=True)
        if one.location in locations
    ]
    return f"[{', '.join(found)}]"


def _client(methods: Sequence[str]) -> str:
    inside = "\n".join(methods)
    return (
        "/** The operations, one function each. They reject with a `GatewayError` where somebody refuses. */\n"
        f"export class Client {{\n  constructor(private readonly send: Transport) {{}}\n\n{inside}}}\n"
    )


def _described(field: Field) -> str:
    words = [field.description.strip()]
    bounds = [
        f"{word} {value:g}" if isinstance(value, float) else f"{word} {value}"
        for word, value in (
            ("at least", field.minimum),
            ("at most", field.maximum),
            ("shortest", field.min_length),
            ("longest", field.max_length),
        )
        if value is not None
    ]
    if bounds:
        words.append(f"({', '.join(bounds)})")
    if field.default is not None:
        words.append(f"Default: {json.dumps(field.default, ensure_ascii=False)}.")
    return " ".join(word for word in words if word)


def _comment(text: str, indent: str = "") -> str:
    text = text.replace("*/", "*\\/").strip()
    if not text:
        return ""
    if "\n" not in text:
        return f"{indent}/** {text} */\n"
    lines = "".join(f"{indent} * {line}".rstrip() + "\n" for line in text.splitlines())
    return f"{indent}/**\n{lines}{indent} */\n"


def _text(value: object) -> str:
    # separators of lines end a text in older dialects
    return json.dumps(value, ensure_ascii=False).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _one_line(text: str) -> str:
    return " ".join(text.replace("*/", "").split())
