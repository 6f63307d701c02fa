"""Which components a program consists of, and what is said of those that are missing."""

from __future__ import annotations

import pytest

from .conftest import SMALL, Files, Make, build, codes, config


def component(**fields: object) -> dict[str, object]:
    return {"component": True, **fields}


@pytest.mark.parametrize(
    ("written", "file", "key"),
    [
        ("./card/card", "pages/index/card/card.json", "pages/index/card/card"),
        ("../card", "pages/card.json", "pages/card"),
        ("card/card", "pages/index/card/card.json", "pages/index/card/card"),
        ("/c/card", "c/card.json", "c/card"),
        ("/c/card", "c/card/index.json", "c/card/index"),
        ("/c/card.js", "c/card.json", "c/card"),
        ("/c/card", "c/card.wxml", "c/card"),
        ("/c/card", "c/card.ts", "c/card"),
        ("lib/card", "miniprogram_npm/lib/card.json", "miniprogram_npm/lib/card"),
        ("lib/card", "pages/miniprogram_npm/lib/card/index.json", "pages/miniprogram_npm/lib/card/index"),
        ("@s/lib/card", "miniprogram_npm/@s/lib/card.json", "miniprogram_npm/@s/lib/card"),
        ("lib", "miniprogram_npm/lib/index.json", "miniprogram_npm/lib/index"),
        ("@/card", "src/card.json", "src/card"),
        ("c/card", "c/card.json", "c/card"),
    ],
)
def test_where_a_component_is_found(make: Make, written: str, file: str, key: str) -> None:
    content: dict[str, object] | str = component() if file.endswith("json") else ""
    files: Files = {
        **SMALL,
        "app.json": {"pages": ["pages/index/index"], "resolveAlias": {"@/*": "/src/*"}},
        "pages/index/index.json": {"usingComponents": {"x-card": written}},
        file: content,
    }
    result = build(make(files))
    assert codes(result) == []
    components = config(result)["components"]
    assert components["pages/index/index"] == {"usingComponents": {"x-card": key}}
    assert components[key]["component"] is True


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("./gone", "missing-component"),
        ("/gone/index", "missing-component"),
        ("lib/gone", "missing-npm"),
        ("plugin://login/form", "plugin"),
        ("", "missing-component"),
        ("../../../../..", "missing-component"),
    ],
)
def test_what_is_not_there_is_a_warning_with_its_place(make: Make, written: str, code: str) -> None:
    text = '{\n  "usingComponents": {\n    "x-card": "WRITTEN"\n  }\n}'.replace("WRITTEN", written)
    result = build(make({**SMALL, "pages/index/index.json": text}))
    assert codes(result) == [f"pages/index/index.json:3:5 warning {code}"]
    assert result.ok


def test_only_what_the_pages_reach_is_compiled(make: Make) -> None:
    result = build(
        make(
            {
                **SMALL,
                "pages/index/index.json": {"usingComponents": {"a": "/c/a"}},
                "c/a.json": component(usingComponents={"b": "./b"}),
                "c/b.json": component(usingComponents={"a": "./a"}, componentGenerics={"g": {"default": "./g"}}),
                "c/g.json": component(),
                "c/unused.json": component(usingComponents={"gone": "./gone"}),
                "c/unused.js": "syntax error here",
            }
        )
    )
    assert codes(result) == []
    components = config(result)["components"]
    assert sorted(components) == ["c/a", "c/b", "c/g", "pages/index/index"]
    assert components["c/b"]["componentGenerics"] == {"g": {"default": "c/g"}}


def test_global_components_are_merged_where_their_tag_is_used(make: Make) -> None:
    result = build(
        make(
            {
                **SMALL,
                "app.json": {
                    "pages": ["pages/index/index", "pages/b"],
                    "usingComponents": {"g-a": "/c/a", "g-b": "c/b", "g-c": "/c/c", "g-gone": "/gone"},
                },
                "pages/index/index.wxml": '<import src="/t"/><template is="t"/><foo generic:x="g-c"/><g-gone/>',
                "pages/index/index.json": {"usingComponents": {"foo": "/c/foo"}},
                "t.wxml": '<template name="t"><g-a/></template>',
                "pages/b.wxml": "<g-b/>",
                "pages/b.json": {"usingComponents": {"g-b": "/c/foo"}},
                "c/a.json": component(),
                "c/b.json": component(),
                "c/c.json": component(),
                "c/foo.json": component(),
            }
        )
    )
    assert [problem.code for problem in result.diagnostics] == ["missing-component"]
    components = config(result)["components"]
    assert components["pages/index/index"]["usingComponents"] == {"foo": "c/foo", "g-a": "c/a", "g-c": "c/c"}
    assert components["pages/b"]["usingComponents"] == {"g-b": "c/foo"}, "its own goes first"
    assert "usingComponents" not in components["c/a"]


def test_pages_without_json_are_registered(make: Make) -> None:
    result = build(make(SMALL))
    assert config(result)["components"] == {"pages/index/index": {}}
    assert codes(result) == []


def test_a_missing_page_is_a_warning_and_the_entry_page_an_error(make: Make) -> None:
    pages = {"app.json": '{"pages": [\n"pages/index/index",\n"pages/gone"]}'}
    result = build(make({**SMALL, **pages}))
    assert codes(result) == ["app.json:3:1 warning missing-page"]
    assert result.manifest["pages"] == ["pages/index/index", "pages/gone"]
    entry = {"app.json": '{"pages": [\n"pages/gone",\n"pages/index/index"]}'}
    result = build(make({**SMALL, **entry}))
    assert codes(result) == ["app.json:2:1 error missing-page"]
    assert not result.ok


def test_no_page_at_all_is_an_error(make: Make) -> None:
    result = build(make({"app.json": {"pages": ["a", "b"]}, "app.js": ""}))
    assert "no-pages" in [problem.code for problem in result.diagnostics]
    assert result.archives == ()


def test_tags_that_nobody_knows(make: Make) -> None:
    result = build(
        make(
            {
                **SMALL,
                "pages/index/index.wxml": "<view>\n <x-unknown/><live-player/><g/><slot/><block/></view>",
                "pages/index/index.json": {"componentGenerics": {"g": True}},
            }
        )
    )
    assert codes(result) == [
        "pages/index/index.wxml:2:14 warning unsupported-component",
        "pages/index/index.wxml:2:2 warning unknown-component",
    ] or codes(result) == [
        "pages/index/index.wxml:2:2 warning unknown-component",
        "pages/index/index.wxml:2:14 warning unsupported-component",
    ]


def test_the_custom_tab_bar_belongs_to_the_program(make: Make) -> None:
    tab_bar = {"custom": True, "list": [{"pagePath": "pages/index/index", "text": "T"}]}
    app = {"app.json": {"pages": ["pages/index/index"], "tabBar": tab_bar}}
    bar: Files = {"custom-tab-bar/index.json": component(), "custom-tab-bar/index.js": "Component({})"}
    assert "custom-tab-bar/index" in config(build(make({**SMALL, **app, **bar})))["components"]


def test_the_example_of_a_component_library(make: Make) -> None:
    folder = make(
        {
            "project.config.json": {"miniprogramRoot": "examples"},
            **{f"examples/{path}": content for path, content in SMALL.items()},
            "examples/pages/index/index.json": {"usingComponents": {"x-card": "../../dist/card/index"}},
            "dist/card/index.json": component(),
            "dist/card/index.js": "require('../base')",
            "dist/base.js": "",
        }
    )
    result = build(folder)
    assert codes(result) == []
    assert "dist/card/index" in config(result)["components"]
