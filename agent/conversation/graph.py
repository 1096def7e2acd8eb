"""One conversation: listen, think and look in turns, propose, wait for approval, note it.

The state is plain JSON, kept per person and thread; whatever binds (proposals, words on them,
effects) is in the ledger, so that a conversation can be forgotten at any time and nothing else
with it. Nothing but `await_approval` waits, and a new question ends the waiting without harm: the
tool call that led to the proposal has its answer already.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypedDict

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import interrupt
from pydantic import BaseModel, ValidationError

from agent.conversation import commands
from agent.conversation.changes.proposals import propose as make_proposal
from agent.conversation.lookups.table import LOOKUPS
from agent.conversation.requests import REQUESTS, Arguments
from agent.conversation.turn import Talk, failure
from agent.ledger.stores.turns import ModelCall, Tokens
from domain.conversation.answers import Answer, Shown, leads_of
from domain.conversation.grounding import grounds, without_addresses
from domain.conversation.permissions import CHANGES, Ability, Reach, may, reach, who_may
from domain.errors import ToolError
from domain.grammar import listed
from domain.policy.conversation import Conversation
from domain.ports import Called, Spoken, Wasted
from domain.values import CycleId, content_hash

PROMPT = "converse"
LONGEST_SHOWN = 3_000
"""Characters of one tool's answer that the model is shown."""
SILENT = "The language model isn't responding, so this is a standard answer."
USED_UP = "Today's language model budget is used up, so this is a standard answer."
BROKE_OFF = "The language model didn't finish. Here is what it looked up."
OFFER = "You can ask me:"
FIRST_LINE = "I only answered your first line. Send the rest as another message."
Message = dict[str, Any]


@dataclass(frozen=True)
class Chatting:
    """Handed to every node; never stored."""

    talk: Talk
    deadline: datetime
    """After this nothing is asked of the model any more."""
    turn: str = ""
    """The turn in the ledger that model calls are counted to."""


class Past(TypedDict):
    """A turn that is remembered."""

    messages: list[Message]
    leads: list[str]
    """Cycles of the leads that it told of."""


class Chat(TypedDict, total=False):
    """What is remembered of a conversation: plain JSON, one writer per turn."""

    heard: str
    """What was said this turn."""
    plain: bool
    """Whether this turn does without the model."""
    scope: str
    """Whose conversation it is and what they may see, as a fingerprint."""
    past: list[Past]
    """The turns before this one, the last ones only."""
    messages: list[Message]
    """This turn as the model reads it."""
    calls: int
    """Calls of the model in this turn."""
    tokens: int
    """Tokens that they took."""
    wanted: list[dict[str, Any]]
    """Tools that the model wants called now."""
    used: list[dict[str, Any]]
    """Tools that were used in this turn, with their arguments."""
    said: str
    grounds: list[str]
    """For each sentence that was said the record's sentence that holds it."""
    answers: list[dict[str, Any]]
    """What this turn looked up or proposed."""
    proposal: str
    """What is pending approval; empty when nothing is."""
    about: list[str]
    """The leads that were spoken of last: what "this" means."""
    model: bool
    """Whether the model speaks in this turn."""


def shown_of(state: Mapping[str, Any]) -> Shown:
    """What a turn shows: the words that passed the checks, and the answers they rest on."""
    answers = tuple(Answer.model_validate(one) for one in state.get("answers", ()))
    return Shown(said=state.get("said", ""), answers=answers)


def listen(state: Chat, runtime: Runtime[Chatting]) -> Chat:
    """Begin a turn: what may still be remembered of those before, and the new question."""
    talk = runtime.context.talk
    scope = _scope(talk)
    past = _remembered(state, talk) if state.get("scope") == scope else []
    heard = state.get("heard", "")
    today = f"{talk.now.astimezone(talk.zone):%A %Y-%m-%d %H:%M %Z}"
    prompt = talk.run.prompt(PROMPT)
    asked = prompt.messages(asked=heard, who=talk.who.name, today=today)[1]
    speaks, excuse = (False, "") if state.get("plain") else _has_model(heard, talk)
    return {
        "scope": scope,
        "past": past,
        "messages": [asked],
        "calls": 0,
        "tokens": 0,
        "wanted": [],
        "used": [],
        "said": excuse,
        "grounds": [],
        "answers": [],
        "proposal": "",
        "about": state.get("about", []) if past else [],
        "model": speaks,
    }


def _scope(talk: Talk) -> str:
    """Changes with the person's role and team: what was seen before is then forgotten."""
    return content_hash(f"{talk.who.email} {talk.who.role} {sorted(talk.who.team)}")


def _remembered(state: Chat, talk: Talk) -> list[Past]:
    """The last turns, without those that told of a lead that is no longer the person's to see."""
    turn = Past(
        messages=state.get("messages", []),
        leads=list(leads_of([Answer.model_validate(one) for one in state.get("answers", [])])),
    )
    most = talk.policy.conversation.remembered_questions
    turns = [*state.get("past", []), turn][-(most - 1) :] if most > 1 else []
    cycles = sorted({CycleId(one) for past in turns for one in past["leads"]})
    known = (
        {one.cycle: one for one in talk.run.ledger.conversations.of_cycles(cycles)}
        if cycles
        else {}
    )
    seen = {cycle for cycle, one in known.items() if may(talk.who, Ability.FIND, one.owner)}
    return [past for past in turns if seen.issuperset(past["leads"])]


def _has_model(heard: str, talk: Talk) -> tuple[bool, str]:
    """Whether a model speaks in this turn, and what is said of it when it could have.

    A pause never depends on a model.
    """
    command = commands.read(heard, talk.who)
    if talk.run.talker is None or (command is not None and command.ability in commands.STOPS):
        return False, ""
    rules = talk.policy.conversation
    used = talk.run.ledger.turns.tokens_since(talk.today)
    if used.total >= rules.tokens_per_day or _is_spent(used, rules):
        return False, USED_UP
    return True, ""


def _is_spent(used: Tokens, rules: Conversation) -> bool:
    if rules.price is None or rules.cost_per_day is None:
        return False
    price = rules.price
    cost = used.read * price.per_million_read + used.written * price.per_million_written
    return cost / 1e6 >= rules.cost_per_day


def think(state: Chat, runtime: Runtime[Chatting]) -> Chat:
    """Ask the model once: it says something, or wants a tool called."""
    talk, messages = runtime.context.talk, state.get("messages", [])
    calls, tokens = state.get("calls", 0), state.get("tokens", 0)
    rules, said = talk.policy.conversation, None
    if calls < rules.calls and tokens < rules.tokens:
        said = _spoken(state, runtime.context)
    if said is None or isinstance(said, Wasted):
        return _without_words(state, talk)
    counts: Chat = {"calls": calls + 1, "tokens": tokens + said.tokens}
    if said.calls:
        wanted = [one.model_dump(mode="json") for one in said.calls]
        return {**counts, "wanted": wanted, "messages": [*messages, _calling(said)]}
    answers = [Answer.model_validate(one) for one in state.get("answers", [])]
    facts = [fact for answer in answers for fact in answer.facts()]
    held = grounds(said.text, facts)
    if held is None and not answers:
        return {**counts, **_read(state, talk, f"I have no record of that. {OFFER}")}
    return {
        **counts,
        "wanted": [],
        "said": "" if held is None else said.text.strip(),
        "grounds": held or [],
        "messages": [*messages, {"role": "assistant", "content": said.text}],
    }


def _spoken(state: Chat, chatting: Chatting) -> Spoken | Wasted | None:
    """One call of the model, kept in the ledger with what it took, of use or not."""
    talk = chatting.talk
    prompt = talk.run.prompt(PROMPT)
    if talk.run.talker is None:
        return None
    system: Message = {"role": "system", "content": prompt.system}
    before = [message for past in state.get("past", []) for message in past["messages"]]
    said = talk.run.talker.speak(
        [system, *before, *state.get("messages", [])],
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
            written=said.written,
            turn=chatting.turn,
        )
        talk.run.ledger.turns.called(call)
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
        told = {"role": "assistant", "content": BROKE_OFF}
        return {"wanted": [], "said": BROKE_OFF, "messages": [*messages, told]}
    return {
        **_read(state, talk, f"I didn't recognize that question. {OFFER}"),
        "said": SILENT,
    }


def look(state: Chat, runtime: Runtime[Chatting]) -> Chat:
    """Call what the model wants, one after the other; the first change ends the round."""
    talk = runtime.context.talk
    messages, used = list(state.get("messages", ())), list(state.get("used", ()))
    answers = list(state.get("answers", ()))
    about: list[str] = list(state.get("about", ()))
    proposal = ""
    for raw in state.get("wanted", ()):
        wanted = Called.model_validate(raw)
        if proposal:
            content = "One change at a time; ask again after the person has decided."
        elif len(used) >= talk.policy.conversation.tools:
            content = "That is enough for one question; answer from what you have."
        elif wanted.problem is not None:
            content = wanted.problem  # for the model, which may correct it; no words for a person
        else:
            answer = called(wanted, _about(talk, about))
            proposal = answer.proposal or ""
            answers.append(answer.model_dump(mode="json"))
            used.append({"tool": wanted.name, "arguments": dict(wanted.arguments)})
            about = [*leads_of([answer])] or about
            content = without_addresses(answer.text())[:LONGEST_SHOWN]
        messages.append({"role": "tool", "tool_call_id": wanted.id, "content": content})
    return {
        "messages": messages,
        "answers": answers,
        "used": used,
        "about": about,
        "wanted": [],
        "proposal": proposal,
    }


def _about(talk: Talk, about: Sequence[str]) -> Talk:
    return replace(talk, about=tuple(CycleId(one) for one in about))


def called(wanted: Called, talk: Talk) -> Answer:
    """What one tool answers; whatever is wrong with the call is an answer too."""
    names = {ability.value: ability for ability in REQUESTS}
    ability = names.get(wanted.name)
    if wanted.problem is not None or ability is None:
        return failure(wanted.problem or "There is no such tool.")
    try:
        asked = REQUESTS[ability].form.model_validate(wanted.arguments)
    except ValidationError as error:
        wrong = ", ".join(dict.fromkeys(str(one["loc"][0]) for one in error.errors() if one["loc"]))
        return failure(f"I couldn't use that request. Check: {wrong or 'its arguments'}.")
    return answered(ability, asked, talk)


def answered(ability: Ability, asked: Arguments, talk: Talk) -> Answer:
    """One request, if the person's role has it; a vendor that is down is said, not hidden."""
    if reach(talk.who, ability) is Reach.NONE:
        return failure(f"Only {listed(who_may(ability))} can do this.")
    try:
        if ability in CHANGES:
            return make_proposal(ability, asked, talk)
        return LOOKUPS[ability](asked, talk)
    except ToolError as error:
        return failure(f"{error.vendor} isn't responding right now.", "Try again in a minute.")


def read(state: Chat, runtime: Runtime[Chatting]) -> Chat:
    """Without a model: the words of `/leads` and the usual questions."""
    return _read(state, runtime.context.talk, f"I didn't understand that. {OFFER}")


def _read(state: Chat, talk: Talk, excuse: str) -> Chat:
    """Answer by the grammar of the usual questions; what fits none gets the most usual ones."""
    messages, about = list(state.get("messages", ())), list(state.get("about", ()))
    heard, used = state.get("heard", ""), list(state.get("used", ()))
    command = commands.read(heard, talk.who)
    if command is not None:
        answer = answered(command.ability, command.asked, _about(talk, about))
        if command.unread:
            answer = answer.model_copy(update={"lines": (*answer.lines, FIRST_LINE)})
        used.append(
            {"tool": command.ability.value, "arguments": command.asked.model_dump(mode="json")}
        )
    elif heard.strip().lower() in ("", commands.HELP):
        answer = commands.manual(talk.who)
    else:
        answer = commands.manual(talk.who, excuse, commands.USUAL)
    told = without_addresses(answer.text())[:LONGEST_SHOWN]
    return {
        "messages": [*messages, {"role": "assistant", "content": told}],
        "answers": [answer.model_dump(mode="json")],
        "used": used,
        "about": [*leads_of([answer])] or about,
        "wanted": [],
        "proposal": answer.proposal or "",
    }


def await_approval(state: Chat) -> Chat:
    """Wait for the word on what was proposed; it is given and kept in the ledger."""
    outcome = interrupt({"proposal": state.get("proposal", "")})
    return {"said": str(outcome)}


def note(state: Chat) -> Chat:
    """Remember what came of it, as the ledger tells it."""
    told = {"role": "assistant", "content": without_addresses(state.get("said", ""))}
    return {"messages": [*state.get("messages", []), told], "proposal": ""}


def first(state: Chat) -> str:
    """Whether the model speaks in this turn."""
    return "think" if state.get("model") else "read"


def next_of_thought(state: Chat) -> str:
    """Call tools, wait for approval, or be done."""
    if state.get("wanted"):
        return "look"
    return "await_approval" if state.get("proposal") else END


def waits(state: Chat) -> str:
    """A proposal is shown at once; anything else goes back to the model."""
    return "await_approval" if state.get("proposal") else "think"


def waits_or_ends(state: Chat) -> str:
    """A proposal is pending approval; an answer ends the turn."""
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


def deadline(talk: Talk, now: datetime) -> datetime:
    """When the model is not waited for any more."""
    return now + timedelta(seconds=talk.policy.conversation.seconds)
