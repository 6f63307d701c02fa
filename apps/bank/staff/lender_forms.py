"""The lender's profile as a form: what was written becomes a profile, or sentences about what is wrong with it. Pure.

A field of a product that another lender may give a share of is called `NAME-CODE`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, get_args

import msgspec

from bank.centres.lender import Profile, Stage
from bank.refusals import yuan
from bank.staff.product_forms import LIST, Mistake, amount, hundredths, percent
from eden.console.forms import Form

STAGES: Final[tuple[str, ...]] = get_args(Stage)
READINGS: Final = ("notice", "draft")
#: fields of which several are chosen
SEVERAL: Final = ("outsourced", "steps")
#: 10 trillion yuan in cents: no bank has as much capital
_MOST: Final = 10**15
_LONGEST: Final = 40


def written(profile: Profile, codes: Sequence[str]) -> dict[str, str]:
    """The fields' texts; `codes` are products that may be shared. What was chosen of several is joined by commas."""
    texts = {
        "reading": profile.reading,
        "branchless": "yes" if profile.branchless else "",
        "territories": ", ".join(profile.territories),
        "tier_1": yuan(profile.tier_1),
        "listed": "\n".join(profile.listed),
        "outsourced": ",".join(profile.outsourced),
    }
    joint = {one.product: one for one in profile.joint}
    for code in codes:
        one = joint.get(code)
        texts[f"partner-{code}"] = one.partner if one else ""
        texts[f"share_bp-{code}"] = percent(one.share_bp) if one else ""
        texts[f"steps-{code}"] = ",".join(one.steps) if one else ""
    return texts


def pairs(texts: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The texts as a form sends them."""
    for name, text in texts.items():
        several = name.partition("-")[0] in SEVERAL
        yield from ((name, one) for one in (filter(None, text.split(",")) if several else [text]))


def changes(before: Profile, after: Profile) -> list[tuple[str, str, str]]:
    """Field by field: its name, and its text before and after."""
    codes = sorted({one.product for one in (*before.joint, *after.joint)})
    old, new = written(before, codes), written(after, codes)
    return [(name, old[name], text) for name, text in new.items() if old[name] != text]


def read(form: Form, codes: Sequence[str]) -> Profile:
    """What was written. Raises Mistake, with keys below "staff.lender.wrong-"."""
    wrong: list[tuple[str, str]] = []
    values: dict[str, Any] = {
        "reading": form.one("reading"),
        "branchless": form.on("branchless"),
        "territories": [one for one in LIST.split(form.one("territories")) if one],
        "listed": [one for line in form.one("listed").splitlines() if (one := line.strip())],
        "outsourced": form.all("outsourced"),
        "joint": [],
    }
    if values["reading"] not in READINGS:
        wrong.append(("reading", "choice"))
    if not all(re.fullmatch(r"[0-9]{2,6}", one) for one in values["territories"]):
        wrong.append(("territories", "territories"))
    elif not values["branchless"] and not values["territories"]:
        wrong.append(("territories", "no-territories"))
    try:
        values["tier_1"] = amount(form.one("tier_1"), "tier_1", _MOST)
    except ValueError:
        wrong.append(("tier_1", "tier_1"))
    if any(len(one) > _LONGEST for one in values["listed"]):
        wrong.append(("listed", "name"))
    if set(values["outsourced"]) - set(STAGES):
        wrong.append(("outsourced", "choice"))
    for code in codes:
        partner, steps = form.one(f"partner-{code}"), form.all(f"steps-{code}")
        share = form.one(f"share_bp-{code}")
        if not partner:
            if share or steps:
                wrong.append((f"partner-{code}", "no-partner"))
            continue
        if len(partner) > _LONGEST:
            wrong.append((f"partner-{code}", "name"))
        if set(steps) - set(STAGES):
            wrong.append((f"steps-{code}", "choice"))
        try:
            # neither nothing nor all of it
            share_bp = hundredths(share, "share", 9_999)
            if not share_bp:
                raise ValueError("share")
        except ValueError:
            wrong.append((f"share_bp-{code}", "share"))
        else:
            values["joint"].append({"product": code, "partner": partner, "share_bp": share_bp, "steps": steps})
    if wrong:
        raise Mistake(wrong)
    return msgspec.convert(values, Profile)
