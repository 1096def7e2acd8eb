"""Company names as they are compared."""

from functools import lru_cache

from cleanco import basename

from domain.intake.vocabulary.texts import fold

_STOP_WORDS = frozenset({"the", "and", "of", "und", "et", "y", "e", "de", "co"})


@lru_cache(maxsize=65536)
def company_key(name: str) -> str:
    """A company's name for comparing: without legal form, accents, case and small words."""
    without_form = basename(name.replace("&", " and "))
    words = [word for word in fold(without_form).split() if word not in _STOP_WORDS]
    return " ".join(words) or fold(name)
