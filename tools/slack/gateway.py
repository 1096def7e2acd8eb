"""Slack as the worker sees it: who is away, and telling owners exactly once what is theirs.

Slack has no idempotency key. Every message carries the keys of its effects as metadata instead,
so that a message whose answer was lost can be found again in its conversation.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from domain.conversation.answers import Shown
from domain.effects import (
    Applied,
    Receipt,
    RefreshMessage,
    Refusal,
    Refused,
    SendReport,
    TellManager,
    TellOwner,
    Tone,
    Unknown,
    Untried,
)
from domain.errors import (
    AuthError,
    RateLimitError,
    RequestError,
    RetryableError,
    ToolError,
    UnavailableError,
    UnknownOutcomeError,
)
from domain.metrics.charts import Chart
from domain.ports import Clock, Finding, Presence, RecordLinks, Watch, unwatched
from domain.values import EffectKey, LeadKey
from tools.slack import examination, uploads
from tools.slack.client import PAGE, POST, VENDOR, Row, SlackAccess, SlackClient, within
from tools.slack.messages import manager_messages, owner_messages, replies, typed
from tools.slack.messages.blocks import Block
from tools.slack.messages.charts import png
from tools.slack.messages.manager_messages import Pictures, Reading
from tools.slack.messages.owner_messages import Buttons, Item
from tools.slack.users import directory
from tools.slack.users.directory import Directory, Person
from tools.slack.users.do_not_disturb import QuietHours

EVENT_TYPE = "routeready_assigned"
"""The kind of metadata that our messages carry."""
MOST_KEY_CHARACTERS = 7_000
"""Slack refuses metadata of more than some 8 kB; an owner with more leads gets two messages."""

_UNREADY = frozenset({"invalid_blocks", "invalid_slack_file"})
"""Slack's words for a picture that it has not taken in yet."""
_UNANSWERED = 3
"""After so many unanswered posts in a row the rest waits for the next run."""
_CLOSED = frozenset({"channel_not_found", "user_disabled", "user_not_found", "user_not_visible"})
"""There is no such conversation, so there is no message in it."""
_CHANNEL = re.compile(r"[A-Z][A-Za-z0-9]{1,40}")
"""An id of a conversation."""
_LAST = datetime.max.replace(tzinfo=UTC)

_PAUSE = timedelta(minutes=1)
"""Until a conversation that Slack didn't name is asked for again."""

_Told = Mapping[EffectKey, TellOwner]


class _NamelessError(UnavailableError):
    """Slack named no channel for one person's conversation; the others' may be fine."""


class SlackGateway:
    """Implements `Messenger`. Nothing is sent before the first call."""

    def __init__(
        self,
        access: SlackAccess,
        clock: Clock,
        links: RecordLinks,
        *,
        expected: Sequence[str] = (),
        snoozes: Sequence[timedelta] = (),
        watch: Watch = unwatched,
    ) -> None:
        """Take the addresses of the people whom `examine` should find, and the snoozes offered."""
        self._clock = clock
        self._links = links
        self._expected = tuple(expected)
        self._snoozes = tuple(snoozes)
        self._client = SlackClient(access, clock, watch)
        self._directory = Directory(self._client, clock)
        self._quiet = QuietHours(self._client)
        self._conversations: dict[str, str] = {}

    def presences(self, emails: Sequence[str]) -> Mapping[str, Presence]:
        """What people's Slack says of them, by email; a person without Slack is absent."""
        people, now = self._directory.people(), self._clock.now()
        found = {
            email: person for email in emails if (person := people.get(email.lower())) is not None
        }
        quiet = self._quiet.until([person.id for person in found.values()], now)
        return {
            email: Presence(
                user_id=person.id,
                away=person.away(now),
                do_not_disturb_until=quiet.get(person.id),
            )
            for email, person in found.items()
        }

    def email_of(self, user_id: str) -> str | None:
        """The address of a colleague; None for guests, strangers, bots and doubtful accounts."""
        return self._directory.email_of(user_id)

    def typed(self, delivered: str, names: Mapping[str, str]) -> str:
        """What a person typed; a colleague by their name, anybody else by `@` and theirs."""

        def named(user_id: str, label: str) -> str:
            if user_id == self._directory.me():
                return ""
            name = names.get(self._directory.email_of(user_id) or "")
            return name or f"@{self._directory.name_of(user_id) or label or user_id}"

        return typed.typed(delivered, named)

    def tell_owners(self, planned: Mapping[EffectKey, TellOwner]) -> Mapping[EffectKey, Receipt]:
        """One message per owner with all of the owner's leads in it.

        Once a message may have been posted nothing is raised any more: what went wrong is in the
        receipts. When Slack asks to wait for one channel the others go on; when it is away, or
        refuses the token, the rest is not tried.
        """
        self._directory.people()
        receipts: dict[EffectKey, Receipt] = {}
        unanswered, rest = 0, None
        for told in _messages(planned):
            try:
                receipt = rest or self._tell(told)
            except AuthError as error:
                if not receipts:
                    raise
                receipt = Untried(detail=str(error))
            receipts.update(dict.fromkeys(told, receipt))
            unanswered = unanswered + 1 if isinstance(receipt, Unknown) else 0
            if unanswered == _UNANSWERED:
                rest = Untried(detail="Slack does not answer")
            elif isinstance(receipt, Untried) and receipt.retry_at is None:
                rest = receipt
        return receipts

    def told(self, planned: Mapping[EffectKey, TellOwner], since: datetime) -> frozenset[EffectKey]:
        """Which of these were posted already, read from the messages' metadata."""
        found: set[EffectKey] = set()
        for owner, told in _by_owner(planned).items():
            person = self._directory.find(owner)
            if person is not None:
                found |= self._keys_posted(person, since) & told.keys()
        return frozenset(found)

    def post(self, channel: str, shown: Sequence[Block], text: str, key: EffectKey) -> Receipt:
        """Post one message to a conversation; `text` is for notifications, made neutral before."""
        body = {"channel": channel, "blocks": list(shown), "text": text}
        return self._post(body, [key])

    def update(self, channel: str, ts: str, shown: Sequence[Block], text: str) -> Receipt:
        """Replace one of our messages; harmless to repeat."""
        body = {"channel": channel, "ts": ts, "blocks": list(shown), "text": text}
        try:
            self._client.write("chat.update", body)
        except UnknownOutcomeError as error:
            return Untried(detail=str(error))
        except ToolError as error:
            return self._receipt(error)
        return Applied(detail=f"{channel}/{ts}")

    def examine(self) -> list[Finding]:
        """Check the token, its scopes and that the roster's people are found."""
        return examination.examine(self._client, self._directory, self._expected)

    def _tell(self, told: _Told) -> Receipt:
        owner = next(iter(told.values())).owner
        try:
            person = self._directory.find(owner)
            if person is None:
                return _refused("users_not_found", self._directory.absence(owner))
            channel = self._conversation(person)
        except ToolError as error:
            return self._receipt(error)
        items = [self._item(one) for one in _once(told.values())]
        zone = directory.zone_named(person.timezone)
        body = {
            "channel": channel,
            "blocks": owner_messages.owned(items, zone),
            "text": owner_messages.summary(items, zone),
        }
        receipt = self._post(body, list(told))
        if isinstance(receipt, Refused):
            self._conversations.pop(person.id, None)
        return receipt

    def _item(self, told: TellOwner, news: str | None = None, note: str | None = None) -> Item:
        buttons = None
        if told.cycle is not None:
            buttons = Buttons(told.cycle, told.stage, self._snoozes)
        return Item(
            title=told.title,
            url=self._links.url(told.record_id),
            reason=told.reason,
            due=told.sla_due,
            tone=told.tone,
            did=told.brief.did,
            opening=told.brief.opening,
            for_whom=told.for_whom,
            buttons=buttons,
            news=news,
            note=note,
            is_reassigned=told.stage > 0,
        )

    def tell_managers(
        self, planned: Mapping[EffectKey, TellManager], threads: Mapping[EffectKey, str]
    ) -> Mapping[EffectKey, Receipt]:
        """Tell managers, one message with all that each gets; a dispute has one of its own.

        A thread (`channel/ts`) takes what follows on the leads of one message.
        """

        def body(keys: Sequence[EffectKey], person: Person) -> Row:
            told = [planned[key] for key in keys]
            thread, now = threads.get(keys[0], "").partition("/")[2], self._clock.now()
            reading = Reading(now, directory.zone_named(person.timezone))
            leads = [(one, self._links.url(one.record_id)) for one in told]
            shown = manager_messages.breaches(leads, reading, is_reply=bool(thread))
            said: Row = {"blocks": shown, "text": manager_messages.summary(told, now)}
            return {**said, "thread_ts": thread} if thread else said

        return self._send(_for_managers(planned, threads), body)

    def send_reports(self, planned: Mapping[EffectKey, SendReport]) -> Mapping[EffectKey, Receipt]:
        """Send digests and lists, one message each, with their charts as pictures.

        A picture that can't be added never keeps a report back: the message says why it has none.
        """
        pictures: dict[EffectKey, Pictures] = {}

        def body(keys: Sequence[EffectKey], _: Person) -> Row:
            (key,) = keys
            told = planned[key]
            pictures.setdefault(key, self._pictures(told.charts))
            return {"blocks": manager_messages.report(told, pictures[key]), "text": told.title}

        receipts = self._send([(one.to, [key]) for key, one in planned.items()], body)
        unready = [
            (planned[key].to, [key])
            for key, receipt in receipts.items()
            if isinstance(receipt, Refused) and receipt.code in _UNREADY and pictures[key].files
        ]
        for _, (key,) in unready:
            pictures[key] = Pictures(missing="Slack was still processing it")
        return receipts | self._send(unready, body)

    def _pictures(self, charts: Sequence[Chart]) -> Pictures:
        """The charts uploaded; nobody sees them before a message shows them."""
        try:
            files = {
                uploads.upload(self._client, "chart.png", one.alt, png(one)): one.alt
                for one in charts
            }
        except ToolError as error:
            return Pictures(missing=error.code or error.detail)
        return Pictures(files)

    def posted(
        self, planned: Mapping[EffectKey, TellManager | SendReport], since: datetime
    ) -> frozenset[EffectKey]:
        """Which of these were posted already, read from the messages' metadata."""
        by_reader: dict[str, set[EffectKey]] = defaultdict(set)
        for key, one in planned.items():
            by_reader[one.manager if isinstance(one, TellManager) else one.to].add(key)
        found: set[EffectKey] = set()
        for reader, keys in sorted(by_reader.items()):
            person = self._directory.find(reader)
            if person is not None:
                found |= self._keys_posted(person, since) & keys
        return frozenset(found)

    def refresh(self, planned: Mapping[EffectKey, RefreshMessage]) -> Mapping[EffectKey, Receipt]:
        """Bring messages up to date; harmless to repeat."""
        receipts: dict[EffectKey, Receipt] = {}
        zones = {email: one.timezone for email, one in self._directory.people().items()}
        for key, one in planned.items():
            items = [
                self._item(told, one.news.get(told.lead), one.notes.get(told.lead))
                for told in _once(one.items)
            ]
            zone = directory.zone_named(zones.get(one.items[0].owner.lower()))
            shown, text = owner_messages.owned(items, zone), owner_messages.summary(items, zone)
            receipts[key] = self.update(one.channel, one.ts, shown, text)
        return receipts

    def say(self, channel: str, thread: str, shown: Shown, key: str) -> Receipt:
        """Post one turn of a conversation; `thread` is empty for none, `key` finds it again."""
        body: Row = {"channel": channel, **self._turn(shown)}
        return self._post(body | _in(thread), [EffectKey(key)])

    def whisper(self, channel: str, thread: str, user_id: str, shown: Shown) -> Receipt:
        """Post one turn of a conversation so that only one person of a channel sees it."""
        body: Row = {"channel": channel, "user": user_id, **self._turn(shown)}
        return self._write("chat.postEphemeral", body | _in(thread))

    def said(self, channel: str, thread: str, key: str) -> str | None:
        """The message (`channel/ts`) that was posted under a key; None when there is none."""
        asked: dict[str, str | bool] = {"channel": channel, "include_all_metadata": True}
        method = "conversations.history"
        if thread:
            method, asked["ts"] = "conversations.replies", thread
        found = self._client.pages(method, "messages", limit=PAGE, **asked)
        for message in found:
            if key in _keys(message):
                return f"{channel}/{message['ts']}"
        return None

    def revise(self, message: str, shown: Shown) -> Receipt:
        """Let a message (`channel/ts`) say something else; harmless to repeat."""
        channel, _, ts = message.partition("/")
        return self.update(
            channel, ts, replies.shown(shown, self._links.url), replies.summary(shown)
        )

    def direct(self, user_id: str) -> str:
        """The channel of the direct message with a member; opening it twice is harmless.

        Raises UnavailableError when Slack names none; what isn't an id is never kept as one.
        """
        if user_id not in self._conversations:
            opened = self._client.read("conversations.open", users=user_id)
            channel = within(opened, "channel").get("id")
            if not isinstance(channel, str) or _CHANNEL.fullmatch(channel) is None:
                raise _NamelessError(VENDOR, "conversations.open answered without a channel")
            self._conversations[user_id] = channel
        return self._conversations[user_id]

    def thinking(self, channel: str, thread: str, words: str) -> Receipt:
        """Show in a thread of the assistant pane that an answer is on its way.

        Slack takes it away by itself when the answer is posted.
        """
        body: Row = {"channel_id": channel, "thread_ts": thread, "status": words}
        return self._write("assistant.threads.setStatus", body)

    def offer(self, channel: str, thread: str, prompts: Sequence[tuple[str, str]]) -> Receipt:
        """Offer questions in the assistant pane, at most four: each with a title."""
        told = [{"title": title, "message": message} for title, message in prompts]
        body: Row = {"channel_id": channel, "thread_ts": thread, "prompts": told}
        return self._write("assistant.threads.setSuggestedPrompts", body)

    def show_home(self, user_id: str, shown: Shown) -> Receipt:
        """Show somebody their App Home; harmless to repeat."""
        view = {"type": "home", "blocks": replies.shown(shown, self._links.url)}
        return self._write("views.publish", {"user_id": user_id, "view": view})

    def _write(self, method: str, body: Row) -> Receipt:
        try:
            self._client.write(method, body)
        except ToolError as error:
            return self._receipt(error)
        return Applied()

    def _turn(self, shown: Shown) -> Row:
        return {
            "blocks": replies.shown(shown, self._links.url),
            "text": replies.summary(shown),
        }

    def _send(
        self,
        messages: Sequence[tuple[str, Sequence[EffectKey]]],
        body: Callable[[Sequence[EffectKey], Person], Row],
    ) -> dict[EffectKey, Receipt]:
        """Post messages, each to its reader and with the keys of what it tells.

        Where Slack asks to wait, the rest of that reader's waits and other readers' go on. When it
        is away, after a few silent posts, or when it refuses the token, all the rest waits.
        """
        receipts: dict[EffectKey, Receipt] = {}
        slow: dict[str, Receipt] = {}
        silent, rest = 0, None
        for reader, keys in messages:
            try:
                receipt = rest or slow.get(reader) or self._write_to(reader, keys, body)
            except AuthError as error:
                if not receipts:
                    raise
                receipt = rest = Untried(detail=str(error))
            receipts.update(dict.fromkeys(keys, receipt))
            silent += isinstance(receipt, Unknown)
            if silent >= _UNANSWERED:
                rest = Untried(detail="Slack does not answer")
            elif isinstance(receipt, Untried):
                slow[reader] = receipt
                rest = receipt if receipt.retry_at is None else rest
        return receipts

    def _write_to(
        self,
        reader: str,
        keys: Sequence[EffectKey],
        body: Callable[[Sequence[EffectKey], Person], Row],
    ) -> Receipt:
        """Post one message to its reader."""
        try:
            person = self._directory.find(reader)
            if person is None:
                return _refused("users_not_found", self._directory.absence(reader))
            channel = self._conversation(person)
        except ToolError as error:
            return self._receipt(error)
        return self._post({"channel": channel, **body(keys, person)}, keys)

    def _conversation(self, person: Person) -> str:
        """The direct message with a person; opening it twice is harmless."""
        return self.direct(person.id)

    def _post(self, body: Row, keys: Sequence[EffectKey]) -> Receipt:
        signed = {
            **body,
            "metadata": {"event_type": EVENT_TYPE, "event_payload": {"keys": ",".join(keys)}},
            "unfurl_links": False,
            "unfurl_media": False,
        }
        try:
            answer = self._client.write(POST, signed)
        except ToolError as error:
            return self._receipt(error)
        return Applied(detail=f"{answer.get('channel')}/{answer.get('ts')}")

    def _receipt(self, error: ToolError) -> Receipt:
        now = self._clock.now()
        match error:
            case UnknownOutcomeError():
                return Unknown(detail=str(error))
            case RateLimitError():
                return Untried(detail=str(error), retry_at=now + error.retry_after)
            case _NamelessError():
                return Untried(detail=str(error), retry_at=now + _PAUSE)
            case RetryableError():
                return Untried(detail=str(error))
            case RequestError():
                return _refused(error.code or VENDOR, error.detail)
            case _:
                raise error

    def _keys_posted(self, person: Person, since: datetime) -> set[EffectKey]:
        """The keys in the metadata of the conversation's messages since a moment."""
        try:
            channel = self._conversation(person)
            messages = list(
                self._client.pages(
                    "conversations.history",
                    "messages",
                    channel=channel,
                    oldest=f"{since.timestamp():.6f}",
                    include_all_metadata=True,
                )
            )
        except RequestError as error:
            if error.code not in _CLOSED:
                raise
            self._conversations.pop(person.id, None)
            return set()
        return {EffectKey(key) for message in messages for key in _keys(message)}


def _in(thread: str) -> Row:
    return {"thread_ts": thread} if thread else {}


def _refused(code: str, words: str) -> Refused:
    return Refused(refusal=Refusal.OTHER, code=code, words=words)


def _keys(message: Row) -> list[str]:
    metadata = within(message, "metadata")
    if metadata.get("event_type") != EVENT_TYPE:
        return []
    return str(within(metadata, "event_payload").get("keys") or "").split(",")


def _by_owner(planned: _Told) -> dict[str, dict[EffectKey, TellOwner]]:
    """Owners in alphabetical order, each with those due first at the top."""
    found: dict[str, dict[EffectKey, TellOwner]] = defaultdict(dict)
    for key, told in sorted(planned.items(), key=_urgency):
        found[told.owner.lower()][key] = told
    return dict(sorted(found.items()))


def _urgency(entry: tuple[EffectKey, TellOwner]) -> tuple[datetime, str, str]:
    key, told = entry
    return told.sla_due or _LAST, told.title, key


_NEWS_FIRST = (Tone.ASSIGNED, Tone.COVER, Tone.BREACH, Tone.REMINDER)


def _once(told: Iterable[TellOwner]) -> list[TellOwner]:
    """Each lead once, where several steps of it piled up: as news, else as the highest of them."""
    shown: dict[LeadKey, TellOwner] = {}
    for one in told:
        known = shown.get(one.lead)
        if known is None or _NEWS_FIRST.index(one.tone) < _NEWS_FIRST.index(known.tone):
            shown[one.lead] = one
    return list(shown.values())


def _for_managers(
    planned: Mapping[EffectKey, TellManager], threads: Mapping[EffectKey, str]
) -> list[tuple[str, list[EffectKey]]]:
    """Who gets a message about what: all of one thread's, or all that begins none, together."""
    found: dict[tuple[str, str, EffectKey | None], list[EffectKey]] = defaultdict(list)
    for key, one in sorted(planned.items(), key=lambda each: (each[1].sla_due or _LAST, each[0])):
        alone = None if one.dispute is None else key
        found[one.manager, threads.get(key, ""), alone].append(key)
    most = MOST_KEY_CHARACTERS // max((len(key) + 1 for key in planned), default=1)
    return [
        (manager, keys[start : start + most])
        for (manager, _, _), keys in found.items()
        for start in range(0, len(keys), most)
    ]


def _messages(planned: _Told) -> Iterator[_Told]:
    """What goes into each message: an owner's leads, as many as the metadata can name."""
    for told in _by_owner(planned).values():
        some: dict[EffectKey, TellOwner] = {}
        size = 0
        for key, one in told.items():
            size += len(key) + 1
            if size > MOST_KEY_CHARACTERS:
                yield some
                some, size = {}, len(key) + 1
            some[key] = one
        yield some
