"""Phone numbers to E.164, and what a number tells of where it is."""

from functools import lru_cache

import phonenumbers
from phonenumbers import geocoder

from domain.intake.normalization.written import numbers


@lru_cache(maxsize=16384)
def phone(text: str, country: str | None) -> str | None:
    """A number as E.164, the first of several; None when there is no valid number.

    National forms need the country.
    """
    return next((found for one in numbers(text) if (found := _valid(one, country))), None)


def _valid(text: str, country: str | None) -> str | None:
    try:
        parsed = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=16384)
def region_of(e164: str) -> str | None:
    """The country of a number; None for numbers that belong to none."""
    region = phonenumbers.region_code_for_number(phonenumbers.parse(e164, None))
    return region if region and region != "001" else None


@lru_cache(maxsize=16384)
def place_of(e164: str) -> str:
    """What a number's area code says of the place, in English; often only the country."""
    return geocoder.description_for_number(phonenumbers.parse(e164, None), "en")
