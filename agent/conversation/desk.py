"""From something that was said to its answer, and from a press to its outcome.

What was said is in the ledger's inbox before anything is done about it; each question is answered
once, whoever delivers it how often, and by the next process if this one ends. What was asked, used
and answered is kept on record.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
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
from agent.logs import alert, defect, in_our_words
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
BROKEN = "I couldn't answer that because of an internal error, which is in the log."
IN_OTHER_WORDS = "Ask again in other words, or type help for what you can ask."
NO_FILES = "I can't read files, so I only used what you wrote."
LONGEST_ASKED = 4_000
"""Characters of one message that are read."""
TOO_LONG = f"Your message is long: I only used its first {LONGEST_ASKED:,} characters."
LONGEST_WAIT = timedelta(hours=1)
"""A question that is older isn't answered any more; who asked reads so."""
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
        try:
            self._resume(asked.proposal.thread, proposal, said, who)
        except Exception as error:  # noqa: BLE001  (the word counts, whatever is remembered of it)
            told = defect(error)
            alert("conversation_lost", f"A conversation in Slack was forgotten: {told}")
            self.memory.forget([asked.proposal.thread])
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

    def hear_safely(self, heard: str) -> None:
        """Answer something from the inbox; what fails is told in the log and tried again later."""
        try:
            self.hear(heard)
        except Exception as error:  # noqa: BLE001  (the other questions have their answers)
            told = in_our_words(error)
            alert("answer_later", f"A question will be answered later: {told}", heard=heard)

    def _whisper(self, heard: Heard, who: Principal | None) -> Receipt | None:
        messenger = self.run.messenger
        if messenger is None:
            return None
        send = partial(messenger.whisper, heard.channel, heard.thread, heard.person)
        return self._sent(send, self.answer(heard, who), heard)

    def answer(self, heard: Heard, who: Principal | None) -> Shown:
        """What is answered to something from the inbox; nothing is sent.

        Whatever else than a vendor fails is this question's own failure, and said.
        """
        if who is None:
            return Shown(answers=(Answer(title=STRANGER, is_failure=True),))
        if heard.at is not None and heard.at < self.run.now - LONGEST_WAIT:
            return Shown(answers=(failure(TOO_LATE),))
        if heard.tries >= MOST_TRIES:
            return Shown(answers=(failure(FAILED),))
        thread = conversation(heard.channel, heard.thread, heard.person)
        try:
            text = self._typed(heard)
            asked, plain = text[:LONGEST_ASKED], heard.kind in WITHOUT_MODEL
            shown = self.respond(asked, who, thread, plain=plain)
        except ToolError:
            raise
        except Exception as error:  # noqa: BLE001  (whatever it is, it is one question's)
            return self._broken(heard, error)
        notes = [NO_FILES] if heard.files else []
        notes += [TOO_LONG] if len(text) > len(asked) else []
        told = tuple(Answer(title=note) for note in notes)
        return shown.model_copy(update={"answers": (*shown.answers, *told)})

    def _typed(self, heard: Heard) -> str:
        """What was said, in the words that the person typed."""
        messenger, users = self.run.messenger, self.run.policy.users
        if messenger is None:
            return heard.text
        named = Counter(user.name.lower() for user in users.values())
        names = {
            email: user.name if named[user.name.lower()] == 1 else email
            for email, user in users.items()
        }
        return messenger.typed(heard.text, names)

    def _broken(self, heard: Heard, error: Exception) -> Shown:
        """A question that can't be answered is reported, and its conversation begins anew."""
        told = defect(error)
        alert("question_failed", f"A question in Slack failed: {told}", heard=heard.id)
        self.memory.forget([conversation(heard.channel, heard.thread, heard.person)])
        return Shown(answers=(failure(BROKEN, IN_OTHER_WORDS),))

    def _sent(self, send: Callable[[Shown], Receipt], shown: Shown, heard: Heard) -> Receipt:
        """An answer sent; one that can't be shown gives way to a sentence that says so."""
        try:
            receipt = send(shown)
        except ToolError:
            raise
        except Exception as error:  # noqa: BLE001  (whatever it is, it is one answer's)
            return send(self._broken(heard, error))
        if not isinstance(receipt, Refused):
            return receipt
        said = f"Slack refused an answer: {receipt.code}"
        alert("answer_refused", said, heard=heard.id)
        return send(Shown(answers=(failure(BROKEN, IN_OTHER_WORDS),)))

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
            post = partial(messenger.say, heard.channel, heard.thread, key=heard.id)
            return self._sent(post, shown, heard)
        return self._sent(partial(messenger.revise, reply), shown, heard)

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
            self.hear_safely(heard)
        self.memory.forget(ledger.conversations.forget(now - rules.remember_for))
        ledger.turns.forget(now - rules.retain_for)


def _config(thread: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread}}
