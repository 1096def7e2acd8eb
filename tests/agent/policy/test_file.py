"""What an ops person is told about a policy that doesn't make sense."""

import shutil
from pathlib import Path

import pytest

from agent.policy.file import load_policy, read_policy
from domain.errors import PolicyError
from tests.support.repository import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the example policy and its territories."""
    for name in ("policy.yaml", "territories.csv"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def edit(file: Path, old: str, new: str) -> None:
    """Change one place of a file; the place must be there."""
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_the_example_policy_is_without_errors() -> None:
    """The policy that we ship has nothing to complain about."""
    assert [str(one) for one in read_policy(ROOT / "policy.yaml").complaints] == []


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "sentence", "suggestion"),
    [
        pytest.param(
            "policy.yaml",
            "cool_down: 30d",
            "cooldown: 30d",
            "cool_down: 30d",
            'Unknown key "cooldown"',
            'Did you mean "cool_down"?',
            id="an unknown key",
        ),
        pytest.param(
            "policy.yaml",
            "{name: breach, at: 100%",
            "{name: breach, at: 40%",
            "{name: breach",
            "Step 2 (breach, after 48m) fires before step 1 (reminder, after 1h) in segment "
            "Enterprise",
            "Set each step later than the one before it.",
            id="a ladder that goes down",
        ),
        pytest.param(
            "policy.yaml",
            "choices: [1h, 4h, 1d]",
            "choices: [1h, 4h, 2d]",
            "choices: [1h",
            "A snooze of 2d is longer than the limit of 1d",
            "Use at most 1d, or raise longest.",
            id="a snooze beyond the limit",
        ),
        pytest.param(
            "policy.yaml",
            "leakage_to: helen.brooks@meridian.example",
            "leakage_to: helen.brook@meridian.example",
            "leakage_to",
            'Unknown user "helen.brook@meridian.example"',
            'Did you mean "helen.brooks@meridian.example"?',
            id="a reader of the leakage list who doesn't exist",
        ),
        pytest.param(
            "policy.yaml",
            "fallback: review",
            "fallback: reveiw",
            "fallback: reveiw",
            'Unknown queue "reveiw"',
            'Did you mean "review"?',
            id="a queue that doesn't exist",
        ),
        pytest.param(
            "policy.yaml",
            "dach: {members: [{user: lena.vogel@meridian.example}",
            "dach: {members: [{user: lena.vogl@meridian.example}",
            "dach: {members",
            'Unknown user "lena.vogl@meridian.example"',
            'Did you mean "lena.vogel@meridian.example"?',
            id="a user that doesn't exist",
        ),
        pytest.param(
            "territories.csv",
            "DACH,,DE,,,,,,pool:dach",
            "DACH,,DE,,,,,,pool:dahc",
            "DACH,,DE",
            'Unknown pool "dahc"',
            'Did you mean "dach"?',
            id="a pool that doesn't exist",
        ),
        pytest.param(
            "policy.yaml",
            "sla: {first_touch: 30m}",
            "sla: {first_touch: 20s}",
            "sla: {first_touch: 30m}",
            "A first-touch SLA of 20s is too short",
            "Use at least 1m; 15m is common.",
            id="an impossible SLA",
        ),
        pytest.param(
            "policy.yaml",
            "wait_for_sync: 2h",
            "wait_for_sync: 5m",
            "wait_for_sync: 2h",
            "Waiting 5m for the sync is too short: Marketo syncs every 5m",
            "Allow at least two syncs, such as 15m; 2h is common.",
            id="a wait that ends before the sync can come",
        ),
        pytest.param(
            "policy.yaml",
            "cool_down: 30d",
            "cool_down: 30 days",
            "cool_down: 30d",
            '"30 days" is not a duration',
            "Use a number and a unit, such as 15m, 4h or 2d.",
            id="a duration in other words",
        ),
        pytest.param(
            "policy.yaml",
            "when: {employees: {at_least: 1000}}\n    mode: auto",
            "mode: auto",
            "- name: Hand-raisers",
            'No lead reaches segment "Hand-raisers": "Enterprise" above matches all leads',
            'Move "Enterprise" to the end, or add a when to it.',
            id="a segment that no lead reaches",
        ),
        pytest.param(
            "territories.csv",
            "Enterprise AMER,AMER",
            "All of DACH,EMEA,DE,,,,,,pool:dach\nEnterprise AMER,AMER",
            "DACH,,DE",
            'No lead reaches territory "DACH": line 2 (All of DACH) matches all its leads',
            "Move this row above that line, or remove it.",
            id="a territory that no lead reaches",
        ),
        pytest.param(
            "policy.yaml",
            "mode: auto",
            "mode: automatic",
            "mode: auto",
            '"automatic" is not a valid value for "mode"',
            "Use shadow, approve or auto.",
            id="a mode that doesn't exist",
        ),
        pytest.param(
            "policy.yaml",
            "holidays: DE-BE",
            "holidays: DE-XX",
            "germany: {hours",
            'No holidays are known for "DE-XX"',
            "Use a country such as US, or a country and state such as DE-BY.",
            id="holidays of nowhere",
        ),
        pytest.param(
            "policy.yaml",
            'to: "queue:partners"',
            "to: partners",
            "- {name: Partner lead",
            '"partners" is not an owner',
            "Write user:EMAIL, pool:NAME or queue:NAME.",
            id="a target without its kind",
        ),
        pytest.param(
            "policy.yaml",
            "kind: current_owner",
            "kind: owner_now",
            "- {name: Stays with its owner",
            '"owner_now" is not a kind of routing rule',
            "Use one of current_owner, opportunity_owner, account_owner, territory, to, "
            "salesforce_rules.",
            id="a kind of rule that doesn't exist",
        ),
        pytest.param(
            "policy.yaml",
            "EMEA: [GB",
            "EMEA: [US, GB",
            "EMEA: [GB",
            "Country US is already in region AMER",
            "Remove it from AMER or from EMEA.",
            id="a country in two regions",
        ),
        pytest.param(
            "policy.yaml",
            "manager: helen.brooks@meridian.example}\n  sven",
            "manager: ana.torres@meridian.example}\n  sven",
            "ana.torres@meridian.example: {name",
            "Ana Torres is their own manager, directly or through others",
            "Leave out manager for the person at the top.",
            id="managers in a circle",
        ),
        pytest.param(
            "territories.csv",
            "territory,region",
            "teritory,region",
            "territory,region",
            'Unknown column "teritory"',
            'Did you mean "territory"?',
            id="a column with another name",
        ),
        pytest.param(
            "policy.yaml",
            "dach: {members: [{user: lena.vogel@meridian.example}, "
            "{user: max.brandt@meridian.example}",
            "dach: {members: [",
            "dach: {members",
            "Pool dach has no members",
            "Add at least one member, or remove the pool.",
            id="a pool of nobody",
        ),
        pytest.param(
            "policy.yaml",
            "when: {employees: {at_least: 1000}}",
            "when: {employees: 1000}",
            "when: {employees: 1000}",
            '1000 is not a condition for "employees"',
            "Use a value, a list of values, or a range such as {at_least: 100}.",
            id="a number where a range is wanted",
        ),
        pytest.param(
            "policy.yaml",
            "when: {employees: {at_least: 1000}}",
            "when: {employees: {at_lest: 1000}}",
            "when: {employees: {at_lest: 1000}}",
            'Unknown key "at_lest"',
            'Did you mean "at_least"?',
            id="a range with an unknown bound",
        ),
        pytest.param(
            "policy.yaml",
            "{name: breach, at: 100%",
            "{name: breach, at: {hours: 4}",
            "{name: breach",
            'a set of keys is not a time for "at"',
            "Use a percentage such as 150% or a duration such as 4h.",
            id="a time in another form",
        ),
        pytest.param(
            "territories.csv",
            "DACH,,DE,,,,,,pool:dach",
            "DACH,,DE,,,,many,,pool:dach",
            "DACH,,DE",
            '"employees_from": "many" is not a whole number',
            "Use a whole number, such as 10.",
            id="a word where a number is wanted",
        ),
    ],
)
def test_each_mistake_is_told_with_place_and_advice(
    folder: Path, file: str, old: str, new: str, line: str, sentence: str, suggestion: str
) -> None:
    """Every complaint names the file, the line, what is wrong and what to do."""
    edit(folder / file, old, new)
    changed = (folder / file).read_text().splitlines()
    marker = line if line in (folder / file).read_text() else new.splitlines()[0]
    expected_line = next(n for n, text in enumerate(changed, 1) if marker in text)
    first = read_policy(folder / "policy.yaml").errors[0]
    told = (first.file, first.line, first.sentence, first.suggestion)
    assert (file, expected_line, sentence, suggestion) == told


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)
"""Nine lines that stand for a billion values."""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "This file is not a policy"),
        ("policy: 1\n  name: x", "Not valid YAML: there is a colon where none is expected"),
        ("policy: 1\nusers: [a, b", "Not valid YAML: a bracket is not closed"),
        ("policy: 1\npolicy: 2", 'The key "policy" appears twice'),
        ("policy: 1\nname: a\0b", "This line has a character that isn't text"),
        ("policy: 1\nuntil: 2026-02-30", "There is no date 2026-02-30"),
        ("policy: " + "9" * 5000, "A number has too many digits"),
        ("- " * 3000, "Brackets or lists are nested too deeply"),
        (BOMB, "The text stands for more than 100,000 values"),
    ],
)
def test_a_file_that_is_no_policy_is_told_as_such(tmp_path: Path, text: str, sentence: str) -> None:
    """Bad YAML gives its line and words, not a traceback."""
    file = tmp_path / "policy.yaml"
    file.write_text(text)
    (only,) = read_policy(file).complaints
    assert sentence in only.sentence


def test_a_missing_file_is_told_with_what_to_do(tmp_path: Path) -> None:
    """A path that leads nowhere is no traceback either."""
    with pytest.raises(PolicyError, match="Can't read this file: No such file or directory"):
        load_policy(tmp_path / "nowhere.yaml")


def test_norway_stays_a_country(folder: Path) -> None:
    """YAML 1.2 keeps NO a text, quoted or not."""
    edit(folder / "policy.yaml", '"NO"', "NO")
    assert load_policy(folder / "policy.yaml").region_of("NO") == "EMEA"


def test_the_version_is_the_contents_and_nothing_else(folder: Path) -> None:
    """Comments and order of keys don't change a policy's version; a territory's owner does."""
    before = load_policy(folder / "policy.yaml").version
    edit(folder / "policy.yaml", "# The agreement", "# Our agreement")
    assert before == load_policy(folder / "policy.yaml").version
    edit(folder / "territories.csv", "DACH,,DE,,,,,,pool:dach", "DACH,,DE,,,,,,queue:emea")
    assert before != load_policy(folder / "policy.yaml").version


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a: " + "[" * 3_000, id="brackets"),
        pytest.param("".join(" " * one + "a:\n" for one in range(600)), id="indents"),
        pytest.param(LAUGHS, id="aliases of aliases"),
    ],
)
def test_a_policy_without_end_is_an_error_like_any_other(tmp_path: Path, text: str) -> None:
    """However deep it nests or often it refers to itself, its editor reads a sentence."""
    file = tmp_path / "policy.yaml"
    file.write_text(text, "utf-8")
    (complaint,) = read_policy(file).complaints
    assert complaint.sentence in (
        "Brackets or lists are nested too deeply",
        "The text stands for more than 100,000 values",
    )
