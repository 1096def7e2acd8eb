"""What one turn of a conversation is made in: the run, the person, the thread, what "this" is."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from agent.ledger.stores.conversations import Known
from agent.ledger.tables.states import CycleStatus
from agent.run.context import RunContext
from domain.conversation.answers import Answer, Ask, Card
from domain.conversation.permissions import Ability, Principal, may
from domain.decision.said import Said
from domain.grammar import lasting, moment
from domain.language import operations
from domain.language.names import STATUSES, queue
from domain.policy.model import Policy
from domain.time.moments import midnight
from domain.values import CycleId, LeadKey, Source

MOST_SHOWN = 8
"""Leads in one answer; the rest is counted."""
MOST_WITH_BUTTONS = 4
"""Leads of one answer that have buttons; more would push the rest off a phone."""
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")
THIS = frozenset({"", "this", "it", "that", "them", "her", "him", "this lead", "that lead"})
"""Words for the lead that was spoken of last."""


@dataclass(frozen=True)
class Talk:
    """Handed to every tool of a turn; never stored."""

    run: RunContext
    who: Principal
    thread: str
    about: tuple[CycleId, ...] = ()
    """The leads that were spoken of last, in order."""

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return self.run.policy

    @property
    def now(self) -> datetime:
        """The present."""
        return self.run.now

    @property
    def zone(self) -> ZoneInfo:
        """The person's time zone."""
        return ZoneInfo(self.who.timezone)

    @property
    def today(self) -> datetime:
        """When the day of the business began."""
        return midnight(self.now, self.policy.timezone)

    def at(self, instant: datetime) -> str:
        """An instant on the person's own clock."""
        return moment(instant, self.zone)

    def said(self, one: Said | None) -> str:
        """What was decided, on the person's own clock."""
        return operations.said(one, self.zone)

    def name_of(self, email: str) -> str:
        """A colleague's name; the address of somebody whom the policy doesn't name."""
        user = self.policy.users.get(email)
        return email if user is None else user.name

    def as_of(self, what: str | None = None) -> str:
        """As of when an answer is; with a name, from that vendor itself.

        Anything else is as fresh as the last sync with the vendors.
        """
        if what is not None:
            return f"From {what}, as of {self.at(self.now)}"
        looked = self.run.ledger.leases.last_run()
        if looked is None:
            return f"As of {self.at(self.now)}; not synced yet"
        age = self.now - looked
        before = "just now" if age < timedelta(minutes=1) else f"{lasting(age)} ago"
        return f"As of {self.at(self.now)}; last sync {before}"


def failure(title: str, *lines: str, about: Known | None = None) -> Answer:
    """An answer that says what is missing and what to do."""
    cycles = () if about is None else (about.cycle,)
    return Answer(title=title, lines=lines, about=cycles, is_failure=True)


def find(wanted: str, ability: Ability, talk: Talk) -> list[Known]:
    """The leads that somebody means and may do this with, newest first.

    A lead that exists but is not theirs is not found: that it exists would say too much.
    """
    text = wanted.strip().strip("?!.\"'")
    talks = talk.run.ledger.conversations
    if text.lower() in THIS:
        found = talks.of_cycles(list(talk.about[:1]))
    elif _ADDRESS.fullmatch(text):
        keys = talk.run.marketing.same_email([text]).get(text.lower(), ())
        found = talks.of_leads([LeadKey(key) for key in keys])
    elif text.isdigit() and (known := talks.of_leads([LeadKey(text)])):
        found = known
    else:
        words = [word for word in text.replace(",", " ").split() if word.lower() != "at"]
        found = talks.search(words)
    return [one for one in found if may(talk.who, ability, one.owner)]


def not_found(wanted: str) -> Answer:
    """No lead fits, or none that this person may see: which of both is not told."""
    return failure(
        f'I can\'t find a lead "{wanted}" that you can see.',
        "Try the last name, the company or the Marketo ID.",
    )


def closed(found: Known, talk: Talk) -> Answer:
    """A lead with no first touch to wait for: what happened to it, or that it has no owner yet."""
    state = f"{found.title} is already closed"
    if found.touched_at is not None:
        state = f"{found.title} is already closed: first touch {talk.at(found.touched_at)}"
    elif found.owner_name is None:
        state = f"{found.title} is not assigned yet"
    return failure(f"{state}.", standing(found, talk), about=found)


def find_one(wanted: str, ability: Ability, talk: Talk) -> Known | Answer:
    """The one lead that somebody means; else an answer that says why it can't be told."""
    found = find(wanted, ability, talk)
    if len(found) == 1:
        return found[0]
    if not found:
        if wanted.strip().lower() in THIS:
            return failure("Which lead?", "Give me a name, a company or a Marketo ID.")
        return not_found(wanted)
    named = [one for one in found if one.title.lower().startswith(wanted.strip().lower() + ",")]
    if len(named) == 1:
        return named[0]
    return Answer(
        title=f'{len(found)} leads match "{wanted}". Which one?',
        cards=tuple(card(one, talk) for one in found[:MOST_SHOWN]),
        is_failure=True,
    )


def proposed_owner(one: Known, talk: Talk) -> str | None:
    """Who would own a lead that is pending approval: decides whose manager may approve it."""
    return one.chosen if one.chosen in talk.policy.users else None


def find_person(wanted: str, policy: Policy) -> str | Answer:
    """The colleague that somebody means, by email address; else an answer that says why not."""
    text = wanted.strip().strip("?!.").lower()
    fits = [
        email
        for email, user in policy.users.items()
        if text in (email, user.name.lower()) or text in user.name.lower().split()
    ]
    if len(fits) == 1:
        return fits[0]
    if not fits and wanted.startswith("@"):
        return failure(
            f"{wanted[1:]} is not in the policy.",
            "A RevOps admin can add them under users in the policy file.",
        )
    if not fits:
        return failure(f'I don\'t know anyone called "{wanted}".', "Use the full name.")
    names = ", ".join(sorted(policy.users[email].name for email in fits))
    return failure(f'"{wanted}" could be {names}.', "Use the full name.")


def card(one: Known, talk: Talk, *lines: str, asks: Sequence[Ask] = ()) -> Card:
    """A lead in an answer; without lines, how it stands."""
    return Card(
        lead=one.lead,
        cycle=one.cycle,
        title=one.title,
        record_id=one.record_id,
        lines=lines or (standing(one, talk),),
        asks=tuple(asks),
    )


def cards(found: Sequence[Known], talk: Talk) -> tuple[Card, ...]:
    """The first of some leads as cards; the first of those with buttons."""
    return tuple(
        card(one, talk, asks=asks(one, talk) if place < MOST_WITH_BUTTONS else ())
        for place, one in enumerate(found[:MOST_SHOWN])
    )


def asks(one: Known, talk: Talk) -> list[Ask]:
    """What somebody who sees a lead can ask of it at once, as far as their role goes."""
    found: list[Ask] = []
    if may(talk.who, Ability.WHY, one.owner):
        found.append(Ask(label="Why?", says=f"why {one.lead}"))
    if one.is_open and one.touched_at is None:
        if may(talk.who, Ability.SNOOZE, one.owner):
            found.append(Ask(label="Snooze 1 h", says=f"snooze {one.lead} for 1h"))
        if may(talk.who, Ability.HOLD, one.owner):
            found.append(Ask(label="Hold 1 d", says=f"hold {one.lead} for 1d"))
    return found


def standing(one: Known, talk: Talk) -> str:
    """How a lead stands, in a sentence."""
    if one.touched_at is not None:
        kept = "within SLA" if one.in_time else "SLA breached"
        return f"Owner: {owner_of(one, talk)}. First touch {talk.at(one.touched_at)}, {kept}"
    if one.is_open and one.target_at is not None:
        left = one.target_at - talk.now
        due = f"First touch due {talk.at(one.target_at)}, in {lasting(left)}"
        if left <= timedelta():
            ago = "just now" if -left < timedelta(minutes=1) else f"{lasting(-left)} ago"
            due = f"SLA breach: first touch was due {talk.at(one.target_at)}, {ago}"
        return f"Owner: {owner_of(one, talk)}. {due}"
    whose = f"Owner: {owner_of(one, talk)}. " if one.owner_name else "No owner. "
    return f"{whose}{STATUS[one.status]}: {talk.said(one.said)}"


def owner_of(one: Known, talk: Talk) -> str:
    """Who a lead is assigned to, a queue as people call it."""
    name = one.owner_name or "no owner"
    return queue(name) if name in talk.policy.queues else name


STATUS: Mapping[CycleStatus, str] = {
    status: STATUSES[status][:1].upper() + STATUSES[status][1:] for status in CycleStatus
}
"""What a status is called."""
SOURCES: Mapping[Source, str] = {
    Source.PERSON: "corrected by a colleague",
    Source.FORM: "from the form",
    Source.MARKETO: "from Marketo",
    Source.SALESFORCE: "from Salesforce",
    Source.ACCOUNT: "from the Salesforce account",
    Source.PDL: "from People Data Labs",
    Source.APOLLO: "from Apollo",
    Source.HUNTER: "from Hunter",
    Source.PHONE: "from the phone number",
    Source.DOMAIN: "from the email domain",
    Source.DERIVED: "derived from other fields",
    Source.MODEL: "read by a language model",
}
"""Where a field's value is from."""
