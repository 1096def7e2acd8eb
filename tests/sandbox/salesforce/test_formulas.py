"""Formulas of validation rules, as Salesforce computes and refuses them."""

from datetime import UTC, datetime

import pytest

from sandbox.http.message import Json
from sandbox.salesforce.org.ids import lengthened
from sandbox.salesforce.rules.formulas import Change, FormulaError, compiled, fields_in
from sandbox.state.world import Row

OWNER = lengthened("005Hs0000000001")
OTHER = lengthened("005Hs0000000002")
BEFORE: Row = {"OwnerId": OWNER, "Status": "Open", "Email": None, "Amount__c": 5.0}
AFTER: Row = {"OwnerId": OTHER, "Status": "Working", "Email": "a@b.example", "Amount__c": 5.0}
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ('Status = "Working" && NOT(ISBLANK(Email))', True),
        ('AND(Status = "working", TRUE)', False),
        ("ISCHANGED(OwnerId) || ISCHANGED(Amount__c)", True),
        ("ISCHANGED(Amount__c)", False),
        ("ISNEW()", False),
        ("PRIORVALUE(OwnerId) = LEFT(OwnerId, 15)", False),
        (f'PRIORVALUE(OwnerId) = "{OWNER[:15]}"', True),
        (f'CASESAFEID(PRIORVALUE(OwnerId)) = "{OWNER}"', True),
        ('ISBLANK(PRIORVALUE(Email)) && PRIORVALUE(Email) = ""', True),
        ("1 + 2 * 3 - 4 / 2", 5.0),
        ("(1 + 2) * 3 > 8", True),
        ("-Amount__c < 0", True),
        ('"a" & "b" + "c"', "abc"),
        ('IF(Amount__c >= 5, "big", "small")', "big"),
        ('CASE(Status, "Open", 1, "Working", 2, 3)', 2.0),
        ('ISPICKVAL(Status, "Working")', True),
        ('LEN(TRIM("  abc ")) = 3 && BEGINS("abc", "ab") && CONTAINS("abc", "bc")', True),
        ('REGEX(Email, "[a-z]@.+")', True),
        ('BLANKVALUE(Nothing__c, "none") <> "none"', False),
        ("Nothing__c > 1", False),
        ("TEXT(Amount__c)", "5"),
        ("TODAY()", "2026-11-25"),
    ],
)
def test_formulas(formula: str, expected: Json) -> None:
    """Each formula computes this for a lead that was changed."""
    assert expected == compiled(formula)(Change(NOW, BEFORE, AFTER))


def test_a_new_record_has_nothing_before() -> None:
    """Nothing is changed in a new record, and its prior values are its values."""
    change = Change(NOW, None, AFTER)
    values = [
        compiled(each)(change) for each in ("ISNEW()", "ISCHANGED(Status)", "PRIORVALUE(Status)")
    ]
    assert [True, False, "Working"] == values


@pytest.mark.parametrize(
    ("formula", "sentence"),
    [
        ("AND(1 = 1", "Syntax error. Missing ')'"),
        ("1 = 1)", "Syntax error. Extra ')'"),
        ("VLOOKUP(Status)", "Unknown function VLOOKUP. Check spelling."),
        (
            "LEFT(Status)",
            "Incorrect number of parameters for function 'LEFT()'. Expected 2, received 1",
        ),
        ('ISCHANGED("x")', "Function ISCHANGED may only be used with a field"),
        ("Status ? 1", "Syntax error. Found '?'"),
    ],
)
def test_refused_formulas(formula: str, sentence: str) -> None:
    """What Salesforce would not save is refused with a sentence."""
    with pytest.raises(FormulaError) as raised:
        compiled(formula)
    assert sentence == str(raised.value)


def test_fields_of_a_formula() -> None:
    """The fields that a formula names are known before it is saved."""
    assert {"Status", "OwnerId"} == fields_in('AND(Status = "x", PRIORVALUE(OwnerId) = NULL)')
