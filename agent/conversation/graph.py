"""One conversation: listen, think and look in turns, propose, wait for a word, note it.

The state is plain JSON, kept per thread; whatever binds (proposals, words on them, effects) is in
the ledger, so that a conversation can be forgotten at any time and nothing else with it. Nothing
but `await_approval` waits, and a new question ends the waiting without harm: the tool call that
led to the proposal has its answer already.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import interrupt
from pydantic import BaseModel, ValidationError

from agent.conversation import commands
from agent.conversation.lookups import LOOKUPS
from agent.conversation.proposals import propose as make_proposal
from agent.conversation.requests import REQUESTS, Arguments
from agent.conversation.talk import Talk, failure
from agent.ledger.talks import ModelCall
from domain.answers import Answer, Shown, leads_of
from domain.authority import CHANGES, Ability, Reach, reach
from domain.errors import ToolError
from domain.ports import Called, Spoken
from domain.values import CycleId
from domain.wording import faithful_lines

PROMPT = "converse"
LONGEST_SHOWN = 3_000
"""Characters of one tool's answer that the model is shown."""
Message = dict[str, Any]


@dataclass(frozen=True)
class Chatting:
    """Handed to every node; never stored."""

    talk: Talk
    deadline: datetime
    """After this nothing is asked of the model any more."""


class Chat(TypedDict, total=False):
    """What is remembered of a conversation: plain JSON, one writer per turn."""

    heard: str
    """What was said this turn."""
    messages: list[Message]
    """The transcript as the model reads it, the last turns only."""
    turn: list[int]
    """Where in the transcript each remembered turn begins."""
    calls: int
    """Calls of the model in this turn."""
    wanted: list[dict[str, Any]]
    """Tools that the model wants called now."""
    said: str
    answers: list[dict[str, Any]]
    """What this turn looked up or proposed."""
    proposal: str
    """What waits for a word; empty when nothing does."""
    about: list[str]
    """The leads that were spoken of last: what "this" means."""
    model: bool
    """Whether the model speaks in this turn."""


def shown_of(state: Mapping[str, Any]) -> Shown:
    """What a turn shows: the words that passed the checks, and the answers they rest on."""
    answers = tuple(Answer.model_validate(one) for one in state.get("answers", ()))
    return Shown(said=state.get("said", ""), answers=answers)


def listen(state: Chat, runtime: Runtime[Chatting]) -> Chat:
    """Begin a turn: the transcript without its oldest turns, and the new question."""
    talk = runtime.context.talk
    messages, turns = list(state.get("messages", ())), list(state.get("turn", ()))
    most = talk.policy.conversation.turns
    if len(turns) >= most:
        cut = turns[len(turns) - most + 1]
        messages = messages[cut:]
        turns = [one - cut for one in turns[len(turns) - most + 1 :]]
    today = f"{talk.now.astimezone(ZoneInfo(talk.who.timezone)):%A %Y-%m-%d %H:%M %Z}"
    asked = talk.run.prompt(PROMPT).messages(
        asked=state.get("heard", ""), who=talk.who.name, today=today
    )[1]
    return {
        "messages": [*messages, asked],
        "turn": [*turns, len(messages)],
        "calls": 0,
        "wanted": [],
        "said": "",
        "answers": [],
        "proposal": "",
        "model": _has_model(talk),
    }


def _has_model(talk: Talk) -> bool:
    """Whether a model is connected, and today's tokens are not used up."""
    if talk.run.talker is None:
        return False
    zone = ZoneInfo(talk.policy.timezone)
    midnight = datetime.combine(talk.now.astimezone(zone).date(), time(), zone).astimezone(UTC)
    used = talk.run.ledger.talks.tokens_since(midnight)
    return used < talk.policy.conversation.tokens_per_day


def think(state: Chat, runtime: Runtime[Chatting]) -> Chat:
    """Ask the model once: it says something, or wants a tool called."""
    talk, messages = runtime.context.talk, state.get("messages", [])
    calls = state.get("calls", 0)
    said = None
    if calls < talk.policy.conversation.calls:
        said = _spoken(messages, runtime.context)
    if said is None:
        return _without_words(state, talk)
    if said.calls:
        return {
            "calls": calls + 1,
            "wanted": [one.model_dump(mode="json") for one in said.calls],
            "messages": [*messages, _calling(said)],
        }
    transcript: list[Message] = [*messages, {"role": "assistant", "content": said.text}]
    answers = [Answer.model_validate(one) for one in state.get("answers", [])]
    facts = [fact for answer in answers for fact in answer.facts()]
    words = said.text.strip() if faithful_lines(said.text, facts) else ""
    if not words and not answers:
        answers = [commands.manual(talk.who, "I can't tell. You can ask me:")]
    return {
        "calls": calls + 1,
        "wanted": [],
        "said": words,
        "messages": transcript,
        "answers": [one.model_dump(mode="json") for one in answers],
    }


def _spoken(messages: Sequence[Message], chatting: Chatting) -> Spoken | None:
    """One call of the model, kept in the ledger with what it took."""
    talk = chatting.talk
    prompt = talk.run.prompt(PROMPT)
    if talk.run.talker is None:
        return None
    system: Message = {"role": "system", "content": prompt.system}
    said = talk.run.talker.speak(
        [system, *messages],
        offered(talk),
        prompt.settings.max_tokens,
        chatting.deadline,
        prompt.version,
    )
    if said is not None:
        call = ModelCall(
            at=talk.now,
            purpose=PROMPT,
            who=talk.who.email,
            prompt=prompt.version,
            model=said.model,
            tokens=said.tokens,
            milliseconds=said.milliseconds,
        )
        talk.run.ledger.talks.called(call)
    return said


def offered(talk: Talk) -> dict[str, tuple[str, type[BaseModel]]]:
    """The tools that somebody's role has; the model doesn't learn of others."""
    return {
        ability.value: (request.purpose, request.form)
        for ability, request in REQUESTS.items()
        if reach(talk.who, ability) is not Reach.NONE
    }


def _calling(said: Spoken) -> Message:
    calls = [
        {
            "id": one.id,
            "type": "function",
            "function": {"name": one.name, "arguments": one.raw or "{}"},
        }
        for one in said.calls
    ]
    return {"role": "assistant", "content": said.text or None, "tool_calls": calls}


def _without_words(state: Chat, talk: Talk) -> Chat:
    """The model is silent or used up: what was found speaks for itself, else commands do."""
    messages = state.get("messages", [])
    if state.get("answers"):
        told = "Here is what was found."
        return {"wanted": [], "messages": [*messages, {"role": "assistant", "content": told}]}
    answered = _read(state, talk, "I can't think right now, but I can do this:")
    return {**answered, "wanted": []}


def look(state: Chat, runtime: Runtime[Chatting]) -> Chat:
    """Call what the model wants, one after the other; the first change ends the round."""
    talk = runtime.context.talk
    messages = list(state.get("messages", ()))
    answers = list(state.get("answers", ()))
    about: list[str] = list(state.get("about", ()))
    proposal = ""
    for raw in state.get("wanted", ()):
        wanted = Called.model_validate(raw)
        if proposal:
            content = "One change at a time; ask again after the person's word."
        else:
            answer = called(wanted, _about(talk, about))
            proposal = answer.proposal or ""
            answers.append(answer.model_dump(mode="json"))
            about = [*leads_of([answer])] or about
            content = answer.text()[:LONGEST_SHOWN]
        messages.append({"role": "tool", "tool_call_id": wanted.id, "content": content})
    return {
        "messages": messages,
        "answers": answers,
        "about": about,
        "wanted": [],
        "proposal": proposal,
    }


def _about(talk: Talk, about: Sequence[str]) -> Talk:
    return Talk(talk.run, talk.who, talk.thread, tuple(CycleId(one) for one in about))


def called(wanted: Called, talk: Talk) -> Answer:
    """What one tool answers; whatever is wrong with the call is an answer too."""
    names = {ability.value: ability for ability in REQUESTS}
    ability = names.get(wanted.name)
    if wanted.problem is not None or ability is None:
        return failure(wanted.problem or "There is no such tool.")
    try:
        asked = REQUESTS[ability].form.model_validate(wanted.arguments)
    except ValidationError as error:
        return failure(f"These arguments don't fit: {error.errors()[0]['msg']}")
    return answered(ability, asked, talk)


def answered(ability: Ability, asked: Arguments, talk: Talk) -> Answer:
    """One request, if the person's role has it; a vendor that is down is said, not hidden."""
    if reach(talk.who, ability) is Reach.NONE:
        return failure(f"As {talk.who.role} you can't do this; sales operations can.")
    try:
        if ability in CHANGES:
            return make_proposal(ability, asked, talk)
        return LOOKUPS[ability](asked, talk)
    except ToolError as error:
        return failure(f"{error.vendor} does not answer right now.", "Ask again in a minute.")


def read(state: Chat, runtime: Runtime[Chatting]) -> Chat:
    """Without a model: the words of `/leads` and the usual questions."""
    return _read(state, runtime.context.talk, "I didn't get that. You can ask me:")


def _read(state: Chat, talk: Talk, excuse: str) -> Chat:
    messages, about = list(state.get("messages", ())), list(state.get("about", ()))
    heard = state.get("heard", "")
    command = commands.read(heard, talk.who)
    if command is not None:
        answer = answered(command.ability, command.asked, _about(talk, about))
    elif heard.strip().lower() in ("", commands.HELP):
        answer = commands.manual(talk.who)
    else:
        answer = commands.manual(talk.who, excuse)
    return {
        "messages": [*messages, {"role": "assistant", "content": answer.text()[:LONGEST_SHOWN]}],
        "answers": [answer.model_dump(mode="json")],
        "about": [*leads_of([answer])] or about,
        "proposal": answer.proposal or "",
    }


def await_approval(state: Chat) -> Chat:
    """Wait for the word on what was proposed; it is given and kept in the ledger."""
    outcome = interrupt({"proposal": state.get("proposal", "")})
    return {"said": str(outcome)}


def note(state: Chat) -> Chat:
    """Remember what came of it, as the ledger tells it."""
    told = {"role": "assistant", "content": state.get("said", "")}
    return {"messages": [*state.get("messages", []), told], "proposal": "", "answers": []}


def first(state: Chat) -> str:
    """Whether the model speaks in this turn."""
    return "think" if state.get("model") else "read"


def next_of_thought(state: Chat) -> str:
    """Call tools, wait for a word, or be done."""
    if state.get("wanted"):
        return "look"
    return "await_approval" if state.get("proposal") else END


def waits(state: Chat) -> str:
    """A proposal is shown at once; anything else goes back to the model."""
    return "await_approval" if state.get("proposal") else "think"


def waits_or_ends(state: Chat) -> str:
    """A proposal waits for a word; an answer ends the turn."""
    return "await_approval" if state.get("proposal") else END


def build(
    memory: "BaseCheckpointSaver[str] | None" = None,
) -> CompiledStateGraph[Chat, Chatting, Chat, Chat]:
    """The conversation graph on a memory; without one nothing is remembered."""
    return _drawn().compile(checkpointer=memory, name="conversation")


@cache
def _drawn() -> StateGraph[Chat, Chatting, Chat, Chat]:
    graph = StateGraph(Chat, context_schema=Chatting)
    for node in (listen, think, look, read, await_approval, note):
        graph.add_node(node)
    graph.add_edge(START, "listen")
    graph.add_conditional_edges("listen", first, ["think", "read"])
    graph.add_conditional_edges("think", next_of_thought, ["look", "await_approval", END])
    graph.add_conditional_edges("look", waits, ["think", "await_approval"])
    graph.add_conditional_edges("read", waits_or_ends, ["await_approval", END])
    graph.add_edge("await_approval", "note")
    graph.add_edge("note", END)
    return graph


def size(state: Mapping[str, Any]) -> int:
    """Characters of what is remembered, as JSON."""
    return len(json.dumps(dict(state)))


def deadline(talk: Talk, now: datetime) -> datetime:
    """When the model is not waited for any more."""
    return now + timedelta(seconds=talk.policy.conversation.seconds)
