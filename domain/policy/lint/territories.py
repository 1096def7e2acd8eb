"""What is wrong with the territories: unknown names, rows that hide others, gaps."""

from collections.abc import Iterator
from typing import Literal

from domain.policy.lint.complaints import Lint, error, reference, target, warning
from domain.policy.model import Policy
from domain.policy.routing import Territory


def territories(policy: Policy) -> Iterator[Lint]:
    """What is wrong with the rows, one by one and among each other."""
    segments = {segment.name for segment in policy.segments}
    for index, row in enumerate(policy.territories):
        path = ("territories", index)
        yield from target((*path, "owner"), row.owner, policy)
        if row.region is not None:
            yield from reference((*path, "region"), "region", row.region, policy.regions)
        if row.segment is not None:
            yield from reference((*path, "segment"), "segment", row.segment, segments)
        if row.country is not None and policy.region_of(row.country) is None:
            said = f'Country "{row.country}" is in no region'
            advice = "Use the two-letter code, and add it to a region."
            yield error((*path, "country"), said, advice)
        if row.state is not None and row.country is None:
            said = f'State "{row.state}" has no country'
            yield error((*path, "state"), said, "Fill in the country of this row.")
        yield from _shadowed(index, row, policy)
    yield from _gaps(policy)


def _shadowed(index: int, row: Territory, policy: Policy) -> Iterator[Lint]:
    """A row that an earlier one hides whole, or shares leads with."""
    for earlier in policy.territories[:index]:
        if _covers(earlier, row, policy):
            said = (
                f'No lead reaches territory "{row.territory}": line {earlier.line} '
                f"({earlier.territory}) matches all its leads"
            )
            advice = "Move this row above that line, or remove it."
            yield error(("territories", index), said, advice)
            return
    for earlier in policy.territories[:index]:
        if earlier.owner != row.owner and _is_accident(earlier, row, policy):
            said = (
                f'Territory "{row.territory}" overlaps with line {earlier.line} '
                f"({earlier.territory}), which takes the leads that match both"
            )
            advice = "If that is not intended, make one of the two rows more specific."
            yield warning(("territories", index), said, advice)
            return


_CELLS: tuple[Literal["region", "country", "state", "segment", "industry"], ...] = (
    "region",
    "country",
    "state",
    "segment",
    "industry",
)


def _cells(row: Territory, policy: Policy) -> dict[str, str | None]:
    cells = {name: getattr(row, name) for name in _CELLS}
    if row.country is not None and row.region is None:
        cells["region"] = policy.region_of(row.country)
    return cells


def _sizes(row: Territory) -> tuple[float, float]:
    low = float("-inf") if row.employees_from is None else row.employees_from
    high = float("inf") if row.employees_to is None else row.employees_to
    return low, high


def _covers(earlier: Territory, row: Territory, policy: Policy) -> bool:
    """Whether every lead that fits `row` fits `earlier` too."""
    wide, narrow = _cells(earlier, policy), _cells(row, policy)
    wide_low, wide_high = _sizes(earlier)
    low, high = _sizes(row)
    bounded = earlier.employees_from is not None or earlier.employees_to is not None
    unbounded = row.employees_from is None and row.employees_to is None
    if bounded and unbounded:
        return False
    fits = all(wide[name] is None or wide[name] == narrow[name] for name in _CELLS)
    return fits and wide_low <= low and high <= wide_high


def _is_accident(earlier: Territory, row: Territory, policy: Policy) -> bool:
    """Whether two rows share leads though neither is the other's special case."""
    if _covers(row, earlier, policy):
        return False  # an exception above the general row is how tables are written
    one, other = _cells(earlier, policy), _cells(row, policy)
    meet = all(
        one[name] is None or other[name] is None or one[name] == other[name] for name in _CELLS
    )
    (low, high), (other_low, other_high) = _sizes(earlier), _sizes(row)
    by_segment = (earlier.segment is None) != (row.segment is None)
    return meet and not by_segment and max(low, other_low) <= min(high, other_high)


def _gaps(policy: Policy) -> Iterator[Lint]:
    """Countries in a region that no territory takes for every segment."""
    if not policy.territories or not any(r.kind == "territory" for r in policy.routing):
        return
    for segment in policy.segments:
        missing = [
            country
            for countries in policy.regions.values()
            for country in countries
            if not any(_takes(row, country, segment.name, policy) for row in policy.territories)
        ]
        if missing:
            said = f'No territory for segment "{segment.name}" in {", ".join(missing)}'
            advice = (
                "Add rows for these countries; until then their leads go to the rules below, "
                "or to the fallback queue."
            )
            yield warning(("territories",), said, advice)


def _takes(row: Territory, country: str, segment: str, policy: Policy) -> bool:
    return (
        row.country in (None, country)
        and row.region in (None, policy.region_of(country))
        and row.segment in (None, segment)
    )
