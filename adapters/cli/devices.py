"""`cti device` and `cti trunk`: phones and ways out that are made here. A running server follows within a second."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, Any, Final, TypeVar

import typer

from adapters.asterisk.ari import Ari
from adapters.asterisk.provisioning import Provisioning
from adapters.cli.audit import on_record
from adapters.cli.common import Json, Tenant, fail, password, settings, show, with_store
from adapters.sip_edits import changes_of, new_secret, refuse_taken, trunk_of
from adapters.store.database import Database
from adapters.store.directory import DirectoryStore
from adapters.store.phones import PhoneStore
from adapters.store.seed import DEMO
from adapters.store.trunks import TrunkStore
from cti.ids import AgentNo, DeviceName, TenantId
from cti.phones import KINDS, Kind, Phone, digest_of, name_for, named
from cti.trunks import Trunk

T = TypeVar("T")

device_app = typer.Typer(help="Phones that are made here.", no_args_is_help=True)
trunk_app = typer.Typer(help="Trunks that are made here.", no_args_is_help=True)

_HIDDEN: Final = ("digest",)

KindWord = Annotated[str, typer.Option("--kind", help="desk or web")]
Owner = Annotated[str | None, typer.Option("--agent-no", help="Whose it is.")]


def kind_of(word: str) -> Kind:
    if word not in KINDS:
        fail(f"a phone is {' or '.join(KINDS)}, not {word!r}")
    return word


def with_asterisk(work: Callable[[Database, Provisioning], Awaitable[T]]) -> T:
    """Do something with the database that Asterisk has a word in."""
    found = settings()
    secret = found.ari_secret.get_secret_value()
    if not (found.ari_url and found.ari_user and secret):
        fail("phones and trunks are not made here: CTI_ARI_URL, CTI_ARI_USER, CTI_ARI_SECRET")

    async def go(database: Database) -> T:
        ari = Ari(found.ari_url, found.ari_user, secret)
        try:
            return await work(database, Provisioning(ari))
        finally:
            await ari.close()

    return with_store(go)


def made_phone(name: DeviceName, kind: Kind) -> tuple[Phone, dict[str, Any]]:
    """A phone, and what is shown of it this once."""
    secret = new_secret()
    phone = Phone(name=name, kind=kind, digest=digest_of(name, secret))
    return phone, {"name": name, "kind": kind, "secret": secret}


@device_app.command("list")
def device_list(tenant: Tenant = DEMO, as_json: Json = False) -> None:
    """The phones that were made here, and whose they are."""

    async def work(database: Database) -> list[dict[str, Any]]:
        read = await DirectoryStore(database).read(TenantId(tenant))
        owners = {device: agent.agent_no for agent in read.agents for device in agent.devices}
        made = await PhoneStore(database).everything()
        phones = [one.phone for one in made if one.tenant == tenant and one.state != "gone"]
        return [{"name": one.name, "kind": one.kind, "agent_no": owners.get(one.name)} for one in phones]

    show(with_store(work), as_json)


@device_app.command("add")
def device_add(
    name: Annotated[str | None, typer.Argument(help="Else the agent's number, with -web for a browser.")] = None,
    kind: KindWord = "desk",
    agent_no: Owner = None,
    tenant: Tenant = DEMO,
    as_json: Json = False,
) -> None:
    """Make a phone and print its secret, this once."""
    if name is None and agent_no is None:
        fail("a phone has a name, or an agent after whom it is called")
    of, owner = kind_of(kind), AgentNo(agent_no) if agent_no else None

    async def work(database: Database, asterisk: Provisioning) -> list[dict[str, Any]]:
        called = named(name, of) if name is not None else name_for(AgentNo(agent_no or ""), of)
        await refuse_taken(asterisk, called)
        phone, shown = made_phone(called, of)
        await PhoneStore(database).add(TenantId(tenant), phone, owner)
        await on_record(database, TenantId(tenant), "devices.add_device", called, kind=of, agent_no=agent_no)
        return [shown]

    show(with_asterisk(work), as_json)


@device_app.command("give")
def device_give(name: str, agent_no: Owner = None, tenant: Tenant = DEMO) -> None:
    """Give a phone to an agent; without --agent-no it is nobody's."""
    owner = AgentNo(agent_no) if agent_no else None

    async def work(database: Database) -> None:
        await PhoneStore(database).give(TenantId(tenant), DeviceName(name), owner)
        await on_record(database, TenantId(tenant), "devices.change_device", name, agent_no=agent_no)

    with_store(work)


@device_app.command("secret")
def device_secret(name: str, tenant: Tenant = DEMO, as_json: Json = False) -> None:
    """Make another secret and print it, this once; the phone that has the old one is no longer registered."""

    async def work(database: Database) -> list[dict[str, Any]]:
        secret = new_secret()
        await PhoneStore(database).renew(TenantId(tenant), DeviceName(name), digest_of(name, secret))
        await on_record(database, TenantId(tenant), "devices.reset_secret", name)
        return [{"name": name, "secret": secret}]

    show(with_store(work), as_json)


@device_app.command("remove")
def device_remove(name: str, tenant: Tenant = DEMO) -> None:
    async def work(database: Database) -> None:
        await PhoneStore(database).remove(TenantId(tenant), DeviceName(name))
        await on_record(database, TenantId(tenant), "devices.remove_device", name)

    with_store(work)


# --- trunks --------------------------------------------------------------------------------------------------------


@trunk_app.command("list")
def trunk_list(tenant: Tenant = DEMO, as_json: Json = False) -> None:
    found = with_store(lambda database: TrunkStore(database).list(TenantId(tenant)))
    show([_row(trunk) if as_json else _brief(trunk) for trunk in found], as_json)


def _row(trunk: Trunk) -> dict[str, Any]:
    return {key: value for key, value in asdict(trunk).items() if key not in _HIDDEN}


def _brief(trunk: Trunk) -> dict[str, Any]:
    words = {key: " ".join(value) if isinstance(value, tuple) else value for key, value in _row(trunk).items()}
    return {key: words[key] for key in ("name", "host", "port", "match", "user", "caller_ids", "is_default", "enabled")}


Match = Annotated[list[str] | None, typer.Option("--match", help="Where its calls come from: an address, a network.")]
CallerIds = Annotated[list[str] | None, typer.Option("--caller-id", help="Numbers it may show, the usual one first.")]
User = Annotated[str | None, typer.Option(help="Who we are to the carrier; the secret is asked for.")]
Flag = Annotated[bool | None, typer.Option()]


def _given(**words: Any) -> dict[str, Any]:
    given = {key: value for key, value in words.items() if value is not None}
    if given.get("user"):
        given["secret"] = password()
    return given


@trunk_app.command("add")
def trunk_add(
    name: str,
    host: str,
    port: int = 5060,
    title: str = "",
    match: Match = None,
    user: User = None,
    realm: Annotated[str | None, typer.Option(help="What the carrier's challenge says; else the host.")] = None,
    register: Flag = None,
    caller_id: CallerIds = None,
    default: Flag = None,
    tenant: Tenant = DEMO,
) -> None:
    """Make a trunk: calls come and leave by it at once."""
    words = {"match": match, "user": user, "realm": realm, "register": register, "caller_ids": caller_id}
    given = {"name": name, "host": host, "port": port, "title": title, **_given(**words, default=default)}

    async def work(database: Database, asterisk: Provisioning) -> None:
        trunk = trunk_of(given)
        await refuse_taken(asterisk, trunk.endpoint)
        await TrunkStore(database).add(TenantId(tenant), trunk)
        await on_record(database, TenantId(tenant), "trunks.add_trunk", name, **_told(given))

    with_asterisk(work)


@trunk_app.command("set")
def trunk_set(
    name: str,
    host: Annotated[str | None, typer.Option()] = None,
    port: Annotated[int | None, typer.Option()] = None,
    title: Annotated[str | None, typer.Option()] = None,
    match: Match = None,
    user: User = None,
    realm: Annotated[str | None, typer.Option(help="What the carrier's challenge says.")] = None,
    register: Flag = None,
    caller_id: CallerIds = None,
    default: Flag = None,
    enabled: Flag = None,
    tenant: Tenant = DEMO,
) -> None:
    """Change what is given."""
    words = {"match": match, "user": user, "realm": realm, "register": register, "caller_ids": caller_id}
    given = _given(host=host, port=port, title=title, **words, default=default, enabled=enabled)

    async def work(database: Database) -> None:
        store = TrunkStore(database)
        await store.change(TenantId(tenant), name, changes_of(await store.get(TenantId(tenant), name), given))
        await on_record(database, TenantId(tenant), "trunks.change_trunk", name, **_told(given))

    with_store(work)


def _told(given: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key not in ("name", "secret")}


@trunk_app.command("remove")
def trunk_remove(name: str, tenant: Tenant = DEMO) -> None:
    async def work(database: Database) -> None:
        await TrunkStore(database).remove(TenantId(tenant), name)
        await on_record(database, TenantId(tenant), "trunks.remove_trunk", name)

    with_store(work)
