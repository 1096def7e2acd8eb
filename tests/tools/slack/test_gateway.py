"""Telling owners in Slack exactly once, over real HTTP against the sandbox's Slack."""

import json
import socket
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from domain.effects import (
    Applied,
    Receipt,
    Refusal,
    Refused,
    SendReport,
    TellOwner,
    Unknown,
    Untried,
)
from domain.errors import AuthError, RateLimitError, RequestError, UnavailableError
from domain.lead.absences import OutOfOffice
from domain.lead.crm_records import RecordKind
from domain.ports import Messenger
from domain.values import EffectKey, LeadKey, RecordId
from sandbox import slack
from sandbox.http.message import Handler, Request, Response
from sandbox.server.http_server import Server
from sandbox.slack.people.users import set_quiet
from sandbox.state.world import Row, World
from tools.slack import SlackAccess, SlackGateway
from tools.slack.users.directory import says_away

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TOKEN = "xoxb-test"
NOBODY = "nobody@meridian.example"
ANA, LENA, ROB = (f"{name}@meridian.example" for name in ("ana.torres", "lena.vogel", "rob.diaz"))

Fault = Callable[[Handler, Request], Response]


class Clock:
    """A clock that moves only when slept on."""

    def __init__(self) -> None:
        self.time = NOW
        self.naps: list[float] = []

    def now(self) -> datetime:
        """The time so far."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move on and remember."""
        self.naps.append(seconds)
        self.time += timedelta(seconds=seconds)


class Links:
    """Where records can be opened."""

    def url(self, record_id: RecordId) -> str:
        """The record's page."""
        return f"https://acme.my.salesforce.com/{record_id}"


def resets_after(face: Handler, request: Request) -> Response:
    """Carry out the call, then close the connection without an answer."""
    face(request)
    raise ConnectionResetError("as told")


def resets_before(_: Handler, request: Request) -> Response:
    """Close the connection without doing anything."""
    raise ConnectionResetError(f"as told: {request.path}")


def answers(value: object, status: int = 200, **headers: str) -> Fault:
    """Answer so, without doing anything."""
    return lambda _face, _request: Response.of(value, status, **headers)


def fails_after(error: str) -> Fault:
    """Carry out the call, then answer with an error."""

    def fault(face: Handler, request: Request) -> Response:
        face(request)
        return Response.of({"ok": False, "error": error})

    return fault


class Workspace:
    """A workspace of three people behind a port, one of them gone."""

    def __init__(self) -> None:
        self.world = World(now=NOW)
        self.clock = Clock()
        self.calls: list[str] = []
        self.faults: dict[str, list[Fault]] = {}
        """Method to what happens instead, call by call."""
        slack.add_token(self.world, TOKEN)
        people = (
            ("Ana Torres", ANA, "America/Los_Angeles"),
            ("Lena Vogel", LENA, "Europe/Berlin"),
        )
        for name, email, timezone in people:
            slack.add_user(self.world, name=name, email=email, timezone=timezone)
        slack.add_user(
            self.world, name="Rob Diaz", email=ROB, timezone="America/New_York", deleted=True
        )
        face = slack.face(self.world)

        def answer(request: Request) -> Response:
            method = request.path.removeprefix("/api/")
            self.calls.append(method)
            faults = self.faults.get(method)
            return faults.pop(0)(face, request) if faults else face(request)

        self.server = Server(self.world, {"/slack": answer})
        self.server.start()

    def gateway(self, *, token: str = TOKEN, expected: tuple[str, ...] = ()) -> SlackGateway:
        """A new gateway, as a new process would have it."""
        url = f"http://127.0.0.1:{self.server.port}/slack/api/"
        access = SlackAccess(SecretStr(token), url, timeout=2)
        return SlackGateway(access, self.clock, Links(), expected=expected)

    def messages(self, email: str = ANA) -> list[Row]:
        """What a person got from the app, oldest first."""
        user = slack.user_by_email(self.world, email)
        assert user is not None
        channel = slack.open_dm(self.world, user["id"])[0]["id"]
        rows = self.world.table("slack.message").values()
        return [row for row in rows if row["channel"] == channel]

    def sets_status(self, email: str, text: str, emoji: str, until: datetime | None) -> None:
        """Let a person set their status."""
        user = slack.user_by_email(self.world, email)
        assert user is not None
        slack.set_status(self.world, user["id"], text=text, emoji=emoji, until=until)


@pytest.fixture
def workspace() -> Generator[Workspace]:
    """A running workspace."""
    workspace = Workspace()
    yield workspace
    workspace.server.stop()


def tell(owner: str = ANA, title: str = "Dana Fox, VP at Acme", number: int = 1) -> TellOwner:
    """A lead that an owner is to be told of."""
    return TellOwner(
        lead=LeadKey(str(number)),
        owner=owner,
        title=title,
        record_id=RecordId(f"00Q{number:015d}"),
        record_kind=RecordKind.LEAD,
        reason="Territory California.",
        sla_due=NOW + timedelta(minutes=number),
    )


def plan(*told: TellOwner) -> dict[EffectKey, TellOwner]:
    """Actions with their keys: e1, e2, ..."""
    return {EffectKey(f"e{number}"): one for number, one in enumerate(told, start=1)}


def shown(receipt: Receipt) -> str:
    """What a message ends up as, in one word."""
    return receipt.kind


def told_once(gateway: Messenger, planned: dict[EffectKey, TellOwner]) -> frozenset[EffectKey]:
    """What is found in the conversations since an hour ago."""
    return gateway.told(planned, NOW - timedelta(hours=1))


def test_one_owner_gets_one_message_with_all_leads(workspace: Workspace) -> None:
    """The leads due first stand first, each linked to its record."""
    planned = plan(tell(number=2, title="Later"), tell(number=1, title="Sooner"), tell(LENA))
    receipts = workspace.gateway().tell_owners(planned)
    (message,) = workspace.messages()
    assert {shown(receipt) for receipt in receipts.values()} == {"applied"}
    assert len(workspace.messages(LENA)) == 1
    assert message["text"] == "2 new leads: Sooner; Later"
    links = [block["elements"][0]["elements"][0] for block in message["blocks"][1:]]
    assert [link["url"][-4:] for link in links] == ["0001", "0002"]
    assert message["metadata"] == {
        "event_type": "routeready_assigned",
        "event_payload": {"keys": "e2,e1"},
    }


def test_the_due_time_is_the_owners_own(workspace: Workspace) -> None:
    """The zone is the one that Slack knows the owner by."""
    workspace.gateway().tell_owners(plan(tell(LENA)))
    (message,) = workspace.messages(LENA)
    assert "First touch due Mon, Nov 23, 1:01 PM CET" in json.dumps(message["blocks"])


def test_the_receipt_names_the_message(workspace: Workspace) -> None:
    """Channel and ts are kept, so that the message can be changed later."""
    receipt = workspace.gateway().tell_owners(plan(tell()))[EffectKey("e1")]
    (message,) = workspace.messages()
    assert receipt == Applied(detail=f"{message['channel']}/{message['ts']}")


def test_what_a_lead_wrote_mentions_nobody(workspace: Workspace) -> None:
    """In the text it is escaped; in the blocks Slack shows it as it is."""
    workspace.gateway().tell_owners(plan(tell(title="<!channel> <https://evil.example|click>")))
    (message,) = workspace.messages()
    assert "<" not in message["text"]
    assert {block["type"] for block in message["blocks"]} == {"rich_text"}


def test_hundreds_of_leads_are_all_accounted_for(workspace: Workspace) -> None:
    """More keys than one message's metadata can name go into a second message."""
    planned = {
        EffectKey(f"e{number:016d}"): tell(number=number, title="D. Fox") for number in range(500)
    }
    gateway = workspace.gateway()
    receipts = gateway.tell_owners(planned)
    assert (len(receipts), len(workspace.messages())) == (500, 2)
    assert told_once(gateway, planned) == planned.keys()


def test_posted_then_reset_is_unknown_and_found_again(workspace: Workspace) -> None:
    """The message is there once, nothing repeats it, and its metadata answers for it."""
    workspace.faults["chat.postMessage"] = [resets_after]
    planned = plan(tell(), tell(LENA))
    receipts = workspace.gateway().tell_owners(planned)
    assert {key: shown(receipt) for key, receipt in receipts.items()} == {
        "e1": "unknown",
        "e2": "applied",
    }
    assert (len(workspace.messages()), workspace.calls.count("chat.postMessage")) == (1, 2)
    assert told_once(workspace.gateway(), planned) == {"e1", "e2"}


@pytest.mark.parametrize(
    ("fault", "posted"),
    [
        (resets_after, 1),
        (resets_before, 0),
        (fails_after("fatal_error"), 1),
        (fails_after("internal_error"), 1),
        (fails_after("request_timeout"), 1),
        (answers({"ok": False, "error": "service_unavailable"}), 0),
        (answers({"any": "thing"}, 503), 0),
        (answers("<html>"), 0),
        (answers(["not", "Slack's"]), 0),
        (answers(None), 0),
    ],
)
def test_an_answer_that_never_came_is_unknown(
    workspace: Workspace, fault: Fault, posted: int
) -> None:
    """Posted or not, the receipt is the same, and the history tells the truth."""
    workspace.faults["chat.postMessage"] = [fault]
    gateway, planned = workspace.gateway(), plan(tell())
    (receipt,) = gateway.tell_owners(planned).values()
    assert isinstance(receipt, Unknown)
    assert len(workspace.messages()) == posted
    assert len(told_once(gateway, planned)) == posted


def test_a_wait_that_slack_asks_for_is_the_channels(workspace: Workspace) -> None:
    """The limit is a channel's: the other owner is told, and this one not before the time."""
    limit = answers({"ok": False, "error": "ratelimited"}, 429, retry_after="7")
    workspace.faults["chat.postMessage"] = [limit]
    gateway, planned = workspace.gateway(), plan(tell(), tell(LENA))
    receipts = gateway.tell_owners(planned)
    assert ["applied", "untried"] == sorted(shown(one) for one in receipts.values())
    left = {key: planned[key] for key, one in receipts.items() if isinstance(one, Untried)}
    for _ in range(2):
        (again,) = gateway.tell_owners(left).values()
        assert isinstance(again, Untried)
        assert NOW + timedelta(seconds=7) == again.retry_at
    assert 2 == workspace.calls.count("chat.postMessage")
    workspace.clock.sleep(7)
    assert {"applied"} == {shown(one) for one in gateway.tell_owners(left).values()}


def test_a_second_channel_that_must_wait_shows_that_everybody_must(workspace: Workspace) -> None:
    """Then the limit is the workspace's, and nobody is written to before the time."""
    limit = answers({"ok": False, "error": "ratelimited"}, 429, retry_after="7")
    workspace.faults["chat.postMessage"] = [limit, limit]
    gateway, planned = workspace.gateway(), plan(tell(), tell(LENA))
    gateway.tell_owners(planned)
    manager = {EffectKey("m1"): SendReport(to=LENA, title="t", intro="i", sections=())}
    (receipt,) = gateway.send_reports(manager).values()
    assert (True, 2) == (isinstance(receipt, Untried), workspace.calls.count("chat.postMessage"))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"retry_after": "Mon, 23 Nov 2026 12:00:09 GMT"}, 9), ({}, 30), ({"retry_after": "x"}, 30)],
)
def test_a_wait_may_be_a_date_or_missing(
    workspace: Workspace, headers: dict[str, str], seconds: int
) -> None:
    """A wait that Slack doesn't tell is half a minute."""
    workspace.faults["chat.postMessage"] = [answers({"ok": False}, 429, **headers)]
    (receipt,) = workspace.gateway().tell_owners(plan(tell())).values()
    assert isinstance(receipt, Untried)
    assert receipt.retry_at == NOW + timedelta(seconds=seconds)


def test_an_owner_without_slack_is_refused_and_the_others_are_told(workspace: Workspace) -> None:
    """A deactivated and an unknown person are told apart from a failure."""
    receipts = workspace.gateway().tell_owners(plan(tell(ROB), tell(NOBODY), tell()))
    words = {ROB: "is deactivated in Slack", NOBODY: "has no active Slack account"}
    refused = [
        Refused(refusal=Refusal.OTHER, code="users_not_found", words=f"{owner} {why}")
        for owner, why in words.items()
    ]
    assert [receipts[EffectKey(key)] for key in ("e1", "e2")] == refused
    assert shown(receipts[EffectKey("e3")]) == "applied"


def test_a_refusal_keeps_slacks_own_word(workspace: Workspace) -> None:
    """It did not happen, and the code says why."""
    fault = {
        "ok": False,
        "error": "invalid_blocks",
        "response_metadata": {"messages": ["[ERROR] no more than 50 items"]},
    }
    workspace.faults["chat.postMessage"] = [answers(fault)]
    (receipt,) = workspace.gateway().tell_owners(plan(tell())).values()
    assert receipt == Refused(
        refusal=Refusal.OTHER,
        code="invalid_blocks",
        words="chat.postMessage: invalid_blocks ([ERROR] no more than 50 items)",
    )


def test_slack_is_given_up_for_now_after_three_silences(workspace: Workspace) -> None:
    """The rest certainly did not happen."""
    owners = [f"rep{number}@meridian.example" for number in range(5)]
    for owner in owners:
        slack.add_user(workspace.world, name=owner, email=owner, timezone="UTC")
    workspace.faults["chat.postMessage"] = [resets_before] * 5
    receipts = workspace.gateway().tell_owners(plan(*map(tell, owners)))
    expected = ["unknown"] * 3 + ["untried"] * 2
    assert [shown(one) for one in receipts.values()] == expected


def test_nothing_is_raised_once_a_message_was_posted(workspace: Workspace) -> None:
    """A token that is revoked in between leaves the first receipt true."""
    revoked = answers({"ok": False, "error": "token_revoked"})
    post = slack.face(workspace.world)
    workspace.faults["chat.postMessage"] = [lambda _, request: post(request), revoked]
    receipts = workspace.gateway().tell_owners(plan(tell(), tell(LENA)))
    assert [shown(one) for one in receipts.values()] == ["applied", "untried"]


def test_a_refused_token_is_raised_when_nothing_was_posted(workspace: Workspace) -> None:
    """A person must act."""
    with pytest.raises(AuthError):
        workspace.gateway(token="xoxb-wrong").tell_owners(plan(tell()))
    workspace.faults["chat.postMessage"] = [
        answers({"ok": False, "error": "missing_scope", "needed": "chat:write"})
    ]
    with pytest.raises(AuthError, match="needs the scope chat:write"):
        workspace.gateway().tell_owners(plan(tell()))


def test_history_is_read_page_by_page(workspace: Workspace) -> None:
    """A message is found behind hundreds of others, and only since the moment asked for."""
    gateway, planned = workspace.gateway(), plan(tell())
    workspace.world.advance(timedelta(minutes=1))
    gateway.tell_owners(planned)
    (message,) = workspace.messages()
    table = workspace.world.table("slack.message")
    for number in range(450):
        ts = f"{float(message['ts']) + 1 + number:.6f}"
        table[f"{message['channel']}/{ts}"] = {"channel": message["channel"], "ts": ts, "text": ""}
    assert gateway.told(planned, NOW) == {"e1"}
    assert workspace.calls.count("conversations.history") == 3
    assert gateway.told(planned, NOW + timedelta(minutes=2)) == frozenset()


def test_an_owner_who_left_was_told_nothing(workspace: Workspace) -> None:
    """Without a conversation there is no message in it; other refusals are raised."""
    gateway, planned = workspace.gateway(), plan(tell(ROB), tell())
    assert told_once(gateway, planned) == frozenset()
    workspace.faults["conversations.history"] = [answers({"ok": False, "error": "invalid_cursor"})]
    with pytest.raises(RequestError, match="invalid_cursor"):
        told_once(gateway, planned)


def test_a_read_is_repeated_and_then_given_up(workspace: Workspace) -> None:
    """Reads leave nothing behind: two failures are borne, the third is raised."""
    workspace.faults["users.list"] = [resets_before, answers({}, 500)]
    assert set(workspace.gateway().presences([ANA])) == {ANA}
    workspace.faults["users.list"] = [resets_before] * 3
    with pytest.raises(UnavailableError):
        workspace.gateway().presences([ANA])


def test_a_long_wait_of_a_read_is_not_slept_through(workspace: Workspace) -> None:
    """A run rather fails now than sleep for minutes."""
    limit = answers({"ok": False, "error": "ratelimited"}, 429, retry_after="120")
    workspace.faults["users.list"] = [limit]
    with pytest.raises(RateLimitError):
        workspace.gateway().presences([ANA])
    assert workspace.clock.naps == []


def test_presences_are_read_once_in_five_minutes(workspace: Workspace) -> None:
    """Those without an active account are absent."""
    gateway = workspace.gateway()
    for _ in range(3):
        assert set(gateway.presences([ANA.title(), LENA, ROB])) == {ANA.title(), LENA}
        workspace.clock.sleep(120)
    assert workspace.calls.count("users.list") == 1
    gateway.presences([ANA])
    assert workspace.calls.count("users.list") == 2


def out(until: datetime | None = None) -> OutOfOffice:
    """Ana is out, by her own status."""
    return OutOfOffice(source="Slack", until=until)


@pytest.mark.parametrize(
    ("text", "emoji", "until", "away"),
    [
        ("", "", None, None),
        ("In a meeting", ":calendar:", None, None),
        ("Vacationing", ":palm_tree:", None, out()),
        ("", ":face_with_thermometer:", None, out()),
        ("Urlaub", "", NOW + timedelta(days=3), out(NOW + timedelta(days=3))),
        ("OOO", "", NOW + timedelta(hours=5), out(NOW + timedelta(hours=5))),
        ("OOO", "", NOW, None),
    ],
)
def test_a_status_tells_who_is_away(
    workspace: Workspace, text: str, emoji: str, until: datetime | None, away: OutOfOffice | None
) -> None:
    """Until when is known with the person's own time zone, and never why."""
    workspace.sets_status(ANA, text, emoji, until)
    user = slack.user_by_email(workspace.world, ANA)
    assert user is not None
    presence = workspace.gateway().presences([ANA])[ANA]
    assert (user["id"], away) == (presence.user_id, presence.away)


def test_quiet_hours_are_told(workspace: Workspace) -> None:
    """Slack's usual quiet ends at eight in the person's own morning; a snooze when it says."""
    usual = workspace.gateway().presences([ANA])[ANA].do_not_disturb_until
    assert NOW.replace(hour=16, minute=0) == usual
    user = slack.user_by_email(workspace.world, ANA)
    assert user is not None
    set_quiet(workspace.world, user["id"], NOW + timedelta(hours=12))
    snoozed = workspace.gateway().presences([ANA])[ANA].do_not_disturb_until
    assert NOW + timedelta(hours=12) == snoozed


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("Out of office until Monday", True),
        ("On parental leave 👶", True),
        ("out sick", True),
        ("PTO", True),
        ("Im Urlaub bis 4.1.", True),
        ("En congé", True),
        ("De vacaciones", True),
        ("Em férias", True),
        ("本日休暇", True),
        ("Vakantie!", True),
        ("Working remotely", False),
        ("Back from vacation, catching up", False),
        ("Holiday season promo", False),
        ("Planning the vacation campaign", False),
        ("Commuting", False),
        ("", False),
    ],
)
def test_a_status_text_is_understood_in_several_languages(status: str, expected: bool) -> None:  # noqa: FBT001  (a table's column)
    """Words that mean being out count, and those around them that mean being back don't."""
    assert says_away(status) == expected


def test_a_message_can_be_posted_and_changed(workspace: Workspace) -> None:
    """A channel's message carries its key; changing it is harmless to repeat."""
    channel = slack.add_channel(workspace.world, "sales-inbound")
    gateway = workspace.gateway()
    block: dict[str, Any] = {"type": "divider"}
    posted = gateway.post(channel, [block], "hello", EffectKey("e9"))
    assert isinstance(posted, Applied)
    ts = posted.detail.partition("/")[2]
    assert gateway.update(channel, ts, [block], "bye") == posted
    row = workspace.world.table("slack.message")[posted.detail]
    assert (row["text"], row["metadata"]["event_payload"]) == ("bye", {"keys": "e9"})
    workspace.faults["chat.update"] = [resets_after]
    assert isinstance(gateway.update(channel, ts, [block], "again"), Untried)
    assert isinstance(gateway.update(channel, "1.1", [block], "none"), Refused)


def test_examination_finds_who_is_missing(workspace: Workspace) -> None:
    """The token is tried, and the policy's people are looked for."""
    found = workspace.gateway(expected=(ANA, ROB)).examine()
    assert [(one.subject, one.ok) for one in found] == [
        ("Slack sign-in", True),
        ("Slack scopes", True),
        ("Slack people", False),
    ]
    assert found[-1].sentence == f"{ROB} is deactivated in Slack."


def test_examination_names_missing_scopes(workspace: Workspace) -> None:
    """Slack tells a token's scopes with every answer."""
    workspace.faults["auth.test"] = [
        answers({"ok": True, "team": "T"}, x_oauth_scopes="chat:write,users:read,im:history")
    ]
    sentences = [one.sentence for one in workspace.gateway().examine()]
    assert "The token has no scope im:write, users:read.email." in sentences


def test_examination_of_a_wrong_token_ends_at_once(workspace: Workspace) -> None:
    """Nothing else can be seen then."""
    (finding,) = workspace.gateway(token="xoxb-wrong").examine()
    assert (finding.ok, "SLACK_BOT_TOKEN" in (finding.fix or "")) == (False, True)


def test_an_unreachable_slack_is_unavailable_not_unknown() -> None:
    """A refused connection never carried the message."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    access = SlackAccess(SecretStr(TOKEN), f"http://127.0.0.1:{port}/")
    with pytest.raises(UnavailableError, match="no connection"):
        SlackGateway(access, Clock(), Links()).tell_owners(plan(tell()))


def test_a_token_never_travels_unencrypted() -> None:
    """Another machine is spoken to with TLS only."""
    with pytest.raises(AuthError, match="https"):
        SlackGateway(SlackAccess(SecretStr(TOKEN), "http://slack.invalid/api/"), Clock(), Links())


@pytest.mark.parametrize("channel", [None, "D1", [], {}, {"id": None}, {"id": 7}, {"id": "\u2028"}])
def test_a_conversation_that_slack_does_not_name_is_its_readers_trouble(
    workspace: Workspace, channel: object
) -> None:
    """The others are notified, and who wasn't is notified next time."""
    planned, gateway = plan(tell(), tell(LENA)), workspace.gateway()
    workspace.faults["conversations.open"] = [answers({"ok": True, "channel": channel})]
    receipts = gateway.tell_owners(planned)
    assert ["applied", "untried"] == sorted(shown(receipt) for receipt in receipts.values())
    waiting = {key: one for key, one in planned.items() if shown(receipts[key]) == "untried"}
    workspace.clock.sleep(60)
    again = gateway.tell_owners(waiting)
    assert ["applied"] == [shown(receipt) for receipt in again.values()]
