"""The world itself: tables that go back to a moment, the chained journal, the future."""

import copy
import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.state.journal import Journal
from sandbox.state.table import Table
from sandbox.state.world import Row, World

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def shown(world: World) -> str:
    """Everything of a world that a snapshot keeps, in order."""
    state = world.state
    whole: list[Any] = [state.now.isoformat(), state.serial, world.journal.digest()]
    return json.dumps(
        [*whole, {name: list(dict(rows).items()) for name, rows in state.records.items()}]
    )


@pytest.fixture
def world() -> World:
    """A world with a table of two rows."""
    world = World(seed=4, now=NOON)
    world.table("a").update({"1": {"name": "Ann", "tags": ["x"]}, "2": {"name": "Bob", "tags": []}})
    world.record("effect", "sandbox", "begun", by="nobody")
    return world


def test_a_restored_world_is_the_one_of_the_snapshot(world: World) -> None:
    """Rows that were altered deep inside, replaced, removed and added are as they were."""
    before, taken = shown(world), world.snapshot()
    rows = world.table("a")
    rows["1"]["tags"].append("y")
    for row in rows.values():
        row["name"] = row["name"].upper()
    del rows["1"]
    rows["1"] = {"name": "another", "tags": []}
    rows["3"] = {"name": "Cid", "tags": []}
    world.table("b")["1"] = {}
    world.record("effect", "sandbox", "changed")
    world.advance(MINUTE)
    world.restore(taken)
    assert before == shown(world)


def test_chance_and_future_come_back_too(world: World) -> None:
    """After going back the same happens again, by the same dice."""
    thrown: list[float] = []
    world.on("throw", lambda payload: thrown.append(world.rng.random() + payload.pop("plus")))
    world.schedule(NOON + MINUTE, "throw", {"plus": 1})
    taken = world.snapshot()
    for _ in range(2):
        world.advance(2 * MINUTE)
        world.restore(taken)
    world.advance(2 * MINUTE)
    assert (3, 1) == (len(thrown), len(set(thrown)))


def test_dice_are_thrown_apart(world: World) -> None:
    """What is drawn under a name depends on nothing drawn before, and changes nothing after."""
    other = World(seed=4, now=NOON)
    other.rng.random()
    with world.dice("rep") as one, other.dice("rep") as two:
        assert one.random() == two.random()
    untouched = World(seed=4)
    assert untouched.rng.random() == world.rng.random()


def test_snapshots_are_a_stack(world: World) -> None:
    """Going back to one forgets those after it and keeps those before it."""
    first = world.snapshot()
    world.table("a").pop("1")
    second = world.snapshot()
    world.table("a").clear()
    third = world.snapshot()
    world.restore(second)
    assert ["2"] == list(world.table("a"))
    with pytest.raises(LookupError, match=f"no snapshot {third}"):
        world.restore(third)
    world.restore(first)
    assert ["1", "2"] == list(world.table("a"))
    assert third < world.snapshot()


def change_somehow(world: World, chance: random.Random) -> None:
    """Change rows in one of the ways in which faces do."""
    rows, key = world.table(chance.choice("ab")), chance.choice("12345")
    match chance.randrange(6):
        case 0:
            rows[key] = {"list": [chance.random()]}
        case 1:
            rows.pop(key, None)
        case 2:
            rows.setdefault(key, {"list": []})["list"].append(1)
        case 3:
            for row in rows.values():
                row["seen"] = chance.random()
        case 4:
            rows.clear()
        case _:
            world.record("effect", "sandbox", "x", value=chance.random())


@pytest.mark.parametrize("seed", range(20))
def test_any_changes_are_undone(seed: int) -> None:
    """Random changes between random snapshots: each restored moment equals what was there."""
    chance, world = random.Random(seed), World()
    moments: list[tuple[int, str]] = []
    for _ in range(60):
        change_somehow(world, chance)
        match chance.randrange(8):
            case 0:
                moments.append((world.snapshot(), shown(world)))
            case 1:
                world.pack()
            case 2 if moments:
                del moments[chance.randrange(len(moments)) + 1 :]
                world.restore(moments[-1][0])
                assert moments[-1][1] == shown(world)
            case _:
                pass


def test_a_field_is_looked_into_without_a_scan() -> None:
    """Rows are found by a field's value whatever its capitals, before and after changes."""
    table = Table({"1": {"mail": "A@x"}, "2": {"mail": "b@x"}})
    assert ["1"] == [key for key in table if table[key] in table.holding("mail", ["a@X"])]
    table["2"] = {"mail": "a@x"}
    table["3"] = {"mail": None}
    assert [table["1"], table["2"]] == table.holding("mail", ["a@x"])
    del table["1"]
    assert ([table["2"]], [], [table["3"]]) == tuple(
        table.holding("mail", [value]) for value in ("A@x", "b@x", None)
    )


def test_an_index_goes_back_with_its_table() -> None:
    """What is found after going back is what was there."""
    table = Table({"1": {"mail": "a@x"}})
    mark = table.mark()
    assert 1 == len(table.holding("mail", ["a@x"]))
    table["1"] = {"mail": "b@x"}
    table.go_back(mark)
    assert (1, 0) == (len(table.holding("mail", ["a@x"])), len(table.holding("mail", ["b@x"])))


def test_packed_rows_are_rows_to_everybody() -> None:
    """Whoever asks for a packed row, in whatever way, gets a row that can be changed."""
    rows: dict[str, Row] = {key: {"name": f"n{key}", "tags": []} for key in "123456"}
    table = Table(rows)
    table.pack()
    table["1"]["tags"].append("x")
    assert ["x"] == table["1"]["tags"]
    assert (rows["2"], rows["3"]) == (table.get("2"), table.pop("3"))
    assert rows["4"] == table.setdefault("4", {})
    assert [rows["5"]] == table.holding("name", ["N5"])
    table.pack()
    assert {key: rows[key] for key in "2456"} == {k: v for k, v in dict(table).items() if k > "1"}
    table.pack()
    assert list(table.items()) == list(table.copy().items())
    table.pack()
    assert rows["6"] == list(table.values())[-1] == copy.deepcopy(table)["6"]


def test_what_is_done_can_be_logged() -> None:
    """A log names each row that was put or taken out, with what was there before."""
    table = Table({"1": {"n": 1}})
    table.log = []
    table["1"], table["2"] = {"n": 2}, {"n": 3}
    assert ("2", {"n": 3}) == table.popitem()
    assert [("1", {"n": 1}), ("2", None), ("2", {"n": 3})] == [one[1:] for one in table.log]


def test_the_journal_cannot_be_altered() -> None:
    """Neither what was written later changed, nor what a reader does, changes a line."""
    journal, data = Journal(), {"names": ["a"]}
    journal.append(NOON, "effect", "sandbox", "x", data)
    digest = journal.digest()
    data["names"].append("b")
    journal[0].data["names"].append("c")
    assert ({"names": ["a"]}, digest) == (journal[0].data, journal.digest())


def test_each_line_is_chained_to_those_before_it() -> None:
    """Another first line gives another last hash; a line taken back leaves the hash before it."""
    journals = [Journal(), Journal()]
    for place, journal in enumerate(journals):
        journal.append(NOON, "effect", "sandbox", "x", {"place": place})
        journal.append(NOON, "effect", "sandbox", "y", {})
    one, other = journals
    assert one.digest() != other.digest()
    before = one.digest(1)
    del one[1:]
    assert (before, 1) == (one.digest(), len(one))
    with pytest.raises(ValueError, match="only the end"):
        del other[:1]


def test_only_json_is_written() -> None:
    """What is no JSON is refused instead of being made into something else."""
    with pytest.raises(TypeError):
        Journal().append(NOON, "effect", "sandbox", "x", {"at": NOON})


def test_lines_are_selected() -> None:
    """Lines are picked by kind, vendor and name, behind a place."""
    journal = Journal()
    for name in "abab":
        journal.append(NOON, "effect", "sandbox", name, {})
    assert [2] == [entry.seq for entry in journal.select(after=0, name="a", kind="effect")]
    assert [] == list(journal.select(vendor="slack"))


def test_a_clock_keeps_its_mode(world: World) -> None:
    """Real time is the wall clock's, fast is a multiple, paused resumes what it was."""
    clock = world.clock
    assert ("stepped", timedelta()) == (clock.mode, clock.take())
    clock.run(3600)
    assert ("fast", 3600) == (clock.mode, clock.factor)
    assert clock.take() > timedelta()
    clock.pause()
    assert ("paused", timedelta()) == (clock.mode, clock.take())
    clock.resume()
    assert "fast" == clock.mode
    clock.run()
    assert "real" == clock.mode
