"""Triggers, briefs, problems, matches and absences of 0.1.0."""

import re
from collections.abc import Mapping

from agent.ledger.migrations.sentences.patterns import Json, first, need, quoted, rule

_VERBS = {
    "filled out the form": "Fill Out Form",
    "was added to the list": "Add to List",
    "visited the page": "Visit Webpage",
    "clicked in the e-mail": "Click Email",
    "clicked the link": "Click Link",
}


def _did(found: re.Match[str]) -> Json:
    verb = found["verb"]
    return {"kind": "did", "type": _VERBS.get(verb, verb[4:]), "name": found["name"] or ""}


_OCCURRENCES = (
    rule(
        r"reached (?P<value>\S+?)(?: of (?P<what>.+))? \((?P<enough>\S+) is enough\)",
        lambda found: {
            "kind": "reached",
            "what": found["what"] or "",
            "value": float(found["value"]),
            "enough": float(found["enough"]),
        },
    ),
    rule(
        rf'(?P<verb>{"|".join(map(re.escape, _VERBS))}|did .+?)(?: "(?P<name>.*)")?',
        _did,
    ),
)


def occurrence(sentence: str) -> Json:
    """What a trigger or a happening says that the lead did."""
    return first(sentence, _OCCURRENCES) or quoted(sentence)


def trigger(old: Mapping[str, Json]) -> Json:
    """A trigger with its fact."""
    kept = {name: value for name, value in old.items() if name != "sentence"}
    return {**kept, "fact": occurrence(old["sentence"])}


_OPENERS = {
    "They asked to talk to us: call": "hand_raise",
    "They have been reading up: begi": "mql_threshold",
    "Several people of the account a": "target_account",
    "They use the product: ask what ": "product_qualified",
    "They came back: ask what has ch": "recycled",
}
"""By their first 31 letters."""
_LETTERS = 31


def opener(text: str | None, *, by_phone: bool) -> Json | None:
    """What to say first; a model's words stay as they are."""
    if text is None:
        return None
    named = text.replace("us: write", "us: call")[:_LETTERS]
    kind = next((kind for start, kind in _OPENERS.items() if named.startswith(start)), None)
    if kind is None:
        return quoted(text)
    return {"trigger": kind, "by_phone": by_phone}


def brief(old: Mapping[str, Json], *, by_phone: bool) -> Json:
    """What a rep should know, as it was kept with a handoff or a write.

    `by_phone`: whether the lead had a number when it was routed.
    """
    did = [{"at": one["at"], "fact": occurrence(one["what"])} for one in old["did"]]
    return {"did": did, "opener": opener(old["opening"], by_phone=by_phone)}


_PROBLEMS = (
    rule(r".* is not an e-mail address\.", lambda _: ("NOT_AN_EMAIL", None)),
    rule(r".* is not a company's name\.", lambda _: ("NOT_A_COMPANY", None)),
    rule(r".* is not a country that we know\.", lambda _: ("UNKNOWN_COUNTRY", None)),
    rule(
        r"The state .* is ambiguous without a country\.", lambda _: ("STATE_WITHOUT_COUNTRY", None)
    ),
    rule(r".* is not a state of (\w+)\.", lambda found: ("NOT_A_STATE", found[1])),
    rule(r"The phone number is not a valid one\.", lambda _: ("INVALID_PHONE", None)),
    rule(r".* is not a number of employees\.", lambda _: ("NOT_A_HEAD_COUNT", None)),
)


def problem(old: Mapping[str, Json]) -> Json:
    """A value that could not be understood."""
    why, country = need(old["sentence"], _PROBLEMS)
    return {"field": old["field"], "value": old["value"], "why": why, "country": country}


_PERSON_BASES = {
    "linked by Marketo's own sync": "LINKED",
    "same e-mail address": "SAME_EMAIL",
    "same e-mail address; the contact of the matched account": "CONTACT_OF_ACCOUNT",
}
_NO_COUNTRY = "an unknown country"


def _lost(
    why: str, ratio: str | None = None, seen: str | None = None
) -> tuple[str, float | None, str | None]:
    return why, None if ratio is None else float(ratio), seen


_LOSSES = (
    rule("converted", lambda _: _lost("CONVERTED")),
    rule("another record of the same person", lambda _: _lost("SAME_PERSON")),
    rule("another e-mail", lambda _: _lost("OTHER_EMAIL")),
    rule("a person account, not a company", lambda _: _lost("PERSON_ACCOUNT")),
    rule("another domain", lambda _: _lost("OTHER_DOMAIN")),
    rule(r"name only (\S+) alike", lambda found: _lost("OTHER_NAME", found[1])),
    rule(r"only (\S+) alike", lambda found: _lost("LESS_ALIKE", found[1])),
    rule(
        r"name alike, but in (.+)",
        lambda found: _lost("OTHER_COUNTRY", seen=None if found[1] == _NO_COUNTRY else found[1]),
    ),
    rule(
        r"name alike, but the domain is (.+)",
        lambda found: _lost("NAME_BUT_OTHER_DOMAIN", seen=found[1]),
    ),
    rule(r"not (.+)", lambda found: _lost("TIE_BREAKER", seen=found[1].replace(" ", "_"))),
)
_NAMED = re.compile(r"(Lead|Contact|Account) (.+)", re.DOTALL)
_ACCOUNT = re.compile(r"(.*) \((\w{15,18})\)", re.DOTALL)


def _loser(old: Mapping[str, Json]) -> Json:
    named = _NAMED.fullmatch(old["name"])
    why, ratio, seen = need(old["why"], _LOSSES)
    kind, rest = ("Account", old["name"]) if named is None else (named[1], named[2])
    name, key = ("", rest) if kind != "Account" else (rest, "")
    if kind == "Account" and (found := _ACCOUNT.fullmatch(rest)):
        name, key = found[1], found[2]
    return {"object": kind, "id": key, "name": name, "why": why, "ratio": ratio, "seen": seen}


def _losers(old: Mapping[str, Json]) -> list[Json]:
    return [_loser(one) for one in old.get("losers", ())]


def _account_basis(text: str, ratio: float | None = None) -> Json:
    how, _, ties = text.partition("; tie broken by ")
    basis = {
        "by": "own_account",
        "domain": None,
        "ratio": None,
        "same_country": False,
        "tie_breakers": [one.replace(" ", "_") for one in ties.split(", ")] if ties else [],
    }
    if how.startswith("same domain "):
        return {**basis, "by": "domain", "domain": how.removeprefix("same domain ")}
    found = re.fullmatch(r"company name (\S+) alike( and same country)?", how)
    if found is None:
        return basis
    alike = float(found[1]) if ratio is None else ratio
    return {**basis, "by": "name", "ratio": alike, "same_country": found[2] is not None}


_MANY_ACCOUNTS = re.compile(r"\d+ accounts fit equally \((.*?)\): .*", re.DOTALL)


def match(old: Mapping[str, Json]) -> Json:
    """A match of person and account."""
    return {"person": _person(old["person"]), "account": _account(old["account"])}


def _person(old: Mapping[str, Json]) -> Json:
    if old["kind"] == "one":
        return {**old, "by": _PERSON_BASES[old["by"]], "losers": _losers(old)}
    if old["kind"] == "many":
        only = old["sentence"].startswith("Salesforce has only a converted lead")
        return {"kind": "many", "records": old["records"], "only_converted": only}
    return old


def _account(old: Mapping[str, Json]) -> Json:
    if old["kind"] == "one":
        by = _account_basis(old["by"], old["confidence"])
        return {**old, "by": by, "losers": _losers(old)}
    if old["kind"] == "many":
        found = _MANY_ACCOUNTS.fullmatch(old["sentence"])
        by = _account_basis("" if found is None else found[1])
        return {"kind": "many", "accounts": old["accounts"], "by": by}
    return {**old, "losers": _losers(old)}


_ABSENCES = (
    rule("no such user in Salesforce", lambda _: {"kind": "no_user"}),
    rule("not active in Salesforce", lambda _: {"kind": "inactive"}),
    rule(r"holiday: (.+)", lambda found: {"kind": "holiday", "name": found[1]}),
)


def absence(text: str | None) -> Json | None:
    """Why somebody is away; their own status stays as it was told."""
    return None if text is None else first(text, _ABSENCES) or quoted(text)


def held(text: str | None) -> Json | None:
    """Who holds a lead, and why."""
    if text is None:
        return None
    by, _, reason = text.partition(": ")
    return {"by": by, "reason": reason}


def snapshot(old: Mapping[str, Json]) -> Json:
    """All that the gate looked at."""
    lead, conditions = old["lead"], old["conditions"]
    kept = {name: value for name, value in conditions.items() if name != "held_by"}
    return {
        **old,
        "cycle": {**old["cycle"], "trigger": trigger(old["cycle"]["trigger"])},
        "lead": {**lead, "problems": [problem(one) for one in lead["problems"]]},
        "match": match(old["match"]),
        "conditions": {**kept, "held": held(conditions["held_by"])},
    }


def route_inputs(old: Mapping[str, Json]) -> Json:
    """Who was there to take a lead."""
    members = {
        email: {**one, "out_of_office": _away(one["out_of_office"])}
        for email, one in old["roster"]["members"].items()
    }
    return {**old, "roster": {**old["roster"], "members": members}}


def _away(text: str | None) -> Json | None:
    return None if text is None else quoted(text)
