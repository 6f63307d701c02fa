"""What the buttons of the plan's form do to it: "add-row:2:0" is a word and the places it is about. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from eden.base.targeting import RuleError
from eden.release.interfaces import EVERYONE
from eden.release.pages.plan_form import Mistake, StepForm
from eden.release.pages.rule_form import (
    MOST_ROWS,
    Group,
    NotARow,
    NotJSON,
    Row,
    RuleForm,
    as_json,
    as_rows,
    rule_json,
)
from eden.release.pages.words import Say
from eden.release.rules_plan import MAX_STEPS

_ALL = f"{EVERYONE // 100}"


class Edit:
    """One change of steps, whose first is the plan's step `first`. Afterwards `focus` is the id of the field or button
    to go on with, and `mistakes` what could not be done."""

    def __init__(self, steps: list[StepForm], first: int, t: Say) -> None:
        self.steps = steps
        self.first = first
        self.focus = ""
        self.mistakes: list[Mistake] = []
        self._t = t

    def do(self, what: str) -> None:
        """Carry out the value of a button; nothing happens for one that no button has."""
        word, *places = what.split(":")
        if not all(place.isascii() and place.isdigit() and len(place) < 4 for place in places):
            return
        numbers = [int(place) for place in places]
        if word == "add-step" and not numbers:
            self._add_step()
            return
        known: dict[str, Callable[..., None]] = {
            "remove-step": self._remove_step,
            "up": self._up,
            "down": self._down,
            "json": self._json,
            "rows": self._rows,
            "everyone": self._everyone,
            "add-row": self._add_row,
            "remove-row": self._remove_row,
            "add-group": self._add_group,
            "remove-group": self._remove_group,
        }
        action = known.get(word)
        wanted = {"add-row": 2, "remove-group": 2, "remove-row": 3}.get(word, 1)
        if action is not None and len(numbers) == wanted and 0 <= numbers[0] - self.first < len(self.steps):
            action(*numbers)

    def _step(self, index: int) -> StepForm:
        return self.steps[index - self.first]

    def _add_step(self) -> None:
        if self.first + len(self.steps) >= MAX_STEPS:
            self.mistakes.append(Mistake("add-step", "steps"))
            return
        before = self.steps[-1] if self.steps else None
        made = StepForm(name=self._t("release.editor.everyone"), share=_ALL)
        if before is not None:
            made = replace(before, name="", share=_ALL, lists=[], patterns="", opens="", closes="", ramp=False)
        self.steps.append(made)
        self.focus = f"step-{self.first + len(self.steps) - 1}-name"

    def _remove_step(self, index: int) -> None:
        del self.steps[index - self.first]
        last = self.first + len(self.steps) - 1
        self.focus = f"step-{min(index, last)}-name" if self.steps else "add-step"

    def _up(self, index: int) -> None:
        self._swap(index, index - 1, "up")

    def _down(self, index: int) -> None:
        self._swap(index, index + 1, "down")

    def _swap(self, index: int, other: int, word: str) -> None:
        one, two = index - self.first, other - self.first
        if 0 <= two < len(self.steps):
            self.steps[one], self.steps[two] = self.steps[two], self.steps[one]
            at_end = two == (0 if word == "up" else len(self.steps) - 1)
            self.focus = f"step-{other}-name" if at_end else f"step-{other}-{word}"

    def _json(self, index: int) -> None:
        """The rule as JSON: also one that is not finished."""
        rule = self._step(index).rule
        if rule.mode != "json":
            self._step(index).rule = as_json(rule_json(rule))
        self.focus = f"step-{index}-json"

    def _rows(self, index: int) -> None:
        rule = self._step(index).rule
        try:
            self._step(index).rule = as_rows(rule_json(rule))
            self.focus = f"step-{index}-group-0-row-0-attribute"
        except NotJSON:
            self.mistakes.append(Mistake(f"step-{index}-json", "json"))
        except RuleError as error:
            self.mistakes.append(Mistake(f"step-{index}-json", "rule", str(error)))
        except NotARow:
            self.mistakes.append(Mistake(f"step-{index}-json", "rows"))

    def _everyone(self, index: int) -> None:
        self._step(index).rule = RuleForm()
        self.focus = f"step-{index}-rows"

    def _add_row(self, index: int, group: int) -> None:
        groups = self._step(index).rule.groups
        if group < len(groups) and len(groups[group].rows) < MOST_ROWS:
            groups[group].rows.append(Row())
            self.focus = f"step-{index}-group-{group}-row-{len(groups[group].rows) - 1}-attribute"

    def _remove_row(self, index: int, group: int, row: int) -> None:
        groups = self._step(index).rule.groups
        if group < len(groups) and row < len(groups[group].rows):
            del groups[group].rows[row]
            self.focus = f"step-{index}-group-{group}-add"
            if not groups[group].rows:
                self._remove_group(index, group)

    def _add_group(self, index: int) -> None:
        groups = self._step(index).rule.groups
        if groups and len(groups) < MOST_ROWS:
            groups.append(Group(rows=[Row()]))
            self.focus = f"step-{index}-group-{len(groups) - 1}-row-0-attribute"

    def _remove_group(self, index: int, group: int) -> None:
        rule = self._step(index).rule
        if group < len(rule.groups):
            del rule.groups[group]
        self.focus = f"step-{index}-add-group"
        if not rule.groups:
            self._everyone(index)
