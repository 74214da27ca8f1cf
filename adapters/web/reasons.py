"""Reasons 原因码: why an agent is not ready, as the tenant calls it, and for how long one may be."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from adapters.web.asking import Me, PortsOf, guarded, permitted
from adapters.web.models import Listing, SkillWord, Words
from adapters.web.paging import Json, Listed, page
from adapters.web.ports import Ports, Shape
from cti.errors import NotFound
from cti.people import Principal
from cti.permissions import REASONS_EDIT, REASONS_SEE
from cti.reasons import LONGEST_LIMIT, PRESETS, Reason, place

router = guarded("reasons")

Code = Annotated[str, Path(max_length=40)]


class ReasonSettings(BaseModel):
    """`title` is Chinese, `title_en` English; without one the other, or the code, stands in."""

    model_config = ConfigDict(extra="forbid")

    title: Words = ""
    title_en: Words = ""
    limit_seconds: int = Field(default=0, ge=0, le=LONGEST_LIMIT, description="0: no limit")
    active: bool = True
    order: int = Field(default=100, ge=0, le=10_000)


class NewReason(ReasonSettings):
    code: SkillWord


class ReasonShown(BaseModel):
    code: str
    title: str
    title_en: str
    limit_seconds: int
    active: bool
    order: int
    preset: bool = Field(description="every tenant has it; it can be changed, not removed")


def _shape(reason: Reason) -> Shape:
    return {**asdict(reason), "preset": reason.code in PRESETS}


def _find(ports: Ports, me: Principal, code: str) -> Shape:
    for reason in ports.directory.reasons(me.tenant):
        if reason.code == code:
            return _shape(reason)
    raise NotFound("no such reason")


@router.get("", response_model=Listing[ReasonShown], dependencies=[permitted(REASONS_SEE)])
async def list_reasons(
    me: Me, ports: PortsOf, asked: Listed, active: Annotated[bool | None, Query(description="only those")] = None
) -> Json:
    """In order."""
    every = {one.code: one for one in ports.directory.reasons(me.tenant) if active is None or one.active is active}
    shapes = map(_shape, every.values())
    return page(shapes, lambda r: place(every[str(r["code"])]), lambda r: (r["code"], r["title"], r["title_en"]), asked)


@router.get("/{code}", response_model=ReasonShown, dependencies=[permitted(REASONS_SEE)])
async def one_reason(code: Code, me: Me, ports: PortsOf) -> Json:
    return Json(_find(ports, me, code))


@router.post("", status_code=201, response_model=ReasonShown, dependencies=[permitted(REASONS_EDIT)])
async def add_reason(new: NewReason, me: Me, ports: PortsOf) -> Json:
    await ports.directory.put_reason(me.tenant, Reason(**new.model_dump()), new=True)
    return Json(_find(ports, me, new.code), 201)


@router.put("/{code}", response_model=ReasonShown, dependencies=[permitted(REASONS_EDIT)])
async def change_reason(code: Code, settings: ReasonSettings, me: Me, ports: PortsOf) -> Json:
    """All of it anew; a limit counts at once, for those who are away already too."""
    await ports.directory.put_reason(me.tenant, Reason(code=code, **settings.model_dump()), new=False)
    return Json(_find(ports, me, code))


@router.delete("/{code}", status_code=204, dependencies=[permitted(REASONS_EDIT)])
async def remove_reason(code: Code, me: Me, ports: PortsOf) -> Response:
    """A preset can be made inactive, not removed."""
    await ports.directory.remove_reason(me.tenant, code)
    return Response(status_code=204)
