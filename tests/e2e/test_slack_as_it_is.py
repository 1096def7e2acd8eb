"""What Slack really delivers: understood as it was typed, kept before it is acknowledged."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from agent.conversation.desk import BROKEN, NO_FILES, TOO_LONG
from agent.conversation.graph import FIRST_LINE
from agent.conversation.lookups.table import LOOKUPS
from agent.slack.listener import NOT_OPENED
from domain.conversation.permissions import Ability
from sandbox import faults
from sandbox.slack.people.users import add_user
from tests.support.conversations import (
    answer,
    command,
    desk,
    event,
    mention,
    replies,
    responses,
    word,
    write,
)
from tests.support.follow_through import messages, owner, press, said, slack_id
from tests.support.slack_lines import LINES, awaited, message
from tests.support.worlds import Town, town
from tools.slack.messages.blocks import LOG_CALL

QUINN = "quinn.walsh@meridian.example"
BEN = "ben.okafor@meridian.example"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town in which a hand-raiser was assigned on Monday morning."""
    with town(tmp_path_factory.mktemp("town")) as place:
        place.arrive()
        place.pass_time(hours=4)
        place.tick()
        yield place


@pytest.mark.parametrize("line", sorted(LINES))
def test_a_message_is_kept_before_it_is_acknowledged(here: Town, line: str) -> None:
    """While the ledger can't be written nothing is acknowledged, as production builds it."""
    here.pass_time(seconds=2)
    told = message(here, QUINN, "find Dana")
    inbox = "SELECT count(*) FROM inbox WHERE text = 'find Dana'"
    ledger = str(here.app.ledger.engine.url.database)
    with LINES[line](here) as way, closing(sqlite3.connect(ledger, timeout=0)) as other:
        (before,) = other.execute(inbox).fetchone()
        other.execute("BEGIN IMMEDIATE")
        delivery = threading.Thread(target=way.event, args=[told])
        delivery.start()
        delivery.join(0.6)
        assert delivery.is_alive()
        assert (before,) == other.execute(inbox).fetchone()
        other.rollback()
        delivery.join(10)
        assert not delivery.is_alive()
        assert (before + 1,) == other.execute(inbox).fetchone()
        awaited(lambda: not here.app.ledger.conversations.unanswered(here.world.now) or None)


def test_a_company_is_written_as_it_was_typed(here: Town) -> None:
    """An ampersand arrives escaped, and in Marketo as what it is."""
    person = here.arrive(
        email="kim.lee@globex.example", firstName="Kim", lastName="Lee", company="Globex"
    )
    here.tick()
    here.pass_time(minutes=2)
    here.tick()
    word(here, QUINN, write(here, QUINN, "correct Kim Lee company to Globex & Co, she said so"))
    for minutes in (2, 10):
        here.pass_time(minutes=minutes)
        here.tick()
    assert "Globex & Co" == here.world.table("marketo.person")[str(person)]["company"]


@pytest.mark.parametrize(
    "text",
    [
        "why dana.fox@acme.example",
        "why “Dana Fox”",
        "*why Dana Fox*",
        "`why Dana Fox`",
        "> why Dana Fox",
        "why Dana Fox :pray:",
        "what’s unworked?",
    ],
)
def test_what_a_client_makes_of_a_question_is_undone(here: Town, text: str) -> None:
    """Addresses, quotes, formats and emoji are no part of the question."""
    expected = "open lead" if "unworked" in text else "Dana Fox"
    assert expected in answer(here, QUINN, text)


def test_a_colleague_can_be_mentioned(here: Town) -> None:
    """A mention is the colleague's name, in each kind of request and by every way in."""
    ben = f"<@{slack_id(here, BEN)}>"
    assert "Ben Okafor" in answer(here, QUINN, f"workload of {ben}")
    assert "owned by Ben Okafor" in answer(here, QUINN, f"unworked {ben}")
    assert "Ben Okafor" in answer(here, QUINN, f"give Dana Fox to {ben}, she asked")
    assert "Ben Okafor" in command(here, QUINN, f"workload of {ben}")
    assert "Ben Okafor" in said(mention(here, QUINN, f"workload of {ben}")[-1])


@pytest.mark.parametrize("text", ["unworked {}", "workload of {}", "give Dana Fox to {}, asked"])
def test_a_mention_of_somebody_else_is_never_for_everybody(here: Town, text: str) -> None:
    """Whom the policy doesn't name is said so by name."""
    other = add_user(here.world, name="Sam Guest", email="sam@x.example", timezone="UTC")
    assert "Sam Guest is not in the policy." in answer(here, QUINN, text.format(f"<@{other}>"))


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast", "me_message", "new_in_2027"])
def test_a_person_is_answered_whatever_the_message_is_called(here: Town, subtype: str) -> None:
    """Files, broadcasts and kinds that Slack adds later are a person's words."""
    more: dict[str, Any] = {"subtype": subtype}
    if subtype == "file_share":
        more["files"] = [{"id": "F1", "name": "shot.png"}]
    told = said(write(here, QUINN, "why Dana Fox", **more))
    assert "Dana Fox" in told
    assert (subtype == "file_share") == (NO_FILES in told)


@pytest.mark.parametrize(
    "more",
    [
        {"subtype": "message_changed", "message": {"text": "why Dana Fox"}},
        {"subtype": "message_deleted"},
        {"subtype": "channel_join"},
        {"subtype": "bot_message", "bot_id": "B1"},
        {"bot_id": "B1"},
    ],
    ids=str,
)
def test_what_no_person_says_is_passed_over(here: Town, more: dict[str, Any]) -> None:
    """Edits, notices and bots get no answer."""
    before = len(replies(here, QUINN))
    told = message(here, QUINN, "why Dana Fox") | {"ts": f"{here.world.now.timestamp():.6f}"}
    assert 200 == event(here, told | more)
    assert before == len(replies(here, QUINN))


def test_a_message_and_a_mention_at_one_time_are_one_question(here: Town) -> None:
    """Slack may tell of the same words twice, as a message and as a mention."""
    here.pass_time(seconds=2)
    told = message(here, QUINN, "why Dana Fox")
    before = len(replies(here, QUINN))
    assert 200 == event(here, told)
    assert 200 == event(
        here,
        {key: told[key] for key in ("channel", "user", "text", "ts")} | {"type": "app_mention"},
    )
    assert before + 1 == len(replies(here, QUINN))


def test_a_second_line_is_not_dropped_in_silence(here: Town) -> None:
    """The first line is the question; a second is said to be unread, or is the reason."""
    told = answer(here, QUINN, "why Dana Fox\nshe asks again")
    assert "Dana Fox" in told
    assert FIRST_LINE in told
    assert "new form" in answer(here, QUINN, "pause worker\nwe have a new form")


@pytest.mark.parametrize(
    "text",
    ["find " + "a" * 250, "find " + "Dana " * 2000, "why " + "x y " * 10_000, "*a _b " * 6_000],
    ids=len,
)
def test_a_long_message_gets_an_answer(here: Town, text: str) -> None:
    """However long a message is, its writer reads something, and soon."""
    told = answer(here, QUINN, text)
    assert BROKEN not in told
    assert (len(text) > 4_000) == (TOO_LONG in told)


def test_a_pause_with_a_long_reason_is_a_pause(here: Town) -> None:
    """Nobody fails to stop the worker because they explain themselves."""
    told = answer(here, QUINN, f"pause, {'the form is broken and ' * 60}")
    assert "Pause" in told
    assert "didn't understand" not in told


def test_a_question_that_fails_is_its_own_failure(
    here: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a question raises, the person reads a sentence, and the next one is answered."""

    def explodes(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(LOOKUPS, Ability.WHY, explodes)  # type: ignore[arg-type]
    assert BROKEN in answer(here, QUINN, "why Dana Fox")
    assert "Dana Fox" in answer(here, QUINN, "find Dana Fox")
    assert BROKEN in command(here, QUINN, "why Dana Fox")
    desk(here).tidy()


def test_an_answer_that_slack_refuses_is_said(here: Town) -> None:
    """Nobody is left with the message that says that an answer is looked for."""
    faults.add(
        here.world, faults.Error(vendor="slack", path="chat.update", code="invalid_blocks", times=1)
    )
    assert BROKEN in answer(here, QUINN, "find Dana Fox")


def test_a_form_that_does_not_open_is_said(here: Town) -> None:
    """Whoever pressed learns that Slack didn't open the form."""
    rep = owner(here, max(int(key) for key in here.world.table("marketo.person")))
    (told, *_) = messages(here, rep)
    fault = faults.add(
        here.world, faults.Error(vendor="slack", path="views.open", code="expired_trigger_id")
    )
    assert 200 == press(here, rep, told, LOG_CALL)
    faults.remove(here.world, fault)
    assert NOT_OPENED == responses(here)[-1]["text"]
