"""From something that was said to its answer, and from a press to its outcome.

What was said is in the ledger's inbox before anything is done about it; each question is answered
once, whoever delivers it how often, and by the next process if this one ends. What was asked, used
and answered is kept on record.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

from langchain_core.runnables import RunnableConfig  # noqa: TID251  (LangGraph's own type)
from langgraph.types import Command

from agent.conversation import commands, graph
from agent.conversation.changes import decisions
from agent.conversation.graph import Chatting
from agent.conversation.lookups.table import LOOKUPS
from agent.conversation.memory import Memory
from agent.conversation.requests import Nothing, Where, Whose
from agent.conversation.turn import Talk, failure
from agent.follow_through.rep_actions import STRANGER
from agent.ledger.stores.conversations import Heard, conversation
from agent.ledger.stores.turns import Turn
from agent.logs import alert
from agent.run.context import RunContext
from domain.conversation.answers import Answer, Ask, Card, Shown
from domain.conversation.permissions import ROLES, Ability, Principal, Reach, principal, reach
from domain.effects import Applied, Receipt, Refused
from domain.errors import ToolError
from domain.grammar import counted
from domain.values import content_hash

MENTION, DIRECT, COMMAND, PRESS = "mention", "direct", "command", "press"
"""How something was said: in a channel, in a direct message, after `/leads`, by a button."""
UNSEEN = (MENTION, COMMAND)
"""What is said where others read: the answer is shown to the asker alone."""
WITHOUT_MODEL = (COMMAND, PRESS)
LOOKING = Shown(answers=(Answer(title="One moment, looking that up..."),))
HOME = (
    ("Unworked leads", "unworked"),
    ("This week's numbers", "numbers"),
    ("What changed?", "changes"),
    ("Help", "help"),
)
"""Buttons of the App Home, each with what it asks."""
STATUS = "is looking that up..."
MOST_TRIES = 3
"""After so many begun answers a question is said to have failed."""
FAILED = "I tried this question 3 times and failed. A RevOps admin can find the cause in the log."
LONGEST_WAIT = timedelta(hours=1)
"""A question that is older isn't answered any more; who asked is told so."""
TOO_LATE = "I couldn't answer this within an hour, so nothing was done about it. Ask me again."
GIVEN_UP = timedelta(days=7)
"""Who could not be told for so long that there is no answer is told nothing any more."""


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

    def respond(self, text: str, who: Principal, thread: str, *, plain: bool = False) -> Shown:
        """One turn of a conversation; a plain one does without the model."""
        run, begun = self.run, self.run.stopwatch()
        talk = Talk(run, who, thread)
        most = run.policy.conversation.questions_per_day
        command = commands.read(text, who)
        is_stop = command is not None and command.ability in commands.STOPS
        if not is_stop and run.ledger.turns.count(who.email, talk.today) >= most:
            asked = counted(most, "question")
            said = f"You've reached the limit of {asked} a day. Ask again tomorrow."
            return Shown(answers=(failure(said, "Pause and resume still work."),))
        turn = "t" + content_hash(f"{run.run} {thread} {run.now.isoformat()} {text}")
        talking = graph.build(self.memory.saver)
        state: Mapping[str, Any] = talking.invoke(
            {"heard": text, "plain": plain},
            _config(thread),
            context=Chatting(talk, graph.deadline(talk, run.now), turn),
            durability="exit",
        )
        self.memory.trim(thread)
        shown = graph.shown_of(state)
        run.ledger.turns.keep(
            Turn(
                id=turn,
                at=run.now,
                who=who.email,
                thread=thread,
                asked=text,
                used=state.get("used", ()),
                answered=shown.text(),
                grounds=state.get("grounds", ()),
                proposal=state.get("proposal") or None,
                milliseconds=round(1000 * (run.stopwatch() - begun)),
            )
        )
        return shown

    def word(self, proposal: str, *, yes: bool, who: Principal) -> Shown:
        """A word on a proposal: decided in the ledger first, then told to the conversation."""
        asked = self.run.ledger.conversations.proposal(proposal)
        said = decisions.decide(proposal, yes=yes, by=who, context=self.run)
        after = self.run.ledger.conversations.proposal(proposal)
        if asked is None or after is None or after.state == decisions.PENDING:
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
        """Answer something from the inbox in Slack; what is answered already stays so.

        An answer that did not reach Slack is made again by a later look.
        """
        talks, now = self.run.ledger.conversations, self.run.now
        heard = talks.claim(heard_id, now)
        if heard is None or self.run.messenger is None:
            return
        if not heard.channel:
            heard = replace(heard, channel=self.run.messenger.direct(heard.person))
        who = self.person(heard.person)
        if heard.kind in UNSEEN:
            receipt = self._whisper(heard, who)
        else:
            receipt = self._answer_openly(heard, who)
        if isinstance(receipt, Applied | Refused):
            talks.handled(heard.id, now)

    def _whisper(self, heard: Heard, who: Principal | None) -> Receipt | None:
        messenger = self.run.messenger
        if messenger is None:
            return None
        shown = self.answer(heard, who)
        return messenger.whisper(heard.channel, heard.thread, heard.person, shown)

    def answer(self, heard: Heard, who: Principal | None) -> Shown:
        """What is answered to something from the inbox; nothing is sent."""
        if who is None:
            return Shown(answers=(Answer(title=STRANGER, is_failure=True),))
        if heard.at is not None and heard.at < self.run.now - LONGEST_WAIT:
            return Shown(answers=(failure(TOO_LATE),))
        if heard.tries >= MOST_TRIES:
            return Shown(answers=(failure(FAILED),))
        thread = conversation(heard.channel, heard.thread, heard.person)
        return self.respond(heard.text, who, thread, plain=heard.kind in WITHOUT_MODEL)

    def _answer_openly(self, heard: Heard, who: Principal | None) -> Receipt | None:
        """One message that first says that it is looking, and then becomes the answer."""
        messenger, talks = self.run.messenger, self.run.ledger.conversations
        if messenger is None:
            return None
        if heard.thread:
            messenger.thinking(heard.channel, heard.thread, STATUS)
        reply = heard.reply or messenger.said(heard.channel, heard.thread, heard.id)
        if reply is None:
            receipt = messenger.say(heard.channel, heard.thread, LOOKING, heard.id)
            reply = receipt.detail if isinstance(receipt, Applied) else None
            if reply is not None:
                talks.replied(heard.id, reply)
        shown = self.answer(heard, who)
        if reply is None:
            return messenger.say(heard.channel, heard.thread, shown, heard.id)
        return messenger.revise(reply, shown)

    def home(self, who: Principal) -> Shown:
        """What somebody's App Home shows: their leads, their pending approvals, their team."""
        talk = Talk(self.run, who, f"home/{who.email}")
        answers = [LOOKUPS[Ability.UNWORKED](Where(where=who.name), talk)]
        if reach(who, Ability.WAITING) is not Reach.NONE:
            answers.append(LOOKUPS[Ability.WAITING](Nothing(), talk))
        if reach(who, Ability.WORKLOAD) in (Reach.TEAM, Reach.ALL):
            answers.append(LOOKUPS[Ability.UNWORKED](Where(), talk))
            answers.append(LOOKUPS[Ability.WORKLOAD](Whose(), talk))
        asks = tuple(Ask(label=label, says=says) for label, says in HOME)
        offer = "Message me in your own words, or type /leads followed by your question."
        ask = Card(title="Quick questions", asks=asks)
        source = f"Signed in as {who.name}, {ROLES[who.role]}. {talk.as_of()}"
        answers.append(Answer(title=offer, cards=(ask,), source=source))
        last = {"source": answers[-2].source.removesuffix(talk.as_of())}
        told = [one.model_copy(update={"source": ""}) for one in answers[:-2]]
        return Shown(answers=(*told, answers[-2].model_copy(update=last), answers[-1]))

    def tidy(self) -> None:
        """Answer what a process left unanswered, let proposals end, forget old conversations."""
        ledger, now, rules = self.run.ledger, self.run.now, self.run.policy.conversation
        decisions.expired(self.run)
        ledger.conversations.drop(now - GIVEN_UP, now)
        for heard in ledger.conversations.unanswered(now):
            try:
                self.hear(heard)
            except ToolError as error:
                alert("answer_later", f"A question will be answered later: {error}", heard=heard)
        self.memory.forget(ledger.conversations.forget(now - rules.remember_for))
        ledger.turns.forget(now - rules.retain_for)


def _config(thread: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread}}
