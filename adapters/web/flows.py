"""Flows: drafts, checks, versions, trials, and files. What a call is in goes on; a published change is for the next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Header, Path, Query, Request
from starlette.responses import Response

from adapters.web import flow_models as models
from adapters.web.asking import Me, PortsOf, guarded, permitted
from adapters.web.models import Listing
from adapters.web.once import OnceOf
from adapters.web.paging import Json, Listed, answer
from adapters.web.ports import Flows, Shape
from cti.errors import BadRequest
from cti.ids import Instant
from cti.permissions import FLOWS_EDIT, FLOWS_PUBLISH, FLOWS_SEE

router = guarded("flows")

Name = Annotated[str, Path(max_length=64)]
IfMatch = Annotated[str | None, Header(max_length=40, description='the revision that was changed, as "7"')]
YAML = "application/yaml"


async def flows_of(ports: PortsOf) -> Flows:
    return ports.flows


FlowsOf = Annotated[Flows, Depends(flows_of)]


def _shown(flow: Shape, status: int = 200) -> Json:
    return Json(flow, status, {"ETag": f'"{flow["revision"]}"'})


def _revision(header: str | None, body: int | None) -> int | None:
    if header is None:
        return body
    text = header.strip().removeprefix("W/").strip('"')
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise BadRequest('If-Match is a revision in quotes, like "7"')
    return int(text)


@router.get("", response_model=Listing[models.FlowBrief], dependencies=[permitted(FLOWS_SEE)])
async def list_flows(me: Me, flows: FlowsOf, asked: Listed) -> Json:
    """All flows of the tenant, by name; `search` looks at names and titles."""
    found = await flows.list(me.tenant, asked.limit, asked.cursor, asked.search)
    return answer(found.items, found.total, found.next)


@router.get("/{name}", response_model=models.Flow, dependencies=[permitted(FLOWS_SEE)])
async def one_flow(name: Name, me: Me, flows: FlowsOf) -> Json:
    """The draft, what callers hear, and all versions."""
    return _shown(await flows.get(me.tenant, name))


@router.put("/{name}", response_model=models.Flow, dependencies=[permitted(FLOWS_EDIT)])
async def save_draft(name: Name, asked: models.FlowDraft, me: Me, flows: FlowsOf, if_match: IfMatch = None) -> Json:
    """Save the draft, unfinished or not; 409 `outdated` when somebody else has changed it since."""
    _named(name, asked.flow)
    revision = _revision(if_match, asked.revision)
    return _shown(await flows.save(me.tenant, asked.flow, by=me.username, revision=revision))


@router.delete("/{name}", status_code=204, dependencies=[permitted(FLOWS_PUBLISH)])
async def remove_flow(name: Name, me: Me, flows: FlowsOf) -> Response:
    """Remove the flow and its versions; 409 while a number or another flow leads to it."""
    await flows.remove(me.tenant, name)
    return Response(status_code=204)


@router.post("/{name}/check", response_model=models.FlowChecked, dependencies=[permitted(FLOWS_SEE)])
async def check_flow(name: Name, me: Me, flows: FlowsOf, asked: models.FlowAsked | None = None) -> Json:
    """Whether it may be published, and if not, every reason with its node."""
    document = asked.flow if asked else None
    errors = await flows.check(me.tenant, name, document)
    return Json({"ok": not errors, "errors": errors})


@router.post("/{name}/publish", response_model=models.Flow, dependencies=[permitted(FLOWS_PUBLISH)])
async def publish_flow(name: Name, me: Me, flows: FlowsOf, asked: models.FlowPublish | None = None) -> Json:
    """Let the next callers hear the draft; 422 `flow_broken` with `errors` that name the nodes."""
    asked = asked or models.FlowPublish()
    done = await flows.publish(me.tenant, name, by=me.username, note=asked.note, revision=asked.revision)
    return _shown(done)


@router.post("/{name}/rollback", response_model=models.Flow, dependencies=[permitted(FLOWS_PUBLISH)])
async def roll_back(name: Name, asked: models.FlowRollback, me: Me, flows: FlowsOf) -> Json:
    """Let the next callers hear an older version again; the draft stays as it is."""
    return _shown(await flows.roll_back(me.tenant, name, asked.version, by=me.username))


@router.post("/{name}/try", response_model=models.FlowTried, dependencies=[permitted(FLOWS_SEE)])
async def try_flow(name: Name, asked: models.FlowTrial, me: Me, flows: FlowsOf) -> Json:
    """Walk the flow with a scripted caller, by the very engine that serves calls; nobody outside is asked or told."""
    script = asked.model_dump(include={"number", "dialled", "language", "leaves", "customer", "fetched"})
    script |= {"at": _instant(asked.at), "events": _events(asked)}
    return Json(await flows.rehearse(me.tenant, name, asked.version, asked.flow, **script))


@router.get(
    "/{name}/export",
    response_class=Response,
    responses={200: {"content": {YAML: {}, "application/json": {}}}},
    dependencies=[permitted(FLOWS_SEE)],
)
async def export_flow(
    name: Name,
    me: Me,
    flows: FlowsOf,
    format: Literal["yaml", "json"] = "yaml",
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="without it, the draft")] = None,
) -> Response:
    """A file that `POST /flows/import` reads as the same flow."""
    text = flows.write(await flows.document(me.tenant, name, version), format == "json")
    kept = {"Content-Disposition": f'attachment; filename="{name}.{format}"'}
    return Response(text, 200, kept, media_type=YAML if format == "yaml" else "application/json")


@router.post(
    "/import",
    response_model=models.Flow,
    dependencies=[permitted(FLOWS_EDIT)],
    openapi_extra={
        "requestBody": {"required": True, "content": {YAML: {"schema": {"type": "string"}}, "application/json": {}}}
    },
)
async def import_flow(request: Request, me: Me, flows: FlowsOf, once: OnceOf) -> Response:
    """Make a file, YAML or JSON, the draft of the flow that it names; again the same file changes nothing."""
    try:
        text = (await request.body()).decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest("the file is not UTF-8") from None

    async def work() -> Json:
        return _shown(await flows.save(me.tenant, flows.read(text), by=me.username, revision=None, anyway=True))

    return await once(work)


def _named(name: str, document: Mapping[str, Any]) -> None:
    if document.get("name") != name:
        raise BadRequest(f"the flow is called {str(document.get('name'))[:40]!r}, the address says {name!r}")


def _events(asked: models.FlowTrial) -> list[str]:
    if asked.digits is None:
        return asked.events
    if asked.events:
        raise BadRequest("events or digits, not both")
    return asked.digits.split(",")


def _instant(at: datetime | None) -> Instant | None:
    if at is None:
        return None
    if at.tzinfo is None:
        raise BadRequest("times carry a zone, like 2026-11-22T10:00:00Z")
    return Instant(round(at.timestamp() * 1000))
