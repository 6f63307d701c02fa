"""Matching a text against patterns in time that grows with its length only.

Thompson's construction, run as a deterministic automaton whose states are made when they are first needed (Thompson,
"Regular Expression Search Algorithm", 1968; Cox, "Regular Expression Matching Can Be Simple And Fast", 2007). Nothing
backtracks, so no pattern and no text can stall a server or a phone. `container/host/targeting/patterns.ts` is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from eden.base.targeting.pattern_syntax import Characters, Either, End, Node, PatternError, Repeat, Start, parse_pattern
from eden.base.targeting.pattern_syntax import Sequence as InSequence

#: Characters of a text that is looked at; a longer one matches nothing. Device ids and models stay below.
MAX_SUBJECT = 256
#: Places of all remembered states together, about 1 MiB for each set of patterns; then remembering starts anew.
_MEMORY = 20_000


class Step:
    """One place of Thompson's automaton.

    `kind` is Characters (one of them, then `after`), Start or End (if the text starts or ends here, then `after`),
    None (any of `after`), or True (matched).
    """

    __slots__ = ("after", "kind")

    def __init__(self, kind: Characters | Start | End | bool | None, after: tuple[int, ...] = ()) -> None:
        self.kind = kind
        self.after = after


class _State:
    """Places that are reached at once. `following` is by character."""

    __slots__ = ("following", "matched", "matched_at_end", "places")

    def __init__(self, places: tuple[int, ...], matched: bool, matched_at_end: bool) -> None:
        self.places = places
        self.matched = matched
        self.matched_at_end = matched_at_end
        self.following: dict[str, _State] = {}


class Matcher:
    """Whether any of several patterns occurs in a text."""

    def __init__(self, patterns: Iterable[str]) -> None:
        """PatternError if one of them is none."""
        self._steps: list[Step] = [Step(True)]
        entries = tuple(self._build(parse_pattern(pattern), 0) for pattern in patterns)
        self._entry = self._add(Step(None, entries))
        self._forget()

    @property
    def matches_everything(self) -> bool:
        """Whether the empty text within any text is enough, at its start or at its end."""
        return self._first.matched or self._reach((self._entry,), at_start=False).matched_at_end

    def search(self, text: str) -> bool:
        if len(text) > MAX_SUBJECT:
            return False
        state = self._first
        for char in text:
            if state.matched:
                return True
            state = state.following.get(char) or self._advance(state, char)
        return state.matched_at_end

    def _add(self, step: Step) -> int:
        self._steps.append(step)
        return len(self._steps) - 1

    def _build(self, node: Node, after: int) -> int:
        """The entry of the node's places, which lead to `after`."""
        match node:
            case InSequence(parts):
                for part in reversed(parts):
                    after = self._build(part, after)
                return after
            case Either(parts):
                return self._add(Step(None, tuple(self._build(part, after) for part in parts)))
            case Repeat(part, least, most):
                if most is None:
                    end, after = after, self._add(Step(None))
                    self._steps[after].after = (self._build(part, after), end)
                else:
                    for _ in range(most - least):
                        after = self._add(Step(None, (self._build(part, after), after)))
                for _ in range(least):
                    after = self._build(part, after)
                return after
            case _:
                return self._add(Step(node, (after,)))

    def _forget(self) -> None:
        self._states: dict[tuple[tuple[int, ...], bool, bool], _State] = {}
        self._room = _MEMORY
        self._first = self._reach((self._entry,), at_start=True)

    def _advance(self, state: _State, char: str) -> _State:
        """The state after the character, which is remembered."""
        if self._room < 0:
            self._forget()
        code, steps = ord(char), self._steps
        reached = [self._entry]
        for place in state.places:
            kind = steps[place].kind
            if isinstance(kind, Characters) and kind.holds(code):
                reached.extend(steps[place].after)
        following = state.following[char] = self._reach(reached, at_start=False)
        self._room -= 1
        return following

    def _reach(self, entries: Iterable[int], at_start: bool) -> _State:
        """The state of what is reached from here without a character."""
        places: set[int] = set()
        matched = matched_at_end = False
        #: a place, and whether it counts only if the text ends here
        seen: set[tuple[int, bool]] = set()
        waiting = [(entry, False) for entry in entries]
        while waiting:
            visit = waiting.pop()
            if visit in seen:
                continue
            seen.add(visit)
            place, at_end = visit
            step = self._steps[place]
            match step.kind:
                case True:
                    matched_at_end = True
                    matched = matched or not at_end
                case Characters():
                    if not at_end:
                        places.add(place)
                case Start():
                    if at_start:
                        waiting.extend((after, at_end) for after in step.after)
                case End():
                    waiting.extend((after, True) for after in step.after)
                case _:
                    waiting.extend((after, at_end) for after in step.after)
        key = (tuple(sorted(places)), matched, matched_at_end)
        if (state := self._states.get(key)) is None:
            state = self._states[key] = _State(*key)
            self._room -= len(places) + 1
        return state


def compile_patterns(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Whether one of the patterns occurs in a text; PatternError if one of them is none."""
    return Matcher(patterns).search


def check_pattern(pattern: str) -> None:
    """PatternError, with a sentence that says what to do, unless the pattern can be used for an audience."""
    if Matcher((pattern,)).matches_everything:
        raise PatternError("It matches every text; write what is to be matched, or mean everyone by a rule.")


__all__ = ["MAX_SUBJECT", "Matcher", "PatternError", "check_pattern", "compile_patterns"]
