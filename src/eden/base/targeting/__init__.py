"""Who is meant: the one audience language and the one way of drawing a share, for all of Eden. See docs/targeting.md.

Pure: no clock, no randomness, no storage. The same is in `container/host/targeting` for the phone, and a test holds
both to the same answers.
"""

from eden.base.targeting.bucketing_v1 import bucket, in_range, in_share
from eden.base.targeting.evaluation import Context, Decide, Membership, compile_rule
from eden.base.targeting.explanation import Trace, explain, explain_trace, trace
from eden.base.targeting.language import All, AnyOf, Condition, Everyone, InList, Not, Range, Rule
from eden.base.targeting.merkle_list_v1 import IdList, Proof, verify
from eden.base.targeting.parsing import Problem, RuleError, dump, list_ids, parse
from eden.base.targeting.patterns import PatternError, check_pattern, compile_patterns
from eden.base.targeting.uploads import LineProblem, UploadError, parse_ids, parse_patterns
from eden.base.targeting.versions import Version, parse_version

__all__ = [
    "All",
    "AnyOf",
    "Condition",
    "Context",
    "Decide",
    "Everyone",
    "IdList",
    "InList",
    "LineProblem",
    "Membership",
    "Not",
    "PatternError",
    "Problem",
    "Proof",
    "Range",
    "Rule",
    "RuleError",
    "Trace",
    "UploadError",
    "Version",
    "bucket",
    "check_pattern",
    "compile_patterns",
    "compile_rule",
    "dump",
    "explain",
    "explain_trace",
    "in_range",
    "in_share",
    "list_ids",
    "parse",
    "parse_ids",
    "parse_patterns",
    "parse_version",
    "trace",
    "verify",
]
