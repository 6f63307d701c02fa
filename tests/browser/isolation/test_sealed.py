"""A hostile mini program tries to get out; what it reaches is counted by a server that it wants to talk to."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.browser.isolation.conftest import Phone


class Sink:
    """Accepts every connection, of whatever protocol, and counts them."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        #: the first bytes of each connection. Chromium opens one, without a byte, for a nested frame that the policy
        #: then blocks; see "What is left" in docs/bridge.md.
        self.connections: list[bytes] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(1)
                try:
                    if data := connection.recv(200):
                        self.connections.append(data)
                except OSError:
                    continue

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def sink() -> Iterator[Sink]:
    sink = Sink()
    yield sink
    sink.close()


#: name → expression; each either throws or is without effect
READS = {
    "cookie": "document.cookie",
    "set cookie": "document.cookie = 'a=1'",
    "localStorage": "localStorage.length",
    "sessionStorage": "sessionStorage.length",
    "indexedDB": "indexedDB.open('x').then",
    "caches": "await caches.keys()",
    "parent document": "parent.document.title",
    "top document": "top.document.title",
    "top property": "top.host",
    "opener": "opener.document",
    "frame element": "frameElement.src",
    "other frame": "other().document.title",
    "other program": "other()[0].document.title",
    "other program's navigation": "other()[0].location.href = 'about:blank'",
    "other frame's navigation": "other().location.href = 'about:blank'",
    "top location": "top.location.href",
    "top navigation": "top.location.href = 'https://example.com/'",
    "service worker": "await navigator.serviceWorker.register('blob:x')",
    "shared storage": "await sharedStorage.set('a', 'b')",
    "clipboard": "await navigator.clipboard.readText()",
    "location": "await new Promise((ok, no) => navigator.geolocation.getCurrentPosition(ok, no))",
    "camera": "await navigator.mediaDevices.getUserMedia({video: true})",
    "notifications": "if (await Notification.requestPermission() !== 'granted') throw new Error('denied')",
    "popup": "if (!open('about:blank')) throw new Error('no window')",
    "peer connection": "new RTCPeerConnection()",
    "web transport": "new WebTransport('https://127.0.0.1:1/')",
    "file picker": "await showOpenFilePicker()",
    "usb": "await navigator.usb.requestDevice({filters: []})",
    "lock": "await navigator.locks.request('x', () => 1)",
    "broadcast": "if (new BroadcastChannel('x').postMessage(1) === undefined) throw new Error('own origin only')",
}


def test_reaches_nothing_of_the_page(
    phone: Callable[..., Phone], packages: Callable[..., str], harmless: str, expect_console: Callable[[str], None]
) -> None:
    expect_console("Content Security Policy|sandbox|Blocked|[Pp]ermission|Unsafe attempt")
    tries = ",".join(f"[{name!r}, async () => {{ {code} }}]" for name, code in READS.items())
    script = f"""
      const outcomes = {{}}
      const other = () => [0, 1, 2].map((i) => top[i]).find((one) => one !== parent)
      Promise.all([{tries}].map(async ([name, run]) => {{
        try {{ await run(); outcomes[name] = 'REACHED' }} catch (error) {{ outcomes[name] = String(error) }}
      }})).then(() => eden.post({{ kind: 'log', level: 'log', args: [JSON.stringify(outcomes)] }}))
    """
    one = phone()
    one.page.evaluate("document.cookie = 'secret=1'; localStorage.setItem('secret', '1')")
    one.open(harmless)
    one.wait_for("painted")
    one.open(packages(script))
    one.wait_for("log")
    outcomes = json.loads(one.logged()[0])
    assert set(outcomes) == set(READS)
    assert [name for name, outcome in outcomes.items() if outcome == "REACHED"] == []
    assert one.page.title() == "embedding page"
    assert one.seen("crash") == []
    one.is_usable(packages("eden.show('harmless')", app_id="other"))


#: every way to send something to a server that is not a call over the bridge; U is the sink's address
SENDS = {
    "fetch": "fetch(U + 'fetch')",
    "no-cors fetch": "fetch(U + 'nocors', {mode: 'no-cors', method: 'POST', body: 'x'})",
    "xhr": "(() => { const x = new XMLHttpRequest(); x.open('GET', U + 'xhr'); x.send() })()",
    "socket": "new WebSocket(U.replace('http', 'ws'))",
    "events": "new EventSource(U + 'sse')",
    "beacon": "navigator.sendBeacon(U + 'beacon', 'x')",
    "image": "new Image().src = U + 'image'",
    "secure image": "new Image().src = U.replace('http', 'https') + 'image'",
    "audio": "new Audio(U + 'audio').load()",
    "script": "tag('script', {src: U + 'script'})",
    "import": "import(U + 'import')",
    "import in a function": "new Function('u', 'return import(u)')(U + 'import2')",
    "import in eval": 'eval(`import(U + "import3")`)',
    "blob import": "import(URL.createObjectURL(new Blob([`import '${U}import4'`], {type: 'text/javascript'})))",
    "style": "tag('link', {rel: 'stylesheet', href: U + 'css'})",
    "style import": "tag('style', {textContent: '@import url(' + U + 'import.css)'})",
    "background": "document.body.style.background = 'url(' + U + 'bg)'",
    "font": "new FontFace('x', 'url(' + U + 'font)').load()",
    "frame": "tag('iframe', {src: U + 'frame'})",
    "object": "tag('object', {data: U + 'object'})",
    "embed": "tag('embed', {src: U + 'embed'})",
    "video poster": "tag('video', {poster: U + 'poster', src: U + 'video'})",
    "svg": "document.body.insertAdjacentHTML('beforeend', `<svg><image href='${U}svg'/><use href='${U}use#a'/></svg>`)",
    "prefetch": "['prefetch', 'preload', 'prerender', 'preconnect', 'modulepreload', 'icon', 'manifest'].forEach("
    "(rel) => tag('link', {rel, href: U + rel, as: 'fetch'}))",
    "speculation": "tag('script', {type: 'speculationrules', textContent: JSON.stringify({prefetch: [{source: 'list', "
    "urls: [U + 'spec']}]})})",
    "form": "(() => { const f = tag('form', {action: U + 'form', method: 'post', target: '_blank'}); f.submit() })()",
    "new window": "open(U + 'open')",
    "worker": "new Worker(URL.createObjectURL(new Blob([`importScripts('${U}ws')`])))",
    "worker fetch": "new Worker(URL.createObjectURL(new Blob([`fetch('${U}wf')`])))",
    "nested frame": "tag('iframe', {srcdoc: `<script>new Image().src = '${U}nested'; "
    "new RTCPeerConnection({iceServers: [{urls: 'stun:${HOST}'}]})</` + `script><img src='${U}nested2'>`})",
    "parent navigation": "parent.location = U + 'parent'",
    "top navigation": "top.location = U + 'top'",
    "report": "tag('meta', {httpEquiv: 'Content-Security-Policy', content: `img-src 'none'; report-uri ${U}report`})",
}


@pytest.mark.parametrize("policy", ["listed", "any"])
def test_sends_nothing_by_itself(
    phone: Callable[..., Phone],
    packages: Callable[..., str],
    harmless: str,
    sink: Sink,
    expect_console: Callable[[str], None],
    policy: str,
) -> None:
    """With `any` (development), pictures, media and fonts may come from everywhere; nothing else may."""
    expect_console(".")
    media = {"image", "secure image", "audio", "background", "font", "video poster", "svg", "nested frame", "prefetch"}
    tries = {name: code for name, code in SENDS.items() if policy == "listed" or name not in media}
    steps = ",".join(f"[{name!r}, () => {code}]" for name, code in tries.items())
    script = f"""
      const HOST = '127.0.0.1:{sink.port}'
      const U = 'http://' + HOST + '/'
      const tag = (name, fields) => {{
        const node = Object.assign(document.createElement(name), fields)
        document.body.append(node)
        return node
      }}
      addEventListener('unhandledrejection', (event) => event.preventDefault())
      let done = 0
      for (const [name, run] of [{steps}]) {{
        try {{ Promise.resolve(run()).catch(() => {{}}) }} catch {{}}
        done++
      }}
      setTimeout(() => eden.post({{ kind: 'log', level: 'log', args: [done] }}), 1500)
    """
    one = phone(policy={"domains": policy})
    one.open(packages(script, domains={"request": ["https://example.com"], "media": ["https://media.example.com"]}))
    one.wait_for("log")
    assert one.logged() == [len(tries)]
    assert sink.connections == []
    assert one.page.title() == "embedding page"
    assert one.page.context.pages == [one.page]
    one.is_usable(harmless)


#: ways of a frame to navigate itself, which no policy of its own forbids
DEPARTURES = {
    "location": "location.href = U",
    "data": "location.href = `data:text/html,<img src=${U}>`",
    "blob": "location.href = URL.createObjectURL(new Blob([`<img src=${U}>`], {type: 'text/html'}))",
    "blank": "location.href = 'about:blank'",
    "refresh": "document.head.insertAdjacentHTML('beforeend', `<meta http-equiv=refresh content='0;url=${U}'>`)",
    "link": "document.body.appendChild(Object.assign(document.createElement('a'), {href: U})).click()",
    "ping": "document.body.appendChild(Object.assign(document.createElement('a'), {href: '#x', ping: U})).click()",
    "form": "document.body.appendChild(Object.assign(document.createElement('form'), {action: U})).submit()",
    "write": "document.open(), document.write(`<meta http-equiv=refresh content='0;url=${U}'>`), document.close()",
}


@pytest.mark.parametrize("way", DEPARTURES)
def test_cannot_leave_for_another_page(
    phone: Callable[..., Phone],
    packages: Callable[..., str],
    harmless: str,
    sink: Sink,
    expect_console: Callable[[str], None],
    way: str,
) -> None:
    """A page that it navigates to would have a network. The navigation is blocked or the frame is replaced."""
    expect_console(".")
    script = f"""
      const U = 'http://127.0.0.1:{sink.port}/'
      setTimeout(() => {{ {DEPARTURES[way]} }}, 50)
      setTimeout(() => eden.post({{ kind: 'log', level: 'log', args: ['still here'] }}), 1000)
    """
    one = phone(policy={"domains": "any"})
    one.open(packages(script))
    one.page.wait_for_function("seen.some(({ name }) => name === 'log' || name === 'crash')")
    assert [crash["fault"] for crash in one.seen("crash")] in ([], ["left"])
    assert sink.connections == []
    one.is_usable(harmless)


def test_calls_reach_listed_domains_only(
    phone: Callable[..., Phone], packages: Callable[..., str], sink: Sink, harmless: str
) -> None:
    addresses = [
        f"http://127.0.0.1:{sink.port}/",
        f"https://127.0.0.1:{sink.port}/",
        "https://example.com.evil.test/",
        "https://evil.test/https://example.com/",
        "https://example.com@evil.test/",
        "https://user:word@example.com/",
        "http://example.com/",
        "https://example.com:444/",
        "javascript:alert(1)",
        "data:text/plain,x",
        "file:///etc/passwd",
        "/phone.html",
        "//evil.test/",
        "",
    ]
    script = f"""
      const addresses = {addresses!r}
      const tries = addresses.flatMap((url) => [
        eden.call('request', {{ url, method: 'GET', header: {{}}, taskId: 1, timeout: 1000 }}),
        eden.call('uploadFile', {{ url, name: 'f', file: new Blob(['x']), header: {{}}, formData: [], taskId: 2 }}),
        eden.call('downloadFile', {{ url, header: {{}}, taskId: 3 }}),
        eden.call('socketConnect', {{ url: url.replace('http', 'ws'), socketId: 1, header: {{}}, protocols: [] }}),
      ])
      const others = [undefined, {{ toString: 'x' }}, ['https://example.com/']]
      for (const url of others) tries.push(eden.call('request', {{ url }}))
      Promise.all(tries.map((one) => one.then(() => 'REACHED', (error) => error.reason)))
        .then((reasons) => eden.post({{ kind: 'log', level: 'log', args: [[...new Set(reasons)]] }}))
    """
    one = phone()
    one.open(packages(script, domains={"request": ["https://example.com"], "upload": ["https://example.com"]}))
    one.wait_for("log")
    assert one.logged() == [["url not in domain list"]]
    assert sink.connections == []
    one.is_usable(harmless)


def test_media_of_listed_domains(
    phone: Callable[..., Phone], packages: Callable[..., str], expect_console: Callable[[str], None]
) -> None:
    """The policy in force names the listed domains, and a warmed-up frame gets it as well."""
    expect_console("Content Security Policy|ERR_")
    script = """
      addEventListener('securitypolicyviolation', ({ blockedURI, effectiveDirective, originalPolicy }) =>
        eden.post({ kind: 'log', level: 'log', args: [blockedURI, effectiveDirective, originalPolicy] }))
      new Image().src = 'https://media.example.com/a.png'
      new Image().src = 'https://other.example.com/a.png'
    """
    one = phone()
    one.open(packages(script, domains={"media": ["https://media.example.com"]}))
    one.wait_for("log")
    log = one.seen("log")
    assert [event["args"][:2] for event in log] == [["https://other.example.com/a.png", "img-src"]]
    assert "img-src blob: data: https://media.example.com" in log[0]["args"][2]
