"""How many sealed values of the secure keyboard one core opens, and how soon the keyboard is there.

`opens`: per second of processor time, the best of several rounds: `open_x25519_per_s`, `open_p256_per_s` and
`open_sm2_per_s` open a value and look at what is inside; `check_…_per_s` is everything that an opener does for a PIN:
its request is read from a frame, opened, compared with the enciphered block of the account, and answered in a frame.
SM2 is multiplied by OpenSSL where Python's own has the curve (`eden.base.crypto.sm2_openssl`), else in Python; its
target, which both meet, is what a branch's phones ask for at noon.

`frame`: from the call of `keyboard.open` to the first paint of the keyboard's frame, in a browser: offer and script
fetched, the offer's signature checked, keys drawn. Wall time, the median of several showings: of a quiet machine only.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from statistics import median

import msgspec
from playwright.sync_api import Page, sync_playwright

from bench._harness import Figure
from eden.base.browser import LAUNCH_ARGUMENTS, chromium
from eden.base.crypto import HpkePublicKey, Sm2PublicKey, sm4_gcm_encrypt
from eden.keyboard.interfaces import SealAlgorithm
from eden.keyboard.opening import Opening
from eden.keyboard.rules import PLAIN_BYTES, pack
from eden.keyboard.vault import Made, SoftwareVault
from eden.keyboard.wire import (
    Answered,
    Asked,
    Bytes,
    CheckBlock,
    Checked,
    Frames,
    KeyRow,
    Load,
    MakeBlock,
    Message,
    frame,
)
from tests.keyboard.served import ServedKeyboard

ROUNDS = 3
SECRET, PIN, ACCOUNT = b"s" * 32, b"748159", "4123456789012345"
#: opens per second of a core
TARGET, SM2_TARGET = 10_000, 100
#: ms until the keyboard is painted
PAINT_TARGET = 300
SHOWINGS = 15
#: different values
_VALUES = 200


def _opens(quick: bool) -> Iterable[Figure]:
    kinds: list[tuple[str, SealAlgorithm, int, float | None]] = [
        ("x25519", "hpke-x25519", 1_000 if quick else 20_000, TARGET),
        ("p256", "hpke-p256", 1_000 if quick else 20_000, TARGET),
        ("sm2", "sm2-sm4", 10 if quick else 300, SM2_TARGET),
    ]
    for name, algorithm, times, target in kinds:
        vault = SoftwareVault(SECRET)
        made, pin_key = vault.make(algorithm, "k"), vault.make("aes-256", "p")
        opening = Opening(vault)
        opening.do(Load([KeyRow("k", algorithm, made.public, made.kept), KeyRow("p", "aes-256", b"", pin_key.kept)]))
        messages = [_message(algorithm, made, number) for number in range(min(times, _VALUES))]
        yield Figure(
            f"open_{name}_per_s", _rate(partial(_open, opening, messages, times), times), target, at_least=True
        )
        yield Figure(f"check_{name}_per_s", _rate(partial(_check, opening, _frames(opening, messages), times), times))


def _rate(work: Callable[[], None], times: int) -> float:
    best = 0.0
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        best = max(best, times / (time.process_time() - began))
    return best


def _open(opening: Opening, messages: list[Message], times: int) -> None:
    for number in range(times):
        assert opening.open(messages[number % len(messages)]) == PIN


def _check(opening: Opening, frames: list[bytes], times: int) -> None:
    incoming, decoder, encoder = Frames(), msgspec.msgpack.Decoder(Asked), msgspec.msgpack.Encoder()
    for number in range(times):
        for content in incoming.feed(frames[number % len(frames)]):
            asked = decoder.decode(content)
            answer = opening.do(asked.request)
            frame(encoder.encode(Answered(asked.number, answer)))
            assert answer == Checked(True, b"")


def _frames(opening: Opening, messages: list[Message]) -> list[bytes]:
    block = opening.do(MakeBlock(messages[0], "p", ACCOUNT))
    assert isinstance(block, Bytes)
    checks = [CheckBlock(message, "p", block.value, ACCOUNT, "p") for message in messages]
    return [frame(msgspec.msgpack.encode(Asked(number, check))) for number, check in enumerate(checks)]


def _message(algorithm: SealAlgorithm, made: Made, number: int) -> Message:
    info, plain = b"eden keyboard 1\n%d" % number, pack("pin", "typed", PIN, os.urandom(PLAIN_BYTES))
    if algorithm == "sm2-sm4":
        key, iv = os.urandom(16), os.urandom(12)
        sealed = Sm2PublicKey(made.public).encrypt(key) + iv + sm4_gcm_encrypt(key, iv, plain, info)
    else:
        sealed = HpkePublicKey(algorithm, made.public).seal(info, plain)
    return Message("k", info, sealed, "pin", "typed", 6, 6)


_PAGE = """<!doctype html><meta charset="utf-8"><title>bench</title><link rel="icon" href="data:,">
<div id="phone" style="width:375px;height:667px"></div><script src="/app/test/host.js"></script><script>
const host = new Eden.EdenHost({
  container: document.getElementById('phone'), runtimeUrl: '/app/test/runtime.js', theme: 'light', locale: 'en',
  collect: false, keyboard: %s,
})
const ask = { app: 'wxbench', program: 'Bench', kind: 'pin', purpose: 'pay', user: '' }
window.show = () => {
  window.began = performance.timeOrigin + performance.now()
  window.left = host.keyboard.open(ask).catch(() => 0)
}
</script>"""
#: of the frame: when something of it was on the screen
_PAINTED = """async () => {
  const find = () => performance.getEntriesByName('first-contentful-paint')[0]
  while (!find()) await new Promise((done) => setTimeout(done, 10))
  return performance.timeOrigin + find().startTime
}"""


def _frame(quick: bool) -> Iterable[Figure]:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        served = ServedKeyboard(Path(folder), [("pay", "pin", 6, 6)])
        browser = playwright.chromium.launch(executable_path=chromium(), args=LAUNCH_ARGUMENTS, chromium_sandbox=False)
        try:
            page, options = browser.new_page(), {"url": f"{served.address}/", "pins": served.pins()}
            address = f"{served.platform.origin}/bench"
            page.route(address, lambda route: route.fulfill(content_type="text/html", body=_PAGE % json.dumps(options)))
            page.goto(address)
            # the first one fetches the script, too
            took = [_showing(page) for _ in range(2 if quick else 1 + SHOWINGS)]
        finally:
            browser.close()
            served.close()
    yield Figure("frame_first_ms", took[0])
    yield Figure("frame_paint_ms", median(took[1:]), None if quick else PAINT_TARGET)


def _showing(page: Page) -> float:
    page.evaluate("show()")
    element = page.wait_for_selector("[role=dialog] iframe")
    assert element is not None
    inside = element.content_frame()
    assert inside is not None
    inside.wait_for_selector("canvas")
    painted: float = inside.evaluate(_PAINTED)
    took = painted - float(page.evaluate("began"))
    page.keyboard.press("Escape")
    page.evaluate("() => left")
    return took


PARTS = {"opens": _opens, "frame": _frame}
