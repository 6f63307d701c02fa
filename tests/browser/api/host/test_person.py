"""What the person is asked for: pictures, codes, places, payment; and what `eden check` answers in her place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.api.host.conftest import MakePhone

#: name, options, errMsg when everything is refused
ASKED: list[tuple[str, dict[str, Any], str]] = [
    ("login", {}, "login:fail auth deny"),
    ("getUserProfile", {"desc": "展示"}, "getUserProfile:fail auth deny"),
    ("authorize", {"scope": "scope.record"}, "authorize:fail auth deny"),
    ("chooseImage", {}, "chooseImage:fail cancel"),
    ("chooseMedia", {"mediaType": ["image"]}, "chooseMedia:fail cancel"),
    ("chooseMessageFile", {"count": 1, "type": "file"}, "chooseMessageFile:fail cancel"),
    ("scanCode", {}, "scanCode:fail cancel"),
    ("getLocation", {}, "getLocation:fail auth deny"),
    ("getFuzzyLocation", {}, "getFuzzyLocation:fail auth deny"),
    ("chooseLocation", {}, "chooseLocation:fail auth deny"),
    ("chooseAddress", {}, "chooseAddress:fail cancel"),
    ("chooseInvoiceTitle", {}, "chooseInvoiceTitle:fail cancel"),
    ("chooseContact", {}, "chooseContact:fail cancel"),
    ("makePhoneCall", {"phoneNumber": "10086"}, "makePhoneCall:fail cancel"),
    (
        "requestPayment",
        {"timeStamp": "1", "nonceStr": "n", "package": "prepay_id=1", "signType": "RSA", "paySign": "s"},
        "requestPayment:fail cancel",
    ),
]


def test_everything_is_granted(phone: MakePhone) -> None:
    program = phone()
    results = {name: program.call(name, options) for name, options, _ in ASKED}
    assert {name: result["errMsg"] for name, result in results.items()} == {name: f"{name}:ok" for name, _, _ in ASKED}
    assert (
        results["chooseImage"]["tempFiles"]["0"]["size"] > 100
        if isinstance(results["chooseImage"]["tempFiles"], dict)
        else True
    )
    assert results["getLocation"]["latitude"] > 0
    assert results["getUserProfile"]["userInfo"]["nickName"] == "微信用户"
    assert results["scanCode"]["scanType"] == "QR_CODE"


def test_everything_is_refused(phone: MakePhone) -> None:
    program = phone(prompts="refuse")
    assert [program.call(name, options)["errMsg"] for name, options, _ in ASKED] == [errmsg for _, _, errmsg in ASKED]
    accepted = program.call("requestSubscribeMessage", {"tmplIds": ["t"]})
    assert accepted == {"t": "reject", "errMsg": "requestSubscribeMessage:ok"}


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    # 2 x 1 pixels
    file = tmp_path / "photo.gif"
    file.write_bytes(
        b"GIF89a\x02\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x02\x00\x01\x00\x00\x02\x02D\n\x00;"
    )
    return file


def test_a_picture_from_the_album(phone: MakePhone, photo: Path) -> None:
    program = phone(prompts="ask")
    number = program.begin("chooseMedia", {"count": 1, "mediaType": ["image"], "sizeType": ["original"]})
    with program.page.expect_file_chooser() as chooser:
        program.sheet().get_by_role("button", name="从手机相册选择").click()
    chooser.value.set_files(photo)
    chosen = program.ended(number)
    assert chosen["errMsg"] == "chooseMedia:ok"
    assert chosen["type"] == "image"
    file = chosen["tempFiles"]["0"]
    assert (file["width"], file["height"], file["size"], file["fileType"]) == (2, 1, photo.stat().st_size, "image")


def test_a_picture_after_a_panel_when_the_program_asks_by_itself(phone: MakePhone, photo: Path) -> None:
    program = phone(prompts="ask")
    program.page.evaluate("Object.defineProperty(navigator, 'userActivation', {value: {isActive: false}})")
    number = program.begin("chooseImage", {"sourceType": ["album"]})
    with program.page.expect_file_chooser() as chooser:
        program.sheet().locator(".body").get_by_role("button", name="选择文件").click()
    chooser.value.set_files(photo)
    assert program.ended(number)["errMsg"] == "chooseImage:ok"


def test_a_typed_code(phone: MakePhone) -> None:
    program = phone(prompts="ask")
    number = program.begin("scanCode", {"scanType": ["qrCode"]})
    program.sheet().get_by_role("textbox").fill("eden:入口")
    program.sheet().get_by_role("button", name="确定").click()
    code = program.ended(number)
    assert (code["result"], code["errMsg"], code["charSet"]) == ("eden:入口", "scanCode:ok", "UTF-8")


def test_an_address_is_written_once_and_then_chosen(phone: MakePhone) -> None:
    program = phone(prompts="ask")
    number = program.begin("chooseAddress")
    values = {
        "收货人": "王五",
        "手机号码": "13900000000",
        "省份": "浙江省",
        "城市": "杭州市",
        "区/县": "西湖区",
        "详细地址": "一路 1 号",
    }
    for label, value in values.items():
        program.sheet().get_by_label(label).fill(value)
    program.sheet().get_by_role("button", name="确定").click()
    written = program.ended(number)
    assert written["userName"] == "王五"

    number = program.begin("chooseAddress")
    program.sheet().get_by_label("王五 13900000000").check()
    program.sheet().get_by_role("button", name="确定").click()
    assert program.ended(number) == written


def test_position_of_the_device(phone: MakePhone) -> None:
    program = phone(prompts="ask")
    program.page.context.grant_permissions(["geolocation"])
    program.page.context.set_geolocation({"latitude": 30.25, "longitude": 120.17, "accuracy": 5})
    number = program.begin("getLocation", {"type": "wgs84"})
    program.sheet().get_by_role("button", name="允许").click()
    here = program.ended(number)
    assert (here["latitude"], here["longitude"], here["accuracy"]) == (30.25, 120.17, 5)
    shifted = program.call("getLocation", {"type": "gcj02"})
    assert 0.001 < shifted["longitude"] - 120.17 < 0.01


def test_templates_are_ticked(phone: MakePhone) -> None:
    program = phone(prompts="ask")
    number = program.begin("requestSubscribeMessage", {"tmplIds": ["t1", "t2"]})
    program.sheet().get_by_label("t2").uncheck()
    program.sheet().get_by_role("button", name="允许").click()
    assert program.ended(number) == {"t1": "accept", "t2": "reject", "errMsg": "requestSubscribeMessage:ok"}


def test_saving_is_a_download(phone: MakePhone) -> None:
    program = phone({"images/a.png": b"\x89PNG"})
    with program.page.expect_download() as download:
        assert (
            program.call("saveImageToPhotosAlbum", {"filePath": "/images/a.png"})["errMsg"]
            == "saveImageToPhotosAlbum:ok"
        )
    assert download.value.suggested_filename == "a.png"


def test_clipboard(phone: MakePhone) -> None:
    program = phone()
    assert program.call("setClipboardData", {"data": "复制的"})["errMsg"] == "setClipboardData:ok"
    assert program.call("getClipboardData")["data"] == "复制的"
