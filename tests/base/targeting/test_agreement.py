from __future__ import annotations

from pathlib import Path

from tests.base.targeting.agreement import Draw

CONTEXTS = 1_000_000


def test_both_languages_give_the_same_answers(tmp_path: Path) -> None:
    draw = Draw(seed=20, contexts=CONTEXTS)
    decisions, buckets = draw.decisions()
    theirs, their_buckets, their_candidates, their_proofs = draw.typescript(tmp_path)

    assert len(theirs) == CONTEXTS
    if decisions != theirs:
        differ = [index for index, pair in enumerate(zip(decisions, theirs, strict=True)) if pair[0] != pair[1]]
        raise AssertionError(f"{len(differ)} decisions differ, the first of them: {draw.tell(differ[0])}")
    assert buckets == their_buckets
    assert draw.accepted() == their_candidates
    assert draw.verified() == their_proofs

    # and the draw was worth it
    held = sum(decision & 1 for decision in decisions)
    assert 0.4 < held / CONTEXTS < 0.6
    assert 0.2 < their_candidates.count("1") / len(their_candidates) < 0.8
    assert 0.2 < their_proofs.count("1") / len(their_proofs) < 0.8
