"""What one turn of a conversation is made in: the run, the person, the thread, what "this" is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from agent.ledger.stores.conversations import Known
from agent.run.context import RunContext
from domain.conversation.answers import Answer, Ask, Card
from domain.conversation.permissions import Ability, Principal, may
from domain.policy.model import Policy
from domain.time.moments import midnight
from domain.values import CycleId, LeadKey

MOST_SHOWN = 8
"""Leads in one answer; the rest is counted."""
MINUTES_SHOWN, HOURS_SHOWN = 90, 48
"""Longer stretches are told in hours, and in days."""
MOST_WITH_BUTTONS = 4
"""Leads of one answer that have buttons; more would push the rest off a phone."""
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
    def today(self) -> datetime:
        """When the day of the business began."""
        return midnight(self.now, self.policy.timezone)

    def at(self, instant: datetime) -> str:
        """An instant on the person's own clock."""
        local = instant.astimezone(ZoneInfo(self.who.timezone))
        return f"{local:%a} {local.day} {local:%b}, {local:%H:%M %Z}"

    def as_of(self, what: str | None = None) -> str:
        """Where an answer is from, and as of when; without a name it is from the ledger.

        What the ledger knows of the vendors is as fresh as the last look at them.
        """
        if what is not None:
            return f"From {what}, as of {self.at(self.now)}"
        looked = self.run.ledger.leases.last_run()
        if looked is None:
            return f"From the ledger, as of {self.at(self.now)}; no vendor was read yet"
        age = self.now - looked
        before = "just" if age < timedelta(minutes=1) else lasting(age)
        return f"From the ledger, as of {self.at(self.now)}; vendors were read {before} before"


def counted(count: int, thing: str) -> str:
    """A number with its thing: `1 lead`, `2 days`, `3 activities`."""
    plural = f"{thing[:-1]}ies" if thing.endswith("ty") else f"{thing}s"
    return f"{count} {thing if count == 1 else plural}"


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
    elif text.isdigit() and (known := talks.of_leads([LeadKey(text)])):
        found = known
    else:
        words = [word for word in text.replace(",", " ").split() if word.lower() != "at"]
        found = talks.search(words)
    return [one for one in found if may(talk.who, ability, one.owner)]


def find_one(wanted: str, ability: Ability, talk: Talk) -> Known | Answer:
    """The one lead that somebody means; else an answer that says why it can't be told."""
    found = find(wanted, ability, talk)
    if len(found) == 1:
        return found[0]
    if not found:
        if wanted.strip().lower() in THIS:
            return failure("Which lead?", "Name the person, the company, or the Marketo id.")
        return failure(
            f'I know no lead "{wanted}" that you may see.',
            "Try the last name, the company, or the Marketo id.",
        )
    named = [one for one in found if one.title.lower().startswith(wanted.strip().lower() + ",")]
    if len(named) == 1:
        return named[0]
    return Answer(
        title=f'{len(found)} leads fit "{wanted}". Which one?',
        cards=tuple(card(one, talk) for one in found[:MOST_SHOWN]),
        is_failure=True,
    )


def proposed_owner(one: Known, talk: Talk) -> str | None:
    """Who would answer for a lead that waits for a word: decides whose manager may give it."""
    return one.chosen if one.chosen in talk.policy.users else None


def find_person(wanted: str, policy: Policy) -> str | Answer:
    """The colleague that somebody means, by e-mail address; else an answer that says why not."""
    text = wanted.strip().strip("?!.").lower()
    fits = [
        email
        for email, user in policy.users.items()
        if text in (email, user.name.lower()) or text in user.name.lower().split()
    ]
    if len(fits) == 1:
        return fits[0]
    if not fits:
        return failure(f'The policy knows nobody called "{wanted}".', "Use the whole name.")
    names = ", ".join(sorted(policy.users[email].name for email in fits))
    return failure(f'"{wanted}" could be {names}.', "Use the whole name.")


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
            found.append(Ask(label="Snooze 1 hour", says=f"snooze {one.lead} for 1h"))
        if may(talk.who, Ability.HOLD, one.owner):
            found.append(Ask(label="Hold 1 day", says=f"hold {one.lead} for 1d"))
    return found


def standing(one: Known, talk: Talk) -> str:
    """How a lead stands, in a sentence."""
    if one.touched_at is not None:
        when = "in time" if one.in_time else "late"
        return f"With {one.owner_name}. Touched {talk.at(one.touched_at)}, {when}"
    if one.is_open and one.target_at is not None:
        left = one.target_at - talk.now
        due = f"due {talk.at(one.target_at)}, in {lasting(left)}"
        if left <= timedelta():
            due = f"was due {talk.at(one.target_at)}, {lasting(-left)} ago"
        return f"With {one.owner_name}. No touch yet; first touch {due}"
    whose = f"With {one.owner_name}. " if one.owner_name else "In nobody's hands. "
    return f"{whose}{one.status.capitalize()}: {one.sentence}"


def lasting(length: timedelta) -> str:
    """A length of time for people, in the unit that fits: `25 min`, `3 h`, `2 days`."""
    minutes = round(length / timedelta(minutes=1))
    if minutes < MINUTES_SHOWN:
        return f"{minutes} min"
    hours = round(minutes / 60)
    return f"{hours} h" if hours < HOURS_SHOWN else counted(round(hours / 24), "day")
