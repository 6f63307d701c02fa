"""A phone in a page that shows no web applications: it says so, and that is no failed start of the version."""

from __future__ import annotations

from collections.abc import Callable

from tests.browser.platform import RunningPlatform
from tests.browser.updates.conftest import ReleasePhone


def test_phone_that_shows_no_web_applications_says_so(
    phone: Callable[..., ReleasePhone], platform: RunningPlatform
) -> None:
    platform.publish_h5("1.0.0", {"index.html": b"<h1>Shop</h1>"})
    platform.release("1.0.0", key="shop", finish=True)
    one = phone()
    for count in (1, 2, 3):
        one.start("shop")
        crash = one.wait_for("crash", count)
        assert (crash["fault"], crash["message"]) == (
            "manifest", "shop: is a web application, which this page does not show",
        )  # fmt: skip
