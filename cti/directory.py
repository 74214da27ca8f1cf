"""Who and what there is: agents, queues, lists. Folds the directory, and what the store remembers, into the board."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from cti import events as ev
from cti.agents import Agent, Work
from cti.board import Board
from cti.dispositions import by_code
from cti.ids import AgentNo
from cti.personal import owner
from cti.queues import Queue, window_bounds
from cti.reasons import by_words
from cti.records import TALK, AgentRecord, Call, OfferResult, State


def start(board: Board, event: ev.Started) -> None:
    """Begin from what the store remembers; what is true in Asterisk is learnt from the first snapshot."""
    board.began_at = event.at
    board.zone = ZoneInfo(event.timezone)
    for settings in event.queues:
        board.queues[settings.name] = Queue(
            settings, window_start=window_bounds(settings.window, event.at, board.zone)[0]
        )
    for figures in event.figures:
        queue = board.queues.get(figures.queue)
        if queue is not None and figures.window_start == queue.window_start:
            queue.figures[figures.agent_no] = figures
    for tally in event.tallies:
        if tally.queue in board.queues:
            board.queues[tally.queue].tally = tally
    records = {record.agent_no: record for record in event.records}
    _place_agents(board, event, records)
    for no, calls in (event.calls_today or {}).items():
        if no in board.agents:
            board.agents[no].calls_today = calls
    for number, (agent_no, at) in (event.talks or {}).items():
        board.remember_talk(number, agent_no, at)
    for call in event.calls:
        _resume(board, call)
    for agent in board.agents.values():
        if agent.work is Work.IDLE and agent.record.acw_until is not None:
            agent.work, agent.work_since = Work.ACW, agent.record.acw_began or event.at
        board.touch(agent)
    board.changed_queues.update(dict.fromkeys(board.queues))


def apply_directory(board: Board, event: ev.DirectoryChanged) -> None:
    """Take over the directory as it is now; agents in a call and queues with callers stay until those are done."""
    for settings in event.queues:
        queue = board.queues.get(settings.name)
        if queue is None:
            start_of_window = window_bounds(settings.window, event.at, board.zone)[0]
            board.queues[settings.name] = Queue(settings, window_start=start_of_window)
        else:
            queue.adopt(settings)
        board.changed_queues[settings.name] = None
    named = {settings.name for settings in event.queues}
    for name in [one for one, queue in board.queues.items() if one not in named and not queue.waiting]:
        del board.queues[name]
        board.changed_queues.pop(name, None)
    _place_agents(board, event, {agent.no: agent.record for agent in board.agents.values()})
    for agent in board.agents.values():
        board.touch(agent)
    board.stirred.update(dict.fromkeys(board.queues))  # who may take whom may be otherwise now


def _place_agents(board: Board, event: ev.Started | ev.DirectoryChanged, records: dict[AgentNo, AgentRecord]) -> None:
    board.vips = dict(event.vips or {})
    board.pop_url = event.pop_url
    board.tell_supervision = event.tell_supervision
    board.reasons = by_words(event.reasons)
    board.dispositions = by_code(event.dispositions)
    board.dialling = replace(board.dialling, lines=event.trunks)
    for no in [one for one, agent in board.agents.items() if agent.call is None]:
        if all(profile.agent_no != no for profile in event.agents):
            for queue in board.queues.values():
                queue.pool.drop(no)
            board.changed_agents.pop(no, None)
            del board.agents[no]
    for profile in event.agents:
        agent = board.agents.get(profile.agent_no)
        if agent is None:
            record = records.get(profile.agent_no)
            if record is None:
                record = AgentRecord(agent_no=profile.agent_no, status_since=event.at)
            agent = Agent(profile, record, work_since=record.status_since)
            board.agents[profile.agent_no] = agent
        agent.profile = profile
        agent.find_device(board.devices)
        agent.recognise(board.reasons)
    board.owners = {device: agent.no for agent in board.agents.values() for device in agent.profile.devices}
    for queue in board.queues.values():
        whose = owner(queue.name)
        queue.members = {
            agent.no for agent in board.agents.values() if queue.name in agent.profile.queues or agent.no == whose
        }
        for no in [one for one in queue.pool.keys if one not in queue.members]:
            queue.pool.drop(no)
        queue.present &= queue.members
        queue.serving &= queue.members
        queue.recount(sum(board.agents[no].signed_in for no in queue.members))


def _resume(board: Board, call: Call) -> None:
    """Put a remembered live call back: its place in the queue, and the agent who had it."""
    call.told, call.told_queue, call.told_as = True, call.queue, ()
    board.calls[call.id] = board.touched_calls[call.id] = call  # told anew: how it was told is not on record
    for leg in call.legs:
        if leg.ended_at is None:
            board.legs[leg.id] = call.id
    rung = call.state in (State.OFFERED, State.RINGING) or (call.nobody_there and call.state is State.DIALLING)
    if rung or call.state is State.WAITING:
        queue = board.queue_for(call.queue)
        queue.join(call)
        for offer in call.offers:
            if offer.result in (OfferResult.NO_ANSWER, OfferResult.REJECTED):
                queue.bar(call.id, offer.agent_no)
    offer_now = call.offer
    agent = board.agents.get(offer_now.agent_no) if offer_now is not None else None
    works = {
        State.OFFERED: Work.OFFERED,
        State.RINGING: Work.RINGING,
        State.TALKING: Work.TALKING,
        State.HELD: Work.HELD,
        State.DIALLING: Work.RINGING,
    }
    part_of = {one.agent_no for one in call.segments if one.ended_at is None}
    has_part = rung or call.state is State.OFFERED or (agent is not None and agent.no in part_of)
    if call.state in works and agent is not None and has_part:
        agent.work, agent.work_since = works[call.state], call.state_since
        agent.call, agent.caller = call.id, (call.number, call.name)
    if rung:
        board.queue_for(call.queue).take_from_line(call)
    for part in call.segments:
        other = board.agents.get(part.agent_no) if part.agent_no is not None and part.ended_at is None else None
        if other is not None and other.work is Work.IDLE and part.kind in TALK:  # in a conference
            other.work, other.work_since = Work.TALKING, part.started_at
            other.call, other.caller = call.id, (call.number, call.name)
