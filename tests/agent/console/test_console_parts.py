"""The parts of the console that need no browser: words, boards, coverage, policies in words."""

from concurrent.futures import Executor, Future
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.console import policy_words, words
from agent.console.boards import content
from agent.console.boards.content import Board, Scope, make_board
from agent.console.boards.coverage import at_work, eligible, week
from agent.console.boards.policy_trials import read_texts
from agent.console.boards.workshop import Figures, Workshop
from agent.console.visit import Searches
from agent.metrics.report import shares
from agent.policy.file import load_policy
from domain.metrics.lifecycle import Ending, Journey
from domain.metrics.measures import NUDGED, Dimension, timings
from domain.policy.conditions import Range
from domain.policy.model import Policy
from tests.support.journeys import MONDAY, assigned, journey, minutes
from tests.support.repository import ROOT

NOW = MONDAY + timedelta(hours=5)
LENA = "lena.vogel@meridian.example"


@pytest.fixture(scope="module")
def policy() -> Policy:
    """The example policy."""
    return load_policy(ROOT / "policy.yaml")


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (timedelta(seconds=12), "12 s"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(hours=2, minutes=5), "2 h 5 min"),
        (timedelta(days=1, hours=3, minutes=20), "1 d 3 h"),
        (None, "–"),
    ],
)
def test_lengths_of_time_read_well(length: timedelta | None, expected: str) -> None:
    """Two units at the most, and a dash where nothing is known."""
    assert expected == words.length(length)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Dana Fox, VP Marketing at Acme", ("Dana Fox", "VP Marketing at Acme")),
        ("Dana Fox at Acme", ("Dana Fox", "at Acme")),
        ("Dana Fox at Fox, Inc.", ("Dana Fox at Fox", "Inc.")),
        ("Dana Fox", ("Dana Fox", "")),
    ],
)
def test_a_title_is_a_name_and_the_rest(title: str, expected: tuple[str, str]) -> None:
    """A company with a comma is cut at the wrong place, but nothing of it is lost."""
    assert expected == words.parts_of_title(title)


def group() -> list[Journey]:
    """Journeys of every kind."""
    return [
        assigned(1, touched_after=20),
        assigned(2, touched_after=100, disputes=("accepted",), reassigned=1),
        assigned(3, is_fallback=True, moved_by_hand=1),
        assigned(4, accepted_at=MONDAY + minutes(10)),
        journey(5, is_judged=True, blocked_by="IDENTITY", deadline=MONDAY + minutes(30)),
        journey(6, ending=Ending.REJECTED, ended_at=MONDAY + minutes(1)),
        assigned(7, ending=Ending.SUPERSEDED, ended_at=MONDAY + minutes(9)),
    ]


@pytest.fixture
def board(policy: Policy) -> Board:
    """The board of these journeys."""
    found = group()
    return make_board(found, timings(found, policy, NOW), Scope(30), policy, NOW)


def test_behind_every_share_are_as_many_leads_as_it_counts(board: Board) -> None:
    """The lists and the counts follow one definition; nudges alone are no leads."""
    for name, share in shares(board.report.whole):
        if name != NUDGED and share.unknown is None:
            sizes = (
                board.size(content.counted(name)),
                board.size(content.not_counted(name)),
            )
            assert (name, share.part, share.whole - share.part) == (name, *sizes)


def test_behind_every_stage_and_leak_are_its_leads(board: Board) -> None:
    """By the key in the address, in the same order."""
    for level in board.report.levels:
        for title, leads in (
            (content.lost_at(level.stage), level.lost),
            (content.on_the_way(level.stage), level.on_the_way),
        ):
            found = board.behind(content.key_of(title))
            assert (title, list(leads)) == (found or (title, []))
    for leak in board.report.leaks:
        assert len(leak.leads) == board.size(content.leaking(leak))


def test_every_lead_is_in_one_group_of_each_dimension(board: Board) -> None:
    """What was superseded is in none."""
    for dimension, parts in board.report.slices:
        sizes = [board.size(content.in_group(dimension, name)) for name, _ in parts]
        assert (dimension, 6) == (dimension, sum(sizes))
    assert 7 == sum(one.leads for one in board.days) + 1
    assert Dimension.SEGMENT in dict(board.report.slices)


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope(30), ["1", "2"]),
        (Scope(30, "Enterprise"), []),
        (Scope(30, None, frozenset({LENA})), ["1"]),
        (Scope(30, None, frozenset({"max.brandt@meridian.example"})), []),
    ],
)
def test_a_board_counts_what_its_scope_holds(
    policy: Policy, scope: Scope, expected: list[str]
) -> None:
    """By segment, and by who answers now; what nobody has is in no person's scope."""
    since = MONDAY - timedelta(days=1)
    known = [assigned(1, rep=LENA), journey(2), journey(3, triggered_at=since - minutes(1))]
    assert expected == [one.lead for one in known if content.belongs(one, scope, since, policy)]


def renamed(policy: Policy) -> Policy:
    """A policy of another version."""
    return Policy.model_validate({**policy.model_dump(), "name": "other"})


def scenario() -> tuple[Figures, list[Future[Board]]]:
    """Figures whose boards are made by hand."""
    made: list[Future[Board]] = []

    class Later(Executor):
        """Takes work and does nothing; the test says what came of it."""

        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":  # noqa: ANN401, ARG002
            """Promise the work."""
            made.append(Future())
            return made[-1]

    def nobody(*_: object) -> Any:  # noqa: ANN401  (it is never called)
        raise NotImplementedError

    return Figures(Workshop(Later, nobody, nobody, nobody), patience=0.01), made


def test_the_board_of_a_moment_ago_is_shown_while_a_newer_one_is_made(
    policy: Policy, board: Board
) -> None:
    """Nobody waits: first nothing is there, then a board, and a changed policy asks for another."""
    figures, made = scenario()
    assert figures.board(Scope(30), policy, NOW) is None
    made[0].set_result(board)
    assert board is figures.board(Scope(30), policy, NOW)
    assert 1 == len(made)
    other = renamed(policy)
    assert board is figures.board(Scope(30), other, NOW)
    assert board is figures.board(Scope(30), other, NOW)
    assert 2 == len(made)


def test_a_board_that_fails_leaves_the_last_one(
    policy: Policy, board: Board, capsys: pytest.CaptureFixture[str]
) -> None:
    """The failure is told in the log."""
    figures, made = scenario()
    figures.board(Scope(30), policy, NOW)
    made[0].set_result(board)
    figures.board(Scope(30), policy, NOW)
    other = renamed(policy)
    figures.board(Scope(30), other, NOW)
    made[1].set_exception(RuntimeError("no disk"))
    assert board is figures.board(Scope(30), other, NOW)
    assert "RuntimeError" in capsys.readouterr().out


def test_those_who_can_be_given_a_lead_of_a_segment(policy: Policy) -> None:
    """By the territories' owners and pools; managers and operations get none anew."""
    people = eligible(policy, "Hand-raisers")
    assert {LENA, "ana.torres@meridian.example"} <= people
    assert "quinn.walsh@meridian.example" not in people


def test_nobody_is_at_work_on_a_sunday_night(policy: Policy) -> None:
    """The week begins on Monday at midnight in the business's time zone."""
    monday = week(datetime(2026, 11, 25, 3, 0, tzinfo=UTC), policy)
    assert ("2026-11-23T00:00:00", "America/New_York") == (
        monday.replace(tzinfo=None).isoformat(),
        str(monday.tzinfo),
    )
    hours = at_work(policy, monday)["Hand-raisers"]
    tuesday_at_ten, saturday_at_ten = hours[24 + 10], hours[5 * 24 + 10]
    assert (168, True, 0) == (len(hours), tuesday_at_ten > 0, saturday_at_ten)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, "all leads"),
        ({"lead_source": "Partner"}, "lead source is Partner"),
        ({"icp_tier": ("A", "B", "C")}, "ICP tier is A, B or C"),
        (
            {"employees": Range(at_least=200, at_most=1000)},
            "employees is at least 200 and is at most 1,000",
        ),
        (
            {"industry": Range(present=False), "customer": True},
            "industry is not known and customer is true",
        ),
    ],
)
def test_conditions_read_as_sentences(when: dict[str, object], expected: str) -> None:
    """For somebody who has never seen the file."""
    assert expected == policy_words.conditions(when)  # pyright: ignore[reportArgumentType]


def test_a_policy_sent_as_text_is_read_as_the_file_is() -> None:
    """The same version, or the same complaint with its line."""
    policy = (ROOT / "policy.yaml").read_text(encoding="utf-8")
    territories = (ROOT / "territories.csv").read_text(encoding="utf-8")
    read = read_texts(policy, territories)
    assert read.policy is not None
    assert load_policy(ROOT / "policy.yaml").version == read.policy.version
    (error,) = read_texts("policy: 1\nnam: x", "").errors[:1]
    assert "policy.yaml" == error.file


def test_a_search_is_found_by_its_own_person_only() -> None:
    """And the key says nothing of the words."""
    searches = Searches()
    key = searches.keep("ana@x.example", "Fox")
    assert ("Fox", None) == (searches.text("ana@x.example", key), searches.text("b@x.example", key))
    assert "fox" not in key
