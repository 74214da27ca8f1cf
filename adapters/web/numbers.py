"""Our own numbers: what each leads to, and what becomes of a caller at a moment, by which rules."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path
from starlette.responses import Response

from adapters.web import entry_models as models
from adapters.web.asking import Me, PortsOf, guarded, permitted
from adapters.web.models import Listing
from adapters.web.paging import Json, Listed, page
from adapters.web.ports import EntryDesk
from cti.errors import BadRequest
from cti.permissions import ENTRY_EDIT, ENTRY_SEE

router = guarded("numbers")

Number = Annotated[str, Path(max_length=64)]


async def entry_of(ports: PortsOf) -> EntryDesk:
    return ports.entry


EntryOf = Annotated[EntryDesk, Depends(entry_of)]


@router.get("", response_model=Listing[models.Number], dependencies=[permitted(ENTRY_SEE)])
async def list_numbers(me: Me, entry: EntryOf, asked: Listed) -> Json:
    """By number."""
    words = ("number", "title", "entry")
    found = entry.numbers(me.tenant)
    return page(found, lambda n: str(n["number"]), lambda n: tuple(n[word] for word in words), asked)


@router.get("/{number}", response_model=models.Number, dependencies=[permitted(ENTRY_SEE)])
async def one_number(number: Number, me: Me, entry: EntryOf) -> Json:
    return Json(entry.number(me.tenant, number))


@router.post("", status_code=201, response_model=models.Number, dependencies=[permitted(ENTRY_EDIT)])
async def add_number(new: models.NewNumber, me: Me, entry: EntryOf) -> Json:
    """The queue, agent or schedule it leads to has to be there. A number belongs to one tenant."""
    return Json(await entry.add_number(me.tenant, new.model_dump()), 201)


@router.patch("/{number}", response_model=models.Number, dependencies=[permitted(ENTRY_EDIT)])
async def change_number(number: Number, change: models.NumberChange, me: Me, entry: EntryOf) -> Json:
    """Change what is given; the next call goes the new way."""
    given = {name: value for name, value in change.model_dump().items() if value is not None}
    if not given:
        raise BadRequest("nothing to change")
    return Json(await entry.change_number(me.tenant, number, given))


@router.delete("/{number}", status_code=204, dependencies=[permitted(ENTRY_EDIT)])
async def remove_number(number: Number, me: Me, entry: EntryOf) -> Response:
    await entry.remove_number(me.tenant, number)
    return Response(status_code=204)


@router.post("/{number}/test", response_model=models.NumberTested, dependencies=[permitted(ENTRY_SEE)])
async def test_number(number: Number, asked: models.NumberTest, me: Me, entry: EntryOf) -> Json:
    """Where this caller would go at that moment, by which rules, and why; decided as a live call is."""
    return Json(entry.test_number(me.tenant, number, asked.caller, asked.at))
