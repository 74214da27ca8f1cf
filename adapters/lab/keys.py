"""The lab's secrets: made once, kept with mode 0600, the same after every restart.

It declines to know who uses them; `credentials.json` is how people and scripts read the logins.
"""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from adapters.lab.people import AGENTS, ROBOTS, SUPERVISOR, Person
from adapters.lab.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Every secret of one lab, by name."""

    by_name: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.by_name[name]


def keys(place: Place) -> Keys:
    """Return the lab's secrets; those that are missing are made now."""
    file = place.folder / "keys.json"
    known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    wanted = ["admin", "ami", "ami_events", "ari", "bench"]
    for person in (*AGENTS, SUPERVISOR, *ROBOTS):
        wanted += [f"{person.agent_no}.login", f"{person.agent_no}.desk", f"{person.agent_no}.web"]
    complete = {name: known.get(name) or secrets.token_urlsafe(9) for name in wanted}
    if complete != known:
        write_private(file, json.dumps(complete, indent=1))
    return Keys(by_name=complete)


def credentials(place: Place, own: Keys) -> dict[str, object]:
    """Return what `credentials.json` says."""

    def person(who: Person) -> dict[str, str]:
        no = who.agent_no
        return {
            "agent_no": no,
            "username": no,
            "password": own[f"{no}.login"],
            "sip_user": no,
            "sip_password": own[f"{no}.desk"],
            "web_user": f"{no}-web",
            "web_password": own[f"{no}.web"],
        }

    return {
        "base_url": place.base_url,
        "admin": {"username": "admin", "password": own["admin"]},
        "supervisor": person(SUPERVISOR),
        "agents": [person(agent) for agent in AGENTS],
        "robots": [person(robot) for robot in ROBOTS],
    }


def write_private(file: Path, text: str) -> None:
    """Write `file` whole or not at all, readable by its owner alone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    part.replace(file)
