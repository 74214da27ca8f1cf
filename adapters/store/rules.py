"""What the directory takes: names, numbers and settings that a phone, a URL and a person can live with. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from adapters.store import queue_rules
from cti.dispositions import Disposition
from cti.errors import BadRequest
from cti.masking import masked_text
from cti.reasons import LONGEST_LIMIT, RESERVED, Reason
from cti.records import AgentProfile, QueueSettings

KINDS: Final = ("vip", "deny")

_AGENT_NO: Final = re.compile(r"[0-9A-Za-z]{1,16}")
_DEVICE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,31}")
_QUEUE: Final = re.compile(r"(?!(?:over|say)$)[a-z][a-z0-9][a-z0-9_-]{0,38}")  # an extension of cti-wait
_SKILL: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_SKILLS_MOST: Final = 50
_ORDER_MOST: Final = 10_000
_USERNAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_NUMBER: Final = re.compile(r"\+?[0-9*#]{1,32}")
_PUNCTUATION: Final = re.compile(r"[\s().-]+")
_NOT_IN_A_LINE: Final = ("Cc", "Cs", "Zl", "Zp")  # controls, half pairs, ends of lines


def _fits(pattern: re.Pattern[str], value: str, what: str) -> str:
    if not pattern.fullmatch(value):
        raise BadRequest(f"{value[:40]!r} is no {what}")
    return value


def words(value: str, what: str, most: int = 80, *, needed: bool = True) -> str:
    """A line of text for people: trimmed, of one line, with every letter of every script."""
    text = "".join("\ufffd" if unicodedata.category(one) in _NOT_IN_A_LINE else one for one in value.strip())
    if needed and not text:
        raise BadRequest(f"{what} is empty")
    if len(text) > most:
        raise BadRequest(f"{what} is longer than {most} characters")
    return text


def agent(profile: AgentProfile) -> AgentProfile:
    _fits(_AGENT_NO, profile.agent_no, "agent number")
    for device in profile.devices:
        _fits(_DEVICE, device, "device")
    if len(set(profile.devices)) != len(profile.devices) or len(profile.devices) > 8:
        raise BadRequest("an agent has up to eight devices, each once")
    if len(profile.skills) > _SKILLS_MOST:
        raise BadRequest(f"an agent has up to {_SKILLS_MOST} skills")
    for name, level in profile.skills.items():
        between(level, 1, 10, f"the level of {skill(name)}")
    return replace(profile, name=words(profile.name, "the name"), queues=tuple(dict.fromkeys(profile.queues)))


def queue(settings: QueueSettings, strategies: Iterable[str]) -> QueueSettings:
    _fits(_QUEUE, settings.name, "queue name (a letter, a letter or digit, then a-z, 0-9, - and _; not over or say)")
    queue_rules.check(settings, strategies)
    return replace(settings, title=words(settings.title or settings.name, "the title"))


def skill(value: str) -> str:
    return _fits(_SKILL, value, "skill name (a-z, 0-9, - and _)")


def _code(value: str) -> str:
    """A word that programs rely on; a role without numbers gets it as it is."""
    if masked_text(value) != value:
        raise BadRequest(f"the code {value[:40]!r} looks like a telephone number")
    return _fits(_SKILL, value, "code (a letter, then a-z, 0-9, - and _)")


def reason(given: Reason) -> Reason:
    if given.code in RESERVED:
        raise BadRequest(f"{given.code} is what the server itself says")
    between(given.limit_seconds, 0, LONGEST_LIMIT, "limit_seconds")
    between(given.order, 0, _ORDER_MOST, "order")
    title = words(given.title or given.code, "the title")
    title_en = words(given.title_en or title, "the English title")
    return replace(given, code=_code(given.code), title=title, title_en=title_en)


def disposition(given: Disposition) -> Disposition:
    between(given.order, 0, _ORDER_MOST, "order")
    title = words(given.title or given.code, "the title")
    title_en = words(given.title_en or title, "the English title")
    queues = tuple(dict.fromkeys(given.queues))
    return replace(given, code=_code(given.code), title=title, title_en=title_en, queues=queues)


def between(value: int, least: int, most: int, what: str) -> int:
    if not least <= value <= most:
        raise BadRequest(f"{what} goes from {least} to {most}")
    return value


def username(value: str) -> str:
    return _fits(_USERNAME, value, "user name")


def password(value: str) -> str:
    if not 8 <= len(value) <= 256:
        raise BadRequest("a password has 8 to 256 characters")
    return value


def role(value: str) -> str:
    return _fits(_QUEUE, value, "role name (a-z, 0-9, - and _)")


def team(value: str) -> str:
    return _fits(_QUEUE, value, "team name (a-z, 0-9, - and _)")


def kind(value: str) -> str:
    if value not in KINDS:
        raise BadRequest(f"the list is one of {', '.join(KINDS)}")
    return value


def number(value: str) -> str:
    """A telephone number as it is compared: digits, perhaps after a plus."""
    return _fits(_NUMBER, _PUNCTUATION.sub("", value), "telephone number")


def tenant(value: str) -> str:
    return _fits(_QUEUE, value, "tenant name (a-z, 0-9, - and _)")


def timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadRequest(f"{value[:40]!r} is no time zone, such as Asia/Shanghai") from None
    return value


def pop_url(value: str) -> str:
    """Empty, or a web address; what may stand in its braces is the screen pop's business."""
    if value and not value.startswith(("https://", "http://")):
        raise BadRequest("a CRM link begins with https:// or http://")
    return words(value, "the CRM link", 2000, needed=False)
