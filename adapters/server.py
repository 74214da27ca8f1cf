"""Wires the rooms together: everything of one run of the server. The one place that knows them all."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
import time
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry

from adapters.archive import Archive
from adapters.archive import Office as ArchiveOffice
from adapters.asterisk.agi import AgiDoor
from adapters.asterisk.ari import Ari
from adapters.asterisk.pbx import Login, Office, Pbx
from adapters.asterisk.provisioning import Provisioning
from adapters.asterisk.talk import Talk
from adapters.audit import AuditLog
from adapters.crm import Crm
from adapters.desks import BoardView, Desk
from adapters.desktop import asyncapi
from adapters.desktop.door import Door
from adapters.desktop.hub import Hub
from adapters.desktop.metrics import StreamMetrics
from adapters.desktop.ports import Ports as StreamPorts
from adapters.desktop.softphone import Softphones
from adapters.entry import Entries
from adapters.entry_edits import EntryEdits, ListEdits
from adapters.flows import Flows
from adapters.front import FrontDesk, customer_of, said_without_us, sounds
from adapters.incidents import IncidentBoard
from adapters.lookups import LookUps
from adapters.metrics import CallMetrics, ServerMetrics
from adapters.organisation import Ledger, Organisation
from adapters.people import People
from adapters.places import POP, CallerPlaces
from adapters.prompts import Prompts, refuse_silence
from adapters.provisioning import Provisioner
from adapters.recordings.metrics import RecordingMetrics
from adapters.records import Records, Verifier
from adapters.settings import Settings
from adapters.sip_edits import PhoneEdits, TrunkEdits
from adapters.store.audit import AuditStore
from adapters.store.codes import Codes
from adapters.store.directory import DirectoryStore
from adapters.store.failures import StoreAway, StoreFailure
from adapters.store.flows import FlowStore
from adapters.store.incidents import Incidents
from adapters.store.loading import Directory as LoadedDirectory
from adapters.store.passwords import Passwords
from adapters.store.phones import PhoneStore
from adapters.store.prompts import PromptStore, known_prompts
from adapters.store.queries import Queries
from adapters.store.recordings import Recordings
from adapters.store.roles import Roles
from adapters.store.skills import Skills
from adapters.store.store import Loaded, Store
from adapters.store.trunks import TrunkStore
from adapters.store.turn import encode_turn
from adapters.store.users import Users
from adapters.store.voicemails import Message, Voicemails
from adapters.switchboard import Switchboard
from adapters.telling import TOLD, tell
from adapters.voice import builtin
from adapters.voice.joined import Joiner
from adapters.voicemails import Mailroom
from adapters.web.app import create_app
from adapters.web.ports import Ports as WebPorts
from adapters.web.serving import HttpServer
from adapters.web.settings import WebSettings
from adapters.web.tokens import Tokens
from cti import events as ev
from cti.control.dialling import CHINA, DialRules, Rule
from cti.control.effects import PressAnswer
from cti.effects import Deliver, LookUp
from cti.engine import Carriers, Clock, Engine, Turn
from cti.ids import CallId, Instant, TenantId
from cti.ivr.ports import Ports as FlowPorts
from cti.masking import Firewall
from cti.news import Published
from cti.records import State
from cti.speech import say

log = logging.getLogger("cti")

PAGES: Final = Path(__file__).resolve().parent.parent / "web" / "dist"
FACTS_KEPT_MS: Final = 7 * 24 * 3600 * 1000
FORGET_EVERY_SECONDS: Final = 3600.0
TELL_AFTER_SECONDS: Final = 0.2
POP_LEAD_SECONDS: Final = 0.02
"""By how much a screen pop leaves before the order to ring, where somebody's desktop is open to see it."""


class Server:
    """Everything of one run."""

    def __init__(self, settings: Settings, store: Store, loaded: Loaded, listening: socket.socket) -> None:
        self.settings = settings
        self.store = store
        self.loaded = loaded
        self.listening = listening
        self.clock = Clock()
        self.queries = Queries(store.database)
        self.records = Records(store, self.queries)
        self.registry = CollectorRegistry()
        self.calls = CallMetrics(self.registry)
        self._told: list[Published] = []
        self.views: dict[TenantId, BoardView] = {}
        self.desks: dict[TenantId, Desk] = {}
        self.tokens = Tokens(loaded.token_key, 12 * 3600, lambda name: self.people.current(name))
        ledger = AuditStore(store.database)
        self.audit = AuditLog(ledger, self.clock)
        self.ledger = Ledger(ledger, self.audit)
        self.numbers = Firewall(bytes.fromhex(loaded.number_key))
        self.hub = Hub(
            StreamPorts(
                desk=lambda tenant: self.desks[tenant],
                board=lambda tenant: self.views[tenant],
                journal=self.records,
                tokens=self.tokens,
                audit=self.audit,
                numbers=self.numbers,
            )
        )
        self.softphones = Softphones(settings.softphone_url, self.tokens)
        self.people = People(
            DirectoryStore(store.database),
            Users(store.database, Passwords()),
            Skills(store.database),
            Roles(store.database),
            Codes(store.database),
            refuse_silence=partial(refuse_silence, store.database),
            on_user=self._user_changed,
            on_directory=self._directory_changed,
            on_edit=lambda: self.provisioner.wake(),
        )
        self.ari = _ari(settings)
        self.provisioner = Provisioner(
            PhoneStore(store.database),
            TrunkStore(store.database),
            self.people,
            None if self.ari is None else Provisioning(self.ari),
        )
        self.prompts = Prompts(PromptStore(store.database), settings.prompts_dir.absolute(), settings.voice_dir)
        flow_store = FlowStore(store.database, names=[known_prompts(builtin.names())])
        self.flows = Flows(flow_store, DirectoryStore(store.database), self._flow_ports)
        self.mailroom = Mailroom(
            Voicemails(store.database),
            settings.recordings_dir.absolute() / "voicemail",
            self._message_left,
            self._message_changed,
        )
        self.archive = self._archive()
        self.entries = Entries(store.database)
        self.incidents = IncidentBoard(Incidents(store.database), partial(refuse_silence, store.database))
        self.crm = Crm(settings.crm_hosts.split(","))
        self.places = CallerPlaces(store.database, settings.state_dir)
        self.look_ups = LookUps(self.queries, self.clock, lambda event, tenant: self.engine.post(event, tenant))
        self.joined = Joiner(settings.prompts_dir)
        self.pbx = self._pbx()
        self.prompts.on_change = self._prompts_changed
        self.talk = self._talk()
        self.engine = Engine(
            Carriers(
                self._journal,
                self._publish,
                {
                    **self.pbx.orders,
                    Deliver: self._deliver,
                    LookUp: self.look_ups.ask,
                    PressAnswer: lambda tenant, order: self.talk.press(tenant, order),
                },
                {POP: self.places.complete},
            ),
            self.clock,
            first_turn=loaded.next_n,
        )
        self.switchboard = Switchboard(self._front(), lambda: self.engine.tenants)
        self.agi = AgiDoor(settings.agi_host, settings.agi_port, self.switchboard.on_call)
        self.http = HttpServer(self._app(), Door)

    # --- the parts ---

    def _pbx(self) -> Pbx:
        settings = self.settings
        login = Login(
            host=settings.ami_host,
            port=settings.ami_port,
            user=settings.ami_user,
            secret=settings.ami_secret.get_secret_value(),
            events_user=settings.ami_events_user,
            events_secret=settings.ami_events_secret.get_secret_value(),
        )
        office = Office(
            now=self.clock,
            post=lambda event, tenant: self.engine.post(event, tenant),
            tenants=lambda: self.engine.tenants,
            open_calls=lambda: [call for tenant in self.engine.tenants for call in self.engine.board(tenant).calls],
            unknown_calls=self._unknown_calls,
            sounds=sounds(self.prompts),
            joined=self.joined,
            globals=self._globals,
            on_up=self.provisioner.wake,
        )
        # A number that differs from whatever the last run left, so that the first beat is seen as one.
        first_beat = int(time.time()) % 1_000_000_000
        return Pbx(
            login,
            office,
            fallback=settings.fallback,
            fallback_after=settings.fallback_after,
            first_beat=first_beat,
        )

    def _talk(self) -> Talk:
        settings = self.settings
        return Talk(
            settings.ami_host,
            settings.ami_port,
            settings.ami_system_user,
            settings.ami_system_secret.get_secret_value(),
        )

    def _archive(self) -> Archive:
        office = ArchiveOffice(
            now=self.clock,
            post=lambda event, tenant: self.engine.post(event, tenant),
            tenants=lambda: self.engine.tenants,
            audit=self.audit,
            refuse_silence=partial(refuse_silence, self.store.database),
        )
        return Archive(self.settings, Recordings(self.store.database), office)

    def _flow_ports(self, tenant: TenantId) -> FlowPorts:
        return FlowPorts(
            now=self.clock,
            say=say,
            hours=partial(self.entries.period, tenant),
            customer=partial(customer_of, self.queries, tenant),
            fetch=self.crm.fetch,
            may_call=lambda number: self.engine.board(tenant).dialling.allows(number),
        )

    def _front(self) -> FrontDesk:
        return FrontDesk(
            engine=self.engine,
            clock=self.clock,
            entries=self.entries,
            published=self.flows,
            flow_ports=self._flow_ports,
            prompts=self.prompts,
            mailroom=self.mailroom,
            incident_board=self.incidents,
            queries=self.queries,
            dialling=lambda tenant: self.engine.board(tenant).dialling,
        )

    def _message_left(self, tenant: TenantId, message: Message) -> None:
        left = ev.VoicemailLeft(
            at=self.clock(),
            call=message.call,
            message=message.id,
            box=message.box,
            number=message.number,
            seconds=message.seconds,
        )
        self.engine.post(left, tenant)

    def _message_changed(self, tenant: TenantId, message: Message) -> None:
        changed = ev.VoicemailChanged(
            at=self.clock(),
            call=message.call,
            message=message.id,
            box=message.box,
            number=message.number,
            seconds=message.seconds,
            state=message.state,
            agent=message.agent_no,
            note=message.note,
        )
        self.engine.post(changed, tenant)

    def _globals(self) -> Mapping[str, str]:
        """What the dialplan knows of us, for callers whom nobody can ask about."""
        host = "127.0.0.1" if self.settings.agi_host in ("0.0.0.0", "::") else self.settings.agi_host
        safe = {f"CTI_SAFE_{number}": queue for number, queue in self.entries.safe_queues().items()}
        trunks = {f"CTI_TRUNK_{tenant}": self._default_trunk(tenant) for tenant in self.engine.tenants}
        own = {"CTI_AGI": f"{host}:{self.agi.port}", "CTI_TRUNK": self.settings.trunk}
        return {**own, **trunks, **safe, **said_without_us(self.prompts, self.engine.tenants), **self.archive.globals()}

    def _prompts_changed(self) -> None:
        self.joined.forget()
        if self.pbx.up:  # else it is told when it is
            for name, value in said_without_us(self.prompts, self.engine.tenants).items():
                self.pbx.set_global(name, value)

    def _default_trunk(self, tenant: TenantId) -> str:
        return self.engine.board(tenant).dialling.default_trunk

    def _app(self) -> Any:
        ports = WebPorts(
            tenants=lambda: self.engine.tenants,
            desk=lambda tenant: self.desks[tenant],
            board=lambda tenant: self.views[tenant],
            records=self.records,
            directory=self.people,
            flows=self.flows,
            prompts=self.prompts,
            voicemails=self.mailroom,
            incidents=self.incidents,
            entry=EntryEdits(self.store.database, self.entries, self.clock, self.flows.live),
            lists=ListEdits(self.store.database, self.entries, self.clock),
            phones=PhoneEdits(
                PhoneStore(self.store.database), DirectoryStore(self.store.database), self.people, self.provisioner
            ),
            trunks=TrunkEdits(TrunkStore(self.store.database), self.people, self.provisioner),
            organisation=Organisation(Roles(self.store.database), self.people.refresh),
            audit=self.audit,
            ledger=self.ledger,
            numbers=self.numbers,
            recordings=self.archive,
            passwords=Verifier(),
            health=self,
            stream=self.hub.serve,
            softphone=self.softphones.serve,
        )
        web = WebSettings(token_key=self.loaded.token_key, pages=PAGES if PAGES.is_dir() else None, away=(StoreAway,))
        self.registry.register(ServerMetrics(self.pbx, self.engine, self.store))
        StreamMetrics(self.hub, self.softphones, self.registry)
        self.registry.register(RecordingMetrics(self.archive.finisher, self.archive.room))
        return create_app(ports, web, self.registry, asyncapi=asyncapi.document())

    # --- carriers: what the engine's turns lead to ---

    def _journal(self, turn: Turn) -> None:
        self.store.spool.append(encode_turn(turn))

    def _publish(self, tenant: TenantId, news: Sequence[Published]) -> None:
        self.hub.publish(tenant, news)
        self.calls.heard(news)
        if any(one.type == "call.ended" for one in news):
            self.archive.call_ended()
        told = [one for one in news if one.type in TOLD]
        if told:
            if not self._told:
                asyncio.get_running_loop().call_later(TELL_AFTER_SECONDS, self._tell)
            self._told += told

    def _deliver(self, tenant: TenantId, order: Deliver) -> None:
        """Ring the agent; where a desktop is open the pop has a lead, since a page is slower to read than a phone."""
        if self.hub.room(tenant).of_agent(order.agent):
            asyncio.get_running_loop().call_later(POP_LEAD_SECONDS, self._deliver_still, tenant, order)
        else:
            self.pbx.orders[Deliver](tenant, order)

    def _deliver_still(self, tenant: TenantId, order: Deliver) -> None:
        call = self.engine.board(tenant).calls.get(order.call)
        if call is not None and call.state is State.OFFERED and call.offers[-1].n == order.n:
            self.pbx.orders[Deliver](tenant, order)

    def _tell(self) -> None:
        """Write the log lines of a moment at once, when the phones ring already."""
        told, self._told = self._told, []
        for news in told:
            tell(news)

    async def _unknown_calls(self, tenant: str, ids: Collection[CallId]) -> Collection[CallId]:
        try:
            if not ids or not await self.store.caught_up(3.0):
                return ()  # better unreported until the next look than reported twice
            return await self.queries.unknown(TenantId(tenant), ids)
        except StoreFailure:
            return ()

    def _user_changed(self, username: str) -> None:
        self.hub.principal_changed(username)
        self.softphones.principal_changed(username)

    def _directory_changed(self, tenant: TenantId, read: LoadedDirectory) -> None:
        if tenant in self.views:
            changed = ev.DirectoryChanged(
                at=self.clock(),
                queues=read.queues,
                agents=read.agents,
                vips=read.vips,
                pop_url=read.pop_url,
                tell_supervision=read.tell_supervision,
                reasons=read.reasons,
                dispositions=read.dispositions,
                trunks=read.trunks,
            )
            self.engine.post(changed, tenant)
            if self.pbx.up:  # else it is told when it is
                self.pbx.set_global(f"CTI_TRUNK_{tenant}", self._default_trunk(tenant))
            self.hub.directory_changed(tenant)
        else:
            self._open(tenant, read, ev.Started(at=self.clock(), timezone=read.timezone), 0)
        self.archive.directory_changed()

    def _open(self, tenant: TenantId, read: LoadedDirectory, remembered: ev.Started, last_seq: int) -> None:
        started = ev.Started(
            at=self.clock(),
            timezone=read.timezone,
            queues=read.queues,
            agents=read.agents,
            vips=read.vips,
            pop_url=read.pop_url,
            tell_supervision=read.tell_supervision,
            reasons=read.reasons,
            dispositions=read.dispositions,
            trunks=read.trunks,
            records=remembered.records,
            figures=remembered.figures,
            calls=remembered.calls,
            tallies=remembered.tallies,
            calls_today=remembered.calls_today,
            talks=remembered.talks,
        )
        self.engine.open(tenant, started, last_seq=last_seq, seated=self._seated)

    def _seated(self, tenant: TenantId) -> None:
        allowed = (Rule("own", pattern, True) for pattern in self.settings.dial_allow.split())
        shown = tuple(one for one in self.settings.caller_ids.split(",") if one)
        board = self.engine.board(tenant)
        board.dialling = DialRules((*allowed, *CHINA), shown, self.settings.trunk)
        board.has_flow = lambda name: self.flows.flow(tenant, name) is not None
        board.can_press_answer = lambda: self.talk.up
        self.desks[tenant] = Desk(self.engine, tenant, sounds(self.prompts), self.records.ended)
        self.views[tenant] = BoardView(self.engine, tenant, self.loaded.epoch)

    # --- health ---

    async def reasons(self) -> Mapping[str, str]:
        """Why the server is not ready; empty when it is."""
        found: dict[str, str] = {}
        drain = self.store.drain
        if drain.behind_since is not None:
            found["database_away"] = "the database does not take what is written"
        if not self.pbx.up:
            missing = self.pbx.link.reasons
            words = ", ".join(f"{name}: {why}" for name, why in missing.items())
            found["ami_down"] = (
                f"no AMI link to {self.settings.ami_host}:{self.settings.ami_port} ({words or 'syncing'})"
            )
        if not self.agi.listening:
            found["agi_closed"] = f"FastAGI does not listen on {self.settings.agi_host}:{self.settings.agi_port}"
        return found

    def warnings(self) -> Mapping[str, str]:
        """What is wrong though calls are taken."""
        found = {"recordings_refused": self.archive.room.trouble, "recordings_waiting": self.archive.finisher.trouble}
        found["not_provisioned"] = self.provisioner.trouble
        return {code: why for code, why in found.items() if why}

    # --- the run ---

    async def run(self) -> None:
        """Run until asked to stop. The first part that fails ends the process, and the log says which."""
        for tenant, remembered in self.loaded.tenants.items():
            started = ev.Started(
                at=self.clock(),
                timezone=remembered.directory.timezone,
                records=remembered.records,
                figures=remembered.figures,
                calls=remembered.calls,
                tallies=remembered.tallies,
                calls_today=remembered.calls_today,
                talks=remembered.talks,
            )
            self._open(tenant, remembered.directory, started, remembered.next_seq - 1)
        await self.people.refresh()
        await self.incidents.refresh()
        await self.entries.refresh()
        await self.prompts.refresh()
        await self.flows.refresh()
        self.archive.prepare()
        await self.archive.refresh()
        gc.collect()
        gc.freeze()  # agents, lists and flows stay: the collector would hold up a ringing phone to look at them
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopping.set)
        await self.agi.start()
        async with asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(self.store.run(), name="store"),
                tasks.create_task(self.pbx.run(), name="asterisk"),
                tasks.create_task(self.talk.run(), name="answer keys"),
                tasks.create_task(self.people.watch(), name="directory"),
                tasks.create_task(self.flows.watch(), name="flows"),
                tasks.create_task(self.look_ups.run(), name="look-ups"),
                tasks.create_task(self.places.run(), name="places"),
                tasks.create_task(self.archive.run(), name="recordings"),
                tasks.create_task(self.audit.run(), name="audit"),
                tasks.create_task(self.mailroom.run(), name="voicemail"),
                tasks.create_task(self.incidents.watch(), name="incidents"),
                tasks.create_task(self.entries.watch(), name="entries"),
                tasks.create_task(self.prompts.watch(), name="prompts"),
                tasks.create_task(self.provisioner.run(), name="phones and trunks"),
                tasks.create_task(self._forget_facts(), name="black box"),
            ]
            serving = tasks.create_task(self.http.run_on(self.listening), name="http")
            await self.http.ready.wait()
            log.info("ready for people at http://%s:%d", self.settings.http_host, self.listening_port)
            await stopping.wait()
            log.info("stopping")
            self.hub.close()
            self.softphones.close()
            self.http.stop()
            await serving
            for task in running:
                task.cancel()

    async def _forget_facts(self) -> None:
        """The black box keeps a week."""
        while True:
            try:
                await self.store.prune_facts(Instant(self.clock() - FACTS_KEPT_MS))
            except StoreFailure:
                pass  # the next hour will do
            await asyncio.sleep(FORGET_EVERY_SECONDS)

    @property
    def listening_port(self) -> int:
        return int(self.listening.getsockname()[1])

    async def close(self) -> None:
        self.engine.close()
        self.pbx.close()
        self.talk.close()
        await self.agi.close()
        await self.audit.close()
        await self.crm.close()
        if self.ari is not None:
            await self.ari.close()
        self.entries.close()
        self.places.close()
        await self.store.close()


def _ari(settings: Settings) -> Ari | None:
    """The way to make phones and trunks, where the settings name one."""
    secret = settings.ari_secret.get_secret_value()
    return (
        Ari(settings.ari_url, settings.ari_user, secret) if settings.ari_url and settings.ari_user and secret else None
    )
