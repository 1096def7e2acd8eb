"""From something that was said to its answer, and from a press to its outcome.

What was said is in the ledger's inbox before anything is done about it; each question is answered
once, whoever delivers it how often, and by the next process if this one ends.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from langchain_core.runnables import RunnableConfig  # noqa: TID251  (LangGraph's own type)
from langgraph.types import Command

from agent.context import RunContext
from agent.conversation import commands, deciding, graph
from agent.conversation.graph import Chatting
from agent.conversation.lookups import LOOKUPS
from agent.conversation.memory import Memory
from agent.conversation.requests import Nothing, Where, Whose
from agent.conversation.talk import Talk
from agent.ledger.talks import Heard
from agent.logs import alert
from domain.answers import Answer, Shown
from domain.authority import Ability, Principal, Reach, principal, reach
from domain.effects import Applied
from domain.errors import ToolError

STRANGER = "I don't know you by your Slack address; ask your sales operations."
MENTION, DIRECT, COMMAND = "mention", "direct", "command"
LOOKING = Shown(answers=(Answer(title="One moment, I'm looking ..."),))


@dataclass(frozen=True)
class Desk:
    """One run with the memory of conversations."""

    run: RunContext
    memory: Memory

    def person(self, slack_user: str) -> Principal | None:
        """Who a Slack user is to the policy; None for a stranger."""
        messenger = self.run.messenger
        email = None if messenger is None else messenger.email_of(slack_user)
        return None if email is None else principal(email, self.run.policy)

    def respond(self, text: str, who: Principal, thread: str) -> Shown:
        """One turn of a conversation."""
        talk = Talk(self.run, who, thread)
        talking = graph.build(self.memory.saver)
        state: Mapping[str, Any] = talking.invoke(
            {"heard": text},
            _config(thread),
            context=Chatting(talk, graph.deadline(talk, self.run.now)),
            durability="exit",
        )
        self.memory.trim(thread)
        return graph.shown_of(state)

    def word(self, proposal: str, *, yes: bool, who: Principal) -> Shown:
        """A word on a proposal: decided in the ledger first, then told to the conversation."""
        asked = self.run.ledger.talks.proposal(proposal)
        said = deciding.decide(proposal, yes=yes, by=who, context=self.run)
        after = self.run.ledger.talks.proposal(proposal)
        if asked is None or after is None or after.state == deciding.PENDING:
            return Shown(answers=(Answer(title=said, proposal=proposal if asked else None),))
        self._resume(asked.proposal.thread, proposal, said, who)
        changes = asked.proposal.changes
        lines = tuple(f"{one.title}: {one.after}" for one in changes) if len(changes) > 1 else ()
        return Shown(answers=(Answer(title=said, lines=lines),))

    def _resume(self, thread: str, proposal: str, said: str, who: Principal) -> None:
        """Let a conversation that waits for this word go on; one that went on already stays."""
        talking = graph.build(self.memory.saver)
        waiting = talking.get_state(_config(thread))
        values = cast("Mapping[str, Any]", waiting.values)
        if "await_approval" not in waiting.next or values.get("proposal") != proposal:
            return
        talk = Talk(self.run, who, thread)
        chatting = Chatting(talk, graph.deadline(talk, self.run.now))
        talking.invoke(Command(resume=said), _config(thread), context=chatting, durability="exit")
        self.memory.trim(thread)

    def hear(self, heard_id: str) -> None:
        """Answer something from the inbox in Slack; what is answered already stays so."""
        heard = self.run.ledger.talks.claim(heard_id, self.run.now)
        if heard is None or self.run.messenger is None:
            return
        who = self.person(heard.person)
        if heard.kind == MENTION:
            shown = self._answer(heard, who)
            self.run.messenger.whisper(heard.channel, heard.thread, heard.person, shown)
        else:
            self._answer_openly(heard, who)
        self.run.ledger.talks.handled(heard.id, self.run.now)

    def _answer(self, heard: Heard, who: Principal | None) -> Shown:
        if who is None:
            return Shown(answers=(Answer(title=STRANGER, is_failure=True),))
        return self.respond(heard.text, who, f"{heard.channel}/{heard.thread}")

    def _answer_openly(self, heard: Heard, who: Principal | None) -> None:
        """One message that first says that it is looking, and then becomes the answer."""
        messenger, talks = self.run.messenger, self.run.ledger.talks
        if messenger is None:
            return
        reply = heard.reply or messenger.said(heard.channel, heard.thread, heard.id)
        if reply is None:
            receipt = messenger.say(heard.channel, heard.thread, LOOKING, heard.id)
            reply = receipt.detail if isinstance(receipt, Applied) else None
            if reply is not None:
                talks.replied(heard.id, reply)
        shown = self._answer(heard, who)
        if reply is None:
            messenger.say(heard.channel, heard.thread, shown, heard.id)
        else:
            messenger.revise(reply, shown)

    def home(self, who: Principal) -> Shown:
        """What somebody's App Home shows: their leads, what waits for them, their team."""
        talk = Talk(self.run, who, f"home/{who.email}")
        answers = [LOOKUPS[Ability.UNWORKED](Where(where=who.name), talk)]
        if reach(who, Ability.WAITING) is not Reach.NONE:
            answers.append(LOOKUPS[Ability.WAITING](Nothing(), talk))
        if reach(who, Ability.WORKLOAD) in (Reach.TEAM, Reach.ALL):
            answers.append(LOOKUPS[Ability.WORKLOAD](Whose(), talk))
        answers.append(commands.manual(who, "In a message to me, or after /leads, you can say:"))
        return Shown(answers=tuple(answers))

    def tidy(self) -> None:
        """Answer what a process left unanswered, let proposals end, forget old conversations."""
        talks, now = self.run.ledger.talks, self.run.now
        deciding.expired(self.run)
        for heard in talks.unanswered(now):
            try:
                self.hear(heard)
            except ToolError as error:
                alert("answer_later", f"A question is answered later: {error}", heard=heard)
        forgotten = talks.forget(now - self.run.policy.conversation.keep)
        self.memory.forget(forgotten)


def _config(thread: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread}}
