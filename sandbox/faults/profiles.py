"""Named faults: what goes wrong with each vendor in practice, ready to be switched on.

Faults of chance are drawn from a seed, so that a run can be made again; the others strike a
number of times and then let the world heal.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sandbox.faults.model import (
    Act,
    Delay,
    Double,
    Drip,
    Error,
    Fault,
    Hide,
    Partial,
    Quota,
    Reorder,
    Repeat,
    Replay,
    Reset,
    Stale,
    Status,
    Truncate,
)
from sandbox.http.message import Json
from sandbox.state.world import Row

HTML = "<html><body><h1>Service Unavailable</h1></body></html>"
JSON = {"content-type": "application/json"}
JUST_LATE = 90
"""Seconds that an answer or a delivery is late: longer than a tick, shorter than an SLA."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Faults that belong together, under one name."""

    says: str
    """What goes wrong, in a sentence."""
    faults: tuple[Fault, ...] = ()
    settings: Mapping[str, Row] = field(default_factory=dict[str, Row])
    """Rows of `sandbox.setting` that are set along with them, and stay until set otherwise."""
    deeds: tuple[Mapping[str, Json], ...] = ()
    """What people do when it is switched on, as `sandbox.acts` documents."""


class _At(NamedTuple):
    """Where the faults of a profile strike."""

    vendor: str
    method: str = ""
    path: str = ""
    body: str = ""

    def error(self, code: str, message: str = "", **more: Any) -> Fault:  # noqa: ANN401  (pydantic checks)
        return Error(**self._asdict(), code=code, message=message, **more)

    def status(self, status: int, text: str = HTML, **more: Any) -> Fault:  # noqa: ANN401  (pydantic checks)
        return Status(**self._asdict(), status=status, text=text, **more)

    def some(self, code: str, message: str, **more: Any) -> Fault:  # noqa: ANN401  (pydantic checks)
        return Partial(**self._asdict(), code=code, message=message, **more)

    def reset(self, **more: Any) -> Fault:  # noqa: ANN401  (pydantic checks)
        return Reset(**self._asdict(), **more)

    def truncate(self, **more: Any) -> Fault:  # noqa: ANN401  (pydantic checks)
        return Truncate(**self._asdict(), **more)

    def repeat(self, **more: Any) -> Fault:  # noqa: ANN401  (pydantic checks)
        return Repeat(**self._asdict(), **more)

    def drip(self, **more: Any) -> Fault:  # noqa: ANN401  (pydantic checks)
        return Drip(**self._asdict(), **more)

    def double(self, **more: Any) -> Fault:  # noqa: ANN401  (pydantic checks)
        return Double(**self._asdict(), **more)

    def replay(self, **more: Any) -> Fault:  # noqa: ANN401  (pydantic checks)
        return Replay(**self._asdict(), **more)

    def reorder(self, **more: Any) -> Fault:  # noqa: ANN401  (pydantic checks)
        return Reorder(**self._asdict(), **more)

    def hide(self, *fields: str, **more: Any) -> Fault:  # noqa: ANN401  (pydantic checks)
        return Hide(**self._asdict(), fields=fields, **more)

    def act(self, deed: Mapping[str, Json], **more: Any) -> Fault:  # noqa: ANN401  (pydantic checks)
        return Act(**self._asdict(), deed=deed, **more)

    def says(self, text: str, **more: Any) -> Fault:  # noqa: ANN401  (pydantic checks)
        """A chat model's answer with this text, whatever it was asked."""
        return self.completes({"role": "assistant", "content": text, "refusal": None}, **more)

    def completes(self, message: Row, reason: str = "stop", **more: Any) -> Fault:  # noqa: ANN401  (pydantic checks)
        """A chat model's answer with this message, whatever it was asked."""
        body = {
            "id": "chatcmpl-fault",
            "object": "chat.completion",
            "created": 0,
            "model": "sandbox",
            "choices": [{"index": 0, "message": message, "finish_reason": reason}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }
        return self.status(200, json.dumps(body), headers=JSON, **more)

    def delay(self, **more: Any) -> Fault:  # noqa: ANN401  (pydantic checks)
        return Delay(**self._asdict(), **more)


M_ANY = _At("marketo", path="/rest/")
M_LEADS = _At("marketo", "POST", r"/leads\.json")
M_ACTIVITIES = _At("marketo", path=r"/activities\.json")
S_ANY = _At("salesforce", path="/services/data/")
S_OWNERS = _At("salesforce", "POST", "/composite$", body='"OwnerId"')
"""Writes of owners; the quotes keep queries out, which travel in composite requests too."""
S_QUERIES = (
    _At("salesforce", path="/query"),
    _At("salesforce", "POST", "/composite$", body="SELECT"),
)
L_POSTS = _At("slack", path="chat.postMessage")
L_HISTORY = _At("slack", path="conversations.(history|replies)")
L_OPENED = _At("slack", path="conversations.open")
L_ANY = _At("slack", path="/api/")
L_PUSHED = _At("slack", path="^/(events_api|interactive|slash_commands)$")
"""What Slack delivers, by either way."""
O_CHAT = _At("openai", "POST", "/chat/completions")
SVEN = "sven.olsen@meridian.example"
TAKES: Mapping[str, Json] = {
    "do": "salesforce.update",
    "object": "Lead",
    "id": "{record}",
    "values": {"OwnerId": {"user": SVEN}},
    "by": SVEN,
}
"""A manager takes the first lead of a request."""
CALLS_A_TOOL: Row = {
    "id": "call_fault",
    "type": "function",
    "function": {"name": "delete_all_leads", "arguments": '{"confirm": true}'},
}
HUGE = "Let me think about that. " * 8_000
"""200 kB."""

PROFILES: Mapping[str, Profile] = {
    "marketo.token_expires": Profile(
        "the access token is expired in the middle of a batch, twice",
        (M_ANY.error("602", "Access token expired", skip=3, times=2),),
    ),
    "marketo.token_invalid": Profile(
        "a call is refused because the token was replaced",
        (M_ANY.error("601", "Access token invalid", skip=3, times=1),),
    ),
    "marketo.rate_limit": Profile(
        "other integrations use up the 100 calls in 20 seconds, again and again",
        (M_ANY.error("606", "Max rate limit '100' exceeded with in '20' secs", chance=0.2),),
    ),
    "marketo.concurrency": Profile(
        "other integrations hold all ten connections, for a burst of calls",
        (M_ANY.error("615", "Concurrent access limit reached", skip=2, times=3),),
    ),
    "marketo.quota": Profile(
        "the daily quota is used up until midnight US Central", (Quota(vendor="marketo"),)
    ),
    "marketo.timeout": Profile(
        "604: a write timed out and was performed all the same, once",
        (M_LEADS.error("604", "Request timed out", after=True, times=1),),
    ),
    "marketo.system_error": Profile(
        "611 before anything happened, three times",
        (M_ANY.error("611", "System error", skip=1, times=3),),
    ),
    "marketo.unavailable": Profile(
        "713: a service of Marketo is away for a moment",
        (M_ANY.error("713", "Transient Error", skip=1, times=2),),
    ),
    "marketo.bad_gateway": Profile(
        "502 as a page of HTML, after the write was performed",
        (M_LEADS.status(502, after=True, times=1),),
    ),
    "marketo.html": Profile(
        "a page of HTML with status 200 instead of an answer",
        (M_ANY.status(200, skip=2, times=1),),
    ),
    "marketo.too_large": Profile(
        "413: a body is called too large", (M_LEADS.status(413, times=1),)
    ),
    "marketo.uri_too_long": Profile(
        "414: a reading call is called too long", (M_ANY.status(414, skip=2, times=1),)
    ),
    "marketo.skips": Profile(
        "the first record of some writes is skipped: there is more than one such person",
        (M_LEADS.some("1007", "Multiple lead match lookup criteria", chance=0.5),),
    ),
    "marketo.gone": Profile(
        "the first record of a write is skipped: the person was deleted meanwhile",
        (M_LEADS.some("1004", "Lead not found", times=1),),
    ),
    "marketo.field_renamed": Profile(
        "the first record of every write is skipped: a field has another name now",
        (M_LEADS.some("1006", "Field 'routeReadyStatus' not found"),),
    ),
    "marketo.paging_token": Profile(
        "a paging token is no longer accepted, once",
        (M_ACTIVITIES.error("1003", "Invalid nextPageToken", skip=1, times=1),),
    ),
    "marketo.no_permission": Profile(
        "the first record of some writes is skipped: its partition is closed to the API user",
        (M_LEADS.some("1008", "Lead partition access denied", chance=0.5),),
    ),
    "marketo.page_twice": Profile(
        "a page of activities comes a second time instead of the next one, once",
        (M_ACTIVITIES.replay(skip=1, times=1),),
    ),
    "marketo.out_of_order": Profile(
        "the newest activities of a page come first", (M_ACTIVITIES.reorder(),)
    ),
    "marketo.short_pages": Profile(
        "pages of activities are empty now and then, though more follow",
        settings={"marketo": {"short_pages": True}},
    ),
    "marketo.late_activities": Profile(
        "activities appear ten minutes after they happened",
        settings={"marketo": {"activity_lag_seconds": 600}},
    ),
    "marketo.late_sync": Profile(
        "the sync with Salesforce is two hours behind",
        settings={"sync": {"lag_seconds": 7200}},
    ),
    "salesforce.session_expires": Profile(
        "the session ends in the middle of a run, twice",
        (S_ANY.error("INVALID_SESSION_ID", "Session expired or invalid", skip=4, times=2),),
    ),
    "salesforce.quota": Profile(
        "no API calls are left", (Quota(vendor="salesforce", path="/services/data/"),)
    ),
    "salesforce.unavailable": Profile(
        "503 before anything happened, three times",
        (S_ANY.status(503, skip=2, times=3),),
    ),
    "salesforce.unavailable_after": Profile(
        "503 after the owners were written, once", (S_OWNERS.status(503, after=True, times=1),)
    ),
    "salesforce.locked": Profile(
        "the first record of some writes is locked by somebody else's transaction",
        (
            S_OWNERS.some(
                "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record", chance=0.5
            ),
        ),
    ),
    "salesforce.changed_meanwhile": Profile(
        "412: the first record was changed between being read and being written, once",
        (S_OWNERS.some("PRECONDITION_FAILED", "The requested resource has changed", times=1),),
    ),
    "salesforce.compare_and_set": Profile(
        "the org's own rule refuses the first owner, because somebody else changed it first",
        (
            S_OWNERS.some(
                "FIELD_CUSTOM_VALIDATION_EXCEPTION",
                "The owner has been changed since the decision.",
                times=1,
            ),
        ),
    ),
    "salesforce.deleted_meanwhile": Profile(
        "the first record was deleted between being read and being written",
        (S_OWNERS.some("ENTITY_IS_DELETED", "entity is deleted", times=1),),
    ),
    "salesforce.inactive_owner": Profile(
        "the first record's new owner was deactivated a moment ago",
        (
            S_OWNERS.some(
                "OP_WITH_INVALID_USER_TYPE_EXCEPTION",
                "Operation not valid for this user type",
                times=1,
            ),
        ),
    ),
    "salesforce.queue_refused": Profile(
        "the first record is of an object that its new owner, a queue, doesn't serve",
        (
            S_OWNERS.some(
                "INVALID_OPERATION", "Queue not associated with this SObject type", times=1
            ),
        ),
    ),
    "salesforce.converted_meanwhile": Profile(
        "the first record was converted between being read and being written",
        (
            S_OWNERS.some(
                "CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", times=1
            ),
        ),
    ),
    "salesforce.taken_just_before": Profile(
        "a manager takes the first lead a moment before its owner is written, three times",
        (S_OWNERS.act(TAKES, times=3),),
    ),
    "salesforce.taken_just_after": Profile(
        "a manager takes the first lead a moment after its owner was written, three times",
        (S_OWNERS.act(TAKES, after=True, times=3),),
    ),
    "salesforce.assignment_rule": Profile(
        "an assignment rule gives every lead to a queue, unless a write says otherwise",
        deeds=(
            {
                "do": "salesforce.assignment",
                "name": "All to ops",
                "entries": [{"criteria": [], "assigned_to": "Ops_Review"}],
            },
        ),
    ),
    "salesforce.hidden_field": Profile(
        "field-level security hides a field: it is missing, not null",
        tuple(each.hide("Title") for each in S_QUERIES),
    ),
    "salesforce.stale_queries": Profile(
        "queries are answered by a replica that stopped at this moment; single records are fresh",
        tuple(Stale(**each._asdict()) for each in S_QUERIES),
    ),
    "salesforce.lost_answer": Profile(
        "the owners are written and the answer is lost, once",
        (S_OWNERS.reset(after=True, times=1),),
    ),
    "salesforce.truncated": Profile(
        "the owners are written and only the answer's beginning arrives, once",
        (S_OWNERS.truncate(times=1),),
    ),
    "salesforce.twice": Profile("a proxy sends every write of owners twice", (S_OWNERS.repeat(),)),
    "slack.rate_limit": Profile(
        "429 with a Retry-After of seconds, three times",
        (L_POSTS.error("ratelimited", retry_after="7", times=3),),
    ),
    "slack.rate_limit_without_wait": Profile(
        "429 without Retry-After, once",
        (L_POSTS.status(429, '{"ok":false,"error":"ratelimited"}', headers=JSON, times=1),),
    ),
    "slack.rate_limit_with_date": Profile(
        "429 with a Retry-After that is an HTTP date, once",
        (L_POSTS.error("ratelimited", retry_at_seconds=20, times=1),),
    ),
    "slack.stalled": Profile(
        "a message is posted and the answer comes after half a minute, once",
        (L_POSTS.delay(wall_seconds=30, times=1),),
    ),
    "slack.user_deactivated": Profile(
        "whom a message is for was deactivated", (L_OPENED.error("user_disabled"),)
    ),
    "slack.metadata_stripped": Profile(
        "conversations come without their messages' metadata", (L_HISTORY.hide("metadata"),)
    ),
    "slack.delivered_late": Profile(
        "what people do is delivered two hours later", (L_PUSHED.delay(seconds=7200),)
    ),
    "slack.out_of_order": Profile(
        "half of what people do is overtaken by what they do after it",
        (L_PUSHED.delay(seconds=JUST_LATE, chance=0.5),),
    ),
    "slack.unavailable": Profile(
        "503 before anything happened, twice", (L_ANY.status(503, skip=1, times=2),)
    ),
    "slack.internal_error": Profile(
        "internal_error after the message was posted, once",
        (L_POSTS.error("internal_error", after=True, times=1),),
    ),
    "slack.fatal_error": Profile(
        "fatal_error before the message was posted, once",
        (L_POSTS.error("fatal_error", times=1),),
    ),
    "slack.lost_answer": Profile(
        "a message is posted and the answer is lost, once", (L_POSTS.reset(after=True, times=1),)
    ),
    "slack.late_history": Profile(
        "conversations show nothing that was said after this moment",
        (Stale(**L_HISTORY._asdict()),),
    ),
    "slack.archived": Profile(
        "the conversation was archived meanwhile", (L_POSTS.error("is_archived"),)
    ),
    "slack.not_in_channel": Profile(
        "the app was taken out of the conversation", (L_POSTS.error("not_in_channel"),)
    ),
    "slack.delivered_often": Profile(
        "what people do is delivered eleven times, each time as a new envelope",
        (L_PUSHED.repeat(copies=10),),
    ),
    "slack.unheard": Profile(
        "the app's acknowledgement of a delivery is lost, twice, so that events come again",
        (L_PUSHED.reset(after=True, times=2),),
    ),
    "openai.rate_limit": Profile(
        "429 that asks to come again, twice",
        (O_CHAT.error("rate_limit_exceeded", "Rate limit reached.", retry_after="2", times=2),),
    ),
    "openai.overloaded": Profile(
        "529: the model is overloaded, now and then", (O_CHAT.error("overloaded", chance=0.3),)
    ),
    "openai.no_quota": Profile("429 that no waiting cures", (Quota(vendor="openai"),)),
    "openai.truncated": Profile(
        "a completion breaks off in the middle", (O_CHAT.truncate(keep=200, times=1),)
    ),
    "openai.timeout": Profile(
        "no answer for two minutes, once", (O_CHAT.delay(wall_seconds=120, times=1),)
    ),
    "openai.past_deadline": Profile(
        "a fifth of the answers comes after a minute and a half",
        (O_CHAT.delay(seconds=JUST_LATE, chance=0.2),),
    ),
    "openai.broken_json": Profile(
        "an answer whose JSON ends in the middle, once", (O_CHAT.says('{"summary": "The', times=1),)
    ),
    "openai.wrong_tool": Profile(
        "the model calls a tool that nobody offered, once",
        (
            O_CHAT.completes(
                {"role": "assistant", "content": None, "tool_calls": [CALLS_A_TOOL]},
                "tool_calls",
                times=1,
            ),
        ),
    ),
    "openai.tool_loop": Profile(
        "the model gives its first answer again and again", (O_CHAT.replay(skip=1),)
    ),
    "openai.refusal": Profile(
        "the model refuses, once",
        (
            O_CHAT.completes(
                {"role": "assistant", "content": None, "refusal": "I can't help with that."},
                times=1,
            ),
        ),
    ),
    "openai.empty": Profile("an empty answer, once", (O_CHAT.says("", times=1),)),
    "openai.huge": Profile("an answer of 200 kB, once", (O_CHAT.says(HUGE, times=1),)),
    "openai.lost_answer": Profile(
        "the model has answered and the answer is lost", (O_CHAT.reset(after=True, times=1),)
    ),
    "http.resets_before": Profile(
        "a tenth of all connections is reset before anything happened",
        (_At("").reset(chance=0.1),),
    ),
    "http.resets_after": Profile(
        "a tenth of all connections is reset after the request was performed",
        (_At("").reset(after=True, chance=0.1),),
    ),
    "http.truncates": Profile(
        "a tenth of all answers breaks off in the middle of the body",
        (_At("").truncate(chance=0.1),),
    ),
    "http.slow": Profile(
        "a tenth of all answers takes a second from its first byte to its last",
        (_At("").drip(wall_seconds=1, chance=0.1),),
    ),
    "http.doubled": Profile(
        "a twentieth of all answers is sent twice over the same connection",
        (_At("").double(chance=0.05),),
    ),
    "http.late": Profile(
        "a fifth of all requests takes a minute and a half",
        (_At("").delay(seconds=JUST_LATE, chance=0.2),),
    ),
    "http.wrong_content": Profile(
        "a page of HTML with status 200 now and then", (_At("").status(200, chance=0.05),)
    ),
}
"""By name: the vendor, a dot, and what goes wrong."""
