"""What became of assigned leads in Salesforce: SQL, meeting, opportunity, pipeline, win."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.policy.model import OutcomeRules
from domain.values import Instant, RecordId, Value


class Deal(Value):
    """An opportunity that came of a lead, or of its contact after the assignment."""

    id: RecordId
    at: Instant
    """When it was created."""
    amount: float | None
    """In the currency that Salesforce answers in; None where nobody has said yet."""
    is_closed: bool
    is_won: bool


class Became(Value):
    """What Salesforce shows of one lead now."""

    status: str | None
    is_converted: bool
    meetings: int
    """Meetings with the person that began after the assignment."""
    deals: tuple[Deal, ...]

    def is_sql(self, rules: OutcomeRules) -> bool:
        """Whether sales accepted it as qualified."""
        return self.is_converted or self.status in rules.sql_statuses


@dataclass(frozen=True, slots=True)
class Money:
    """What a group's opportunities are worth, each counted once however many leads it has."""

    pipeline: float
    """Open and won."""
    won: float
    without_amount: int
    """Opportunities of which nobody has said what they are worth."""


def money(group: Sequence[Became]) -> Money:
    """The worth of the opportunities of a group."""
    deals = {deal.id: deal for one in group for deal in one.deals}.values()
    alive = [deal for deal in deals if deal.is_won or not deal.is_closed]
    return Money(
        pipeline=sum(deal.amount or 0.0 for deal in alive),
        won=sum(deal.amount or 0.0 for deal in alive if deal.is_won),
        without_amount=sum(deal.amount is None for deal in alive),
    )
