"""Generated clients: strict compilers take them, and what they send is what the gateway's own reading says."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any, ClassVar
from urllib.parse import quote

import aiohttp
import msgspec
import pytest
from mypy import api as mypy

import eden
from eden.base.tools import node
from eden.gateway.clients import Language, generate
from eden.gateway.interfaces import Catalogue, Secret
from eden.gateway.pipeline.signature import Signer
from tests.gateway.samples import changed

CONTAINER = Path(eden.__file__).parents[2] / "container"
KEY = b"0123456789abcdef0123456789abcdef"


def catalogue() -> Catalogue:
    """With names, words and types that are hard on generators."""
    return changed(
        ("operations/shop.orders.create/versions/2/open", True),
        (
            "operations/shop.class.new",
            {
                "group": "shop",
                "open": True,
                "path": "/c/${id}",
                "description": 'Ends */ with """quotes" and a \\ too.\n\nMore.',
                "parameters": [
                    {"name": "id", "location": "path", "required": True, "description": "Which one."},
                    {"name": "id", "location": "header"},
                    {"name": "x-on", "location": "header", "type": "boolean"},
                    {"name": "from", "location": "query", "type": "int[]"},
                    {"name": "mode", "location": "query", "values": ["a'b", 'c"d'], "required": True},
                    {"name": "first-name", "location": "body", "required": True},
                    {"name": "nick", "location": "body", "type": "string?"},
                ],
            },
        ),
        ("operations/shop.file.put", {"group": "shop", "open": True, "path": "/f", "body": "file", "response": "any"}),
        ("operations/shop.secret", {"group": "shop", "path": "/s", "response": "Receipt"}),
        ("operations/shop.ticks", {"group": "shop", "open": True, "method": "GET", "kind": "stream", "path": "/t"}),
        ("operations/shop.all", {"group": "shop", "open": True, "path": "/all", "body": "Error", "response": "Any[]"}),
        ("models/Error", {"fields": {"class": {"type": "Any?"}, "odd name": {}, "self": {"type": "Error[]"}}}),
        ("models/Any", {"any_of": ["Error", "Promise", "map<long?>"], "description": "One\nof them."}),
        ("models/Promise", {"values": ["it's", 'a "word"', "\\"]}),
        ("models/list", {"alias": "Promise?[]"}),
        ("models/Order/fields/list", {"type": "list"}),
    )


def text(language: Language, **options: Any) -> str:
    return generate(catalogue(), language, title="Test, revision 1", **options)


def compile_typescript(folder: Path, *files: str, emit: bool = False) -> None:
    run = subprocess.run(
        [
            str(node()),
            str(CONTAINER / "node_modules/typescript/bin/tsc"),
            *("--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes", "--noUnusedLocals"),
            *("--target", "es2022", "--module", "esnext", "--lib", "es2022,dom,dom.iterable"),
            *([] if emit else ["--noEmit"]),
            *files,
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout


def test_typescript_is_strict(tmp_path: Path) -> None:
    (tmp_path / "browser.ts").write_text(text("typescript"), encoding="utf-8")
    (tmp_path / "mini.ts").write_text(text("miniprogram"), encoding="utf-8")
    # what callers may not do is an error there
    (tmp_path / "use.ts").write_text(
        """
import { Client, browserTransport } from './browser'
import { Client as Mini, miniProgramTransport } from './mini'
const client = new Client(browserTransport({ url: 'http://x', app: 'a' }))
export const item: Promise<string> = client.shopItemsGet({ id: '1' }).then(one => one.name)
export const page = client.shopItemsList()
// @ts-expect-error no such field
client.shopItemsGet({ name: '1' })
// @ts-expect-error a number
client.shopOrdersCreate({ items: { a: 'b' } })
new Mini(miniProgramTransport).shopClassNew({ id: '1', mode: "a'b", id_header: 'h' }, { 'first-name': 'x', nick: null })
""",
        encoding="utf-8",
    )
    compile_typescript(tmp_path, "use.ts")


def test_python_is_strict(tmp_path: Path) -> None:
    (tmp_path / "gateway.py").write_text(text("python"), encoding="utf-8")
    (tmp_path / "use.py").write_text(
        """
from gateway import Client, Item

async def use(client: Client) -> str:
    item: Item = await client.shop_items_get(id_="1")
    await client.shop_class_new({"first-name": "x"}, id_="1", mode="a'b", from_=[1])
    await client.shop_items_get(id_=1)  # type: ignore[arg-type]
    await client.shop_orders_create({"items": {"a": "b"}})  # type: ignore[dict-item]
    return item["name"]
""",
        encoding="utf-8",
    )
    out, err, status = mypy.run(
        ["--strict", "--config-file=", f"--cache-dir={tmp_path}/cache", "--python-executable", sys.executable,
         f"{tmp_path}/use.py", f"{tmp_path}/gateway.py"]
    )  # fmt: skip
    assert status == 0, out + err


def test_values_are_of_texts_and_not_of_lists() -> None:
    fields = {
        name: {"type": f"string{mark}", "values": ["a", "b"]}
        for name, mark in zip("kmno", ("", "?", "[]", "[]?"), strict=True)
    }
    document = {
        "groups": {"a": {"upstreams": {"a": {"targets": [{"url": "http://127.0.0.1:1"}]}}}},
        "operations": {"a.b": {"group": "a", "open": True, "body": "Tags"}},
        "models": {"Tags": {"fields": fields}},
    }
    made = msgspec.convert(document, Catalogue)
    lines = generate(made, "typescript", title="").splitlines()
    found = [line.strip() for line in lines if line.startswith(("  k?: ", "  m?: ", "  n?: ", "  o?: "))]
    assert found == ['k?: "a" | "b"', 'm?: "a" | "b" | null', "n?: string[]", "o?: string[] | null"]
    assert "o: NotRequired[list[str] | None]" in generate(made, "python", title="")


@pytest.mark.parametrize("language", ["typescript", "miniprogram", "python"])
def test_the_same_catalogue_gives_the_same_text(language: Language) -> None:
    once = text(language)
    assert once == text(language)
    other = Catalogue(
        groups=catalogue().groups,
        operations=dict(reversed(catalogue().operations.items())),
        models=dict(reversed(catalogue().models.items())),
    )
    assert generate(other, language, title="Test, revision 1") == once
    # closed operations, streams, and models that only they have are not in it
    assert "shop.secret" not in once
    assert "shop.ticks" not in once
    assert "shop.items" not in generate(catalogue(), language, title="", group="other")


class Recorder(BaseHTTPRequestHandler):
    """Keeps what came; answers as it was told."""

    seen: ClassVar[list[dict[str, Any]]]
    answer: tuple[int, dict[str, str], bytes] = (200, {}, b"")

    def do_POST(self) -> None:
        size = int(self.headers.get("content-length", "0"))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.seen.append({"method": self.command, "path": self.path, "headers": headers, "body": self.rfile.read(size)})
        status, more, body = self.answer
        self.send_response(status)
        for name, value in ({"content-type": "application/json", "content-length": str(len(body))} | more).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def recorder(*answer: Any) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    class Own(Recorder):
        pass

    Own.seen = []
    Own.answer = answer
    server = ThreadingHTTPServer(("127.0.0.1", 0), Own)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", Own.seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def signed(call: dict[str, Any], operation: str) -> bool:
    """Whether the gateway's own signer makes the same signature of what came."""
    signer = Signer(Secret("k1", "hmac-sha256", KEY))
    headers = call["headers"]
    _, mark, query = call["path"].partition("?")
    parts = ["EDEN1", "shop-app", operation, call["method"], mark + query, headers["x-eden-time"],
             headers["x-eden-nonce"], signer.digest(call["body"])]  # fmt: skip
    wanted = b64encode(signer.mac("\n".join(parts).encode())).decode()
    return bool(headers["x-eden-signature"] == f"hmac-sha256 k1 {wanted}")


def check_calls(seen: list[dict[str, Any]]) -> None:
    """Both languages send the same."""
    listed, made, failed = seen
    assert (listed["method"], listed["path"]) == ("GET", "/rpc/shop.items.list?tag=a%20b&tag=c%26d&limit=5")
    assert "content-type" not in listed["headers"]
    assert listed["headers"]["x-eden-app"] == "shop-app"
    assert made["path"] == ("/rpc/shop.class.new?id=%C3%A9%2F1&mode=a%27b&from=1&from=2")
    assert (made["headers"]["x-on"], made["headers"]["id"]) == ("true", "h")
    assert json.loads(made["body"]) == {"first-name": "ü"}
    assert failed["headers"]["x-eden-version"] == "2"
    for call, operation in ((listed, "shop.items.list"), (made, "shop.class.new"), (failed, "shop.orders.create")):
        assert signed(call, operation)


SLOWLY = "Slowly: 请稍后再试。"
#: with tips as the gateway writes them
REFUSED = (
    429,
    {"result-status": "1002", "tips": quote(SLOWLY), "x-eden-trace": "ab" * 16},
    b'{"code": "limited"}',
)


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("generated_gateway", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_python_calls(tmp_path: Path) -> None:
    path = tmp_path / "gateway.py"
    path.write_text(text("python"), encoding="utf-8")
    module = load(path)

    with recorder(200, {}, b'{"items": []}') as (url, seen), recorder(*REFUSED) as (refusing, other):

        async def both() -> Any:
            async with aiohttp.ClientSession() as session:
                client = module.Client(session, url, "shop-app", module.hmac_signer("k1", KEY))
                assert await client.shop_items_list(tag=["a b", "c&d"], limit=5) == {"items": []}
                await client.shop_class_new(
                    {"first-name": "ü"}, id_="é/1", id_2="h", x_on=True, from_=[1, 2], mode="a'b"
                )
                client = module.Client(session, refusing, "shop-app", module.hmac_signer("k1", KEY))
                with pytest.raises(module.GatewayError, match=f"^{SLOWLY}$") as failure:
                    await client.shop_orders_create_v2({"items": {}})
                return failure.value

        error = asyncio.run(both())
    assert (error.code, error.status, error.trace, error.data) == (1002, 429, "ab" * 16, {"code": "limited"})
    check_calls(seen + other)


def test_typescript_calls(tmp_path: Path) -> None:
    (tmp_path / "gateway.ts").write_text(text("typescript"), encoding="utf-8")
    compile_typescript(tmp_path, "gateway.ts", emit=True)
    (tmp_path / "gateway.js").rename(tmp_path / "gateway.mjs")
    (tmp_path / "use.mjs").write_text(
        """
import { Client, browserTransport, hmacSigner } from './gateway.mjs'
const [url, refusing, secret] = process.argv.slice(2)
const open = url => new Client(browserTransport({ url, app: 'shop-app', sign: hmacSigner({ kid: 'k1', secret }) }))
const page = await open(url).shopItemsList({ tag: ['a b', 'c&d'], limit: 5 })
await open(url).shopClassNew(
  { id: 'é/1', id_header: 'h', 'x-on': true, from: [1, 2], mode: "a'b" }, { 'first-name': 'ü' })
try {
  await open(refusing).shopOrdersCreateV2({ items: {} })
} catch ({ name, message, code, status, trace, data }) {
  console.log(JSON.stringify({ page, name, message, code, status, trace, data }))
}
""",
        encoding="utf-8",
    )
    with recorder(200, {}, b'{"items": []}') as (url, seen), recorder(*REFUSED) as (refusing, other):
        run = subprocess.run(
            [str(node()), "use.mjs", url, refusing, b64encode(KEY).decode()],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == {
        "page": {"items": []},
        "name": "GatewayError",
        "message": SLOWLY,
        "code": 1002,
        "status": 429,
        "trace": "ab" * 16,
        "data": {"code": "limited"},
    }
    check_calls(seen + other)


def test_mini_programs_call_by_the_host(tmp_path: Path) -> None:
    (tmp_path / "gateway.ts").write_text(text("miniprogram"), encoding="utf-8")
    compile_typescript(tmp_path, "gateway.ts", emit=True)
    (tmp_path / "gateway.js").rename(tmp_path / "gateway.mjs")
    (tmp_path / "use.mjs").write_text(
        """
const seen = []
globalThis.eden = {
  rpc({ success, fail, ...options }) {
    seen.push(options)
    if (options.version) fail({ errMsg: 'rpc:fail', tips: 'Slowly.', resultStatus: 1002, statusCode: 429, trace: 'ab' })
    else success({ data: { items: [] } })
  },
}
const { Client, miniProgramTransport } = await import('./gateway.mjs')
const client = new Client(miniProgramTransport)
const page = await client.shopItemsList({ tag: ['a b', 'c'] }, { timeout: 5 })
const told = ({ message, code, status, trace }) => ({ message, code, status, trace })
const error = await client.shopOrdersCreateV2({ items: {} }).catch(told)
console.log(JSON.stringify({ seen, page, error }))
""",
        encoding="utf-8",
    )
    run = subprocess.run([str(node()), "use.mjs"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    headers = {"content-type": "application/json"}
    assert json.loads(run.stdout) == {
        "seen": [
            {
                "operationType": "shop.items.list",
                "method": "GET",
                "query": "tag=a%20b&tag=c",
                "timeout": 5,
                "headers": headers,
            },
            {
                "operationType": "shop.orders.create",
                "method": "POST",
                "version": "2",
                "data": {"items": {}},
                "headers": headers,
            },
        ],
        "page": {"items": []},
        "error": {"message": "Slowly.", "code": 1002, "status": 429, "trace": "ab"},
    }
