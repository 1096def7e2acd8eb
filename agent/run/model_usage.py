"""Calls of models that the worker makes for itself, in the ledger: by which prompt, for what."""

from agent.ledger.stores.turns import ModelCall
from agent.run.context import RunContext
from domain.ports import Chosen, Wasted, Worded
from prompts import Prompt


def note(prompt: Prompt, said: Chosen | Worded | Wasted, about: str, context: RunContext) -> None:
    """Keep a call that was billed, used or not; `about` is the handoff's cycle, or empty.

    Decisions of the cycle name the policy, the call its prompt and model: together they tell what
    an outcome came from.
    """
    call = ModelCall(
        at=context.now,
        purpose=prompt.name,
        who="",
        prompt=prompt.version,
        model=said.model,
        tokens=said.tokens,
        milliseconds=said.milliseconds,
        turn=about,
    )
    context.ledger.turns.called(call)
