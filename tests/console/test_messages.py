from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from eden.console.messages import Message, MessageError, Messages, choose_locale


@pytest.mark.parametrize(("count", "text"), [(1, "1 file"), (2, "2 files"), (0, "0 files"), (12345, "12,345 files")])
def test_the_second_word_is_for_all_but_one(count: int, text: str) -> None:
    assert Message("{count} {count:file|files}").format("en", {"count": count}) == text


def test_a_message_without_values_is_itself() -> None:
    assert Message("100 % done").format("en", {}) == "100 % done"


def test_a_word_may_be_empty() -> None:
    message = Message("device{count:|s}")
    assert [message.format("en", {"count": count}) for count in (1, 2)] == ["device", "devices"]


@pytest.mark.parametrize("values", [{}, {"name": "a", "more": 1}, {"nam": "a"}])
def test_values_are_the_placeholders(values: dict[str, object]) -> None:
    with pytest.raises(MessageError, match="placeholders"):
        Message("Hello {name}").format("en", values)


@pytest.mark.parametrize("text", ["{", "a } b", "{Name}", "{a:b}", "{a:b|c|d}", "{}"])
def test_a_stray_brace_is_a_mistake(text: str) -> None:
    with pytest.raises(MessageError):
        Message(text)


def test_values_are_not_read_as_placeholders() -> None:
    assert Message("{a} and {b}").format("en", {"a": "{b}", "b": "{a}"}) == "{b} and {a}"


def test_markup_stays_and_all_else_is_escaped() -> None:
    text = Message("<{name}> at {link}").format("en", {"name": "<b>", "link": Markup("<a href=x>y</a>")})
    assert isinstance(text, Markup)
    assert text == "&lt;&lt;b&gt;&gt; at <a href=x>y</a>"


@given(st.text(), st.text())
def test_any_value_is_written_as_it_is(before: str, value: str) -> None:
    before = before.replace("{", "").replace("}", "")
    assert Message(before + "{value}").format("zh", {"value": value}) == before + value


def write(folder: Path, english: str, chinese: str) -> Path:
    (folder / "messages.en.toml").write_text(english, "utf-8")
    (folder / "messages.zh.toml").write_text(chinese, "utf-8")
    return folder


def test_each_language_has_its_sentence(tmp_path: Path) -> None:
    messages = Messages()
    messages.add("a", write(tmp_path, '[a]\nb.c = "Hello"', '[a.b]\nc = "你好"'))
    assert messages.translate("en", "a.b.c") == "Hello"
    assert messages.translate("zh", "a.b.c") == "你好"


def test_an_unknown_key_is_a_mistake(tmp_path: Path) -> None:
    messages = Messages()
    messages.add("a", write(tmp_path, '[a]\nb = "x"', '[a]\nb = "x"'))
    with pytest.raises(MessageError, match=r"a\.c"):
        messages.translate("en", "a.c")
    with pytest.raises(MessageError, match=r"a\.b: "):
        messages.translate("en", "a.b", count=1)


@pytest.mark.parametrize("text", ['[b]\nc = "x"', "[a]\nb = 1", '[a]\nb = "{"', "[a"])
def test_a_catalogue_is_a_table_of_the_rooms_sentences(tmp_path: Path, text: str) -> None:
    with pytest.raises(MessageError, match=tmp_path.name):
        Messages().add("a", write(tmp_path, text, text))


@pytest.mark.parametrize(
    ("remembered", "header", "locale"),
    [
        (None, "", "en"),
        (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, "en-GB,zh;q=0.9", "en"),
        (None, "zh;q=0.2, en;q=0.7", "en"),
        (None, "fr, zh-Hant;q=0.5", "zh"),
        (None, "zh;q=0, en;q=0.1", "en"),
        (None, "zh;q=bad", "zh"),
        (None, "fr;q=1, *", "en"),
        ("en", "zh", "en"),
        ("zh", "en", "zh"),
        ("xx", "zh", "zh"),
    ],
)
def test_choosing_a_language(remembered: str | None, header: str, locale: str) -> None:
    assert choose_locale(remembered, header) == locale


@given(st.none() | st.text(), st.text())
def test_any_header_gives_a_language(remembered: str | None, header: str) -> None:
    assert choose_locale(remembered, header) in ("en", "zh")
