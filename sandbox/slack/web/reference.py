"""What Slack's reference says of each method: tier, scopes, required arguments, error names.

The facts are in `reference.json`. Source: Slack's method pages, as collected in
slack-ruby/slack-api-ref (August 2026); `invalid_json` and `json_not_object` are on the page "Using
the Slack Web API". A method's `scopes` are alternatives: which one a call needs can depend on the
kind of conversation.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

PER_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100, 5: 300}
"""Calls a minute by tier (Slack: Rate limits). Tier 5 is the reference's "special": several
hundred."""


@dataclass(frozen=True, slots=True)
class Documented:
    """One method's page."""

    tier: int
    scopes: tuple[str, ...]
    is_for_bots: bool
    takes_json: bool
    """Whether arguments may come as JSON; else a JSON body is not looked at."""
    required: tuple[str, ...]
    errors: frozenset[str]
    """All that the method can answer, those that every method can included."""

    @property
    def per_minute(self) -> int:
        """How many calls a minute an app may make of one workspace."""
        return PER_MINUTE[self.tier]


@cache
def pages() -> dict[str, Documented]:
    """Every documented method that this sandbox serves, by name."""
    facts = json.loads(files("sandbox.slack.web").joinpath("reference.json").read_text("utf-8"))
    common = frozenset(facts["common"])
    return {
        name: Documented(
            tier=page["tier"],
            scopes=tuple(page["scopes"]),
            is_for_bots=page["bots"],
            takes_json=page["json"],
            required=tuple(page["required"]),
            errors=common | frozenset(page["errors"]),
        )
        for name, page in facts["methods"].items()
    }
