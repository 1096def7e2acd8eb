"""How much the worker may do in one day, whoever asks: a brake for what nobody foresaw."""

from pydantic import Field

from domain.values import Value


class Limits(Value):
    """Per day of the business; what goes beyond waits for the next day, and operators are told."""

    owner_changes_per_day: int = Field(default=20_000, ge=0)
    """At most so many writes of an owner to Salesforce."""
    messages_per_day: int = Field(default=20_000, ge=0)
    """At most so many messages of its own accord in Slack; answers to questions don't count."""
