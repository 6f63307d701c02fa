"""Stack texts of every engine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eden.observe.crashes.document import ErrorDocument, Frame, Thrown
from eden.observe.crashes.stacks import looks_in_app, parse, parse_frames, settle

MAIN = "eden://program/main/scripts.js"


def short(frames: list[Frame]) -> list[tuple[str, str, int, int, bool | None]]:
    return [(frame.function, frame.file, frame.line, frame.column, frame.in_app) for frame in frames]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        # V8
        (f"    at Object.tap ({MAIN}:6:3)", ("Object.tap", MAIN, 6, 3, True)),
        (f"    at {MAIN}:6:3", ("", MAIN, 6, 3, True)),
        (f"    at async load ({MAIN}:6:3)", ("load", MAIN, 6, 3, True)),
        (f"    at async {MAIN}:6:3", ("", MAIN, 6, 3, True)),
        (f"    at new Account ({MAIN}:6:3)", ("Account", MAIN, 6, 3, True)),
        (f"    at Object.tap [as bindtap] ({MAIN}:6:3)", ("Object.tap", MAIN, 6, 3, True)),
        (f"    at <anonymous> ({MAIN}:6:3)", ("", MAIN, 6, 3, True)),
        ("    at Array.forEach (<anonymous>)", ("Array.forEach", "<anonymous>", 0, 0, False)),
        ("    at async Promise.all (index 0)", ("Promise.all", "<anonymous>", 0, 0, False)),
        (f"    at eval (eval at run ({MAIN}:1:2), <anonymous>:1:1)", ("eval", MAIN, 1, 2, True)),
        ("    at about:srcdoc:3:4", ("", "about:srcdoc", 3, 4, False)),
        ("    at process (node:internal/process:95:5)", ("process", "node:internal/process", 95, 5, False)),
        (r"    at run (C:\app\a.js:3:4)", ("run", r"C:\app\a.js", 3, 4, True)),
        ("    at run (/srv/my app/a.js:3:4)", ("run", "/srv/my app/a.js", 3, 4, True)),
        # SpiderMonkey
        (f"tap@{MAIN}:6:3", ("tap", MAIN, 6, 3, True)),
        (f"tap/<@{MAIN}:6:3", ("tap/<", MAIN, 6, 3, True)),
        (f"@{MAIN}:6:3", ("", MAIN, 6, 3, True)),
        (f"async*load@{MAIN}:6:3", ("load", MAIN, 6, 3, True)),
        (f"promise callback*load@{MAIN}:6:3", ("load", MAIN, 6, 3, True)),
        (f"setTimeout handler*async*load@{MAIN}:6:3", ("load", MAIN, 6, 3, True)),
        ("run@https://cdn.example/@scope/a@1.2/b.js:6:3", ("run", "https://cdn.example/@scope/a@1.2/b.js", 6, 3, True)),
        ("run@https://a.example/b.js line 3 > eval:1:1", ("run", "https://a.example/b.js", 3, 0, True)),
        ("get@https://a.example/node_modules/b.js:1:2", ("get", "https://a.example/node_modules/b.js", 1, 2, False)),
        # JavaScriptCore
        ("forEach@[native code]", ("forEach", "[native code]", 0, 0, False)),
        (f"global code@{MAIN}:6:3", ("global code", MAIN, 6, 3, True)),
        (f"{MAIN}:6:3", ("", MAIN, 6, 3, True)),
        ("https://a.example/b.js:6:3", ("", "https://a.example/b.js", 6, 3, True)),
        ("eval code@https://a.example/b.js:6:3", ("eval code", "https://a.example/b.js", 6, 3, True)),
        ("app-service.js:6:3", ("", "app-service.js", 6, 3, True)),
        ("index.android.bundle:156:572", ("", "index.android.bundle", 156, 572, True)),
        # React Native, Internet Explorer
        ("    at render(/home/me/app/src/Scene.js:78:24)", ("render", "/home/me/app/src/Scene.js", 78, 24, True)),
        (
            "   at Anonymous function (http://a.example/b.js:6:3)",
            ("Anonymous function", "http://a.example/b.js", 6, 3, True),
        ),
        # WeChat: its base library is not the program
        ("    at hook (weapp:///pages/a.js:37:3)", ("hook", "weapp:///pages/a.js", 37, 3, True)),
        ("    at e.<anonymous> ([publib]:17:30038)", ("e.<anonymous>", "[publib]", 17, 30038, False)),
        ("    at U.attached (detail.js? [sm]:68)", ("U.attached", "detail.js", 68, 0, True)),
        (
            "    at https://lib/WAServiceMainContext.js :1:1575408",
            ("", "https://lib/WAServiceMainContext.js", 1, 1575408, False),
        ),
        (
            "    at Vt (WASubContext.js?t=wechat&s=17&v=3.4.3:1)",
            ("Vt", "WASubContext.js?t=wechat&s=17&v=3.4.3", 1, 0, False),
        ),
        (
            "    at require (http://127.0.0.1:40457/appservice/__dev__/WAService.js:19:31596)",
            ("require", "http://127.0.0.1:40457/appservice/__dev__/WAService.js", 19, 31596, False),
        ),
        (
            "onLoad@https://servicewechat.com/wx12ab/7/app-service.js:1:23",
            ("onLoad", "https://servicewechat.com/wx12ab/7/app-service.js", 1, 23, True),
        ),
        # and with the line ends of another system
        (f"    at tap ({MAIN}:6:3)\r", ("tap", MAIN, 6, 3, True)),
    ],
)
def test_lines(line: str, expected: tuple[str, str, int, int, bool]) -> None:
    assert short(parse_frames(f"{line}\n")) == [expected]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "TypeError: x is not a function",
        "    at home",
        "    at last (we have it",
        "write to me@example.com",
        "write to me@example.com:25",
        "see https://example.com/",
        "12:30:15",
        "pages/index.js:12:30: unexpected token",
        "[native code]",
        "eval code",
        "  ... 12 more",
    ],
)
def test_lines_that_are_no_frames(line: str) -> None:
    assert parse_frames(line) == []


def test_a_text_says_what_was_thrown() -> None:
    found = parse(f"TypeError: x is not a function\n    at tap ({MAIN}:1:2)")
    assert [(one.type, one.value, len(one.frames), one.stack) for one in found] == [
        ("TypeError", "x is not a function", 1, "")
    ]
    # what was said apart from the text counts
    known = parse(f"TypeError: x\n    at tap ({MAIN}:1:2)", "ApiError", "y")
    assert (known[0].type, known[0].value) == ("ApiError", "y")
    assert (parse(f"tap@{MAIN}:1:2")[0].type, parse("")[0].type) == ("", "")


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        # what the base library says comes first, what was thrown stands below
        ("MiniProgramError\nCannot read property 'then' of undefined\n"
         "TypeError: Cannot read property 'then' of undefined\n    at Ze.onLoad (weapp:///pages/base.js:213:27)",
         "TypeError", "Cannot read property 'then' of undefined"),
        ("thirdScriptError \n sdk uncaught third Error \n Vue is not defined \n ReferenceError: Vue is not defined\n"
         "    at Object.269 (http://127.0.0.1:4/appservice/main.js:122:1)", "ReferenceError", "Vue is not defined"),
        ("thirdScriptError\norigin is not defined;at pages/a/a page lifeCycleMethod onLoad function\n"
         "ReferenceError: origin is not defined\n    at hook (weapp:///a.js:37:3)",
         "ReferenceError", "origin is not defined"),
        # iOS does not say which type it was
        ("MiniProgramError\nundefined is not an object (evaluating 'e.data')\n"
         "onLoad@https://servicewechat.com/wx12ab/7/app-service.js:1:23",
         "MiniProgramError", "undefined is not an object (evaluating 'e.data')"),
        ("MiniProgramError", "MiniProgramError", ""),
        # Safari and Firefox have frames only; the name of a call without a place is no type
        ("baz\nfoo\neval code\neval@[native code]", "", ""),
        ("Error\n    at a (b.js:1:2)", "Error", ""),
        ("java.lang.Error\n\tat a", "java.lang.Error", ""),
    ],
)  # fmt: skip
def test_what_stands_above_the_frames(text: str, kind: str, value: str) -> None:
    found = parse(text)[0]
    assert (found.type, found.value) == (kind, value)


def test_a_text_without_frames_is_kept() -> None:
    found = parse("java.lang.Error: x\n\tsomewhere else", "java.lang.Error", "x")
    assert (found[0].frames, found[0].stack) == ([], "java.lang.Error: x\n\tsomewhere else")


PYTHON = """Traceback (most recent call last):
  File "/srv/app/money.py", line 3, in parse
    return int(text)
           ^^^^^^^^^
  File "/usr/lib/python3.11/site-packages/x.py", line 4, in <lambda>
ValueError: invalid literal: 'a'
in two lines

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/srv/app/main.py", line 9, in <module>
    run()
app.errors.Refused
"""


def test_python() -> None:
    outer, cause = parse(PYTHON)
    assert (outer.type, outer.module, outer.value) == ("Refused", "app.errors", "")
    assert short(outer.frames) == [("<module>", "/srv/app/main.py", 9, 0, True)]
    assert (cause.type, cause.value) == ("ValueError", "invalid literal: 'a'\nin two lines")
    # innermost first
    assert short(cause.frames) == [
        ("<lambda>", "/usr/lib/python3.11/site-packages/x.py", 4, 0, False),
        ("parse", "/srv/app/money.py", 3, 0, True),
    ]
    assert [frame.source for frame in cause.frames] == ["", "return int(text)"]


def test_python_that_was_cut_off() -> None:
    assert parse("Traceback (most recent call last):\n", "E", "x") == [
        Thrown(type="E", value="x", stack="Traceback (most recent call last):")
    ]


@pytest.mark.parametrize(
    ("file", "own"),
    [
        ("pages/a.ts", True),
        ("miniprogram_npm/dayjs/index.js", False),
        ("utils/node_modules_list.js", True),
        ("/srv/lib/python3.11/json/x.py", False),
        ("/srv/library/python.py", True),
        ("https://h.example/_container/runtime.js", False),
        ("blob:https://h.example/1", False),
        ("", False),
    ],
)
def test_whose_code_a_path_is(file: str, own: bool) -> None:
    assert looks_in_app(file) is own


def test_clients_are_believed_but_not_about_the_engine() -> None:
    frames = [
        Frame(file="node_modules/a.js", in_app=True),
        Frame(file="about:srcdoc", in_app=True),
        Frame(file="pages/a.js", in_app=False),
        Frame(file="pages/a.js"),
        Frame(function="com.example.Main.run"),
        Frame(),
    ]
    document = ErrorDocument(id="0", at=1.0, exceptions=[Thrown(frames=frames)])
    settle(document)
    assert [frame.in_app for frame in frames] == [True, False, False, True, True, False]


@given(st.text(alphabet=" \n@():/.<>*ab1[]", max_size=300))
def test_nothing_makes_it_fail(text: str) -> None:
    found = parse(text)
    assert len(found) >= 1
    for one in found:
        assert all(frame.in_app is not None for frame in one.frames)


def test_a_text_without_end_is_not_read_to_its_end() -> None:
    assert len(parse_frames(f"    at tap ({MAIN}:1:1)\n" * 5000)) == 1000
