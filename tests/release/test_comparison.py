"""Two versions side by side: what is added, removed, changed and the same, whatever the files are."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from eden.release.comparison import FileChange, Side, compare, kind_of, size_report

Files = dict[str, tuple[int, str]]

_FILES = st.dictionaries(
    st.sampled_from(["a.js", "b.css", "c/d.png", "名.txt"]), st.tuples(st.integers(0, 2), st.sampled_from("xy"))
)
_VERSION = st.dictionaries(st.sampled_from(["main.zip", "sub.zip"]), st.tuples(_FILES, st.sampled_from("st")))


def sides(version: dict[str, tuple[Files, str]]) -> list[Side]:
    return [
        Side(
            name, 10, f"{sorted(files.items())}{more}", msgspec.json.encode([[path, *of] for path, of in files.items()])
        )
        for name, (files, more) in version.items()
    ]


@given(_VERSION, _VERSION)
def test_every_file_is_told_once(before: dict[str, tuple[Files, str]], after: dict[str, tuple[Files, str]]) -> None:
    found = compare(sides(before), sides(after))
    old, new = (
        {(package, path): of for package, (files, _) in version.items() for path, of in files.items()}
        for version in (before, after)
    )
    assert [(file.package, file.path) for file in found.files] == sorted(
        place for place in old.keys() | new.keys() if old.get(place) != new.get(place)
    )
    for file in found.files:
        was, now = old.get((file.package, file.path)), new.get((file.package, file.path))
        assert (file.before, file.after) == (was and was[0], now and now[0])
        assert file.change == ("added" if was is None else "removed" if now is None else "changed")
    assert found.unchanged == sum(old[place] == new.get(place) for place in old)
    assert [package.name for package in found.packages] == sorted(before.keys() | after.keys())
    for package in found.packages:
        assert package.same == (package.name in before and before.get(package.name) == after.get(package.name))


def test_a_file_that_became_empty_is_changed() -> None:
    one, other = (Side("main.zip", 1, sha, f'[["a.js",{size},"{sha}"]]'.encode()) for size, sha in ((5, "x"), (0, "y")))
    assert compare([one], [other]).files == [
        FileChange(package="main.zip", path="a.js", change="changed", before=5, after=0)
    ]


def test_sizes_are_told_by_what_files_are() -> None:
    inside = b'[["code/scripts.js",50,""],["files/LOGO.PNG",30,""],["files/.js",2,""],["a.b/readme",3,""]]'
    report = size_report([Side("manifest.json", 7, "", b"[]"), Side("main.zip", 100, "", inside)], largest=2)
    assert report.packages == {"manifest.json": 7, "main.zip": 85}
    assert report.kinds == {"code": 50, "data": 7, "images": 30, "other": 5}
    assert [(file.package, file.path, file.size) for file in report.largest] == [
        ("main.zip", "code/scripts.js", 50), ("main.zip", "files/LOGO.PNG", 30),
    ]  # fmt: skip
    assert kind_of("a/b.min.css") == "styles"
    assert kind_of("scripts.js.") == kind_of("js") == "other"
