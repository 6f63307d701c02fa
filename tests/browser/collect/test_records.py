"""What arrives of a program that is used, without a line of code in it."""

from __future__ import annotations

from collections.abc import Callable

from tests.browser.collect.conftest import Watched
from tests.browser.collecting import KEY

Watch = Callable[..., Watched]


def test_launch_pages_and_batch(watched: Watch, silence: None) -> None:
    phone = watched()
    phone.start()
    launch = phone.event("$launch")
    assert launch["page"] == "pages/a/a" and launch["value"] > 0
    props = launch["props"]
    assert (props["kind"], props["scene"], props["first"]) == ("cold", 1001, True)
    assert set(props["phases"]) == {"check", "download", "verify", "boot", "script", "render"}
    assert sum(props["phases"].values()) <= launch["value"] + 1
    view = phone.event("$page_view")
    assert view["page"] == "pages/a/a" and view["value"] > 0
    assert view["props"] == {"source": "launch", "referrer": "", "query": []}

    phone.tap("go")
    phone.shows("second page")
    second = phone.event("$page_view", 2)
    assert second["page"] == "pages/b/b"
    assert second["props"] == {"source": "navigate", "referrer": "pages/a/a", "query": ["token"]}
    leave = phone.event("$page_leave")
    assert leave["page"] == "pages/a/a" and leave["props"] == {"next": "pages/b/b"} and leave["value"] > 0
    phone.page.get_by_role("button", name="关闭").click()
    assert phone.event("$page_leave", 2)["props"] == {"next": ""}

    assert len({record["session"] for record in phone.collecting.records()}) == 1
    assert "hush" not in str(phone.collecting.batches)
    for batch in phone.collecting.batches:
        assert batch.key == KEY
        assert batch.head["device"] and "user" not in batch.head
        assert batch.head["program"]["version"] == "1.0.0" and batch.head["program"]["code"] == 10000
        assert batch.head["context"]["platform"] and batch.head["context"]["language"] == "zh-CN"
        assert batch.head["collect"] == phone.collecting.switches["revision"]
        assert batch.head["consent"] == "granted"


def test_release_is_named_while_it_runs(watched: Watch) -> None:
    phone = watched()
    phone.platform.publish("1.1.0", {"pages/a/a.wxml": '<view class="text">first page</view>'})
    info = phone.platform.release("1.1.0")
    phone.start()
    phone.event("$launch")
    program = phone.collecting.batches[0].head["program"]
    assert (program["version"], program["release"]) == ("1.1.0", info.release.id)


def test_taps_on_what_is_bound(watched: Watch) -> None:
    phone = watched()
    phone.start()
    phone.tap("free")
    # on what is inside of it
    phone.tap("word")
    phone.shows("second page")
    tap = phone.event("$tap")
    assert tap["props"] == {"component": "pages/a/a", "element": "view", "id": "go", "handler": "go"}
    assert tap["page"] == "pages/a/a"
    phone.event("$page_view", 2)
    assert len(phone.collecting.records(name="$tap")) == 1


def test_text_of_taps_where_it_is_wanted(watched: Watch) -> None:
    phone = watched(tap_text=True)
    phone.start()
    phone.event("$launch")
    phone.tap("word")
    assert phone.event("$tap")["props"]["text"] == "go"


def test_errors_with_what_led_to_them(watched: Watch, expect_console: Callable[[str], None]) -> None:
    expect_console("nothing|too far")
    phone = watched()
    phone.start()
    phone.tap("fail")
    error = phone.collecting.wait_for(type="error")[0]
    assert error["error"]["type"] == "TypeError" and "nothing" in error["error"]["message"]
    assert "eden://program/" in error["error"]["stack"]
    assert not error["error"]["fatal"] and not error["error"]["handled"]
    assert [crumb["category"] for crumb in error["breadcrumbs"]] == ["page", "tap"]
    assert error["breadcrumbs"][1]["message"] == "pages/a/a view#fail fail"
    assert error["page"] == "pages/a/a"
    assert phone.event("$error")["props"]["fatal"] is False
    phone.tap("reject")
    other = phone.collecting.wait_for(2, type="error")[1]
    assert (other["error"]["type"], other["error"]["message"]) == ("RangeError", "too far")
    assert other["error"]["mechanism"] == "onunhandledrejection"


def test_requests_without_what_was_said(watched: Watch, expect_console: Callable[[str], None]) -> None:
    expect_console("404")
    phone = watched()
    phone.start()
    phone.tap("ask")
    request = phone.event("$request")
    host = phone.platform.origin.removeprefix("http://")
    props = request["props"]
    assert (props["host"], props["pattern"], props["method"]) == (host, "/api/users/{id}/orders", "POST")
    assert props["status"] == 404 and props["bytes_up"] == 4 and props["bytes_down"] > 0 and props["failure"] == ""
    assert request["value"] > 0
    assert "hush" not in str(phone.collecting.batches) and "secret" not in str(phone.collecting.batches)


def test_slow_updates_and_long_tasks(watched: Watch) -> None:
    phone = watched()
    phone.start()
    phone.tap("slow")
    update = phone.event("$set_data")
    assert update["value"] >= 16
    assert update["props"]["keys"] == ["rows"] and update["props"]["component"] == "pages/a/a"
    assert update["props"]["bytes"] > 1000 and 0 < update["props"]["script"] <= update["value"]
    tasks = [task for task in phone.collecting.wait_for(type="event", name="$long_task") if task["value"] >= 80]
    assert tasks or phone.collecting.wait_for(2, type="event", name="$long_task")


def test_own_reports_and_logs(watched: Watch) -> None:
    phone = watched(masks=["1[0-9]{10}"])
    phone.start()
    phone.tap("report")
    assert phone.event("bought")["props"] == {"sum": 5, "phone": "***"}
    assert phone.event("seen")["props"] == {"page": "a"}
    metrics = {one["name"]: one for one in phone.collecting.wait_for(2, type="metric")}
    assert metrics["depth"]["value"] == 3
    assert metrics["2001"]["value"] == 120 and metrics["2001"]["props"] == {"dimensions": '["cold","wifi"]'}
    phone.tap("log")
    info, error = phone.collecting.wait_for(2, type="log")
    assert info["message"] == 'paid {"sum":5}' and info["props"] == {"filter": "order 7 paid"}
    assert (error["tag"], error["message"], error["level"]) == ("pay", "key value", "error")
    assert "kept on the phone" not in str(phone.collecting.batches)
    state = phone.frame.evaluate("getCurrentPages()[0].state")
    assert state["logCount"] == 2 and state["maxLogCount"] == 200 and 0 < state["size"] < state["maxSize"]


def test_log_of_the_phone_when_it_is_wanted(watched: Watch) -> None:
    phone = watched(masks=["1[0-9]{10}"])
    phone.start()
    phone.tap("log")
    phone.collecting.wait_for(2, type="log")
    phone.collecting.said = {"pull": {"id": "p1", "from": "2020-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"}}
    phone.tap("report")
    lines = phone.collecting.wait_for(5, type="log", pull="p1")
    texts = [line["message"] for line in lines]
    assert "kept on the phone" in texts and "a warning ***" in texts and "(page) launch pages/a/a" in texts
    assert [batch.head.get("pull_done") for batch in phone.collecting.batches if batch.head.get("pull_done")] == ["p1"]


def test_log_of_the_phone_that_is_wanted_at_its_start(watched: Watch) -> None:
    phone = watched()
    phone.start()
    phone.tap("log")
    phone.collecting.wait_for(2, type="log")
    pull = {"id": "p2", "from": 0, "until": 4102444800000}
    phone.collecting.switches["programs"]["bank"]["pull"] = pull
    phone.start()
    lines = phone.collecting.wait_for(3, type="log", pull="p2")
    assert "kept on the phone" in [line["message"] for line in lines]
    done = [batch for batch in phone.collecting.batches if batch.head.get("pull_done") == "p2"]
    assert {batch.key for batch in done} == {KEY} and len({batch.head["batch"] for batch in done}) == 1


def test_hung_program_is_fatal(watched: Watch) -> None:
    phone = watched()
    phone.start()
    phone.event("$launch")
    phone.tap("hang")
    error = phone.collecting.wait_for(type="error", timeout=40)[0]
    assert error["error"]["type"] == "hung" and error["error"]["fatal"] is True and error["page"] == "pages/a/a"
    assert phone.event("$error")["props"]["fatal"] is True
    # what is started anew in the same phone starts warm, and its session goes on
    phone.page.get_by_role("button", name="重新进入小程序").click()
    phone.shows("first page")
    warm = phone.event("$launch", 2)
    assert (warm["props"]["kind"], warm["props"]["first"]) == ("warm", False) and warm["value"] > 0
    assert {"boot", "script", "render"} <= set(warm["props"]["phases"])
    assert len({record["session"] for record in phone.collecting.records()}) == 1


def test_back_from_the_background_is_a_hot_launch(watched: Watch) -> None:
    phone = watched()
    phone.start()
    phone.event("$launch")
    phone.page.get_by_role("button", name="关闭").click()
    phone.page.get_by_role("button", name="Bank").click()
    hot = phone.event("$launch", 2)
    assert hot["props"]["kind"] == "hot" and hot["page"] == "pages/a/a"
    assert phone.event("$page_view", 2)["page"] == "pages/a/a"
    assert len({record["session"] for record in phone.collecting.records()}) == 1
