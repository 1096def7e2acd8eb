"""What the worker needs of the outside world, in its own words. Plural, so N+1 can't be written.

Every method may raise the errors of `domain.errors`: a `RetryableError` when nothing happened,
`UnknownOutcomeError` when a write may have. Methods that write never retry by themselves; what
happened to each action is in its receipt.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, Field

from domain.conversation.answers import Shown
from domain.effects import (
    CorrectField,
    LogCall,
    MirrorActivity,
    MirrorFields,
    Receipt,
    RefreshMessage,
    RequestSync,
    SendReport,
    SetOwner,
    SetTask,
    StampTouch,
    TellManager,
    TellOwner,
)
from domain.follow_through.first_touch import Activity as CrmActivity
from domain.lead.absences import Away
from domain.lead.crm_records import Candidates, OwnerState, RecordSeen, Roster
from domain.lead.model import Activity, FieldName, Lead, RawLead
from domain.metrics.outcomes import Became
from domain.routing.route import Subject
from domain.values import EffectKey, Instant, LeadKey, RecordId, Sourced, Value

Watch = Callable[[str, str], AbstractContextManager[object]]
"""Put around one piece of work, by its kind and name, such as `salesforce` and `read`.

It counts or times what happens inside; what is raised there goes on.
"""

_NOTHING = nullcontext()


def unwatched(kind: str, name: str) -> AbstractContextManager[object]:  # noqa: ARG001  (a Watch)
    """Nobody looks, and it costs nothing."""
    return _NOTHING


class Unread(Value):
    """One record of a feed that can't be read; the others of its page can."""

    lead: LeadKey | None
    """Whose it is; None when that is what can't be read."""
    why: str
    """Which field, and what it holds instead; not the value."""
    record: str
    """The record as JSON, for whoever looks into it; cut, and shown nowhere but to them."""


class ActivityPage(Value):
    """Some of what happened in Marketo, and where to read on."""

    activities: tuple[Activity, ...]
    unread: tuple[Unread, ...] = ()
    token: str
    """Where the next read begins; kept even when nothing was found."""
    more: bool
    """More is there now. True even on an empty page when Marketo says so."""


class Merge(Value):
    """People of Marketo who became one."""

    id: str
    """Marketo's `marketoGUID`: seeing it twice is harmless."""
    at: Instant
    winner: LeadKey
    """Who is left, with everything that the others did."""
    losers: tuple[LeadKey, ...]


class Presence(Value):
    """What a person's Slack says of them."""

    user_id: str
    away: Annotated[Away, Field(discriminator="kind")] | None
    """What their status says when they are out; None when it doesn't say so."""
    do_not_disturb_until: Instant | None = None
    is_online: bool = False


class Sought(Value):
    """What is asked of enrichment for one lead."""

    lead: Lead
    fields: tuple[FieldName, ...]


class Enriched(Value):
    """What enrichment found for one lead."""

    fields: Mapping[FieldName, Sourced]
    missing: tuple[FieldName, ...] = ()
    notes: tuple[str, ...] = ()
    """Why something is missing: "pdl: not found", "hunter: this person asked to be erased"."""
    must_forget: bool = False
    """A provider answered that this person asked for erasure (HTTP 451)."""


class Observed(Value):
    """A handed-off record and what was done about it, as the CRM shows it now."""

    record: RecordSeen | None
    """None when it was deleted, and not merged into another."""
    activities: tuple[CrmActivity, ...]


class Finding(Value):
    """One thing `doctor` looked at."""

    subject: str
    ok: bool
    sentence: str
    fix: str | None = None


class Marketing(Protocol):
    """Marketo."""

    def start_token(self, since: datetime) -> str:
        """Where to begin reading what happened since then."""
        ...

    def activities(self, token: str, types: Sequence[str]) -> ActivityPage:
        """One page (at most 300) of activities of the types named."""
        ...

    def changes(self, token: str, fields: Sequence[FieldName]) -> ActivityPage:
        """One page of changes to the fields named, as activities of type `Change Data Value`."""
        ...

    def people(self, keys: Sequence[LeadKey]) -> Mapping[LeadKey, RawLead]:
        """The persons as they are now; one that Marketo no longer has is absent."""
        ...

    def merges(self, since: datetime) -> Sequence[Merge]:
        """Who was merged into whom since then."""
        ...

    def same_email(self, emails: Sequence[str]) -> Mapping[str, tuple[LeadKey, ...]]:
        """All persons by email address (lower case)."""
        ...

    def mirror_fields(
        self, planned: Mapping[EffectKey, MirrorFields]
    ) -> Mapping[EffectKey, Receipt]:
        """Write what was decided into the persons' fields; harmless to repeat."""
        ...

    def mirror_activities(
        self, planned: Mapping[EffectKey, MirrorActivity]
    ) -> Mapping[EffectKey, Receipt]:
        """Log custom activities. Marketo keeps each for ever: never repeat one unread."""
        ...

    def mirrored(
        self, planned: Mapping[EffectKey, MirrorActivity], since: datetime
    ) -> frozenset[EffectKey]:
        """Which of these custom activities Marketo holds already."""
        ...

    def correct_fields(
        self, planned: Mapping[EffectKey, CorrectField]
    ) -> Mapping[EffectKey, Receipt]:
        """Write what people said of single fields; harmless to repeat."""
        ...

    def request_sync(self, planned: Mapping[EffectKey, RequestSync]) -> Mapping[EffectKey, Receipt]:
        """Ask the campaign to sync persons to Salesforce."""
        ...

    def examine(self) -> list[Finding]:
        """Check credentials, permissions, fields, campaign, activity types and clock."""
        ...


class Crm(Protocol):
    """Salesforce."""

    def candidates(self, leads: Sequence[Lead]) -> Mapping[LeadKey, Candidates]:
        """Records and accounts that may be these leads; every lead is in the answer."""
        ...

    def roster(self, emails: Sequence[str], queues: Sequence[str], now: datetime) -> Roster:
        """Who may take leads: users by email and queues by DeveloperName."""
        ...

    def owner_states(self, subjects: Mapping[LeadKey, Subject]) -> Mapping[LeadKey, OwnerState]:
        """Who owns these records now; a record that is gone for good is absent."""
        ...

    def set_owners(self, planned: Mapping[EffectKey, SetOwner]) -> Mapping[EffectKey, Receipt]:
        """Give records their owner and stamp, each only if the expected owner still owns it."""
        ...

    def observe(
        self, subjects: Mapping[LeadKey, Subject], since: datetime
    ) -> Mapping[LeadKey, Observed]:
        """These records as they are now, with what was done about them since then.

        Merged and converted ones are followed; every lead is in the answer.
        """
        ...

    def outcomes(
        self, subjects: Mapping[LeadKey, Subject], since: Mapping[LeadKey, datetime]
    ) -> Mapping[LeadKey, Became]:
        """What became of these records since each was assigned: meetings, opportunities, wins.

        Merged and converted ones are followed; one that is gone for good is absent.
        """
        ...

    def stirred(self, since: datetime) -> Mapping[RecordId, datetime]:
        """Records on which somebody did something, or that changed, since then, and when."""
        ...

    def stamp_touches(self, planned: Mapping[EffectKey, StampTouch]) -> Mapping[EffectKey, Receipt]:
        """Write first touches on their records; harmless to repeat."""
        ...

    def set_tasks(self, planned: Mapping[EffectKey, SetTask]) -> Mapping[EffectKey, Receipt]:
        """Keep a task per handed-off record, found by its key; harmless to repeat."""
        ...

    def log_calls(self, planned: Mapping[EffectKey, LogCall]) -> Mapping[EffectKey, Receipt]:
        """Log reported calls, found by their keys; harmless to repeat."""
        ...

    def examine(self) -> list[Finding]:
        """Check credentials, permissions, fields, queues, users, the guard rule and the clock."""
        ...


class Enrichment(Protocol):
    """The paid providers, asked in order, within budgets."""

    def look_up(
        self, sought: Sequence[Sought], time_budget: timedelta
    ) -> Mapping[LeadKey, Enriched]:
        """What the providers know; every lead is in the answer, degraded but never blocking."""
        ...

    def examine(self) -> list[Finding]:
        """Check keys and budgets."""
        ...


class Messenger(Protocol):
    """Slack."""

    def presences(self, emails: Sequence[str]) -> Mapping[str, Presence]:
        """What people's Slack says of them, by email; a person without Slack is absent."""
        ...

    def email_of(self, user_id: str) -> str | None:
        """The address of a colleague, by Slack's id; None for anybody else."""
        ...

    def typed(self, delivered: str, names: Mapping[str, str]) -> str:
        """What a person typed, from what was delivered.

        `names` has the policy's users by address: one who is mentioned is named so, and anybody
        else by `@` and their own name.
        """
        ...

    def tell_owners(self, planned: Mapping[EffectKey, TellOwner]) -> Mapping[EffectKey, Receipt]:
        """One message per owner with all of the owner's leads in it."""
        ...

    def told(self, planned: Mapping[EffectKey, TellOwner], since: datetime) -> frozenset[EffectKey]:
        """Which of these were posted already, read from the messages' metadata."""
        ...

    def tell_managers(
        self, planned: Mapping[EffectKey, TellManager], threads: Mapping[EffectKey, str]
    ) -> Mapping[EffectKey, Receipt]:
        """Tell managers, one message per lead; a thread (`channel/ts`) takes what follows."""
        ...

    def send_reports(self, planned: Mapping[EffectKey, SendReport]) -> Mapping[EffectKey, Receipt]:
        """Send digests and lists, one message each."""
        ...

    def posted(
        self, planned: Mapping[EffectKey, TellManager | SendReport], since: datetime
    ) -> frozenset[EffectKey]:
        """Which of these were posted already, read from the messages' metadata."""
        ...

    def refresh(self, planned: Mapping[EffectKey, RefreshMessage]) -> Mapping[EffectKey, Receipt]:
        """Bring messages up to date; harmless to repeat."""
        ...

    def say(self, channel: str, thread: str, shown: Shown, key: str) -> Receipt:
        """Post one turn of a conversation; `thread` is empty for none, `key` finds it again."""
        ...

    def whisper(self, channel: str, thread: str, user_id: str, shown: Shown) -> Receipt:
        """Post one turn of a conversation so that only one person of a channel sees it."""
        ...

    def said(self, channel: str, thread: str, key: str) -> str | None:
        """The message (`channel/ts`) that was posted under a key; None when there is none."""
        ...

    def revise(self, message: str, shown: Shown) -> Receipt:
        """Let a message (`channel/ts`) say something else; harmless to repeat."""
        ...

    def direct(self, user_id: str) -> str:
        """The channel of the direct message with a member of the workspace."""
        ...

    def thinking(self, channel: str, thread: str, words: str) -> Receipt:
        """Show in a thread of the assistant pane that an answer is on its way."""
        ...

    def offer(self, channel: str, thread: str, prompts: Sequence[tuple[str, str]]) -> Receipt:
        """Offer questions in the assistant pane: each with a title and what it asks."""
        ...

    def show_home(self, user_id: str, shown: Shown) -> Receipt:
        """Show somebody their App Home; harmless to repeat."""
        ...

    def examine(self) -> list[Finding]:
        """Check the token, its scopes and that the roster's people are found."""
        ...


class Chosen(Value):
    """What a model made of a puzzling case; nothing of it counts before it was checked."""

    move: str
    evidence: tuple[str, ...]
    reason: str
    model: str
    prompt: str
    """The version of the prompt."""
    tokens: int
    milliseconds: int = Field(default=0, exclude=True)
    """What it took; not part of the choice, so that the same choice is the same record."""


class Worded(Value):
    """A sentence or two of a model's; nothing of it is shown before it was checked."""

    text: str
    model: str
    tokens: int
    milliseconds: int


class Wasted(Value):
    """What a model took for an answer that is of no use: it is billed, and counted."""

    model: str
    tokens: int
    milliseconds: int
    written: int = 0
    """How many of the tokens the model wrote."""


class Investigator(Protocol):
    """A model that may look closer at one case, within bounds."""

    def choose(
        self,
        messages: Sequence[Mapping[str, str]],
        look: Mapping[str, Callable[[], str]],
        max_tokens: int,
        prompt: str,
    ) -> Chosen | Wasted | None:
        """What the model chooses after looking; None when it didn't answer at all.

        `look` are the only things it can do, by name: they take nothing and change nothing.
        """
        ...

    def word(
        self, messages: Sequence[Mapping[str, str]], max_tokens: int, prompt: str
    ) -> Worded | Wasted | None:
        """A sentence or two as the model words them; None when it didn't answer at all."""
        ...


class Called(Value):
    """A tool that a model wants called."""

    id: str
    name: str
    arguments: Mapping[str, object]
    raw: str
    """The arguments as the model wrote them, for the transcript."""
    problem: str | None = None
    """What the model is answered instead of a result, when its arguments make no sense."""


class Spoken(Value):
    """One turn of a model's: words, or tools that it wants called."""

    text: str
    calls: tuple[Called, ...]
    model: str
    tokens: int
    """All that were read and written."""
    milliseconds: int
    written: int = 0
    """How many of the tokens the model wrote."""


class Talker(Protocol):
    """A model that holds a conversation with tools, within bounds."""

    def speak(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Mapping[str, tuple[str, type[BaseModel]]],
        max_tokens: int,
        deadline: datetime,
        prompt: str,
    ) -> Spoken | Wasted | None:
        """What the model says or wants called; None when it didn't answer at all.

        `tools` are the only things it can ask for: by name, what each is for and its arguments.
        """
        ...


class Clock(Protocol):
    """The one way in for time."""

    def now(self) -> datetime:
        """The present, aware and in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...


class Identity(Value):
    """Somebody, as the service that people sign in with knows them."""

    email: str
    is_verified: bool
    """Whether the service saw that the address is theirs."""
    is_ours: bool
    """Whether they signed in to the business's own workspace."""
    barred: str | None = None
    """Why the account is no colleague's, such as a guest's; None when it is one's."""


class SignIn(Protocol):
    """A service that tells who somebody is; a browser goes there and comes back with a code."""

    def address(self, state: str, nonce: str, redirect: str) -> str:
        """Where a browser is sent; `redirect` is where it comes back, with `state` and a code."""
        ...

    def identity(self, code: str, nonce: str, redirect: str) -> Identity:
        """Who brings a code back; it is good once, and for the sign-in with this nonce only."""
        ...


class RecordLinks(Protocol):
    """Where people can open a record."""

    def url(self, record_id: RecordId) -> str:
        """The record's page in Salesforce."""
        ...
