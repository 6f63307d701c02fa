"""The numbers under which dimina packages are served: a runtime takes only what is higher than what it has."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from eden.release.dimina import SPREAD, served_code
from eden.release.inspection import _DIMINA_CODES
from eden.release.interfaces import ProgramKind, SignedState
from eden.release.rules_views import ProgramView, VersionView, compile_program


def program(*revoked: int) -> ProgramView:
    states = {code: SignedState.REVOKED if code in revoked else SignedState.STABLE for code in range(1, 9)}
    versions = [VersionView(code, str(code), state) for code, state in states.items()]
    return compile_program("native", ProgramKind.DIMINA, versions, None, {})


@given(st.integers(1, 7), st.integers(0, SPREAD - 2))
def test_higher_versions_have_higher_numbers(code: int, reversals: int) -> None:
    assert served_code(program(), code, reversals) < served_code(program(), code + 1, reversals)


@given(st.integers(2, 8), st.integers(0, SPREAD - 3))
def test_what_is_gone_back_to_is_above_what_was_revoked(bad: int, reversals: int) -> None:
    before = served_code(program(), bad, reversals)
    back = served_code(program(bad), bad - 1, reversals + 1)
    again = served_code(program(), bad, reversals + 2)
    assert before < back < again


def test_largest_code_stays_below_what_runtimes_count_to() -> None:
    versions = [VersionView(_DIMINA_CODES, "1", SignedState.STABLE)]
    view = compile_program("native", ProgramKind.DIMINA, versions, None, {})
    assert served_code(view, _DIMINA_CODES, SPREAD) < 2**31


def test_numbers_do_not_fall_when_they_are_used_up() -> None:
    numbers = [served_code(program(), 8, reversals) for reversals in range(3 * SPREAD)]
    assert numbers == sorted(numbers)
