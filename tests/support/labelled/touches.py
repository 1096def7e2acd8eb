"""Histories of activities, each labelled by what it is: a first touch, or not, and why.

The labels were reasoned from the rules (a person, outward, after the assignment, by somebody who
may; not automation, marketing, bounced, unanswered, planned or inbound) and from what Salesforce
documents of Task, Event and EmailMessage. A history is a line of shorthand per activity:

    kind @minutes [words ...]

`@0` is the instant of the assignment, `@-5` five minutes before it. The words say what differs from
the plain case, which is: about the lead itself, done by its owner, outbound, and completed.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Labelled:
    """One history with its label."""

    id: str
    title: str
    lines: tuple[str, ...]
    touched_at: int | None
    """Minutes after the assignment; None when it was not touched."""
    rules: tuple[str, ...] = ()
    """Which of the policy's switches are set: `attempts`, `anyone`, `no_inbound`, `before`."""


PLAIN = {
    "call": "a completed outbound call",
    "email": "a mail that was sent",
    "cadence": "a step of a sales cadence",
    "linkedin": "a LinkedIn message",
    "meeting": "a meeting that was booked",
    "first_call": "Salesforce's own first call",
    "first_email": "Salesforce's own first mail",
}
"""Kinds that count when nothing speaks against them."""

AGAINST = {
    "before": "it was before the assignment",
    "other_record": "it is about another record",
    "integration": "an integration user made the entry",
    "automation": "a user that the policy names as a program made it",
    "open": "it is planned, not done",
    "colleague": "a colleague did it who doesn't have the lead",
    "marketing": "it went to many at once",
    "auto_reply": "it is an automatic reply",
    "internal": "colleagues talk among themselves",
}
"""What speaks against any kind, by the word of the shorthand."""

AGAINST_MAIL = {
    "bounced": "the mail came back",
    "inbound": "the lead wrote",
}
AGAINST_CALL = {
    "seconds=0": "the call lasted no time",
    'said="No answer"': "nobody answered",
    'said="Left voicemail"': "only the mailbox answered",
    'said="Busy"': "the line was busy",
    'said="Wrong number"': "it was somebody else's number",
    'said="no answer - try again"': "nobody answered, in other words",
    'said="VOICEMAIL LEFT"': "only the mailbox answered, in capitals",
    'said="Disconnected"': "the line was dead",
}
NEUTRAL = {
    "seconds=45": "with a length",
    "seconds=1": "of one second",
    'said="Connected"': "with a disposition",
    'said="Interested"': "with another disposition",
    "cover": "by the person who covers",
    "manager": "by the owner's manager",
    "contact": "on the contact it was converted to",
    "opportunity": "on the opportunity of its conversion, naming no person",
    "unassigned_length": "without a length",
}
"""What changes nothing."""


def cases() -> Iterator[Labelled]:
    """All labelled histories."""
    yield from _plain()
    yield from _one_thing_against()
    yield from _neutral()
    yield from _first_that_counts()
    yield from _order_and_crowds()
    yield from _switches()
    yield from _borders()
    yield from _stories()


def _plain() -> Iterator[Labelled]:
    yield Labelled("plain-nothing", "nothing was done", (), None)
    for kind, what in PLAIN.items():
        for minute in (1, 29, 600):
            yield Labelled(f"plain-{kind}-{minute}", what, (f"{kind} @{minute}",), minute)
    for kind in ("task", "list_email"):
        what = "a to-do" if kind == "task" else "a mail to a list"
        yield Labelled(f"plain-{kind}", what, (f"{kind} @5",), None)


def _one_thing_against() -> Iterator[Labelled]:
    for kind in PLAIN:
        for word, why in AGAINST.items():
            minute = -30 if word == "before" else 10
            words = "" if word == "before" else f" {word}"
            title = f"{kind}: {why}"
            yield Labelled(f"against-{kind}-{word}", title, (f"{kind} @{minute}{words}",), None)
    for kind in ("email", "cadence", "linkedin"):
        for word, why in AGAINST_MAIL.items():
            line = (f"{kind} @10 {word}",)
            yield Labelled(f"against-{kind}-{word}", f"{kind}: {why}", line, None)
    for number, (word, why) in enumerate(AGAINST_CALL.items()):
        yield Labelled(f"against-call-{number}", f"call: {why}", (f"call @10 {word}",), None)


def _neutral() -> Iterator[Labelled]:
    for kind in PLAIN:
        for word, why in NEUTRAL.items():
            if kind != "call" and word.startswith(("seconds", "said", "unassigned")):
                continue
            yield Labelled(f"neutral-{kind}-{word}", f"{kind} {why}", (f"{kind} @20 {word}",), 20)


def _first_that_counts() -> Iterator[Labelled]:
    """Something that doesn't count, then something that does: the second is the touch."""
    for kind in PLAIN:
        for word, why in AGAINST.items():
            first = f"{kind} @-30" if word == "before" else f"{kind} @5 {word}"
            title = f"a {kind} that doesn't count, for {why}; then a call"
            yield Labelled(f"then-call-{kind}-{word}", title, (first, "call @40"), 40)
    for number, word in enumerate(AGAINST_CALL):
        lines = (f"call @5 {word}", "call @35 seconds=120")
        yield Labelled(f"then-answered-{number}", "tried, then reached", lines, 35)
        lines = (f"call @5 {word}", "email @6")
        yield Labelled(f"then-mail-{number}", "tried, then wrote", lines, 6)


def _order_and_crowds() -> Iterator[Labelled]:
    yield Labelled("order-1", "the earliest counts, however listed", ("call @50", "email @8"), 8)
    yield Labelled("order-2", "two at once", ("call @9", "email @9"), 9)
    many = tuple(f"task @{minute} open" for minute in range(1, 30))
    yield Labelled("crowd-1", "thirty open to-dos are no touch", many, None)
    yield Labelled("crowd-2", "one call among them is", (*many, "call @31"), 31)
    bulk = tuple("task @15" for _ in range(20))
    yield Labelled("crowd-3", "twenty to-dos ticked off in one minute are no touch", bulk, None)
    sync = tuple(f"email @{minute} integration" for minute in range(1, 20))
    yield Labelled("crowd-4", "what marketing automation logs never counts", sync, None)
    yield Labelled("crowd-5", "unless a person writes too", (*sync, "email @25"), 25)
    replies = ("email @3 inbound", "email @4 auto_reply", "email @5 inbound")
    yield Labelled("crowd-6", "a lead that writes and a robot that answers", replies, None)
    yield Labelled("crowd-7", "the answer of a person counts", (*replies, "email @12"), 12)


def _switches() -> Iterator[Labelled]:
    for number, word in enumerate(AGAINST_CALL):
        line = (f"call @10 {word}",)
        title = "where an attempt is enough"
        yield Labelled(f"attempt-{number}", title, line, 10, ("attempts",))
    mailbox = ('call @10 inbound said="Voicemail"',)
    yield Labelled(
        "attempt-in", "a missed call of theirs is no attempt", mailbox, None, ("attempts",)
    )
    for kind in PLAIN:
        line = (f"{kind} @10 colleague",)
        yield Labelled(f"anyone-{kind}", "where any colleague may", line, 10, ("anyone",))
        line = (f"{kind} @10 integration",)
        yield Labelled(f"anyone-robot-{kind}", "a robot is nobody", line, None, ("anyone",))
    inbound = ("call @10 inbound seconds=300",)
    yield Labelled("inbound-1", "they called and somebody spoke with them", inbound, 10)
    yield Labelled("inbound-2", "unless the policy says no", inbound, None, ("no_inbound",))
    yield Labelled("inbound-3", "they called in vain", ("call @10 inbound seconds=0",), None)
    early = ("call @-20",)
    yield Labelled("before-1", "the owner was quicker than the worker", early, 0, ("before",))
    yield Labelled("before-2", "but not by days", ("call @-3000",), None, ("before",))
    both = ("call @-20", "email @5")
    yield Labelled("before-3", "then the earlier one counts", both, 0, ("before",))


def _borders() -> Iterator[Labelled]:
    yield Labelled("border-1", "in the very instant of the assignment", ("call @0",), 0)
    yield Labelled("border-2", "a minute before it", ("call @-1",), None)
    yield Labelled("border-3", "weeks later", ("call @40320",), 40320)
    yield Labelled(
        "border-4", "an hour allowed before, used wholly", ("call @-60",), 0, ("before",)
    )
    yield Labelled("border-5", "and overdrawn by a minute", ("call @-61",), None, ("before",))
    yield Labelled("border-6", "who began it isn't told", ("call @5 unknown",), None)
    yield Labelled("border-7", "nor of a mail", ("email @5 unknown",), None)
    yield Labelled("border-8", "a cadence step needs no direction", ("cadence @5 unknown",), 5)
    yield Labelled("border-9", "a meeting needs none either", ("meeting @5 unknown",), 5)
    yield Labelled(
        "border-10", "a doubtful call, then a clear one", ("call @5 unknown", "call @9"), 9
    )


def _stories() -> Iterator[Labelled]:
    """Days as they happen."""
    stories: tuple[tuple[str, tuple[str, ...], int | None], ...] = (
        (
            "rang thrice in vain, wrote on day two",
            (
                'call @5 said="No answer"',
                'call @90 said="No answer"',
                'call @200 said="Busy"',
                "email @1440",
            ),
            1440,
        ),
        ("only planned all week", ("task @1 open", "call @2 open", "meeting @3 open"), None),
        ("the colleague called, the owner never", ("call @5 colleague", "task @6"), None),
        ("the colleague called first, the owner later", ("call @5 colleague", "call @95"), 95),
        ("the cover stood in", ("call @45 cover",), 45),
        ("the manager took it in hand", ("email @300 manager",), 300),
        ("converted at once, worked as an opportunity", ("meeting @30 opportunity",), 30),
        ("converted, then called as a contact", ("task @2", "call @33 contact"), 33),
        ("a newsletter and nothing else", ("email @10 marketing",), None),
        (
            "a newsletter, a bounce, then a call",
            ("email @10 marketing", "email @15 bounced", "call @70"),
            70,
        ),
        ("the mail came back and nobody noticed", ("email @10 bounced",), None),
        ("wrote to another lead of the same name", ("email @10 other_record",), None),
        ("auto-reply only", ("email @1 auto_reply",), None),
        ("a robot logs what a person wrote for them", ("email @10 automation",), None),
        ("the lead booked the meeting through a robot", ("meeting @10 integration",), None),
        ("the owner booked it", ("meeting @12",), 12),
        ("answered the lead's own mail", ("email @3 inbound", "email @20"), 20),
        (
            "the lead called back and was reached",
            ('call @5 said="Left voicemail"', "call @50 inbound seconds=200"),
            50,
        ),
        ("colleagues discuss the lead", ("call @5 internal", "email @6 internal"), None),
        ("called yesterday about something else", ("call @-1440",), None),
        ("called yesterday, and today", ("call @-1440", "call @15"), 15),
        ("Salesforce's first call tells it alone", ("first_call @22",), 22),
        ("Salesforce's first mail is older than the assignment", ("first_email @-400",), None),
        ("list mail by the owner's own hand", ("list_email @10",), None),
        ("cadence step done by the owner", ("cadence @18",), 18),
        ("cadence step still open", ("cadence @18 open",), None),
        ("LinkedIn message", ("linkedin @55",), 55),
        ("a to-do ticked off", ("task @25",), None),
        ("a second of ringing", ("call @10 seconds=0", "call @11 seconds=0"), None),
        ("bounced, looked up the address, wrote again", ("email @4 bounced", "email @44"), 44),
        ("the cover rang in vain, the owner wrote", ('call @8 cover said="Busy"', "email @77"), 77),
        ("the manager planned to look at it", ("task @9 manager open",), None),
        ("the manager called a colleague about it", ("call @9 manager internal",), None),
        ("a wrong number, then LinkedIn", ('call @6 said="Wrong number"', "linkedin @26"), 26),
        ("a cadence by a robot, a call by the owner", ("cadence @2 automation", "call @62"), 62),
        (
            "two colleagues called, nobody who has it",
            ("call @5 colleague", "call @9 colleague"),
            None,
        ),
        ("the meeting of before the assignment", ("meeting @-90",), None),
        ("a meeting booked before, another after", ("meeting @-90", "meeting @90"), 90),
        (
            "marketing mailed all week",
            tuple(f"email @{day * 1440} marketing" for day in range(7)),
            None,
        ),
        (
            "reached on the tenth try",
            (
                *(f'call @{hour * 60} said="No answer"' for hour in range(1, 10)),
                "call @600 seconds=95",
            ),
            600,
        ),
        (
            "the record of a namesake got the call, ours the mail",
            ("call @5 other_record", "email @50"),
            50,
        ),
        ("logged late, but dated by its completion", ("call @240 seconds=400",), 240),
        ("a draft that was never sent", ("email @13 open",), None),
        ("one second is a call by these rules", ("call @10 seconds=1",), 10),
    )
    for number, (title, lines, touched) in enumerate(stories):
        yield Labelled(f"story-{number}", title, lines, touched)
