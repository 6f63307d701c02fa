"""A hostile mini program in the real runtime, compiled like any other."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.browser.isolation.conftest import Phone
from tests.browser.isolation.test_sealed import Sink
from tests.browser.isolation.test_sealed import sink as sink
from tests.browser.programs import Files

#: takes the runtime's port, spoils every prototype of its own realm, looks for the nonce, builds frames
SCRIPT = """
const realm = Object.getPrototypeOf(function* () {}).constructor('return this')().next().value
const post = realm.MessagePort.prototype.postMessage
let port
realm.MessagePort.prototype.postMessage = function (...args) {
  port = this
  return post.apply(this, args)
}
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const say = (message) => post.call(port, { kind: 'log', level: 'log', args: ['outcome', JSON.stringify(message)] })
const ask = (id, name, args) => new Promise((resolve) => {
  port.addEventListener('message', ({ data }) => {
    if (data.id === id) resolve(data.error ? data.error.reason : 'REACHED')
  })
  post.call(port, { kind: 'call', id, name, args })
})

Page({
  async onReady() {
    await wait(300)
    console.log('so that the runtime posts')
    const { document } = realm
    const out = { port: Boolean(port), peer: typeof realm.RTCPeerConnection }
    out.nonces = [...document.querySelectorAll('*')].filter((one) => one.nonce).length
    const inline = document.createElement('script')
    inline.textContent = 'window.ranInline = true'
    document.head.append(inline)
    out.inline = Boolean(realm.ranInline)
    const nested = document.createElement('iframe')
    nested.srcdoc = `<script>top.postMessage('nested script ran', '*')</` + 'script><img src="http://127.0.0.1:PORT/">'
    document.body.append(nested)
    out.request = await ask(900001, 'request', { url: 'http://127.0.0.1:PORT/', header: [], taskId: 1 })
    out.wx = await new Promise((resolve) => realm.wx.request({
      url: 'http://127.0.0.1:PORT/', success: () => resolve('REACHED'), fail: ({ errMsg }) => resolve(errMsg),
    }))
    out.unknown = await ask(900002, 'constructor', {})
    const poison = JSON.parse('{"set": {"__proto__": {"polluted": "1"}}, "remove": []}')
    out.pollution = await ask(900003, 'storageWrite', poison)
    realm.Object.prototype.polluted = 'yes'
    realm.Array.prototype.push = () => { throw new Error('spoilt') }
    realm.Promise.prototype.then = null
    await 0
    setTimeout(() => say(out), 500)
  },
})
"""


def test_a_hostile_mini_program_gets_nowhere(
    phone: Callable[..., Phone],
    mini_program: Callable[[Files], str],
    harmless: str,
    sink: Sink,
    expect_console: Callable[[str], None],
) -> None:
    expect_console(".")
    address = mini_program(
        {
            "pages/evil/evil.wxml": "<view>evil</view>",
            "pages/evil/evil.js": SCRIPT.replace("PORT", str(sink.port)),
            "eden.json": {"domains": {"request": ["https://example.com"]}},
        }
    )
    one = phone(runtimeUrl="/_container/runtime.js")
    one.page.evaluate("window.heard = []; addEventListener('message', ({ data }) => heard.push(data))")
    one.open(address)
    one.page.wait_for_function("seen.some(({ name, args }) => name === 'log' && args[0] === 'outcome')")
    (outcome,) = (json.loads(event["args"][1]) for event in one.seen("log") if event["args"][0] == "outcome")
    assert outcome == {
        "port": True,
        "peer": "undefined",
        "nonces": 0,
        "inline": False,
        "request": "url not in domain list",
        "wx": "request:fail url not in domain list",
        "unknown": "not supported",
        "pollution": 'key "__proto__" is not allowed',
    }
    assert sink.connections == []
    assert "nested script ran" not in one.page.evaluate("heard")
    assert one.page.evaluate("[{}.polluted, typeof [].push]") == [None, "function"]
    one.page.evaluate("host.close()")
    harmless_phone = phone()
    harmless_phone.is_usable(harmless)
