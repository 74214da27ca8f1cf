"""The organisation: a tree of teams. The tenant itself is its root, and whoever is in no team stands there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cti.errors import BadRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    name: str
    title: str
    parent: str | None = None


def within(team: str, teams: Iterable[Team]) -> frozenset[str]:
    """A team and all teams below it."""
    children: dict[str | None, list[str]] = {}
    for one in teams:
        children.setdefault(one.parent, []).append(one.name)
    found, ahead = {team}, [team]
    while ahead:
        new = [name for name in children.get(ahead.pop(), ()) if name not in found]
        found.update(new)
        ahead += new
    return frozenset(found)


def check_place(team: Team, teams: Mapping[str, Team]) -> None:
    """Raises `BadRequest` when the parent is not there, or is the team itself or below it."""
    if team.parent is None:
        return
    if team.parent not in teams:
        raise BadRequest(f"there is no team {team.parent[:40]!r}")
    if team.parent in within(team.name, teams.values()):
        raise BadRequest("a team cannot be below itself")
