from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eden.build.appconfig import App, read_app
from eden.build.diagnostics import Report
from eden.build.tree import SourceTree

from .conftest import Files, Make


def read(folder: Path) -> tuple[App | None, list[str]]:
    tree, report = SourceTree(folder), Report()
    tree.refresh()
    app = read_app(tree, report)
    return app, [f"{problem.line}:{problem.column} {problem.severity} {problem.code}" for problem in report.sorted()]


def read_ok(make: Make, raw: dict[str, Any], extra: Files | None = None) -> App:
    app, problems = read(make({"app.json": raw, **(extra or {})}))
    assert problems == []
    assert app is not None
    return app


def test_the_smallest_configuration(make: Make) -> None:
    app = read_ok(make, {"pages": ["pages/a", "/pages/b"]})
    assert app.config == {
        "entry": "pages/a",
        "pages": ["pages/a", "pages/b"],
        "window": {},
        "tabBar": None,
        "darkmode": False,
        "theme": None,
        "subpackages": [],
        "preloadRule": {},
        "resolveAlias": {},
        "permission": {},
        "networkTimeout": {},
        "plugins": {},
        "debug": False,
        "style": "",
    }


def test_everything_at_once(make: Make) -> None:
    app = read_ok(
        make,
        {
            "entryPagePath": "pages/b",
            "pages": ["pages/a", "pages/b"],
            "subPackages": [
                {"root": "/pkg/shop/", "name": "shop", "pages": ["list", "/detail"], "independent": True},
                {"root": "pkg/more", "pages": ["x"]},
            ],
            "window": {"navigationBarTitleText": "T", "navigationBarBackgroundColor": "@bg"},
            "darkmode": True,
            "tabBar": {
                "color": "@c",
                "custom": True,
                "list": [
                    {"pagePath": "/pages/a", "text": "A", "iconPath": "/i/a.png", "selectedIconPath": "@icon"},
                    {"pagePath": "pages/b.html", "text": "B"},
                ],
            },
            "preloadRule": {"pages/a": {"network": "all", "packages": ["shop", "pkg/more", "__APP__", "shop"]}},
            "resolveAlias": {"@/*": "/src/*"},
            "permission": {"scope.userLocation": {"desc": "maps"}},
            "networkTimeout": {"request": 3000},
            "usingComponents": {"x": "/c/x"},
            "workers": {"path": "/workers/"},
            "requiredBackgroundModes": ["audio"],
            "lazyCodeLoading": "requiredComponents",
            "style": "v2",
            "debug": True,
        },
        {"theme.json": {"light": {"bg": "#fff", "n": 1}, "dark": {"bg": "#000"}}, "i/a.png": b""},
    )
    assert app.pages == ("pages/a", "pages/b", "pkg/shop/list", "pkg/shop/detail", "pkg/more/x")
    assert app.config["entry"] == "pages/b"
    assert app.config["subpackages"] == [
        {"name": "shop", "root": "pkg/shop", "independent": True, "pages": ["pkg/shop/list", "pkg/shop/detail"]},
        {"name": "pkg/more", "root": "pkg/more", "independent": False, "pages": ["pkg/more/x"]},
    ]
    assert app.config["tabBar"] == {
        "custom": True,
        "color": "@c",
        "selectedColor": "#3cc51f",
        "backgroundColor": "#ffffff",
        "borderStyle": "black",
        "position": "bottom",
        "list": [
            {"pagePath": "pages/a", "text": "A", "iconPath": "i/a.png", "selectedIconPath": "@icon"},
            {"pagePath": "pages/b", "text": "B"},
        ],
    }
    assert app.config["preloadRule"] == {"pages/a": {"network": "all", "packages": ["shop", "pkg/more", "main"]}}
    assert app.config["theme"] == {"light": {"bg": "#fff"}, "dark": {"bg": "#000"}}
    assert (app.using_components, app.aliases, app.workers) == ({"x": "/c/x"}, {"@/*": "/src/*"}, "workers")
    assert app.config["lazyCodeLoading"] == "requiredComponents"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1:1 error bad-json"),
        ('{\n "pages": [}', "2:12 error bad-json"),
        ("[]", "1:1 error bad-json"),
        ('{\n "pages": []}', "2:2 error no-pages"),
        ("{}", "1:1 error no-pages"),
    ],
)
def test_what_cannot_run_is_an_error_with_its_place(make: Make, text: str, problem: str) -> None:
    app, problems = read(make({"app.json": text}))
    assert app is None
    assert problems == [problem]


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ('{"pages": ["a", "b", "a"]}', "1:22 warning duplicate-page"),
        ('{"pages": ["a"], "tabBar": {"list": [{"pagePath": "x"}]}}', "1:38 warning bad-config"),
        (
            '{"pages": ["a"], "tabBar": {"list": [{"pagePath": "a", "iconPath": "gone.png"}]}}',
            "1:56 warning missing-file",
        ),
        ('{"pages": ["a"],\n"tabBar": 3}', "2:1 warning bad-config"),
        ('{"pages": ["a", 3]}', "1:17 warning bad-config"),
        ('{"pages": ["a"], "entryPagePath": "b"}', "1:18 warning bad-config"),
        ('{"pages": ["a"], "subpackages": [{"root": ""}]}', "1:34 warning bad-config"),
        ('{"pages": ["a"], "subpackages": [{"root": "s", "pages": ["x", "x"]}]}', "1:63 warning duplicate-page"),
        ('{"pages": ["a"], "preloadRule": {"a": 1}}', "1:34 warning bad-config"),
        ('{"pages": ["a"], "plugins": {"p": {"provider": "wx"}}}', "1:30 warning plugin"),
        ('{"pages": ["a"], "themeLocation": "t.json"}', "1:18 warning missing-file"),
    ],
)
def test_what_cannot_be_used_is_left_out(make: Make, raw: str, problem: str) -> None:
    app, problems = read(make({"app.json": raw}))
    assert app is not None
    assert app.pages[0] == "a"
    assert problems == [problem]


def test_subpackages_have_names_of_their_own(make: Make) -> None:
    parts = [{"root": root, "name": name, "pages": ["p"]} for root, name in (("a", "main"), ("b", "x"), ("c", "x"))]
    app = read_ok(make, {"pages": ["p"], "subpackages": parts})
    assert [part.name for part in app.subpackages] == ["a", "x", "c"]
