"""A cell or a condition that no lead can match is told, with what was probably meant."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from agent.policy.file import read_policy
from tests.domain.intake.table import rows
from tests.support.repository import ROOT

Row = Mapping[str, str]


def is_number(row: Row) -> bool:
    """Whether a size is a number: what isn't ends the check before the others are looked at."""
    return "employees" not in row["where"] or row["input"].removeprefix("-").isdigit()


def told(some: Sequence[Row], folder: Path) -> list[str]:
    """What one check says about each cell or condition; empty where it says nothing."""
    policy = (ROOT / "policy.yaml").read_text(encoding="utf-8")
    head, *table = (ROOT / "territories.csv").read_text(encoding="utf-8").splitlines()
    cells = [row for row in some if row["where"].startswith("territories")]
    whens = [row for row in some if row not in cells]
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    for row in cells:
        filled = {"territory": "Probe", "owner": "pool:us_west", "country": row["country"]}
        probe = {**filled, row["where"].split()[1]: row["input"]}
        writer.writerow([probe.get(name, "") for name in head.split(",")])
    probes = "".join(
        f"  - {{name: Probe {at}, kind: current_owner, when: {row['input']}}}\n"
        for at, row in enumerate(whens)
    )
    text = policy.replace("\nrouting:\n", f"\nrouting:\n{probes}", 1)
    (folder / "policy.yaml").write_text(text, encoding="utf-8")
    whole = "\n".join([head, lines.getvalue().strip(), *table]) + "\n"
    (folder / "territories.csv").write_text(whole, encoding="utf-8")
    found = read_policy(folder / "policy.yaml").complaints

    def about(row: Row) -> str:
        if row in cells:
            place = ("territories.csv", cells.index(row) + 2, row["where"].split()[1])
            return " ".join(str(one) for one in found if (one.file, one.line, one.path) == place)
        path = f"routing[{whens.index(row) + 1}].when"
        return " ".join(str(one) for one in found if one.path.startswith(path))

    return [about(row) for row in some]


def is_right(expected: str, said: str) -> bool:
    """Whether silence or the complaint is what a person needs."""
    for one in expected.split("|"):
        if one.startswith("told, suggesting "):
            if f'"{one.removeprefix("told, suggesting ")}"' in said:
                return True
        elif (one == "told") == bool(said):
            return True
    return False


@pytest.mark.parametrize("numbers", [True, False])
def test_silence_about_a_cell_that_no_lead_can_match_is_never_right(
    numbers: bool,  # noqa: FBT001  (a parameter of the test)
    tmp_path: Path,
) -> None:
    """Names of states, other countries' codes, a spreadsheet's marks, words that are folded."""
    some = [row for row in rows("territory_cells") if is_number(row) is numbers]
    said = told(some, tmp_path)
    wrong = [
        (row["input"], row["expected"], one)
        for row, one in zip(some, said, strict=True)
        if not is_right(row["expected"], one)
    ]
    assert (len(some), []) == (len(said), wrong)
