"""Texts side by side: what is shown adds up to both, whatever they are."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from eden.release.text_changes import LONGEST_LINE, changes, read_text

_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=12)
# some that come again, in both
_LINES = st.lists(st.sampled_from("abcde") | _TEXT, max_size=25)


@given(_LINES, _LINES)
def test_lines_of_both_sides_are_all_there(before: list[str], after: list[str]) -> None:
    lines, whole = changes("".join(f"{line}\n" for line in before), "".join(f"{line}\n" for line in after))
    assert whole
    for texts, kind, place in ((before, "removed", 1), (after, "added", 2)):
        numbered = {line[place]: line[3] for line in lines if line[place] is not None}
        assert all(texts[number - 1] == text for number, text in numbered.items())  # type: ignore[operator]
        # what is not shown is the same in both: it is behind a gap
        if not any(line[0] == "gap" for line in lines):
            assert len(numbered) == len(texts)
        assert {line[0] for line in lines if line[place] is not None} <= {"same", kind}


def test_a_change_in_the_middle_has_what_stands_around() -> None:
    before = "\n".join(map(str, range(100)))
    lines, _ = changes(before, before.replace("\n50\n", "\nfifty\n"))
    assert [line[0] for line in lines] == [
        "gap", "same", "same", "same", "removed", "added", "same", "same", "same", "gap"
    ]  # fmt: skip
    assert (lines[4], lines[5]) == (("removed", 51, None, "50"), ("added", None, 51, "fifty"))


def test_what_is_put_at_an_end_has_what_stands_before_it() -> None:
    text = "".join(f"{number}\n" for number in range(100))
    assert [line[0] for line in changes(text, text + "more\n")[0]] == ["gap", "same", "same", "same", "added"]
    assert [line[0] for line in changes(text, "more\n" + text)[0]] == ["added", "same", "same", "same", "gap"]


def test_every_second_line_changed() -> None:
    """What makes other comparisons slow: no two lines that are the same stand together."""
    before = "".join(f"call({number});\nkeep({number});\n" for number in range(3_000))
    lines, whole = changes(before, before.replace("call", "other"), most=20_000)
    assert whole
    assert [line[0] for line in lines] == ["removed", "added", "same"] * 3_000


def test_lines_without_a_place_of_their_own_are_bounded() -> None:
    """A few lines a thousand times each: whatever stands for what, all of both is shown."""
    before, after = ("".join(f"{number * step % 7}\n" for number in range(5_000)) for step in (3, 5))
    lines, whole = changes(before, after, most=20_000)
    assert whole
    assert sum(line[0] == "removed" for line in lines) == sum(line[0] == "added" for line in lines) > 4_000


def test_blocks_that_changed_places() -> None:
    first, second = ([f"{side}{number}" for number in range(9)] for side in "ab")
    lines, _ = changes("\n".join(first + second), "\n".join(second + first))
    kinds = Counter(line[0] for line in lines)
    assert (kinds["removed"], kinds["added"]) == (9, 9)


def test_bundles_are_broken_at_statements() -> None:
    before = "".join(f"call({number});" for number in range(500))
    lines, _ = changes(before, before.replace("call(250);", "other(250);"))
    assert [line[3] for line in lines if line[0] in ("added", "removed")] == ["call(250);", "other(250);"]


def test_what_stays_long_is_cut_around_the_difference() -> None:
    lines, _ = changes("a" * 5_000 + "b" + "c" * 5_000, "a" * 5_000 + "d" + "c" * 5_000)
    removed, added = (line[3] for line in lines)
    assert removed.replace("b", "d") == added
    assert "b" in removed
    assert max(map(len, (removed, added))) < LONGEST_LINE + 40
    assert "4,940…" in removed


def test_much_is_bounded() -> None:
    before, after = ("".join(f"{side}{number}\n" for number in range(30_000)) for side in "ab")
    lines, whole = changes(before, after, most=100)
    assert not whole
    assert len(lines) == 100


def test_what_is_text() -> None:
    assert read_text("\ufeffgrün".encode()) == "grün"
    assert read_text(b"") == ""
    for data in (b"PNG\x00", b"\xff\xfe", b"\x1b[0m"):
        assert read_text(data) is None
