"""Fingers and mouse for component tests."""

from __future__ import annotations

from collections.abc import Sequence

from tests.browser.components.conftest import Stand

TOUCH = """async (node, [moves, pause]) => {
    const box = node.getBoundingClientRect()
    const list = (points) => points.map(([x, y], identifier) => new Touch({
        identifier, target: node, clientX: box.left + x, clientY: box.top + y, pageX: box.left + x, pageY: box.top + y,
    }))
    const fire = (type, points, changed) => node.dispatchEvent(new TouchEvent(type, {
        bubbles: true, composed: true, cancelable: true, touches: list(points), changedTouches: list(changed),
    }))
    const wait = () => new Promise((done) => setTimeout(done, pause))
    fire('touchstart', moves[0], moves[0])
    for (const points of moves.slice(1)) {
        await wait()
        fire('touchmove', points, points)
    }
    await wait()
    fire('touchend', [], moves.at(-1))
}"""


def swipe(stand: Stand, selector: str, *points: tuple[float, float], pause: int = 16) -> None:
    """One finger from point to point (px from the element's corner), `pause` ms apart."""
    stand.locator(selector).evaluate(TOUCH, [[[list(point)] for point in points], pause])


def pinch(stand: Stand, selector: str, *pairs: Sequence[tuple[float, float]], pause: int = 16) -> None:
    """Two fingers."""
    stand.locator(selector).evaluate(TOUCH, [[[list(a), list(b)] for a, b in pairs], pause])


def drag_mouse(stand: Stand, selector: str, dx: float, dy: float, steps: int = 8) -> None:
    """Press in the middle of the element, move, release."""
    box = stand.box(selector)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mouse = stand.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + dx, y + dy, steps=steps)
    mouse.up()
