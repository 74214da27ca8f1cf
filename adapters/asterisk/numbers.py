"""Numbers as strings: `+86…` where they can be parsed, else as received."""

import re
from functools import lru_cache

import phonenumbers

REGION = "CN"
LONGEST = 64


@lru_cache(maxsize=16)
def _mobile(region: str) -> tuple[re.Pattern[str], str]:
    """The library's own pattern of a region's mobile numbers, and the country code: the short way for most callers."""
    plan = phonenumbers.PhoneMetadata.metadata_for_region(region)
    mobile = plan.mobile if plan is not None else None
    pattern = mobile.national_number_pattern if mobile is not None else None
    return re.compile(pattern or "(?!)"), f"+{phonenumbers.country_code_for_region(region)}"


@lru_cache(maxsize=8192)
def written(number: str, region: str = REGION) -> str:
    """E.164 for a valid number of the region or a full international one; anything else is left as it came."""
    pattern, code = _mobile(region)
    if pattern.fullmatch(number):
        return code + number
    number = "" if number == "<unknown>" else number[:LONGEST]
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return number
    if not phonenumbers.is_valid_number(parsed):
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
