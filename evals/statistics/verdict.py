"""Whether a candidate is better than the base: the verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from evals.statistics.differences import (
    PRIMARY,
    SECONDARY,
    Array,
    Difference,
    Discordance,
    Families,
    Signals,
    at_worst,
    difference,
    holm,
    names_kept,
    reliability,
    scored_in_both,
    signals,
)

MARGIN = 0.03
"""A candidate that is worse by less than this is not inferior."""


class Verdict(StrEnum):
    """What a comparison comes to."""

    PROMOTE = "PROMOTE"
    """Not inferior, and nothing against it."""
    HOLD = "HOLD"
    """Inconclusive, which blocks like a rejection but asks for more evidence."""
    REJECT = "REJECT"
    """Worse, or against the policy."""


@dataclass(frozen=True)
class Judgment:
    """A verdict and what it rests on."""

    verdict: Verdict
    reasons: tuple[str, ...]
    overall: Difference
    worst: Difference
    """With every missing score counted against the candidate."""
    tasks: Mapping[str, Difference]
    steady: Discordance
    corrected: Mapping[str, float]
    """Holm's one-sided p values of the secondary metrics: each task, and pass^k."""


def judge(
    base: Array,
    candidate: Array,
    *,
    families: Families,
    tasks: Sequence[str],
    violations: int = 0,
    objections: Sequence[str] = (),
) -> Judgment:
    """What a comparison comes to.

    Missing scores never make a promotion: for it every one of them counts against the candidate. A
    rejection rests on what was scored alone, so that a server's bad hour condemns nobody.

    `base` and `candidate` are cases x trials; `families` and `tasks` name each case's. `violations`
    are the candidate's breaches of policy. `objections` are reasons why no candidate can be
    promoted now, such as a canary that failed.

    Raises:
        ValueError: fewer than two families have a score.
    """
    overall = difference(base, candidate, families)
    worst = difference(*at_worst(base, candidate), families)
    scored = scored_in_both(base, candidate)
    found = signals(
        base[scored],
        candidate[scored],
        families=names_kept(families, scored),
        tasks=names_kept(tasks, scored),
    )
    corrected = holm({name: float(p) for name, p in found.others.items()})
    against = _against(overall, found, corrected)
    if violations:
        against.insert(0, f"it broke the policy {violations} times; none is allowed")
    open_points = list(objections)
    if worst.low <= -MARGIN:
        open_points.append(
            f"it may be worse by {-worst.low:.1%}, and more than {MARGIN:.0%} is not acceptable"
        )
    verdict, reasons = Verdict.PROMOTE, ["not inferior, and nothing speaks against it"]
    if against:
        verdict, reasons = Verdict.REJECT, against
    elif open_points:
        verdict, reasons = Verdict.HOLD, open_points
    return Judgment(
        verdict,
        tuple(reasons),
        overall,
        worst,
        _by_task(base, candidate, families, tasks),
        reliability(base, candidate),
        corrected,
    )


def _by_task(
    base: Array, candidate: Array, families: Families, tasks: Sequence[str]
) -> dict[str, Difference]:
    found: dict[str, Difference] = {}
    for task in sorted(set(tasks)):
        rows = [index for index, one in enumerate(tasks) if one == task]
        kept = [families[index] for index in rows]
        if len(set(kept)) > 1:
            found[task] = difference(base[rows], candidate[rows], kept)
    return found


def _against(overall: Difference, found: Signals, corrected: Mapping[str, float]) -> list[str]:
    reasons: list[str] = []
    if found.overall < PRIMARY:
        reasons.append(f"it passes {-overall.mean:.1%} fewer trials (p = {found.overall:.2g})")
    reasons += [
        f"it is worse at {name} (p = {p:.2g} by Holm)"
        for name, p in corrected.items()
        if p < SECONDARY
    ]
    return reasons
