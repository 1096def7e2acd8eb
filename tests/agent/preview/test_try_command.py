"""`routeready try --offline`: what a person types or lists is read, judged and told; row by row."""

import csv
import io
import itertools
import json
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from agent.cli.main import cli
from agent.metrics.rendering import FORMULAS
from agent.policy.example import example_policy
from agent.policy.file import load_policy
from agent.preview import output
from agent.preview.companies import Companies
from agent.preview.situation import offline
from agent.preview.verdicts import Entry, preview
from domain.intake.typed_leads import TypedLead
from domain.lead.model import FieldName
from domain.policy.model import Policy
from tests.support.worlds import MONDAY

GOOD = "email,firstName,lastName,company,country,state,numberOfEmployees"
ROW = "dana@acme.example,Dana,Fox,Acme,United States,California,50"
POLICY = load_policy(example_policy())
ROUTED = ("READY", "Hand-raisers", "Territory")


def the_example(_: Path) -> Policy:
    """The example policy, read once."""
    return POLICY


@pytest.fixture(autouse=True)
def nothing_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials, no database, no network, and another folder than the policy's."""

    def refuse(*_: object) -> NoReturn:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("agent.policy.file.load_policy", the_example)
    monkeypatch.setenv("ROUTEREADY_DATABASE", "sqlite:///nowhere/no.sqlite3")


def run(*words: str, given: bytes = b"") -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a `try` without vendors."""
    done = CliRunner().invoke(cli, ["try", "--offline", *words], input=given)
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert not Path("nowhere").exists()
    return done.exit_code, done.stdout, done.stderr


def rows(body: bytes | str, *words: str) -> list[dict[str, Any]]:
    """What is said of a file's rows."""
    given = body if isinstance(body, bytes) else body.encode()
    code, out, _ = run("--csv", "-", "--format", "json", *words, given=given)
    assert 0 == code
    return json.loads(out)


def test_one_lead_is_told_whole() -> None:
    """Every field as read, every check, and who would get it and why."""
    code, out, err = run(
        "country=Deutschland",
        "title=VP Sales",
        "email=anna@example-works.example",
        "lastName=Weber",
        "company=Example Works",
        "numberOfEmployees=2000",
    )
    assert (0, "Ready to route") == (code, out[:14])
    read = [line.split() for line in out.splitlines()]
    assert ["country", "DE", "Deutschland", "this", "row", "100%"] in read
    assert ["seniority", "vp", "-", "calculated", "100%"] in read
    assert "Owner: Wiebke Adler\nRule: Territory\nWhy: Territory Enterprise EMEA" in out
    assert "Required fields    passed" in out
    assert "Salesforce was not asked" in err


def test_the_json_has_the_documented_shape() -> None:
    """docs/reference/try.md names every key."""
    (row,) = rows(f"{GOOD},phone\n{ROW},x\n")
    keys = "line fields checks verdict sentence segment rule owner owner_name owner_kind"
    assert [*keys.split(), "reason", "why_not"] == list(row)
    assert (*ROUTED, "ana.torres@meridian.example") == (
        row["verdict"],
        row["segment"],
        row["rule"],
        row["owner"],
    )
    country = {
        "value": "US",
        "typed": "United States",
        "source": "marketo",
        "confidence": 1.0,
        "problem": None,
    }
    assert country == row["fields"]["country"]
    assert (None, "x") == (row["fields"]["phone"]["value"], row["fields"]["phone"]["typed"])
    assert row["fields"]["phone"]["problem"]
    assert {"check", "name", "outcome", "sentence", "fix"} == set(row["checks"][0])


def test_what_stops_a_lead_is_told_with_its_fix() -> None:
    """A lead without a country needs review, and who can fix it is said."""
    (row,) = rows("email,lastName,company\ndana@acme.example,Fox,Acme\n")
    assert ("PARK", "Missing: country.", None) == (row["verdict"], row["sentence"], row["owner"])
    failed = [one for one in row["checks"] if one["outcome"] == "fail"]
    assert ["add country in Marketo (marketing ops)"] == [one["fix"] for one in failed]


SAVED: Mapping[str, Callable[[str], bytes]] = {
    "UTF-8": str.encode,
    "UTF-8 with a mark": lambda text: text.encode("utf-8-sig"),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16 without a mark": lambda text: text.encode("utf-16-be"),
    "UTF-32": lambda text: text.encode("utf-32"),
    "Windows-1252": lambda text: text.encode("cp1252"),
    "semicolons": lambda text: text.replace(",", ";").encode(),
    "Excel's Unicode text": lambda text: text.replace(",", "\t").encode("utf-16"),
    "sep= and bars": lambda text: ("sep=|\n" + text.replace(",", "|")).encode(),
    "Windows line ends": lambda text: text.replace("\n", "\r\n").encode(),
    "an old Mac's line ends": lambda text: text.replace("\n", "\r").encode(),
    "blank lines": lambda text: ("\n\n" + text + "\n,,,\n").encode(),
}


@pytest.mark.parametrize("saved", SAVED)
def test_a_file_as_any_spreadsheet_saves_it(saved: str) -> None:
    """The same table, whatever its encoding, delimiter and line ends."""
    text = f"{GOOD}\nzoë@acme.example,Zoë,Müller,Acme,Österreich,,50\n{ROW}\n"
    first, second = rows(SAVED[saved](text))
    assert ("Zoë", "Müller") == tuple(first["fields"][name]["typed"] for name in NAMES)
    assert ("AT", "READY") == (first["fields"]["country"]["value"], second["verdict"])


NAMES = ("first_name", "last_name")
HOSTILE = (
    pytest.param(f"{GOOD}\n{ROW},,,\n{ROW},extra\n{ROW}\n", [1, 0, 1], id="ragged"),
    pytest.param(f"{GOOD}\ndana@acme.example\n{ROW}\n", [1, 1], id="short"),
    pytest.param(f'{GOOD}\n"dana,Dana,Fox\n{ROW}\n{ROW}\n', [0, 1, 1], id="an open quote"),
    pytest.param(f'{GOOD}\n{ROW}\n"x"y,Dana\n{ROW}\n', [1, 0, 1], id="a quote too many"),
    pytest.param(f"{GOOD}\n{'x' * 1_000_000},Dana\n{ROW}\n", [0, 1], id="a cell of a megabyte"),
    pytest.param(f'{GOOD}\n"{"x" * 1_000_000}",Dana\n{ROW}\n', [0, 1], id="a quoted megabyte"),
    pytest.param(f"{GOOD}\n{'x' * 5_000_000}\n{ROW}\n", [0, 1], id="a line of five megabytes"),
    pytest.param(f"{GOOD}\nda\0na@acme.example,\0,\0,\0\n{ROW}\n", [1, 1], id="NUL"),
    pytest.param(f"{GOOD}\n\x1b[2J,{chr(0x202E)},\ud83d\n{ROW}\n", [1, 1], id="terminal commands"),
    pytest.param(f'{GOOD}\n{ROW}\n"{"a" * 9}\n' + "b\n" * 600, None, id="a quote never closed"),
    pytest.param(f"company,{GOOD}\nOther,{ROW}\n", [1], id="a column twice"),
    pytest.param(f"{GOOD},,Frist Name\n{ROW},a,b\n", [1], id="unknown and nameless columns"),
    pytest.param(f"{GOOD}\n", [], id="only names"),
)


@pytest.mark.parametrize(("text", "judged"), HOSTILE)
def test_what_can_not_be_read_stops_no_other_row(text: str, judged: list[int] | None) -> None:
    """A row that can't be judged has its reason; the others are judged, in the file's order."""
    found = rows(text.encode("utf-8", "surrogatepass"))
    assert judged in (None, [int(row["verdict"] is not None) for row in found])
    assert [] == [row for row in found if row["verdict"] is None and not row["sentence"]]
    lines = [row["line"] for row in found]
    assert sorted(set(lines)) == lines


NO_TABLE = (
    pytest.param(b"", "The file is empty.", id="empty"),
    pytest.param(b"\xff\xfe", "The file is empty.", id="only a mark"),
    pytest.param(b" \n\n ,, \n", "The file is empty.", id="blank"),
    pytest.param(b"PK\x03\x04\x14\x00\x06", "This is an Excel workbook", id="a workbook"),
    pytest.param(bytes(range(256)) * 9, "", id="bytes"),
    pytest.param(b"\0" * 999, "", id="zeros"),
    pytest.param(b'"never closed\n1\n2\n', "names of the columns can't be read", id="open names"),
    pytest.param(b"x" * 3_000_000, "too long to be the names", id="one endless line"),
    pytest.param(b"colour,shape\nred,round\n", "No column is a known field.", id="another table"),
)


@pytest.mark.parametrize(("body", "said"), NO_TABLE)
def test_what_is_no_table_is_wrong_usage(body: bytes, said: str) -> None:
    """Exit code 2 and one sentence with what to do."""
    code, out, err = run("--csv", "-", given=body)
    assert (2, "") == (code, out)
    assert said in err


USAGE = (
    pytest.param((), "Give one lead", id="nothing"),
    pytest.param(("country",), '"country" is not FIELD=VALUE', id="no value"),
    pytest.param(("=DE",), "is not FIELD=VALUE", id="no name"),
    pytest.param(("country=DE", "--csv", "x.csv"), "Give one lead", id="both"),
    pytest.param(("--csv", "nowhere.csv"), "Can't read nowhere.csv", id="no file"),
    pytest.param(("--csv", "."), "Can't read .", id="a folder"),
    pytest.param(("country=DE", "--format", "xml"), "Unknown --format", id="format"),
    pytest.param(("--csv", "-", "--encoding", "klingon"), "Unknown --encoding", id="encoding"),
    pytest.param(("--csv", "-", "--encoding", "base64"), "Unknown --encoding", id="no text"),
    pytest.param(("color=red",), "No column is a known field.", id="no field"),
)


@pytest.mark.parametrize(("words", "said"), USAGE)
def test_wrong_usage(words: tuple[str, ...], said: str) -> None:
    """Exit code 2 and what to write instead."""
    code, out, err = run(*words, given=f"{GOOD}\n{ROW}\n".encode())
    assert (2, "") == (code, out)
    assert said in err


def test_an_unknown_column_is_named_and_what_was_meant() -> None:
    """It is ignored; the known ones are read in any spelling."""
    text = f"Email Address,Last Name,Company Name,COUNTRY,jobtitel\n{'x,' * 4}x\n"
    code, _, err = run("--csv", "-", given=text.encode())
    assert (0, 'Column "jobtitel" is not a known field and was ignored. Did you mean "title"?') == (
        code,
        err.splitlines()[0],
    )


def test_no_cell_of_the_spreadsheet_is_a_formula() -> None:
    """Whatever is in the file, also in its values that are shown as they were typed."""
    evil = [f'"{one}SUM(1)&""x"""' for one in FORMULAS]
    text = f"{GOOD},title,comment,leadSource\n" + "".join(
        ",".join([one] * len(f"{GOOD},,,".split(","))) + "\n" for one in evil
    )
    code, out, _ = run("--csv", "-", "--format", "csv", given=text.encode())
    cells = [cell for row in csv.reader(io.StringIO(out, newline="")) for cell in row]
    assert (0, True) == (code, len(cells) > 200)
    assert [] == [cell for cell in cells if cell.lstrip(" ").startswith(FORMULAS)]
    assert 1 + len(evil) == len(list(csv.reader(io.StringIO(out, newline=""))))


def test_rows_are_judged_alone_unless_in_order() -> None:
    """Alone, each row gets the pool's first member; in order, the pool turns as it would live."""
    text = f"{GOOD}\n" + f"{ROW}\n" * 3
    assert 1 == len({row["owner"] for row in rows(text)})
    assert 3 == len({row["owner"] for row in rows(text, "--in-order")})
    assert "as if it were the only one" in run("--csv", "-", given=text.encode())[2]


TRIGGERS = (
    pytest.param("form", "Contact Sales", ("READY", 'form \\"Contact Sales\\"'), id="a form"),
    pytest.param(
        "form", "Newsletter", (None, 'matches Fill Out Form \\"Newsletter\\"'), id="other"
    ),
    pytest.param("list", "Product Qualified", ("READY", "product-qualified"), id="a list"),
    pytest.param("program", "Roadshow", (None, "Change Status in Progression"), id="a program"),
    pytest.param("trigger", "target_account", ("READY", "target account"), id="a kind"),
    pytest.param("trigger", "Back from Nurture", ("READY", "recycled"), id="a trigger's name"),
    pytest.param("trigger", "webinar", (None, 'no trigger \\"webinar\\"'), id="unknown"),
)


@pytest.mark.parametrize(("column", "value", "expected"), TRIGGERS)
def test_what_the_lead_came_by(column: str, value: str, expected: tuple[str | None, str]) -> None:
    """The columns say what the lead did, and the policy's triggers what that means."""
    (row,) = rows(f"{GOOD},{column}\n{ROW},{value}\n")
    verdict, said = expected
    assert verdict == row["verdict"]
    assert said in json.dumps(row, ensure_ascii=False)


@pytest.mark.parametrize(("score", "verdict"), [("99", None), ("100", "PARK"), ("", "PARK")])
def test_a_score_below_the_threshold_triggers_nothing(score: str, verdict: str | None) -> None:
    """The row's own score is compared; without one, the threshold counts as just reached."""
    text = f"email,lastName,company,trigger,leadScore\nd@a.example,Fox,Acme,mql_threshold,{score}\n"
    (row,) = rows(text)
    assert verdict == row["verdict"] or (verdict == "PARK" and row["verdict"] == "REJECT")
    assert (verdict is None) == ("below the threshold" in row["sentence"])


def test_accounts_come_from_a_file(tmp_path: Path) -> None:
    """A customer's lead goes to the account owner; an owner whom the policy lacks is skipped."""
    accounts = tmp_path / "accounts.csv"
    accounts.write_text(
        "Name;Website;Owner;Is Customer;Country\n"
        "Acme, Inc.;https://www.acme.example;Priya Raman;yes;USA\n"
        "Beta GmbH;;Nobody Known;yes;Deutschland\n",
        encoding="utf-16",
    )
    text = f"{GOOD}\n{ROW}\nb@gmx.example,Bo,Fox,Beta,Germany,,50\n"
    acme, beta = rows(text, "--accounts", str(accounts))
    assert ("Customer or named account", "Priya Raman") == (acme["rule"], acme["owner_name"])
    assert [{"who": "Nobody Known", "why": "not in the policy"}] == beta["why_not"]
    code, _, err = run("--csv", "-", "--accounts", str(accounts.with_name("no")), given=b"email\nx")
    assert (2, True) == (code, "Can't read" in err)


def test_a_hundred_thousand_rows_are_never_held() -> None:
    """The first rows are told before the last ones are read."""
    read = 0

    def endless() -> Iterator[Entry]:
        nonlocal read
        for line in itertools.count(2):
            read = line
            yield line, TypedLead(line=line, values={FieldName.EMAIL: "dana@acme.example"})

    situation = offline(POLICY, Companies([]), MONDAY)
    found = output.as_json(output.told(one, ZONE) for one in preview(endless(), situation))
    assert 3 == len(list(itertools.islice(found, 3)))
    assert read < 1000


ZONE = ZoneInfo("America/New_York")


def test_a_misspelled_mail_provider_is_asked_about() -> None:
    """The address is there and can't be used: its reason isn't dropped because it has a value."""
    (lead,) = rows(f"{GOOD}\nkim@gmial.com,Kim,Lee,Globex,United States,California,50")
    read = lead["fields"]["email"]
    assert ("kim@gmial.com", "PARK") == (read["value"], lead["verdict"])
    assert "The domain of the email address looks misspelled." in lead["sentence"]
    assert "misspelled" in read["problem"]
