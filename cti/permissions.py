"""What may be done, and the roles made of it: a permission is a verb, held for oneself, one's team or the whole tenant.

The table below is the law. A check names a verb; how far it reaches is the role's affair. Tenants copy these roles and
change the copies, never the roles themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from cti.errors import BadRequest


class Scope(IntEnum):
    """How far a permission reaches; a wider one holds wherever a narrower one is asked for."""

    OWN = 1
    TEAM = 2
    TENANT = 3

    @property
    def word(self) -> str:
        return self.name.lower()


OWN_ACCOUNT: Final = "own.account"
"""To sign in and out, to look at oneself, to change one's own password."""
OWN_DESK: Final = "own.desk"
"""To have a place of one's own: `agent:me`, `calls:mine`, a status, a phone."""
AGENTS_SEE: Final = "agents.see"
AGENTS_SEE_CALLS: Final = "agents.see_calls"
AGENTS_FORCE: Final = "agents.force"
AGENTS_EDIT: Final = "agents.edit"
TEAMS_SEE: Final = "teams.see"
TEAMS_EDIT: Final = "teams.edit"
QUEUES_SEE: Final = "queues.see"
QUEUES_EDIT: Final = "queues.edit"
CALLS_SEE: Final = "calls.see"
CALLS_CONTROL: Final = "calls.control"
"""Hold, transfer, consult, confer and the rest, in one's own calls."""
CALLS_DIAL: Final = "calls.dial"
"""To have a phone ring and then somebody else's: one's own, or for a program that of any agent."""
REASONS_SEE: Final = "reasons.see"
REASONS_EDIT: Final = "reasons.edit"
DISPOSITIONS_SEE: Final = "dispositions.see"
DISPOSITIONS_EDIT: Final = "dispositions.edit"
DISPOSITIONS_CORRECT: Final = "dispositions.correct"
"""To say what a call came to in an agent's place, whenever it was."""
SUPERVISION_LISTEN: Final = "supervision.listen"
SUPERVISION_WHISPER: Final = "supervision.whisper"
SUPERVISION_BARGE: Final = "supervision.barge"
SUPERVISION_INTERCEPT: Final = "supervision.intercept"
SUPERVISION_DROP: Final = "supervision.drop"
SUPERVISION_QUEUE: Final = "supervision.queue"
"""To take a waiting caller, to the front, to another queue, or to one's own phone."""
DEVICES_SEE: Final = "devices.see"
DEVICES_EDIT: Final = "devices.edit"
"""To make phones, give them to agents, take them away, and make new secrets for them."""
TRUNKS_SEE: Final = "trunks.see"
TRUNKS_EDIT: Final = "trunks.edit"
"""To say where calls come from, and by which way and under which number they leave."""
NUMBERS_SEE: Final = "numbers.see"
"""Customers' numbers in clear; who lacks it gets them masked, with a token, at every exit."""
NUMBERS_REVEAL: Final = "numbers.reveal"
"""To turn a token into its number, for a reason that goes on record."""
ENTRY_SEE: Final = "entry.see"
"""Our own numbers, schedules and calendars: where a call enters."""
ENTRY_EDIT: Final = "entry.edit"
LISTS_SEE: Final = "lists.see"
LISTS_ADD: Final = "lists.add"
"""To put a caller on the deny list."""
LISTS_EDIT: Final = "lists.edit"
FLOWS_SEE: Final = "flows.see"
FLOWS_EDIT: Final = "flows.edit"
FLOWS_PUBLISH: Final = "flows.publish"
PROMPTS_SEE: Final = "prompts.see"
PROMPTS_EDIT: Final = "prompts.edit"
RECORDINGS_SEE: Final = "recordings.see"
RECORDINGS_PLAY: Final = "recordings.play"
RECORDINGS_DOWNLOAD: Final = "recordings.download"
RECORDINGS_DELETE: Final = "recordings.delete"
RECORDINGS_STEER: Final = "recordings.steer"
"""To start, stop, pause and resume the recording of a running call."""
RECORDINGS_EDIT: Final = "recordings.edit"
"""To say which calls are recorded, and for how long they are kept."""
CALLBACKS_SEE: Final = "callbacks.see"
CALLBACKS_EDIT: Final = "callbacks.edit"
"""To promise a customer a call back, and to take one off."""
VOICEMAILS_SEE: Final = "voicemails.see"
VOICEMAILS_PLAY: Final = "voicemails.play"
VOICEMAILS_EDIT: Final = "voicemails.edit"
"""To give a message to an agent, and to say that it is done."""
INCIDENTS_SEE: Final = "incidents.see"
INCIDENTS_EDIT: Final = "incidents.edit"
USERS_SEE: Final = "users.see"
USERS_EDIT: Final = "users.edit"
USERS_RESET: Final = "users.reset"
"""To set a new password for somebody who forgot theirs, and to release a lock-out."""
ROLES_SEE: Final = "roles.see"
ROLES_EDIT: Final = "roles.edit"
AUDIT_SEE: Final = "audit.see"


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A named set of permissions. `title` is Chinese, `title_en` English; a built-in role is nobody's to change."""

    name: str
    title: str
    title_en: str
    permissions: Mapping[str, Scope]
    built_in: bool = False

    @property
    def needs_agent(self) -> bool:
        """Whether this is somebody who takes calls, so that it makes no sense without an agent number."""
        return OWN_DESK in self.permissions and self.permissions.get(CALLS_SEE, Scope.OWN) is Scope.OWN


_PRESETS: Final = (
    ("agent", "座席", "Agent"),
    ("masked_agent", "座席（号码隐藏）", "Agent, numbers hidden"),
    ("senior_agent", "资深座席", "Senior agent"),
    ("supervisor", "班长", "Supervisor"),
    ("quality", "质检", "Quality"),
    ("admin", "管理员", "Administrator"),
    ("field_service", "外勤", "Field service"),
    ("logistics", "物流", "Logistics"),
    ("reseller", "代理商", "Reseller"),
    ("api", "接口", "Programs"),
)

_REACH: Final[Mapping[str, Scope | None]] = {"-": None, "o": Scope.OWN, "t": Scope.TEAM, "a": Scope.TENANT}

# o: own, t: the team and the teams below it, a: all of the tenant. The columns are those of _PRESETS, in order:
#                       agent masked senior superv qualit admin field logist resell api
_TABLE: Final[Mapping[str, str]] = {
    OWN_ACCOUNT: "          o     o      o      o      o     o     o     o      o    o",
    OWN_DESK: "             o     o      o      o      -     -     -     -      -    -",
    AGENTS_SEE: "           a     a      a      t      t     a     -     -      a    a",
    AGENTS_SEE_CALLS: "     -     -      t      t      t     a     -     -      -    a",
    AGENTS_FORCE: "         -     -      -      t      -     a     -     -      -    -",
    AGENTS_EDIT: "          -     -      -      -      -     a     -     -      -    -",
    TEAMS_SEE: "            -     -      -      a      a     a     -     -      a    a",
    TEAMS_EDIT: "           -     -      -      -      -     a     -     -      -    -",
    QUEUES_SEE: "           o     o      o      t      t     a     -     -      a    a",
    QUEUES_EDIT: "          -     -      -      -      -     a     -     -      -    -",
    CALLS_SEE: "            o     o      o      t      t     a     o     o      -    a",
    CALLS_CONTROL: "        o     o      o      o      -     -     -     -      -    -",
    CALLS_DIAL: "           o     o      o      o      -     a     -     -      -    a",
    REASONS_SEE: "          a     a      a      a      a     a     -     -      a    a",
    REASONS_EDIT: "         -     -      -      -      -     a     -     -      -    -",
    DISPOSITIONS_SEE: "     a     a      a      a      a     a     -     -      a    a",
    DISPOSITIONS_EDIT: "    -     -      -      -      -     a     -     -      -    -",
    DISPOSITIONS_CORRECT: " -     -      -      t      t     a     -     -      -    a",
    SUPERVISION_LISTEN: "   -     -      -      t      t     a     -     -      -    -",
    SUPERVISION_WHISPER: "  -     -      -      t      -     a     -     -      -    -",
    SUPERVISION_BARGE: "    -     -      -      t      -     a     -     -      -    -",
    SUPERVISION_INTERCEPT: "-     -      -      t      -     a     -     -      -    -",
    SUPERVISION_DROP: "     -     -      -      t      -     a     -     -      -    a",
    SUPERVISION_QUEUE: "    -     -      -      t      -     a     -     -      -    a",
    DEVICES_SEE: "          o     o      o      t      -     a     -     -      a    a",
    DEVICES_EDIT: "         -     -      -      -      -     a     -     -      -    -",
    TRUNKS_SEE: "           -     -      -      -      -     a     -     -      a    -",
    TRUNKS_EDIT: "          -     -      -      -      -     a     -     -      -    -",
    NUMBERS_SEE: "          a     -      a      a      -     a     -     -      -    a",
    NUMBERS_REVEAL: "       -     -      -      a      a     a     -     -      -    a",
    ENTRY_SEE: "            -     -      -      a      -     a     -     -      a    a",
    ENTRY_EDIT: "           -     -      -      -      -     a     -     -      -    -",
    LISTS_SEE: "            -     -      -      a      -     a     -     -      -    a",
    LISTS_ADD: "            a     a      a      a      -     a     -     -      -    a",
    LISTS_EDIT: "           -     -      -      a      -     a     -     -      -    a",
    FLOWS_SEE: "            -     -      -      a      -     a     -     -      a    -",
    FLOWS_EDIT: "           -     -      -      -      -     a     -     -      -    -",
    FLOWS_PUBLISH: "        -     -      -      -      -     a     -     -      -    -",
    PROMPTS_SEE: "          -     -      -      a      -     a     -     -      a    -",
    PROMPTS_EDIT: "         -     -      -      -      -     a     -     -      -    -",
    RECORDINGS_SEE: "       -     -      o      t      t     a     -     -      -    a",
    RECORDINGS_PLAY: "      -     -      o      t      t     a     -     -      -    a",
    RECORDINGS_DOWNLOAD: "  -     -      -      t      -     a     -     -      -    a",
    RECORDINGS_DELETE: "    -     -      -      -      -     a     -     -      -    -",
    RECORDINGS_STEER: "     o     o      o      t      -     a     -     -      -    a",
    RECORDINGS_EDIT: "      -     -      -      -      -     a     -     -      -    -",
    CALLBACKS_SEE: "        o     o      o      t      t     a     -     -      -    a",
    CALLBACKS_EDIT: "       o     o      o      t      -     a     -     -      -    a",
    VOICEMAILS_SEE: "       o     o      o      t      t     a     -     -      -    a",
    VOICEMAILS_PLAY: "      o     o      o      t      t     a     -     -      -    a",
    VOICEMAILS_EDIT: "      o     o      o      t      -     a     -     -      -    a",
    INCIDENTS_SEE: "        a     a      a      a      a     a     -     -      a    a",
    INCIDENTS_EDIT: "       -     -      -      a      -     a     -     -      -    a",
    USERS_SEE: "            -     -      -      t      -     a     -     -      a    -",
    USERS_EDIT: "           -     -      -      -      -     a     -     -      -    -",
    USERS_RESET: "          -     -      -      t      -     a     -     -      a    -",
    ROLES_SEE: "            -     -      -      a      -     a     -     -      a    -",
    ROLES_EDIT: "           -     -      -      -      -     a     -     -      -    -",
    AUDIT_SEE: "            -     -      -      -      -     a     -     -      -    -",
}

ROUTINE: Final = frozenset({OWN_ACCOUNT, OWN_DESK, CALLS_CONTROL})
"""What people do at their own desk all day long; all else that changes something goes on record."""

PERMISSIONS: Final = tuple(_TABLE)
"""Every verb there is, in the order of the table."""


def _presets() -> Iterator[Role]:
    columns = {permission: [_REACH[letter] for letter in line.split()] for permission, line in _TABLE.items()}
    for n, (name, title, title_en) in enumerate(_PRESETS):
        held = {permission: column[n] for permission, column in columns.items()}
        permissions = MappingProxyType({permission: scope for permission, scope in held.items() if scope is not None})
        yield Role(name=name, title=title, title_en=title_en, permissions=permissions, built_in=True)


ROLES: Final[Mapping[str, Role]] = MappingProxyType({role.name: role for role in _presets()})
"""The built-in roles by name."""


def permissions_of(words: Mapping[str, str]) -> Mapping[str, Scope]:
    """Permissions from how people write them, `{"calls.see": "team"}`; raises `BadRequest` naming the wrong word."""
    found: dict[str, Scope] = {}
    for permission, word in words.items():
        if permission not in _TABLE:
            raise BadRequest(f"there is no permission {permission[:40]!r}")
        if word.upper() not in Scope.__members__ or not word.islower():
            raise BadRequest(f"{permission}: the scope is one of own, team, tenant")
        found[permission] = Scope[word.upper()]
    return {permission: found[permission] for permission in PERMISSIONS if permission in found}


def exceeds(asked: Mapping[str, Scope], held: Mapping[str, Scope]) -> str | None:
    """The first permission that somebody who holds `held` may not give away: nobody gives what they have not got.

    What concerns only the one who gets it (a desk, an account, one's own calls), and to know one's colleagues, anybody
    may give who gives roles.
    """
    for permission, scope in asked.items():
        if scope is not Scope.OWN and permission != AGENTS_SEE and held.get(permission, 0) < scope:
            return permission
    return None
