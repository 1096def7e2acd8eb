"""What becomes of a record that Salesforce refused, by the code and by the words inside it."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.effects import Refusal
from tools.salesforce.connection.errors import ASK_AGAIN
from tools.salesforce.writes.receipts import unsent
from tools.salesforce.writes.refusals import refusal

NOW = datetime(2026, 11, 23, 14, tzinfo=UTC)
CLASSES = {
    Refusal.LOCKED: "transient",
    Refusal.DATA: "needs_fix",
    Refusal.SETUP: "fix_setup",
    Refusal.OTHER: "look_again",
    Refusal.OWNER_UNFIT: "owner_unfit",
    Refusal.OWNER_CHANGED: "owner_changed",
    Refusal.CONVERTED: "converted",
    Refusal.GONE: "gone",
}


def table() -> list[tuple[str, str, str]]:
    """Codes and words as Salesforce sends them, each with what must happen."""
    with (Path(__file__).parent / "error_codes.csv").open(encoding="utf-8", newline="") as file:
        return [(row["code"], row["message"], row["expected"]) for row in csv.DictReader(file)]


def happens(code: str, words: str) -> str:
    """What must happen after an error, by the name that the table gives it."""
    receipt = unsent(code, words, NOW)
    if receipt is None:
        return CLASSES[refusal(code, words, [])]
    if code == "INVALID_SESSION_ID":
        return "sign_in"
    assert receipt.retry_at is not None
    return "wait_quota" if receipt.retry_at - NOW >= ASK_AGAIN else "transient"


@pytest.mark.parametrize(("code", "words", "expected"), table())
def test_each_error_leads_to_what_helps(code: str, words: str, expected: str) -> None:
    """The innermost error decides, and a code that nobody knows is looked at again."""
    assert happens(code, words) in expected.split("|")


def test_the_fields_that_salesforce_blames_count() -> None:
    """An error of the owner's field is the owner's, whatever its words."""
    found = refusal("FIELD_INTEGRITY_EXCEPTION", "Queue not associated", ["OwnerId"])
    assert found is Refusal.OWNER_UNFIT
