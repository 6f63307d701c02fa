"""How states, verbs and what happened look: tones and icons, in one place for all pages."""

from __future__ import annotations

from typing import Final

from eden.release.interfaces import Health, ReleaseState, Verb

#: state → tone and icon of its pill
TONES: Final = {
    ReleaseState.DRAFT: ("neutral", "file"),
    ReleaseState.LIVE: ("accent", "play"),
    ReleaseState.PAUSED: ("warning", "pause"),
    ReleaseState.HALTED: ("bad", "halt"),
    ReleaseState.ROLLED_BACK: ("bad", "rollback"),
    ReleaseState.FINISHED: ("good", "check"),
}

#: verb → icon of its button
VERB_ICONS: Final = {
    Verb.START: "play",
    Verb.ADVANCE: "arrow-right",
    Verb.PAUSE: "pause",
    Verb.RESUME: "play",
    Verb.HALT: "halt",
    Verb.ROLL_BACK: "rollback",
    Verb.ROLL_FORWARD: "release",
    Verb.FINISH: "check",
}

#: what the guardrails say → tone
HEALTH_TONES: Final = {
    Health.HEALTHY: "good",
    Health.WATCH: "warning",
    Health.COLLECTING: "neutral",
    Health.NO_CONTROL: "neutral",
    Health.HALT: "bad",
}

#: what a review made of a version, and what signed metadata says of it → tone
VERSION_TONES: Final = {"uploaded": "neutral", "approved": "good", "rejected": "bad", "withdrawn": "warning"}
SIGNED_TONES: Final = {"stable": "good", "release": "accent", "kept": "neutral", "revoked": "bad", "trial": "accent"}
