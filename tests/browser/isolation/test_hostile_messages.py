"""Messages made to hurt: each is refused, the phone goes on, and a program that does not stop is stopped."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.isolation.conftest import Phone

MALFORMED = {
    "nothing": "undefined",
    "a number": "7",
    "an unknown kind": "{kind: 'evil'}",
    "a map": "new Map([['kind', 'call']])",
    "a call without a name": "{kind: 'call', id: 0}",
    "a name of a prototype": "{kind: 'call', id: 0, name: '__proto__', args: {}}",
    "a cycle": "(() => { const a = {}; a.a = a; return {kind: 'call', id: 0, name: 'getNetworkType', args: a} })()",
    "a bomb": "(() => { let a = {}; for (let i = 0; i < 25; i++) a = {x: a, y: a}; "
    "return {kind: 'call', id: 0, name: 'x', args: a} })()",
    "depth": "(() => { let a = {}; for (let i = 0; i < 500; i++) a = {a}; "
    "return {kind: 'call', id: 0, name: 'x', args: a} })()",
    "a sparse array": "{kind: 'log', level: 'log', args: new Array(4294967295)}",
    "a regular expression": "{kind: 'call', id: 0, name: 'x', args: {a: /x/}}",
    "an error": "{kind: 'call', id: 0, name: 'x', args: {a: new Error('x')}}",
    "a big integer": "{kind: 'call', id: 1n, name: 'x', args: {}}",
    "a long log": "{kind: 'log', level: 'log', args: ['x'.repeat(1e6)]}",
    "a giant text": "{kind: 'call', id: 0, name: 'storageWrite', args: {set: {a: 'x'.repeat(3e7)}, remove: []}}",
    "a route of objects": "{kind: 'route', stack: [{route: {}, query: {}}]}",
    "a long route": "{kind: 'route', stack: new Array(1000).fill({route: 'a', query: {}})}",
    "a false pong": "{kind: 'pong', seq: 'x'}",
}


def test_malformed_messages_are_refused(
    phone: Callable[..., Phone], packages: Callable[..., str], harmless: str
) -> None:
    script = f"""
      for (const make of [{",".join(f"() => ({code})" for code in MALFORMED.values())}]) eden.post(make())
      eden.call('nothing', {{}}).catch((error) => eden.post({{ kind: 'log', level: 'log', args: [error.reason] }}))
    """
    one = phone()
    one.open(packages(script))
    one.wait_for("log")
    assert one.logged() == ["not supported"]
    assert len(one.seen("internal")) == len(MALFORMED)
    assert one.seen("crash") == []
    one.is_usable(harmless)


def test_malformed_messages_without_end_stop_the_program(
    phone: Callable[..., Phone], packages: Callable[..., str], harmless: str
) -> None:
    one = phone()
    one.open(packages("for (let i = 0; i < 100; i++) eden.post({ kind: 'evil' })"))
    assert one.wait_for("crash")["fault"] == "messages"
    assert one.page.get_by_role("alert").inner_text() == "Stopped"
    one.is_usable(harmless)


POLLUTION = [
    'JSON.parse(\'{"__proto__": {"polluted": 1}}\')',
    'JSON.parse(\'{"a": {"__proto__": {"polluted": 1}}}\')',
    "{constructor: {prototype: {polluted: 1}}}",
    "{a: [{constructor: {prototype: {polluted: 1}}}]}",
    "{['__proto__']: {polluted: 1}}",
]


def test_the_host_cannot_be_polluted(phone: Callable[..., Phone], packages: Callable[..., str], harmless: str) -> None:
    names = [
        "storageWrite",
        "fileWrite",
        "request",
        "loadPackage",
        "__proto__",
        "constructor",
        "toString",
        "hasOwnProperty",
    ]
    script = f"""
      const values = [{",".join(f"({code})" for code in POLLUTION)}]
      const outcome = (call) => call.then(() => 'REACHED', (error) => error.reason)
      const tries = {names!r}.flatMap((name) => values.slice(0, 2).map((args) => outcome(eden.call(name, args))))
      eden.post({{ kind: 'route', stack: [{{ route: 'a', query: values[0] }}] }})
      eden.post({{ kind: 'log', level: 'log', args: [values[2]] }})
      Promise.all(tries).then((reasons) => eden.post({{ kind: 'log', level: 'warn', args: [reasons.length] }}))
      eden.call('storageWrite', {{ set: {{ constructor: '1', toString: '2' }}, remove: ['hasOwnProperty'] }})
    """
    one = phone()
    one.open(packages(script))
    one.wait_for("log")
    assert one.seen("log")[0]["args"] == [len(names) * 2]
    values = one.page.evaluate("[{}.polluted, [].polluted, Object.polluted, (() => {}).polluted, ''.polluted]")
    assert values == [None] * 5
    assert one.page.evaluate("Object.keys(Object.prototype)") == []
    one.is_usable(harmless)


def test_names_of_calls_are_no_way_into_objects(
    phone: Callable[..., Phone], packages: Callable[..., str], harmless: str
) -> None:
    script = """
      const names = ['constructor', 'toString', 'hasOwnProperty', 'valueOf', 'isPrototypeOf']
      Promise.all(names.map((name) => eden.call(name, {}).then(() => 'REACHED', (error) => error.reason)))
        .then((reasons) => eden.post({ kind: 'log', level: 'log', args: [[...new Set(reasons)]] }))
    """
    one = phone()
    one.open(packages(script))
    one.wait_for("log")
    assert one.logged() == [["not supported"]]
    one.is_usable(harmless)


FLOODS = {
    "pongs": "eden.post({ kind: 'pong', seq: 0 })",
    "logs": "eden.post({ kind: 'log', level: 'log', args: ['x'] })",
    "calls": "eden.post({ kind: 'call', id: 1, name: 'nothing', args: {} })",
    "routes": "eden.post({ kind: 'route', stack: [] })",
    "prompts": "eden.post({ kind: 'call', id: 1, name: 'getLocation', args: {} })",
}


@pytest.mark.parametrize("kind", FLOODS)
def test_floods_are_throttled_then_stopped(
    phone: Callable[..., Phone], packages: Callable[..., str], harmless: str, kind: str
) -> None:
    one = phone()
    one.open(packages(f"for (let i = 0; i < 50000; i++) {{ {FLOODS[kind]} }}"))
    assert one.wait_for("crash")["fault"] == "flood"
    # A burst and what came back in the meantime, of 50,000.
    assert len(one.page.evaluate("seen")) < 10_000
    assert one.page.get_by_role("alert").inner_text() == "Stopped"
    one.is_usable(harmless)


def test_a_burst_is_no_flood(phone: Callable[..., Phone], packages: Callable[..., str]) -> None:
    script = """
      for (let i = 0; i < 3000; i++) eden.post({ kind: 'log', level: 'log', args: ['x'] })
      setTimeout(() => eden.post({ kind: 'log', level: 'log', args: ['alive'] }), 1000)
    """
    one = phone()
    one.open(packages(script))
    one.page.wait_for_function("seen.some((event) => event.name === 'log' && event.args[0] === 'alive')")
    assert len(one.seen("log")) < 2000
    assert any(str(line).endswith("log lines were dropped") for line in one.logged())
    assert one.seen("crash") == []


def test_calls_without_an_answer_are_bounded(phone: Callable[..., Phone], packages: Callable[..., str]) -> None:
    """Questions wait for the person; the thousandth does not wait with them."""
    script = """
      let refused = 0
      const tries = Array.from({ length: 600 }, () => eden.call('getLocation', {}).catch(({ reason }) => {
        if (reason === 'too many calls' && ++refused === 88) eden.post({ kind: 'log', level: 'log', args: [refused] })
      }))
    """
    one = phone()
    one.open(packages(script))
    one.wait_for("log")
    assert one.logged() == [88]
    assert len(one.seen("prompt")) == 1


def test_giant_binary_values_do_not_fill_the_disk(phone: Callable[..., Phone], packages: Callable[..., str]) -> None:
    script = """
      const size = 30 * 1024 * 1024
      const write = (name) => {
        const file = { data: new ArrayBuffer(size), modified: 0 }
        return eden.call('fileWrite', { set: { ['wxfile://usr/' + name]: file }, remove: [] })
      }
      write('a').then(() => write('b')).then(() => write('c')).then(() => 'REACHED', ({ reason }) => reason)
        .then((reason) => eden.post({ kind: 'log', level: 'log', args: [reason] }))
    """
    one = phone()
    one.open(packages(script))
    one.wait_for("log")
    assert one.logged() == ["exceed storage max size"]
