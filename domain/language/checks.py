"""The gate in words: why each check came out as it did, and who can fix what failed."""

from datetime import timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from domain.gate.reasons import (
    AllRequired,
    CannotSync,
    CoolingDown,
    DoNotRoute,
    DoublePeople,
    ExcludedDomain,
    Held,
    Hidden,
    Matched,
    MissingFields,
    NoConsentBasis,
    NotCopied,
    Plain,
    PlainCode,
    Qualified,
    Reason,
    SeveralAccounts,
    SeveralRecords,
    StillDiffers,
    Student,
    SyncRequested,
    TestWord,
    Triggered,
    Unqualified,
    ValidEmail,
)
from domain.gate.verdict import Fix, Judged, Remedy, Team, Verdict, in_short
from domain.grammar import clock, counted, lasting, listed, moment
from domain.language.facts import field, fields, known, occurrence, problem
from domain.lead.match import AccountBasis, PersonBasis


def verdict(one: Verdict | Judged, zone: ZoneInfo) -> str:
    """A verdict in a sentence or two that anyone can defend."""
    short = one if isinstance(one, Judged) else in_short(one)
    return " ".join(reason(why, zone) for why in short.why)


def reason(why: Reason, zone: ZoneInfo) -> str:  # noqa: C901, PLR0911, PLR0912  (one case each)
    """Why a check came out as it did, in one sentence."""
    match why:
        case Plain():
            return _plain(why.code)
        case Triggered():
            return f"Triggered: {occurrence(why.fact)}."
        case CoolingDown():
            return f"Triggered again during the cool-down, which ends {moment(why.until, zone)}."
        case ValidEmail():
            kind = _EMAIL_KINDS.get(why.email_kind or "", why.email_kind)
            return f"Valid email address ({kind})." if kind else "Valid email address."
        case AllRequired():
            return f"Required fields filled in: {why.count} of {why.count}."
        case MissingFields():
            return " ".join([f"Missing: {fields(why.fields)}.", *map(problem, why.problems)])
        case NoConsentBasis():
            if why.place is None:
                return (
                    "The country is unknown, so a consent basis may be required. None is recorded."
                )
            return f"{why.place} requires a recorded consent basis. None is recorded."
        case ExcludedDomain():
            if why.is_own:
                return f"{why.domain} is one of our own domains."
            return f"{why.domain} is on the list of excluded domains."
        case TestWord():
            return f'Test lead: the {field(why.field)} is "{why.text}".'
        case Student():
            return f'Student (title "{why.title}").' if why.title else "Student."
        case DoNotRoute():
            return f"Do Not Route is set in {why.system}."
        case Qualified():
            return _qualified(why)
        case Unqualified():
            told = f"Meets no qualification rule ({', '.join(why.rules)})."
            if why.nearest is None:
                return told
            unknown = fields(why.unknown)
            return f'{told} Could qualify as "{why.nearest}", but this is unknown: {unknown}.'
        case _:
            return _of_records(why, zone)


_OfRecords = (
    DoublePeople
    | SeveralRecords
    | SeveralAccounts
    | Matched
    | CannotSync
    | Hidden
    | SyncRequested
    | StillDiffers
    | NotCopied
    | Held
)


def _of_records(why: _OfRecords, zone: ZoneInfo) -> str:  # noqa: C901, PLR0911  (one case each)
    """What was found of a lead's records in Marketo and Salesforce."""
    match why:
        case DoublePeople():
            others = counted(len(why.people), "other person", "other people")
            return f"Marketo has {others} with the same email address: {listed(why.people)}."
        case SeveralRecords():
            records = listed([f"{one.object} {one.id}" for one in why.records])
            count = counted(len(why.records), "record")
            return f"Salesforce has {count} with this email address: {records}."
        case SeveralAccounts():
            names = listed([f"{one.name} ({one.id})" for one in why.accounts])
            by = account_basis(why.by)
            return f"{len(why.accounts)} accounts match equally ({by}): {names}."
        case Matched():
            return _matched(why)
        case CannotSync():
            return f"Marketo can't sync it to Salesforce. Empty: {fields(why.fields)}."
        case Hidden():
            return (
                f"Marketo links {why.object} {why.id}, which Salesforce doesn't show: "
                "deleted, merged or hidden."
            )
        case SyncRequested():
            return f"Not in Salesforce yet. Sync requested at {clock(why.at, zone)}."
        case StillDiffers():
            waited = lasting(why.waited)
            names = fields(why.fields)
            return f"Salesforce still differs from Marketo after {waited} ({names}). Not waiting."
        case NotCopied():
            at = clock(why.changed_at, zone)
            names = fields(why.fields)
            return f"Changed in Marketo at {at}. Salesforce doesn't show it yet ({names})."
        case Held():
            end = "" if why.reason.endswith((".", "!", "?")) else "."
            return f"On hold by {why.by}: {why.reason}{end}"
        case _:
            assert_never(why)


_EMAIL_KINDS = {"free": "free email provider", "role": "role account"}


def _plain(code: PlainCode) -> str:  # noqa: C901, PLR0911, PLR0912  (one case per code)
    match code:
        case PlainCode.NO_EMAIL:
            return "No email address to check."
        case PlainCode.MISSPELLED_EMAIL:
            return "The domain of the email address looks misspelled."
        case PlainCode.INVALID_EMAIL:
            return "The email address is invalid."
        case PlainCode.DISPOSABLE_EMAIL:
            return "The email address is disposable."
        case PlainCode.ROLE_EMAIL:
            return "The email address is a role account, such as info@."
        case PlainCode.BOUNCING_EMAIL:
            return "Email Invalid is set in Marketo: email to this address bounces."
        case PlainCode.PERSONAL_EMAIL:
            return "The email address is from a free email provider."
        case PlainCode.PERSONAL_EMAIL_NO_COMPANY:
            return "Free email address and no company."
        case PlainCode.DO_NOT_CALL:
            return "Do Not Call is set, and this segment calls first."
        case PlainCode.UNSUBSCRIBED:
            return "Unsubscribed from email."
        case PlainCode.MARKETING_SUSPENDED:
            return "Marketing Suspended is set in Marketo."
        case PlainCode.CONTACTABLE:
            return "OK to contact."
        case PlainCode.NOT_EXCLUDED:
            return "Not an employee, competitor, student or test."
        case PlainCode.NO_DUPLICATE:
            return "No unresolved duplicates."
        case PlainCode.ONLY_CONVERTED:
            return "Salesforce has only a converted lead, and its contact can't be read."
        case PlainCode.RECORD_EXISTS:
            return "The Salesforce record exists."
        case PlainCode.SYNC_PENDING:
            return "Not in Salesforce yet. Waiting for Marketo's sync."
        case PlainCode.NOTHING_TO_COMPARE:
            return "No Salesforce record to compare with."
        case PlainCode.COPY_IS_NEWER:
            return "The Salesforce record is up to date with Marketo."
        case PlainCode.COPY_IS_ALIKE:
            return "The Salesforce record matches Marketo."
        case PlainCode.NOT_HELD:
            return "Not on hold."
        case _:
            assert_never(code)


def _qualified(why: Qualified) -> str:
    facts = f" ({known(why.facts)})" if why.facts else ""
    is_told = any(one.fact == "icp_tier" for one in why.facts)
    parts = [f"ICP tier {why.tier}"] if why.tier and not is_told else []
    if why.intent:
        some = counted(why.intent, "high-intent activity")
        parts.append(f"{some} in {_span(why.window)}")
    parts.append(occurrence(why.trigger))
    return f'Qualified as "{why.rule}"{facts}: {", ".join(parts)}.'


def _span(duration: timedelta) -> str:
    """A window in whole days where it is so many: `7 days`."""
    if duration == timedelta(days=duration.days):
        return counted(duration.days, "day")
    return counted(duration // timedelta(hours=1), "hour")


def _matched(why: Matched) -> str:
    told = "No matching account."
    if why.account_by is not None:
        told = f"Account: {why.account} ({account_basis(why.account_by)})."
    if why.record is None or why.record_by is None:
        return told
    by = person_basis(why.record_by)
    return f"Record: {why.record.object} {why.record.id} ({by}). {told}"


def who(remedy: Remedy) -> str:
    """Who can fix it."""
    match remedy.team:
        case Team.MARKETING_OPS:
            return "marketing ops"
        case Team.SALES_OPS:
            return "sales ops"
        case None:
            return remedy.person or ""
        case _:
            assert_never(remedy.team)


def fix(remedy: Remedy) -> str:  # noqa: C901, PLR0911, PLR0912  (one case per fix)
    """What would fix it."""
    names, ids = fields(remedy.missing), ", ".join(remedy.ids)
    match remedy.what:
        case Fix.FIND_EMAIL:
            return "find a working business email address"
        case Fix.FIND_COMPANY:
            return "find the company"
        case Fix.ADD_FIELDS:
            return f"add {names} in Marketo"
        case Fix.ADD_FIELDS_TO_SYNC:
            return f"add {names} in Marketo"
        case Fix.LIFT_SUSPENSION:
            return "clear Marketing Suspended in Marketo if appropriate"
        case Fix.RECORD_CONSENT:
            return "record the consent basis"
        case Fix.UNTICK_IN_MARKETO:
            return "clear Do Not Route in Marketo if appropriate"
        case Fix.UNTICK_IN_SALESFORCE:
            return "clear Do Not Route in Salesforce if appropriate"
        case Fix.MERGE_PEOPLE:
            return f"merge with Marketo person {ids}"
        case Fix.MERGE_RECORDS:
            return f"merge or convert in Salesforce: {ids}"
        case Fix.CHOOSE_ACCOUNT:
            return f"choose or merge accounts: {ids}"
        case Fix.RELEASE:
            return "release the hold"
        case _:
            assert_never(remedy.what)


def person_basis(by: PersonBasis) -> str:
    """How a person's record was recognized."""
    match by:
        case PersonBasis.LINKED:
            return "linked by Marketo's sync"
        case PersonBasis.SAME_EMAIL:
            return "same email address"
        case PersonBasis.CONTACT_OF_ACCOUNT:
            return "same email address, contact of the matched account"
        case _:
            assert_never(by)


def account_basis(by: AccountBasis) -> str:
    """How a company's account was recognized."""
    match by.by:
        case "own_account":
            told = "the contact's account"
        case "domain":
            told = f"same domain {by.domain}"
        case "name":
            country = " and same country" if by.same_country else ""
            told = f"company name {by.ratio or 0:.0%} alike{country}"
        case _:
            assert_never(by.by)
    ties = ", ".join(one.replace("_", " ") for one in by.tie_breakers)
    return f"{told}, tie broken by {ties}" if ties else told
