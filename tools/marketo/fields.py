"""Which Marketo field is which of ours; every name can be overridden per subscription."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.lead.model import FieldName

PERSON_FIELDS: Mapping[FieldName, str] = {
    FieldName.EMAIL: "email",
    FieldName.FIRST_NAME: "firstName",
    FieldName.LAST_NAME: "lastName",
    FieldName.COMPANY: "company",
    FieldName.WEBSITE: "website",
    FieldName.COUNTRY: "country",
    FieldName.STATE: "state",
    FieldName.CITY: "city",
    FieldName.POSTAL_CODE: "postalCode",
    FieldName.PHONE: "phone",
    FieldName.TITLE: "title",
    FieldName.INDUSTRY: "industry",
    FieldName.EMPLOYEES: "numberOfEmployees",
    FieldName.ANNUAL_REVENUE: "annualRevenue",
    FieldName.LEAD_SOURCE: "leadSource",
    FieldName.SCORE: "leadScore",
    FieldName.UNSUBSCRIBED: "unsubscribed",
    FieldName.EMAIL_INVALID: "emailInvalid",
    FieldName.DO_NOT_CALL: "doNotCall",
    FieldName.MARKETING_SUSPENDED: "marketingSuspended",
    FieldName.PRODUCT_INTEREST: "productInterest",
    FieldName.COMMENT: "formComment",
    FieldName.ICP_TIER: "icpTier",
    FieldName.CONSENT_BASIS: "consentBasis",
}
"""REST names of the fields that are read (Adobe: List of Standard Fields; the last four are
custom)."""


@dataclass(frozen=True, slots=True)
class MirrorNames:
    """REST names of the custom person fields that tell Marketo what was decided."""

    status: str = "routeReadyStatus"
    reason: str = "routeReadyReason"
    owner: str = "routedOwner"
    territory: str = "routedTerritory"
    rule: str = "routedRule"
    decision_id: str = "routeDecisionId"
    routed_at: str = "routedAt"
    sla_due: str = "routeSlaDue"

    def all(self) -> tuple[str, ...]:
        """Every name, in the order of the class."""
        return (
            self.status,
            self.reason,
            self.owner,
            self.territory,
            self.rule,
            self.decision_id,
            self.routed_at,
            self.sla_due,
        )


@dataclass(frozen=True, slots=True)
class ActivityNames:
    """The custom activity that keeps each assignment on the person for ever."""

    type: str = "Lead Routed"
    """Name of the custom activity type, as Marketo shows it."""
    decision_id: str = "decisionId"
    """API names of its attributes."""
    owner: str = "owner"
    territory: str = "territory"
    rule: str = "rule"
    reason: str = "reason"
    policy_version: str = "policyVersion"

    def attributes(self) -> tuple[str, ...]:
        """The attributes' names, in the order of the class."""
        return (
            self.decision_id,
            self.owner,
            self.territory,
            self.rule,
            self.reason,
            self.policy_version,
        )


@dataclass(frozen=True, slots=True)
class LinkNames:
    """REST names of the fields in which Marketo keeps a person's Salesforce record."""

    kind: str = "sfdcType"
    id: str = "sfdcId"
    lead_id: str = "sfdcLeadId"
    contact_id: str = "sfdcContactId"


@dataclass(frozen=True, slots=True)
class FieldMap:
    """All names that differ from one subscription to the next."""

    person: Mapping[FieldName, str] = field(default_factory=lambda: dict(PERSON_FIELDS))
    mirror: MirrorNames = MirrorNames()
    activity: ActivityNames = ActivityNames()
    link: LinkNames = LinkNames()

    def read(self) -> tuple[str, ...]:
        """Every person field that is read, in a fixed order."""
        return tuple(dict.fromkeys(("id", "createdAt", "updatedAt", *self.named())))

    def named(self) -> tuple[str, ...]:
        """Those of them that a subscription may lack or call otherwise."""
        link = (self.link.kind, self.link.id, self.link.lead_id, self.link.contact_id)
        return tuple(dict.fromkeys((*self.person.values(), *link)))


STANDARD = FieldMap()
"""The names of a subscription that was set up as our documentation says."""
