"""Queues: who waits in them, in order; administrators edit them. An agent sees their own."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from adapters.web import models
from adapters.web.asking import BoardOf, Me, PortsOf, guarded, permitted
from adapters.web.paging import Json, Listed, page
from adapters.web.ports import BoardView, Shape
from cti.errors import BadRequest, NotFound
from cti.ids import QueueName
from cti.people import Principal, queues_for
from cti.permissions import QUEUES_EDIT, QUEUES_SEE
from cti.records import QueueSettings

router = guarded("queues")

Name = Annotated[str, Path(max_length=40)]


def _sees(me: Principal, board: BoardView, name: object) -> bool:
    seen = queues_for(me, QUEUES_SEE, board.queues_of)
    return seen is None or name in seen


def _find(board: BoardView, me: Principal, name: str) -> Shape:
    queue = board.queue(QueueName(name)) if _sees(me, board, name) else None
    if queue is None:
        raise NotFound("no such queue")
    return queue


@router.get("", response_model=models.Listing[models.Queue], dependencies=[permitted(QUEUES_SEE)])
async def list_queues(me: Me, board: BoardOf, asked: Listed) -> Json:
    """The queues one may see, by name."""
    queues = [queue for queue in board.queues() if _sees(me, board, queue["name"])]
    return page(queues, lambda q: str(q["name"]), lambda q: (q["name"], q["title"]), asked)


@router.get("/{name}", response_model=models.Queue, dependencies=[permitted(QUEUES_SEE)])
async def one_queue(name: Name, me: Me, board: BoardOf) -> Json:
    """One queue with everybody who waits in it."""
    return Json(_find(board, me, name))


def _settings(new: models.NewQueue) -> QueueSettings:
    fields = new.model_dump()
    return QueueSettings(**{**fields, "comfort_prompts": tuple(new.comfort_prompts)})


@router.post("", status_code=201, response_model=models.Queue, dependencies=[permitted(QUEUES_EDIT)])
async def add_queue(new: models.NewQueue, me: Me, ports: PortsOf, board: BoardOf) -> Json:
    await ports.directory.add_queue(me.tenant, _settings(new))
    return Json(_find(board, me, new.name), 201)


@router.patch("/{name}", response_model=models.Queue, dependencies=[permitted(QUEUES_EDIT)])
async def change_queue(name: Name, change: models.QueueChange, me: Me, ports: PortsOf, board: BoardOf) -> Json:
    """Change what is given; the rest stays."""
    given = change.model_dump(exclude_unset=True)
    if not given:
        raise BadRequest("nothing to change")
    now = {field: _find(board, me, name)[field] for field in models.NewQueue.model_fields}
    await ports.directory.change_queue(me.tenant, _settings(models.NewQueue(**{**now, **given})))
    return Json(_find(board, me, name))


@router.delete("/{name}", status_code=204, dependencies=[permitted(QUEUES_EDIT)])
async def remove_queue(name: Name, me: Me, ports: PortsOf, board: BoardOf) -> Response:
    _find(board, me, name)
    await ports.directory.remove_queue(me.tenant, QueueName(name))
    return Response(status_code=204)
