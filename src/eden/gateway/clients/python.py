"""Clients in Python: aiohttp with a signer, types as `TypedDict`."""

from __future__ import annotations

import builtins
import json
import keyword
from collections.abc import Mapping, Sequence

from eden.gateway.clients.calls import Call, Names, is_required, models_of, pascal, sentences, snake
from eden.gateway.clients.python_parts import HEAD
from eden.gateway.interfaces import Catalogue, Field, Model, Parameter
from eden.gateway.rules_types import ListOf, MapOf, Maybe, Named, TypeNode, parse_type, without_null

_SCALARS = {
    "string": "str",
    "int": "int",
    "long": "int",
    "float": "float",
    "double": "float",
    "boolean": "bool",
    "date": "str",
    "datetime": "str",
    "bytes": "str",
    "file": "bytes",
    "any": "Any",
}
_RESERVED = frozenset(
    [
        *keyword.kwlist,
        *keyword.softkwlist,
        *dir(builtins),
        *"Any Call Callable Client GatewayError Literal Mapping NamedTuple Never NotRequired Pairs Signer".split(),
        *"Transport TypeAlias TypedDict URL aiohttp annotations base64 body cast hashlib headers hmac".split(),
        *"hmac_signer json mro quote secrets self time unquote __future__".split(),
    ]
)


def write_python(catalogue: Catalogue, calls: Sequence[Call], title: str) -> str:
    """One module, for Python 3.11 and mypy --strict; it needs aiohttp."""
    names = Names(_RESERVED)
    models = models_of(catalogue, calls)
    own = {name: names.take(name) for name in models}
    parts = [HEAD.replace("{title}", _plain(title))]
    # aliases may name what comes later in quotes; classes need nothing before them either
    parts += [_model(own[name], model, own) for name, model in models.items()]
    functions = Names(_RESERVED)
    methods = []
    for call in calls:
        before, method = _call(call, own, names, functions)
        parts += before
        methods.append(method)
    parts.append(_CLIENT + "".join(methods))
    return "\n\n".join(part.rstrip("\n") + "\n" for part in parts)


_CLIENT = '''\
class Client(Transport):
    """The operations, one method each. All raise GatewayError when the gateway or the service refuses."""
'''


def _model(name: str, model: Model, own: Mapping[str, str]) -> str:
    if model.fields is not None:
        return _typed_dict(name, model.description, model.fields, own)
    if model.values is not None:
        kind = f"Literal[{', '.join(map(repr, model.values))}]" if model.values else "Never"
        return f"{_remark(model.description)}{name}: TypeAlias = {kind}\n"
    texts = model.any_of if model.any_of is not None else (model.alias or "any",)
    kinds = dict.fromkeys(_type(parse_type(text), own) for text in texts)
    union = "Any" if "Any" in kinds else " | ".join(kinds)
    return f"{_remark(model.description)}{name}: TypeAlias = {json.dumps(union)}\n"


def _typed_dict(name: str, description: str, fields: Mapping[str, Field], own: Mapping[str, str]) -> str:
    """As a class; by the function when a field's name is no name in Python."""
    types = {
        key: inner if field.required else f"NotRequired[{inner}]"
        for key, field in fields.items()
        for inner in (_field_type(field, own),)
    }
    if all(key.isidentifier() and not keyword.iskeyword(key) and not key.startswith("__") for key in fields):
        lines = [f"class {name}(TypedDict):", f"    {_docstring(description, 4) or repr('')}"]
        if not description:
            lines.pop()
        for key, kind in types.items():
            lines += [*(f"    #: {line}" for line in _lines(fields[key].description)), f"    {key}: {kind}"]
        if len(lines) == 1:
            lines.append("    pass")
        return "\n".join(lines) + "\n"
    inside = "".join(f"        {key!r}: {json.dumps(kind)},\n" for key, kind in types.items())
    return f"{_remark(description)}{name} = TypedDict(\n    {name!r},\n    {{\n{inside}    }},\n)\n"


def _field_type(field: Field, own: Mapping[str, str]) -> str:
    node = parse_type(field.type)
    if field.values and not isinstance(without_null(node), ListOf):
        kind = f"Literal[{', '.join(map(repr, field.values))}]"
        return f"{kind} | None" if isinstance(node, Maybe) else kind
    return _type(node, own)


def _type(node: TypeNode, own: Mapping[str, str]) -> str:
    match node:
        case Named(name):
            return _SCALARS[name] if node.is_scalar else own[name]
        case ListOf(of):
            return f"list[{_type(of, own)}]"
        case MapOf(of):
            return f"dict[str, {_type(of, own)}]"
        case Maybe(of):
            inner = _type(of, own)
            return inner if inner == "Any" else f"{inner} | None"


def _call(call: Call, own: Mapping[str, str], names: Names, functions: Names) -> tuple[list[str], str]:
    """What a method needs before the class, and the method."""
    operation, parameters = call.operation, call.parameters
    before = []
    body = "" if operation.body is None else _type(parse_type(operation.body), own)
    if call.body_fields:
        body = names.take(f"{pascal(call.words)}Body")
        before.append(_typed_dict(body, "", {one.name: one for one in call.body_fields}, own))
    scope = Names(_RESERVED)
    arguments = {one: scope.take(one.name) for one in parameters}
    asked = [
        f"{name}: {_field_type(one, own)}" if is_required(one) else f"{name}: {_optional(_field_type(one, own))} = None"
        for one, name in arguments.items()
    ]
    signature = ", ".join(["self", *([f"body: {body}"] if body else []), *(["*", *asked] if asked else [])])
    answer = "Any" if operation.response is None else _type(parse_type(operation.response), own)
    words = sentences(call)
    described = [f"`{name}`: {' '.join(one.description.split())}" for one, name in arguments.items() if one.description]
    if described:
        words += "\n\n" + "\n".join(described)
    given = [
        repr(call.name),
        repr(operation.method),
        f"version={call.version!r}",
        f"query={_pairs(arguments, ('path', 'query'))}",
        f"headers={_pairs(arguments, ('header',))}",
        *(["body=body"] if body else []),
        f"content_type={operation.content_type!r}",
    ]
    inner = "".join(f"            {one},\n" for one in given)
    sent = f"await self.call(\n{inner}        )"
    done = f"return {sent}" if answer == "Any" else f"return cast({json.dumps(answer)}, {sent})"
    method = f"\n    async def {functions.take(snake(call.words))}({signature}) -> {answer}:\n"
    return before, f"{method}        {_docstring(words, 8)}\n        {done}\n"


def _optional(kind: str) -> str:
    return kind if kind == "Any" or kind.endswith("| None") else f"{kind} | None"


def _pairs(arguments: Mapping[Parameter, str], locations: tuple[str, ...]) -> str:
    found = [f"({one.name!r}, {name})" for one, name in arguments.items() if one.location in locations]
    return f"[{', '.join(found)}]"


def _docstring(text: str, indent: int) -> str:
    text = text.strip().replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    if not text:
        return ""
    if text.endswith('"'):
        text += " "
    lines = _lines(text)
    if len(lines) == 1:
        return f'"""{lines[0]}"""'
    space = " " * indent
    inner = "\n".join(f"{space}{line}".rstrip() for line in lines[1:])
    return f'"""{lines[0]}\n{inner}\n{space}"""'


def _remark(text: str) -> str:
    return "".join(f"#: {line}".rstrip() + "\n" for line in _lines(text))


def _lines(text: str) -> list[str]:
    return text.strip().splitlines()


def _plain(text: str) -> str:
    return " ".join(text.replace("\\", "/").replace('"', "'").split())
