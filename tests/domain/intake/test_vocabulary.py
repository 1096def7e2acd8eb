"""The shipped lists reach their labels, and a policy's own words win over them."""

from collections.abc import Mapping

import pytest

from domain.intake.normalization import emails
from domain.intake.normalization.fields import canonical_values, normalize, with_title_read
from domain.intake.vocabulary.compiled import as_shipped, compiled
from domain.intake.vocabulary.phrases import words_of
from domain.intake.vocabulary.shipped import vocabulary
from domain.lead.model import FieldName
from domain.policy.conditions import Vocabulary
from domain.values import Source, Sourced, canonical_json
from tests.domain.intake.test_tables import raw
from tests.support.builders import NOW

SILENT = ("filler", "-")


@pytest.mark.parametrize(
    ("domain", "kind"),
    [
        ("gmaik.com", "misspelled"),
        ("gmsil.com", "misspelled"),
        ("hotmaul.com", "misspelled"),
        ("outloook.com", "misspelled"),
        ("grail.com", "business"),
        ("goail.com", "business"),
        ("comcash.net", "business"),
    ],
)
def test_only_a_slip_of_the_keyboard_is_one(domain: str, kind: str) -> None:
    """A name that is one letter away, but not one key, may be any company's."""
    found = emails.address(f"dana.fox@{domain}")
    assert kind == ("misspelled" if found.is_misspelled else found.kind)


@pytest.mark.parametrize("name", ["industries", "lead_sources"])
def test_every_phrase_reaches_its_label(name: str) -> None:
    """No phrase of a list is shadowed by another one."""
    labels = as_shipped().industries if name == "industries" else as_shipped().lead_sources
    lost = [
        (label, phrase, labels.read(phrase))
        for label, phrases in vocabulary(name).items()
        for phrase in phrases
        if label not in SILENT and labels.read(phrase) != label
    ]
    assert [] == lost


@pytest.mark.parametrize(("name", "place"), [("seniority", 0), ("function", 1)])
def test_every_word_of_titles_reaches_its_label(name: str, place: int) -> None:
    """A title that is one phrase of the list has that phrase's label."""
    spoken: Mapping[str, str] = {"assistant": "individual"}
    lost = [
        (label, phrase)
        for label, phrases in vocabulary(name).items()
        for phrase in phrases
        if label != "-"
        and as_shipped().titles.read(phrase.strip("^$").replace("*", "x"))[place]
        != spoken.get(label, label.rstrip("~"))
    ]
    assert [] == lost


def test_words_are_compared_in_one_form() -> None:
    """Dots of abbreviations, signs between parts and letters of CJK scripts."""
    assert ("ceo", "&", "vp", "sales", ",", "rd") == words_of("C.E.O. & V.P. Sales - R&D")
    assert ("営", "業", "部", "長") == words_of("営業部長")


def test_a_policys_words_add_override_and_replace() -> None:
    """Own labels, own meanings of shipped words, own domains, and a list of one's own."""
    own = Vocabulary(
        industries={"robotics": ("robot arms", "SaaS"), "-": ("internet",)},
        lead_sources={"Fair": ("messe",)},
        seniority={"vp": ("princess",)},
        function={"legal": ("privacy champion",)},
        placeholders={"company": ("acme nobody",)},
        free_mail=("villagemail.example",),
        business_domains=("bluewin.ch",),
        replace=("lead_sources",),
    )
    words = compiled(own)
    read = words.industries.read
    assert ("robotics", "robotics", None, "software") == (
        read("Robot Arms"), read("saas"), read("Internet"), read("Software"),
    )  # fmt: skip
    assert ("Fair", None) == (words.lead_sources.read("Messe"), words.lead_sources.read("Webinar"))
    assert ("vp", "legal") == words.titles.read("Princess and Privacy Champion")
    assert {} == canonical_values({FieldName.COMPANY: "Acme Nobody"}, words)
    kinds = [
        emails.address(f"a@{host}", words.mail_hosts).kind
        for host in ("villagemail.example", "bluewin.ch", "gmail.com")
    ]
    assert ["free", "business", "free"] == kinds


def test_a_title_set_right_by_a_person_is_read_again() -> None:
    """Whoever was refused as a student is none once somebody corrects the title."""
    said = {FieldName.TITLE: Sourced(value="Dean of Students", source=Source.PERSON, at=NOW)}
    read = with_title_read(said, as_shipped())
    assert ("director", Source.PERSON) == (
        read[FieldName.SENIORITY].value,
        read[FieldName.SENIORITY].source,
    )


def test_a_value_as_typed_goes_through_the_ledger_and_old_ones_stay_alike() -> None:
    """What was typed is stored; a value without it has the bytes that it always had."""
    lead = normalize(raw(industry="SaaS", city="Bonn"))
    stored = [canonical_json(one) for one in lead.fields.values()]
    assert [True, False] == sorted(('"typed"' in one for one in stored), reverse=True)
    assert list(lead.fields.values()) == [Sourced.model_validate_json(one) for one in stored]
