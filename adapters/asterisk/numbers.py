"""Numbers as strings: `+86…` where they can be parsed, else as received."""

from functools import lru_cache

import phonenumbers

REGION = "CN"
LONGEST = 64


@lru_cache(maxsize=8192)
def written(number: str, region: str = REGION) -> str:
    """E.164 for a valid number of the region or a full international one; anything else is left as it came."""
    number = "" if number == "<unknown>" else number[:LONGEST]
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return number
    if not phonenumbers.is_valid_number(parsed):
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
