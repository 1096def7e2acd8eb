"""What must hold of a life with an outage, seen from the vendors' side and in the ledger."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, cast

from pydantic import BaseModel
from sqlalchemy import select

from agent.ledger.rows import table
from agent.ledger.tables.effects import EffectRow
from agent.ledger.tables.leads import CycleRow
from agent.ledger.tables.states import CycleStatus, EffectState
from domain.policy.model import next_at_work
from domain.values import EffectKey
from sandbox.people.roster import SYNC
from tests.outages.life import MAY_PASS, Life

NOTICED = timedelta(minutes=10)
"""So soon after it begins the worker's next tick meets an outage."""
UNCALLED = timedelta(minutes=15)
"""After so long without a call nobody knows whether a vendor is back."""
ENDED = (CycleStatus.ASSIGNED, CycleStatus.TOUCHED, CycleStatus.CLOSED)
UNTOLD = "could not be notified"
"""What a manager reads of an owner whom no message reached."""


class Verdict(BaseModel):
    """What was done in a cell, and what of it went wrong."""

    leads: int = 0
    writes: int = 0
    messages: int = 0
    wrong: list[str] = []


@dataclass(frozen=True)
class Post:
    """A message that the worker posted in somebody's direct messages."""

    at: datetime
    to: str
    text: str
    keys: tuple[str, ...]


def judge(life: Life, peace: Mapping[str, tuple[str, ...]]) -> Verdict:
    """What a life was like; `peace` is where each lead goes when nothing is away."""
    posts = list(_posts(life))
    writes = list(_owner_writes(life))
    wrong = [
        f"{law}: {example}"
        for law, examples in _laws(life, posts, writes, peace)
        for example in examples
    ]
    return Verdict(leads=len(life.leads), writes=len(writes), messages=len(posts), wrong=wrong)


def _laws(
    life: Life,
    posts: list[Post],
    writes: list[Mapping[str, Any]],
    peace: Mapping[str, tuple[str, ...]],
) -> Iterator[tuple[str, Iterable[object]]]:
    actions = _actions(life)
    keys = Counter(key for post in posts for key in post.keys)
    yield "owner written twice", _doubles((one["id"], one["stamp"]) for one in writes)
    yield "message sent twice", (key for key, count in keys.items() if count > 1)
    yield "activity logged twice", _doubles(_activities(life))
    yield "lead lost", _lost(life)
    yield "owner never told", _never_told(life, posts, actions)
    yield "told after hours", _after_hours(life, posts)
    yield "taken from somebody never told", _taken_untold(life, posts, writes, actions)
    yield "breach of somebody never told", _blamed_untold(posts, actions)
    yield "told to the wrong manager", _wrong_manager(life, posts, actions)
    yield "told although touched", _nagged(life, posts, actions)
    yield "another way than in peace", _otherwise(life, peace)
    yield "effect charged or stuck", _effects(life)
    yield "tick raised", life.watch.raised
    yield "internal error", sorted(set(life.watch.internal))
    yield "health said nothing", life.watch.silent[:1]
    yield "health's since is wrong", _since(life)
    yield "health not well afterwards", life.watch.left


def fates(life: Life) -> dict[str, tuple[str, ...]]:
    """Where each lead went: its rule and territory, and who has it where only one person can."""
    found: dict[str, tuple[str, ...]] = {}
    for name, person in life.leads.items():
        rows = life.here.app.ledger.history.cycles(cast("Any", str(person)))
        if rows:
            found[name] = (str(rows[-1].rule), str(rows[-1].territory))
        if name in ("waits", "customer"):
            found[name] = (*found.get(name, ()), life.here.owner(person))
    return found


def _otherwise(life: Life, peace: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for name, fate in fates(life).items():
        if peace and fate != peace.get(name):
            yield f"{name} {fate} instead of {peace.get(name)}"


def _doubles(found: Iterable[object]) -> list[object]:
    return [one for one, count in Counter(found).items() if count > 1]


def _owner_writes(life: Life) -> Iterator[Mapping[str, Any]]:
    """The worker's changes of owners: of what, by which decision, when and from whom."""
    for one in life.here.world.journal:
        if one.name not in ("Lead.update", "Contact.update") or one.data["by"] != life.here.worker:
            continue
        changes: dict[str, dict[str, Any]] = one.data["changes"]
        if "OwnerId" in changes:
            stamp = next((str(value) for name, value in changes.items() if "Decision" in name), "")
            at, before = datetime.fromisoformat(one.at), str(changes["OwnerId"]["old"])
            yield {"id": one.data["id"], "stamp": stamp, "at": at, "from": before}


def _posts(life: Life) -> Iterator[Post]:
    here = life.here
    emails = {user: email for email, user in here.slack_users.items()}
    for one in here.world.journal.select(name="message.post"):
        meta = one.data["metadata"]
        to = emails.get(here.channels.get(str(one.data["channel"]), ""), "")
        if meta and to:
            keys = str(meta["event_payload"].get("keys", "")).split(",")
            words = json.dumps(one.data)
            yield Post(datetime.fromisoformat(one.at), to, words, tuple(keys))


def _activities(life: Life) -> Iterator[object]:
    for one in life.here.world.journal.select(vendor="marketo", name="activity.add"):
        if "decision" in json.dumps(one.data).lower():
            yield one.data["id"], json.dumps(one.data, sort_keys=True, default=str)


def _actions(life: Life) -> dict[str, Mapping[str, Any]]:
    rows = table(EffectRow)
    with life.here.app.ledger.engine.connect() as connection:
        found = connection.execute(select(rows.c.key, rows.c.action)).all()
    return {EffectKey(row.key): row.action for row in found}


def _lost(life: Life) -> Iterator[str]:
    users = life.here.world.table("salesforce.User")
    for name, person in life.leads.items():
        rows = life.here.app.ledger.history.cycles(cast("Any", str(person)))
        owner = life.here.lead(person)["OwnerId"]
        if not rows:
            yield f"{name}: no cycle"
        elif owner not in users or rows[-1].status not in ENDED:
            yield f"{name}: {rows[-1].status} {rows[-1].blocked_by}, {life.here.owner(person)}"
        elif rows[-1].owner != users[owner]["Email"]:
            yield f"{name}: the ledger has {rows[-1].owner}"
        elif len(rows) > 1:
            yield f"{name}: {len(rows)} cycles"


def _told(
    posts: Iterable[Post], actions: Mapping[str, Mapping[str, Any]], kind: str
) -> Iterator[tuple[Post, Mapping[str, Any]]]:
    for post in posts:
        for key in post.keys:
            action = actions.get(key)
            if action is not None and action["kind"] == kind:
                yield post, action


def _never_told(
    life: Life, posts: Iterable[Post], actions: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    told = {(action["lead"], post.to) for post, action in _told(posts, actions, "tell_owner")}
    users = life.here.world.table("salesforce.User")
    for name, person in life.leads.items():
        owner = users.get(life.here.lead(person)["OwnerId"])
        who = None if owner is None or name in life.called else str(owner["Email"])
        if who is not None and (str(person), who) not in told:
            yield f"{name}: {who}"


def _after_hours(life: Life, posts: Iterable[Post]) -> Iterator[str]:
    policy = life.here.app.policy
    for post in posts:
        if post.to in policy.users and next_at_work(policy, post.to, post.at) > post.at:
            yield f"{post.to} at {post.at}: {_short(post)}"


def _short(post: Post) -> str:
    at = post.text.find('"text"')
    return post.text[at : at + 120]


def _taken_untold(
    life: Life,
    posts: Iterable[Post],
    writes: Iterable[Mapping[str, Any]],
    actions: Mapping[str, Mapping[str, Any]],
) -> Iterator[str]:
    users = life.here.world.table("salesforce.User")
    people = {str(life.here.lead(person)["Id"]): str(person) for person in life.leads.values()}
    told = [
        (action["lead"], post.to, post.at) for post, action in _told(posts, actions, "tell_owner")
    ]
    for one in writes:
        before = users.get(one["from"])
        if before is None or str(before["Email"]) == SYNC:
            continue
        lead, who = people.get(one["id"]), str(before["Email"])
        if not any(t[:2] == (lead, who) and t[2] < one["at"] for t in told):
            yield f"{lead} from {who} at {one['at']}"


def _blamed_untold(posts: list[Post], actions: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    told = [(action["cycle"], post.at) for post, action in _told(posts, actions, "tell_owner")]
    for post, action in _told(posts, actions, "tell_manager"):
        knew = any(cycle == action["cycle"] and at <= post.at for cycle, at in told)
        if not knew and UNTOLD not in post.text:
            yield f"{action['title']} to {post.to} at {post.at}: {action['sentence']}"


def _wrong_manager(
    life: Life, posts: Iterable[Post], actions: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    users = life.here.app.policy.users
    managers = {one.name: one.manager for one in users.values()}
    for post, action in _told(posts, actions, "tell_manager"):
        if managers.get(action["owner_name"]) != post.to:
            yield f"{action['title']} of {action['owner_name']} to {post.to}"


def _nagged(
    life: Life, posts: Iterable[Post], actions: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    since = {str(life.leads[name]): at for name, at in life.called.items()}
    for kind in ("tell_owner", "tell_manager"):
        for post, action in _told(posts, actions, kind):
            called = since.get(action["lead"])
            if called is not None and post.at > called:
                yield f"{action['title']} to {post.to} at {post.at}, called at {called}"


def _effects(life: Life) -> Iterator[str]:
    rows, late = table(EffectRow), life.here.world.now - timedelta(hours=1)
    with life.here.app.ledger.engine.connect() as connection:
        found = connection.execute(select(rows)).all()
        cycles = table(CycleRow).c
        taken = cycles.claimed_by.is_not(None), cycles.due_at < late
        claims = select(cycles.id).where(*taken)
        for claim in connection.execute(claims).all():
            yield f"claimed: {claim.id}"
    for row in found:
        said = f"{row.kind} {row.state} after {row.attempts} attempts: {row.receipt}"
        is_late = row.state in (EffectState.PLANNED, EffectState.UNKNOWN, EffectState.ATTEMPTED)
        is_stuck = is_late and row.due_at.replace(tzinfo=late.tzinfo) < late
        if row.state == EffectState.DEAD or row.attempts > 1 or row.defects or is_stuck:
            yield said


def _since(life: Life) -> Iterator[str]:
    began, since = life.began, life.watch.since
    if began is None or since is None or life.cell.what == "database" or life.cell.way in MAY_PASS:
        return
    last = _last_run(life)
    if not began - timedelta(seconds=1) <= since <= last + NOTICED:
        yield f"{since} instead of {began} or {last}"


def _last_run(life: Life) -> datetime:
    """When calls began to fail again after the last hour without any call."""
    times = [
        datetime.fromisoformat(one.at)
        for one in life.here.world.journal.select(kind="fault")
        if one.name != "act"
    ]
    first = times[0]
    for before, after in pairwise(times):
        if after - before >= UNCALLED:
            first = after
    return first
