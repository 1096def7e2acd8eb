"""Company names: as they are shown, and as they are compared."""

from functools import lru_cache

from cleanco import basename

from domain.intake.normalization.texts import fold, tidy, unshout

_PLACEHOLDERS = frozenset(
    "self;self employed;selfemployed;freelance;freelancer;individual;personal;private;home;me;"
    "no company;not applicable;student;retired;unemployed;company;my company;test company".split(
        ";"
    )
)
_STOP_WORDS = frozenset({"the", "and", "of", "und", "et", "y", "e", "de", "co"})


def company(text: str) -> str | None:
    """A company's name for people to read; None for a placeholder."""
    tidied = tidy(text)
    if tidied is None or fold(tidied) in _PLACEHOLDERS:
        return None
    return unshout(tidied)


@lru_cache(maxsize=65536)
def company_key(name: str) -> str:
    """A company's name for comparing: without legal form, accents, case and small words."""
    without_form = basename(name.replace("&", " and "))
    words = [word for word in fold(without_form).split() if word not in _STOP_WORDS]
    return " ".join(words) or fold(name)
