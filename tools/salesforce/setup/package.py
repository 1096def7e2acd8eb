"""Our own fields and rules in Salesforce, as the Metadata API describes them.

Source: Salesforce, Metadata API Developer Guide, CustomField and ValidationRule.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.salesforce.records import fields
from tools.salesforce.records.fields import REASON_LENGTH, TEXT_LENGTH, SObject

Json = Any

PERMISSION_SET = "Routeready"
PERMISSION_SET_LABEL = "routeready"
RULE_NAME = "Routeready_Owner_Unchanged"
RULE_MESSAGE = f"{fields.GUARD_WORDS} the owner changed since the decision was made"
RULE_FORMULA = (
    f"AND(ISCHANGED({fields.DECISION_ID}), "
    f"LEFT(PRIORVALUE(OwnerId), 15) <> LEFT({fields.EXPECTED_OWNER}, 15))"
)
"""A formula may see an id with 15 or 18 characters; LEFT makes both the same."""
ID_LENGTH = 18

TARGETS = (SObject.LEAD, SObject.CONTACT)
"""The objects that carry our fields and rules."""


@dataclass(frozen=True, slots=True)
class PackagedField:
    """One of our fields."""

    name: str
    label: str
    says: str
    """Its description in Salesforce's Setup."""
    kind: Mapping[str, Json]
    """Its type and what belongs to it, in the Metadata API's words."""

    @property
    def metadata(self) -> dict[str, Json]:
        """All of it, for the Metadata or the Tooling API."""
        return {"label": self.label, "description": self.says, **self.kind}

    @property
    def type_words(self) -> str:
        """Its type as Setup writes it, such as `Text(255)`."""
        length = self.kind.get("length")
        return f"{self.kind['type']}({length})" if length else str(self.kind["type"])


_TEXT: Mapping[str, Json] = {"type": "Text", "length": TEXT_LENGTH}
_INSTANT: Mapping[str, Json] = {"type": "DateTime"}

FIELDS = (
    PackagedField(fields.DECISION_ID, "Routing decision", "The decision that set the owner", _TEXT),
    PackagedField(
        fields.EXPECTED_OWNER,
        "Routing expected owner",
        "Whom the record belonged to when the decision was made",
        {"type": "Text", "length": ID_LENGTH},
    ),
    PackagedField(
        fields.REASON,
        "Routing reason",
        "Why it went where it went",
        {"type": "LongTextArea", "length": REASON_LENGTH, "visibleLines": 4},
    ),
    PackagedField(fields.RULE, "Routing rule", "The rule of the policy that chose", _TEXT),
    PackagedField(fields.TERRITORY, "Routing territory", "The territory it fell into", _TEXT),
    PackagedField(fields.POLICY_VERSION, "Routing policy", "The version of the policy", _TEXT),
    PackagedField(fields.STATUS, "Routing status", "How far its routing is", _TEXT),
    PackagedField(fields.ROUTED_AT, "Routed at", "When it was routed", _INSTANT),
    PackagedField(fields.SLA_DUE_AT, "SLA due at", "By when it should be touched", _INSTANT),
    PackagedField(fields.FIRST_TOUCH_AT, "First touch at", "When a person first acted", _INSTANT),
    PackagedField(fields.FIRST_TOUCH_TYPE, "First touch type", "What the person did", _TEXT),
    PackagedField(fields.SLA_MET, "SLA met", "Whether the first touch was in time", _TEXT),
    PackagedField(
        fields.DO_NOT_ROUTE,
        "Do not route",
        "Set by people: routeready leaves it alone",
        {"type": "Checkbox", "defaultValue": "false"},
    ),
)
"""On Lead and on Contact."""


def full_names() -> Iterator[tuple[SObject, PackagedField]]:
    """Every field on every object."""
    for target in TARGETS:
        for field in FIELDS:
            yield target, field


def rule_metadata() -> dict[str, Json]:
    """The rule that keeps a person's own change of owner."""
    return {
        "active": True,
        "description": "A person's own change of owner wins over a decision that didn't see it",
        "errorConditionFormula": RULE_FORMULA,
        "errorMessage": RULE_MESSAGE,
    }
