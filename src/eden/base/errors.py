"""What a person sees when something cannot be done."""

from __future__ import annotations


class EdenError(Exception):
    """A failure with a known cause.

    `code` is stable and machine-readable ("node-missing"), `sentence` says what happened, `hint` what to do.
    """

    def __init__(self, code: str, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.sentence} {self.hint}".rstrip()
