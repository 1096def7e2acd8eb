"""Head counts in the forms people write them, and their bands."""

import re
from functools import lru_cache

_NUMBER = re.compile(r"(\d{1,3}(?:[.,' ]\d{3})+|\d+(?:[.,]\d+)?)\s*([kKmM])?")
_BANDS = ((5000, "5000+"), (1000, "1000-4999"), (200, "200-999"), (50, "50-199"), (1, "1-49"))
_SIZES = {"k": 1_000, "m": 1_000_000}
MOST_PEOPLE = 5_000_000
"""More than any employer has: such a number is a mistake."""


@lru_cache(maxsize=8192)
def head_count(text: str) -> tuple[int, float] | None:
    """A head count and how sure it is; None when the text has none.

    Of a range such as `1000-5000` or `5,000+` the lower end is taken, as the least that is true,
    with less confidence: the middle would be an invention.
    """
    found = _NUMBER.findall(text)
    if not found:
        return None
    digits, unit = found[0]
    if not unit and len(found) > 1 and found[1][1]:
        unit = found[1][1]
    count = _read(digits, unit)
    if not 1 <= count <= MOST_PEOPLE:
        return None
    is_range = len(found) > 1 or "+" in text or ">" in text
    return count, 0.8 if is_range else 1.0


def _read(digits: str, unit: str) -> int:
    if unit:
        return round(float(digits.replace(",", ".").replace(" ", "")) * _SIZES[unit.lower()])
    if re.fullmatch(r"\d{1,3}(?:[.,' ]\d{3})+", digits):
        return int(re.sub(r"[.,' ]", "", digits))
    return int(float(digits.replace(",", ".")))


def band(count: float) -> str | None:
    """The band of a head count."""
    return next((name for least, name in _BANDS if count >= least), None)
