"""What a queue may be set to: every number has its bounds, every target leads somewhere, every name is one. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from cti.errors import BadRequest
from cti.queues import WINDOWS
from cti.records import QueueSettings
from cti.targets import OVERFLOWS, Target, target

_BOUNDS: Final[Mapping[str, tuple[int, int]]] = {
    "ring_seconds": (1, 300),
    "acw_seconds": (0, 3600),
    "announce_every_seconds": (0, 3600),
    "comfort_every_seconds": (10, 3600),
    "max_wait_seconds": (0, 86_400),
    "max_length": (0, 10_000),
    "age_seconds_per_priority": (0, 86_400),
    "relax_after_seconds": (0, 3600),
    "relax_levels": (1, 10),
    "sticky_days": (1, 3650),
    "sticky_seconds": (0, 3600),
    "service_level_seconds": (1, 3600),
}
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "window": WINDOWS,
    "agent_announcement": ("off", "number"),
    "no_agents": ("off", "signed_in", "ready"),
}
_RULES: Final = (
    ("max_wait_seconds", "max_wait_target"),
    ("max_length", "max_length_target"),
    ("no_agents", "no_agents_target"),
)
_CALLER_COUNTS: Final = ("skills", "sticky")
_LEAST_EVERY: Final = 10
_COMFORT_MOST: Final = 20
_MUSIC: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_PROMPT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")


def check(settings: QueueSettings, strategies: Iterable[str]) -> None:
    """Raises `BadRequest`, naming the setting."""
    for name, (least, most) in _BOUNDS.items():
        if not least <= getattr(settings, name) <= most:
            raise BadRequest(f"{name} goes from {least} to {most}")
    for name, words in _CHOICES.items():
        if getattr(settings, name) not in words:
            raise BadRequest(f"{name} is one of {', '.join(words)}")
    _check_strategies(settings, sorted(strategies))
    _check_sounds(settings)
    for rule, where in _RULES:
        _check_target(settings, rule, where)


def _check_strategies(settings: QueueSettings, known: list[str]) -> None:
    if settings.strategy not in known:
        raise BadRequest(f"{settings.strategy[:40]!r} is no strategy; there are {', '.join(known)}")
    plain = [one for one in known if one not in _CALLER_COUNTS]
    if settings.sticky_base not in plain:
        raise BadRequest(f"sticky_base is one of {', '.join(plain)}")


def _check_sounds(settings: QueueSettings) -> None:
    if settings.music and not _MUSIC.fullmatch(settings.music):
        raise BadRequest(f"{settings.music[:40]!r} is no music class")
    if 0 < settings.announce_every_seconds < _LEAST_EVERY:
        raise BadRequest(f"announce_every_seconds is 0, for once, or at least {_LEAST_EVERY}")
    if len(settings.comfort_prompts) > _COMFORT_MOST:
        raise BadRequest(f"comfort_prompts are at most {_COMFORT_MOST}")
    for name in (*settings.comfort_prompts, *filter(None, (settings.whisper,))):
        if not _PROMPT.fullmatch(name):
            raise BadRequest(f"{name[:40]!r} is no name of a prompt")


def _check_target(settings: QueueSettings, rule: str, where: str) -> None:
    text = getattr(settings, where)
    if not text:
        if getattr(settings, rule) not in (0, "off"):
            raise BadRequest(f"{rule} needs {where}: where the caller goes then")
        return
    if target(text, OVERFLOWS) == Target("queue", settings.name):
        raise BadRequest(f"{where} is the queue itself")
