"""A stand-in for a judge: the rubric as lists of words, so that judging can be run without a key.

It was written with the labelled pairs in view: how well it agrees with them says that the harness
works, and nothing about models.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.state.world import Row

_CLAIMS = re.compile(
    r"desperate|worr(y|ie)|regret|enjoy|\blove\b|decided|probabl|ignor|avoid|gave up|"
    r"can't cope|passed around|in touch|sloppy|underperform|let a machine|without handing|"
    r"wrong addr",
    re.IGNORECASE,
)
_INDECENT = re.compile(
    r"stalk|confront|we (saw|track)|slip away|lose her|\bmust\b|should|!|great|fantastic|"
    r"outstanding effort|problem again|blocking|relax|will (be lost|miss)|embarrass",
    re.IGNORECASE,
)
_JARGON = re.compile(
    r"leverage|synerg|touch base|reach out|\b(MQL|ICP|SLA|TSK|N/A)\b|circling|value prop|upsell|"
    r"throughput|kindly|advised|unactioned|outstanding item",
    re.IGNORECASE,
)
_ACTS = re.compile(r"\b(ask|start|begin|look|call|write|your word|first)\b", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_CLOSE = 2
"""Words of difference that still count as the same."""


def preference(variables: Mapping[str, Any]) -> Row:
    """Which of the two sentences of a judge's question is better."""
    facts = {word.casefold() for one in variables["the facts"] for word in _WORD.findall(one)}
    first, second = (_worth(str(variables[one]), facts) for one in ("first", "second"))
    return {"better": _better(first, second), "reason": "By the rubric."}


def _worth(text: str, facts: set[str]) -> Sequence[int]:
    """How good a sentence is at each point of the rubric."""
    words = {one.casefold() for one in _WORD.findall(text)}
    return (
        -len(_CLAIMS.findall(text)),
        -len(_INDECENT.findall(text)),
        -len(_JARGON.findall(text)),
        len(words & facts) + _CLOSE * bool(_ACTS.search(text)),
    )


def _better(first: Sequence[int], second: Sequence[int]) -> str:
    *points, substance = zip(first, second, strict=True)
    for ours, theirs in points:
        if ours != theirs:
            return "first" if ours > theirs else "second"
    ours, theirs = substance
    if abs(ours - theirs) <= _CLOSE:
        return "neither"
    return "first" if ours > theirs else "second"
