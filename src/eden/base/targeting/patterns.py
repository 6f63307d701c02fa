"""Matching a text against patterns in time that grows with its length only.

Thompson's construction, run as a deterministic automaton whose states are made when they are first needed (Thompson,
"Regular Expression Search Algorithm", 1968; Cox, "Regular Expression Matching Can Be Simple And Fast", 2007). Nothing
backtracks, so no pattern and no text can stall a server or a phone. `container/host/targeting/patterns.ts` is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from eden.base.targeting.pattern_syntax import (
    Characters,
    Either,
    End,
    Node,
    PatternError,
    Repeat,
    Start,
    parse_pattern,
    size_of,
)
from eden.base.targeting.pattern_syntax import Sequence as InSequence

#: Characters of a text that is looked at; a longer one matches nothing. Device ids and models stay below.
MAX_SUBJECT = 256
#: Places of all patterns that are saved together: twenty UUIDs fit, and the slowest of texts takes 0.1 s in Python.
MAX_PLACES = 1024
TOO_MANY_PLACES = (
    f"With this one the patterns match more than {MAX_PLACES} characters at once, repetitions counted; shorten them."
)
#: States and transitions that are remembered, at most 2 MiB for each set of patterns; then remembering starts anew.
_MEMORY = 4096
#: The steps with which a match ends: at once, or if the text ends too.
_MATCHED, _MATCHED_AT_END = 0, 1


class _Step:
    """One step of Thompson's automaton: go on to any of `after` if the text is as `test` says, None for always."""

    __slots__ = ("after", "test")

    def __init__(self, test: Characters | Start | End | None, after: tuple[int, ...] = ()) -> None:
        self.test = test
        self.after = after


class _State:
    """Steps that wait for a character at once, and ends that are reached, as bits. `following` is by character."""

    __slots__ = ("following", "matched", "matched_at_end", "steps")

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.matched = bool(steps & 1 << _MATCHED)
        self.matched_at_end = self.matched or bool(steps & 1 << _MATCHED_AT_END)
        self.following: dict[str, _State] = {}


class Matcher:
    """Whether any of several patterns occurs in a text."""

    def __init__(self, patterns: Iterable[str]) -> None:
        """PatternError if one of them is none."""
        self._steps = [_Step(None), _Step(None)]
        #: the steps that take a character, by what they take, as bits
        self._takers: dict[Characters, int] = {}
        #: what is reached after a step has taken its character, as bits
        self._reached: dict[int, int] = {}
        self._entries = tuple(self._build(parse_pattern(pattern), _MATCHED) for pattern in patterns)
        self._anew = self._reach(self._entries, at_start=False)
        self._forget()

    @property
    def matches_everything(self) -> bool:
        """Whether the empty text within any text is enough, at its start or at its end."""
        return self._first.matched or _State(self._anew).matched_at_end

    def search(self, text: str) -> bool:
        if len(text) > MAX_SUBJECT:
            return False
        state = self._first
        for char in text:
            if state.matched:
                return True
            state = state.following.get(char) or self._advance(state, char)
        return state.matched_at_end

    def _add(self, test: Characters | Start | End | None, *after: int) -> int:
        self._steps.append(_Step(test, after))
        step = len(self._steps) - 1
        if isinstance(test, Characters):
            self._takers[test] = self._takers.get(test, 0) | 1 << step
        return step

    def _build(self, node: Node, after: int) -> int:
        """The first of the node's steps, which lead to `after`."""
        match node:
            case InSequence(parts):
                for part in reversed(parts):
                    after = self._build(part, after)
                return after
            case Either(parts):
                return self._add(None, *[self._build(part, after) for part in parts])
            case Repeat(part, least, most):
                if most is None:
                    end, after = after, self._add(None)
                    self._steps[after].after = (self._build(part, after), end)
                else:
                    for _ in range(most - least):
                        after = self._add(None, self._build(part, after), after)
                for _ in range(least):
                    after = self._build(part, after)
                return after
            case _:
                return self._add(node, after)

    def _forget(self) -> None:
        self._states: dict[int, _State] = {}
        self._room = _MEMORY
        self._first = self._state(self._reach(self._entries, at_start=True))

    def _state(self, steps: int) -> _State:
        if (state := self._states.get(steps)) is None:
            state = self._states[steps] = _State(steps)
            self._room -= 1
        return state

    def _advance(self, state: _State, char: str) -> _State:
        """The state after the character, which is remembered."""
        if self._room < 0:
            self._forget()
        code, taking = ord(char), 0
        for characters, steps in self._takers.items():
            if characters.holds(code):
                taking |= steps
        taking &= state.steps
        reached = self._anew
        while taking:
            lowest = taking & -taking
            reached |= self._after(lowest.bit_length() - 1)
            taking ^= lowest
        following = state.following[char] = self._state(reached)
        self._room -= 1
        return following

    def _after(self, step: int) -> int:
        if (reached := self._reached.get(step)) is None:
            reached = self._reached[step] = self._reach(self._steps[step].after, at_start=False)
        return reached

    def _reach(self, entries: Iterable[int], at_start: bool) -> int:
        """What is reached from these steps without a character, as bits."""
        reached = 0
        #: a step, and whether it counts only if the text ends here
        waiting = [(entry, False) for entry in entries]
        seen = set(waiting)
        while waiting:
            step, at_end = waiting.pop()
            if step == _MATCHED:
                reached |= 1 << (_MATCHED_AT_END if at_end else _MATCHED)
                continue
            test = self._steps[step].test
            if isinstance(test, Characters):
                reached |= 0 if at_end else 1 << step
            elif at_start or not isinstance(test, Start):
                at_end = at_end or isinstance(test, End)
                visits = {(after, at_end) for after in self._steps[step].after} - seen
                seen |= visits
                waiting.extend(visits)
        return reached


def compile_patterns(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Whether one of the patterns occurs in a text; PatternError if one of them is none."""
    return Matcher(patterns).search


def check_pattern(pattern: str) -> int:
    """How many of MAX_PLACES the pattern takes; PatternError, with what to do, if it is of no use for an audience."""
    if Matcher((pattern,)).matches_everything:
        raise PatternError("It matches every text; write what is to be matched, or mean everyone by a rule.")
    return size_of(parse_pattern(pattern))


__all__ = [
    "MAX_PLACES",
    "MAX_SUBJECT",
    "TOO_MANY_PLACES",
    "Matcher",
    "PatternError",
    "check_pattern",
    "compile_patterns",
]
