"""The first-touch judge against histories that were labelled by reasoning."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.follow_through.first_touch import Activity, Actor, Code, Direction, Touched, Turn, judge
from domain.lead.crm_records import ActivityKind
from domain.policy.first_touch import TouchRules
from domain.values import RecordId
from tests.support.labelled.touches import Labelled, cases

ASSIGNED = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
LEAD, CONTACT, OTHER = RecordId("00QL"), RecordId("003C"), RecordId("00QX")
ENOUGH = 300
BAR = 0.98

OWNER = Actor(id=RecordId("005A"), name="Ana Torres", email="ana@m.example")
PEOPLE = {
    "colleague": Actor(id=RecordId("005B"), name="Ben Okafor", email="ben@m.example"),
    "cover": Actor(id=RecordId("005C"), name="Chloe Park", email="Chloe@M.example"),
    "manager": Actor(id=RecordId("005M"), name="Marta Silva", email="marta@m.example"),
    "integration": Actor(
        id=RecordId("005I"), name="Marketo Sync", email="sync@m.example", is_person=False
    ),
    "automation": Actor(id=RecordId("005R"), name="Robot", email="robot@m.example"),
}
TURN = Turn(
    assigned_at=ASSIGNED,
    owner_id=OWNER.id,
    accepted=("ana@m.example", "chloe@m.example", "marta@m.example"),
    record_ids=(LEAD, CONTACT),
)
LINE = re.compile(r'(\w+) @(-?\d+)((?: (?:\w+="[^"]*"|[\w=]+))*) ?')
ALL = list(cases())


def rules_of(labelled: Labelled) -> TouchRules:
    """The policy's switches that a case asks for."""
    return TouchRules(
        unanswered_calls="attempts" in labelled.rules,
        made_by="anyone" if "anyone" in labelled.rules else "accepted",
        automation=("robot@m.example",),
        inbound_calls="no_inbound" not in labelled.rules,
        before_assignment=timedelta(hours=1) if "before" in labelled.rules else timedelta(),
    )


def activity(number: int, line: str) -> Activity:
    """One line of shorthand as the activity it stands for."""
    found = LINE.fullmatch(line)
    assert found is not None, line
    kind, minute, rest = found.groups()
    words = set(re.findall(r'\w+="[^"]*"|[\w=]+', rest))
    told = dict(word.split("=", 1) for word in words if "=" in word)
    doer = next((PEOPLE[word] for word in words if word in PEOPLE), OWNER)
    direction = next((one for one in Direction if one.value in words), Direction.OUTBOUND)
    record: RecordId | None = LEAD
    if "other_record" in words:
        record = OTHER
    elif "contact" in words:
        record = CONTACT
    elif "opportunity" in words:
        record = None
    return Activity(
        id=f"a{number}",
        kind=ActivityKind(kind),
        at=ASSIGNED + timedelta(minutes=int(minute)),
        record_id=record,
        by=doer,
        owner=doer,
        direction=direction,
        is_done="open" not in words,
        disposition=told.get("said", "").strip('"') or None,
        seconds=int(told["seconds"]) if "seconds" in told else None,
        is_bounced="bounced" in words,
        is_auto_reply="auto_reply" in words,
        is_marketing="marketing" in words,
    )


def judged(labelled: Labelled) -> int | None:
    """When the judge says that a history was first touched, in minutes."""
    activities = [activity(number, line) for number, line in enumerate(labelled.lines)]
    judgment = judge(activities, TURN, rules_of(labelled))
    if not isinstance(judgment, Touched):
        return None
    return round((judgment.at - ASSIGNED).total_seconds() / 60)


def test_there_are_enough_cases_and_none_twice() -> None:
    """At least three hundred labelled histories, each with a name of its own."""
    assert len(ALL) >= ENOUGH
    assert len(ALL) == len({one.id for one in ALL})


def test_precision_and_recall() -> None:
    """Both at least 0.98, a touch at the wrong time counted as a miss; misses are listed."""
    results = [(one, judged(one)) for one in ALL]
    misses = [f"{one.id}: {one.title}: {said}" for one, said in results if said != one.touched_at]
    right = sum(said is not None and said == one.touched_at for one, said in results)
    precision = right / sum(said is not None for _, said in results)
    recall = right / sum(one.touched_at is not None for one, _ in results)
    assert [] == misses
    assert min(precision, recall) >= BAR


@pytest.mark.parametrize("labelled", ALL[::7], ids=lambda one: one.id)
def test_every_activity_gets_one_finding(labelled: Labelled) -> None:
    """Whatever counts or doesn't, each activity is told why, with its kind and who did it."""
    activities = [activity(number, line) for number, line in enumerate(labelled.lines)]
    findings = judge(activities, TURN, rules_of(labelled)).findings
    expected = [(one.id, one.kind, one.by.name) for one in activities]
    assert sorted(expected) == sorted((one.activity, one.kind, one.who) for one in findings)


HISTORIES = st.lists(st.sampled_from([line for one in ALL for line in one.lines]), max_size=8)


@given(lines=HISTORIES, order=st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_order_does_not_matter(lines: list[str], order: st.DataObject) -> None:
    """Salesforce gives activities in any order; the judgment is the same."""
    activities = [activity(number, line) for number, line in enumerate(lines)]
    shuffled = list(activities)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert judge(activities, TURN, TouchRules()) == judge(shuffled, TURN, TouchRules())


@given(lines=HISTORIES)
@settings(max_examples=100, deadline=None)
def test_what_does_not_count_changes_nothing(lines: list[str]) -> None:
    """With everything taken out that doesn't count, the touch is the same."""
    activities = [activity(number, line) for number, line in enumerate(lines)]
    whole = judge(activities, TURN, TouchRules())
    counting = {one.activity for one in whole.findings if one.code is Code.COUNTS}
    rest = judge([one for one in activities if one.id in counting], TURN, TouchRules())
    assert getattr(whole, "at", None) == getattr(rest, "at", None)
