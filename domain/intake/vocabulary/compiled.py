"""All vocabularies, compiled once per policy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

from domain.intake.vocabulary.labels import Labels
from domain.intake.vocabulary.mail_hosts import MailHosts
from domain.intake.vocabulary.placeholders import Placeholders
from domain.intake.vocabulary.shipped import vocabulary
from domain.intake.vocabulary.texts import fold
from domain.intake.vocabulary.titles import Titles
from domain.policy.conditions import Vocabulary
from domain.values import canonical_json

Lists = Mapping[str, Sequence[str]]


@dataclass(frozen=True, eq=False)
class Compiled:
    """What words mean under a policy; each list is compiled when it is first needed."""

    own: Vocabulary

    @cached_property
    def industries(self) -> Labels:
        """The industries."""
        return Labels(self._lists("industries", self.own.industries), first_wins=False)

    @cached_property
    def lead_sources(self) -> Labels:
        """The lead sources."""
        return Labels(self._lists("lead_sources", self.own.lead_sources), first_wins=True)

    @cached_property
    def titles(self) -> Titles:
        """Seniority and function."""
        function = self._lists("function", self.own.function)
        return Titles(self._lists("seniority", self.own.seniority, ranked=True), function)

    @cached_property
    def placeholders(self) -> Placeholders:
        """What stands in a field for no value."""
        return Placeholders(self._lists("placeholders", self.own.placeholders, ranked=True))

    @cached_property
    def mail_hosts(self) -> MailHosts:
        """Whose mailboxes a domain holds."""
        lists = vocabulary("mail_hosts")
        own = {
            "free": self.own.free_mail,
            "disposable": self.own.disposable,
            "business": self.own.business_domains,
        }
        mine = {domain.casefold() for domains in own.values() for domain in domains}
        kept = {name: tuple(one for one in some if one not in mine) for name, some in lists.items()}
        return MailHosts(
            kept
            | {
                name: (*kept.get(name, ()), *(one.casefold() for one in some))
                for name, some in own.items()
            }
        )

    def _lists(self, name: str, own: Lists, *, ranked: bool = False) -> Lists:
        """The shipped lists under the policy's own: a phrase of its own means what it says there.

        New labels stand first, and last where the order is a rank.
        """
        shipped: Lists = {} if name in self.own.replace else vocabulary(name)
        mine = {fold(phrase) for phrases in own.values() for phrase in phrases}
        labels = [*shipped, *(label for label in own if label not in shipped)]
        if not ranked:
            labels = [*(label for label in own if label not in shipped), *shipped]
        return {
            label: (
                *own.get(label, ()),
                *(one for one in shipped.get(label, ()) if not mine or fold(one) not in mine),
            )
            for label in labels
        }


@lru_cache(maxsize=8)
def _compiled(own: str) -> Compiled:
    return Compiled(Vocabulary.model_validate_json(own))


def compiled(own: Vocabulary) -> Compiled:
    """The vocabularies of a policy."""
    return _compiled(canonical_json(own, exclude_unset=True))


@cache
def as_shipped() -> Compiled:
    """The vocabularies without any policy's words."""
    return compiled(Vocabulary())
