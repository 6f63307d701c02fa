from __future__ import annotations

import posixpath

from hypothesis import given
from hypothesis import strategies as st

from eden.build.paths import apply_alias, candidates, extension_of, folder_of, key_of, normalize, package_of

names = st.text("ab.", min_size=1, max_size=4)
paths = st.lists(names | st.sampled_from([".", "..", ""]), max_size=7).map("/".join)


@given(paths)
def test_normalizing_is_like_resolving_in_the_root(path: str) -> None:
    assert normalize(path) == posixpath.normpath(f"/{path}").lstrip("/")


@given(paths)
def test_normalizing_twice_changes_nothing(path: str) -> None:
    assert normalize(normalize(path)) == normalize(path)


@given(paths, paths)
def test_a_relative_name_means_the_same_as_its_absolute_path(folder: str, name: str) -> None:
    owner = normalize(f"{folder}/page.json")
    relative = next(candidates(f"./{name}", owner, {}))
    assert relative == next(candidates(f"/{folder_of(owner)}{name}", "elsewhere/x.json", {}))


@given(paths)
def test_key_and_extension_make_the_path(path: str) -> None:
    assert key_of(path) + path[len(key_of(path)) :] == path
    assert extension_of(path).lower() == extension_of(path)


def test_dot_files_have_no_extension() -> None:
    assert (key_of("a/.b"), extension_of("a/.b")) == ("a/.b", "")
    assert (key_of("a.b/c"), extension_of("A/B.JS")) == ("a.b/c", ".js")


def test_npm_names_are_looked_up_in_every_folder_above() -> None:
    assert list(candidates("pkg/button", "sub/pages/a/a.json", {})) == [
        "sub/pages/a/pkg/button",
        "sub/pages/a/miniprogram_npm/pkg/button",
        "sub/pages/miniprogram_npm/pkg/button",
        "sub/miniprogram_npm/pkg/button",
        "miniprogram_npm/pkg/button",
        "pkg/button",
    ]
    assert list(candidates("./pkg", "a/a.js", {})) == ["a/pkg"]
    assert list(candidates("npm:pkg", "a.js", {})) == ["pkg", "miniprogram_npm/pkg", "pkg"]


def test_aliases() -> None:
    aliases = {"@/*": "/src/*", "~": "lib/index", "utils/*": "./common/*"}
    assert apply_alias("@/a/b", aliases) == "src/a/b"
    assert apply_alias("~", aliases) == "lib/index"
    assert apply_alias("utils/x", aliases) == "common/x"
    assert apply_alias("other", aliases) is None
    assert list(candidates("@/a", "p/q.js", aliases)) == ["src/a"]


def test_the_longest_root_holds_a_file() -> None:
    roots = {"a/b": "inner", "a": "outer"}
    assert package_of("a/b/c.js", roots) == "inner"
    assert package_of("a/bc.js", roots) == "outer"
    assert package_of("ab/c.js", roots) == "main"
