"""From a package's address to a painted page."""

from __future__ import annotations

from collections.abc import Callable

from tests.browser.isolation.conftest import Phone


def test_opens_a_package(phone: Callable[..., Phone], packages: Callable[..., str]) -> None:
    one = phone()
    one.open(packages("eden.show('hello from ' + eden.boot.appId)"), path="pages/index/index?a=1", scene=1011)
    one.wait_for("painted")
    assert one.frame.inner_text("body") == "hello from test"
    boot = one.frame.evaluate("1") and one.seen("route")[0]
    assert boot["stack"] == [{"route": "pages/index/index", "query": {"a": "1"}}]
