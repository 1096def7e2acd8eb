"""Agent: where a model takes part: prompts, calls and what they took, investigations."""

from datetime import timedelta

from starlette.responses import Response

from agent.console.visit import Visit
from agent.ledger.stores.conversations import Known
from domain.values import LeadKey
from prompts import load
from prompts.history import names

PERIOD = timedelta(days=30)
MOST = 50


def show(visit: Visit) -> Response:
    """What the model was asked, and what came of it."""
    settings, workings = visit.office.app.settings, visit.ledger.workings
    talks = visit.ledger.conversations
    looked = workings.decided("explained", MOST)
    leads: dict[LeadKey, Known] = {
        one.lead: one for one in talks.of_leads([LeadKey(row.lead) for row in looked])
    }
    return visit.page(
        "model.html",
        model=settings.openai_model if settings.openai_api_key is not None else None,
        prompts=[load(name) for name in names()],
        spent=workings.spent(visit.now - PERIOD),
        days=PERIOD.days,
        today=visit.ledger.turns.tokens_since(visit.midnight()).total,
        budget=visit.policy.conversation.tokens_per_day,
        calls=workings.calls(MOST),
        looked=looked,
        leads=leads,
    )
