"""Which phone would ring: the one chosen at sign-in, else the desk phone if it is there, else the browser."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cti.agents import Agent, Work
from cti.ids import AgentNo, DeviceName
from cti.records import AgentProfile, AgentRecord

DESK, WEB = DeviceName("1001"), DeviceName("1001-web")


def agent(*devices: DeviceName, chosen: DeviceName | None = None) -> Agent:
    no = AgentNo("1001")
    return Agent(
        AgentProfile(agent_no=no, name="a", devices=devices), AgentRecord(agent_no=no, status="ready", device=chosen)
    )


@pytest.mark.parametrize(
    ("states", "device", "reachable", "routable"),
    [
        ({DESK: "NOT_INUSE", WEB: "NOT_INUSE"}, DESK, True, True),
        ({DESK: "NOT_INUSE"}, DESK, True, True),
        ({DESK: "UNAVAILABLE", WEB: "NOT_INUSE"}, WEB, True, True),
        ({WEB: "NOT_INUSE"}, WEB, True, True),
        ({DESK: "INVALID", WEB: "UNKNOWN"}, DESK, False, False),
        ({}, DESK, False, False),
        # A desk phone that is busy is there: the next call does not jump to the browser.
        ({DESK: "INUSE", WEB: "NOT_INUSE"}, DESK, True, False),
        ({DESK: "RINGING", WEB: "NOT_INUSE"}, DESK, True, False),
        ({DESK: "ONHOLD", WEB: "NOT_INUSE"}, DESK, True, False),
    ],
)
def test_the_desk_phone_rings_if_it_is_there_and_else_the_browser(
    states: Mapping[DeviceName, str], device: DeviceName, reachable: bool, routable: bool
) -> None:
    one = agent(DESK, WEB)
    one.find_device(states)
    assert (one.device, one.reachable, one.routable) == (device, reachable, routable)


def test_a_device_chosen_at_sign_in_stays_chosen_when_it_goes_away() -> None:
    one = agent(DESK, WEB, chosen=WEB)
    one.find_device({DESK: "NOT_INUSE"})
    assert (one.device, one.reachable) == (WEB, False)
    one.find_device({DESK: "NOT_INUSE", WEB: "NOT_INUSE"})
    assert (one.device, one.routable) == (WEB, True)


def test_an_agent_without_a_device_cannot_be_rung() -> None:
    one = agent()
    one.find_device({DESK: "NOT_INUSE"})
    assert (one.device, one.reachable, one.routable) == (None, False, False)


@pytest.mark.parametrize("work", [work for work in Work if work is not Work.IDLE])
def test_only_an_idle_agent_is_routable(work: Work) -> None:
    one = agent(DESK)
    one.find_device({DESK: "NOT_INUSE"})
    one.work = work
    assert not one.routable
