"""What can be looked up: each answer is made by code from records, within what one may see."""

from collections.abc import Callable, Mapping
from typing import Any

from agent.conversation.lookups.figures import changes, numbers
from agent.conversation.lookups.leads import search, story, unworked, waiting, why
from agent.conversation.lookups.people import workload
from agent.conversation.lookups.policies import rules, what_if
from agent.conversation.lookups.vendors import enrich, marketo, salesforce
from agent.conversation.turn import Talk
from domain.conversation.answers import Answer
from domain.conversation.permissions import Ability

Lookup = Callable[[Any, Talk], Answer]

LOOKUPS: Mapping[Ability, Lookup] = {
    Ability.WHY: why,
    Ability.STORY: story,
    Ability.FIND: search,
    Ability.UNWORKED: unworked,
    Ability.WORKLOAD: workload,
    Ability.NUMBERS: numbers,
    Ability.CHANGES: changes,
    Ability.RULES: rules,
    Ability.WHAT_IF: what_if,
    Ability.WAITING: waiting,
    Ability.MARKETO: marketo,
    Ability.SALESFORCE: salesforce,
    Ability.ENRICH: enrich,
}
"""Every ability that only looks."""
