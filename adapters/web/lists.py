"""The deny and VIP lists 黑白名单: who stands on them, why, until when and by whose word; sheets in and out."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import Depends, Path, Query, Request
from starlette.responses import Response, StreamingResponse

from adapters.web import entry_models as models
from adapters.web.asking import Me, PortsOf, guarded, permitted
from adapters.web.models import Listing
from adapters.web.once import OnceOf
from adapters.web.paging import Json, Listed, answer, instant
from adapters.web.ports import CallerLists
from cti.entry.entries import DENY, EXACT
from cti.errors import BadRequest, NotAllowed
from cti.permissions import LISTS_ADD, LISTS_EDIT, LISTS_SEE

router = guarded("lists")

CSV: Final = "text/csv"

Id = Annotated[str, Path(max_length=64)]
Kind = Annotated[models.KindWord, Query()]


async def lists_of(ports: PortsOf) -> CallerLists:
    return ports.lists


ListsOf = Annotated[CallerLists, Depends(lists_of)]


@router.get("", response_model=Listing[models.ListEntry], dependencies=[permitted(LISTS_SEE)])
async def list_entries(
    me: Me, lists: ListsOf, asked: Listed, kind: Annotated[models.KindWord | None, Query()] = None
) -> Json:
    """Newest first, of one list or of both; `search` looks at numbers, names and reasons."""
    found = await lists.list(me.tenant, kind, asked.limit, asked.cursor, asked.search)
    return answer(found.items, found.total, found.next)


@router.post("", status_code=201, response_model=models.ListEntry, dependencies=[permitted(LISTS_ADD)])
async def put_entry(new: models.NewEntry, me: Me, lists: ListsOf) -> Json:
    """Put a number, a beginning or a pattern on a list; one that is there already is changed.

    Agents put whole numbers, or tokens, on the deny list; what means more callers than one is for who edits lists.
    """
    if not me.may(LISTS_EDIT) and (new.kind != DENY or new.match != EXACT):
        raise NotAllowed(f"this needs the permission {LISTS_EDIT}")
    given = {**new.model_dump(), "expires_at": instant(new.expires_at)}
    return Json(await lists.put(me.tenant, given, by=me.username), 201)


@router.delete("", response_model=models.Removed, dependencies=[permitted(LISTS_EDIT)])
async def empty_list(kind: Kind, me: Me, lists: ListsOf) -> Json:
    """Remove all entries of one list."""
    return Json({"removed": await lists.empty(me.tenant, kind)})


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={200: {"content": {CSV: {}}}},
    dependencies=[permitted(LISTS_SEE)],
)
async def export_list(kind: Kind, me: Me, lists: ListsOf) -> StreamingResponse:
    """The whole list as a sheet that spreadsheets open and `POST /lists/import` reads: UTF-8 with a mark."""
    kept = {"Content-Disposition": f'attachment; filename="{kind}.csv"'}
    return StreamingResponse(lists.sheet(me.tenant, kind), 200, kept, f"{CSV}; charset=utf-8")


@router.post(
    "/import",
    response_model=models.Imported,
    dependencies=[permitted(LISTS_EDIT)],
    openapi_extra={"requestBody": {"required": True, "content": {CSV: {"schema": {"type": "string"}}}}},
)
async def import_list(
    request: Request,
    kind: Kind,
    me: Me,
    lists: ListsOf,
    once: OnceOf,
    mode: Annotated[Literal["add", "replace"], Query(description="replace: what the sheet lacks is removed")] = "add",
    partial: Annotated[bool, Query(description="import the good lines although others are wrong")] = False,
) -> Response:
    """Read a sheet (UTF-8 or GB18030): a column of numbers, or the columns of an export. 422 `import_broken` names the
    wrong lines, and nothing is imported. The same `Idempotency-Key` again gets the first answer."""
    data = await request.body()
    if not data:
        raise BadRequest("the sheet is empty")

    async def work() -> Response:
        done = await lists.load(me.tenant, kind, data, by=me.username, replace=mode == "replace", partial=partial)
        return Json(done)

    return await once(work)


@router.get("/{entry}", response_model=models.ListEntry, dependencies=[permitted(LISTS_SEE)])
async def one_entry(entry: Id, me: Me, lists: ListsOf) -> Json:
    return Json(await lists.get(me.tenant, entry))


@router.patch("/{entry}", response_model=models.ListEntry, dependencies=[permitted(LISTS_EDIT)])
async def change_entry(entry: Id, change: models.EntryChange, me: Me, lists: ListsOf) -> Json:
    """Change what is given; whom the entry means stays."""
    given = change.model_dump(exclude_unset=True)
    if not given:
        raise BadRequest("nothing to change")
    if "expires_at" in given:
        given["expires_at"] = instant(change.expires_at)
    return Json(await lists.change(me.tenant, entry, given, by=me.username))


@router.delete("/{entry}", status_code=204, dependencies=[permitted(LISTS_EDIT)])
async def remove_entry(entry: Id, me: Me, lists: ListsOf) -> Response:
    await lists.remove(me.tenant, entry)
    return Response(status_code=204)
