"""Prompts: what callers hear, in Chinese and English; spoken from text or uploaded, with every version kept."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from fastapi import Depends, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.datastructures import UploadFile
from starlette.responses import FileResponse, Response

from adapters.web.asking import Me, PortsOf, guarded, permitted
from adapters.web.models import Listing, Words
from adapters.web.paging import Json, Listed, page
from adapters.web.ports import Made, Prompts
from cti.errors import BadRequest
from cti.permissions import PROMPTS_EDIT, PROMPTS_SEE

router = guarded("prompts")

A = TypeVar("A", bound=BaseModel)

Name = Annotated[str, Path(max_length=64)]
NewName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Language = Literal["zh", "en"]
Number = Annotated[int, Query(ge=1, le=2**31 - 1)]
Text = Annotated[str, StringConstraints(max_length=1000)]
WAV = "audio/wav"


class PromptVersion(BaseModel):
    """`source` is text or upload; a version is of one language, and the newest of a language is what callers hear."""

    version: int
    language: Language
    source: Literal["text", "upload"]
    text: str
    seconds: float
    size: int
    sha256: str
    made_at: datetime
    made_by: str


class PromptBrief(BaseModel):
    """`built_in`: made by the product; an own prompt of the same name takes its place."""

    name: str
    title: str
    built_in: bool
    languages: list[Language]
    texts: dict[str, str]
    heard: list[PromptVersion]


class Prompt(PromptBrief):
    versions: list[PromptVersion]


class NewVersion(BaseModel):
    """With a file there is no text."""

    model_config = ConfigDict(extra="forbid")

    language: Language = "zh"
    text: Text = ""


class NewPrompt(NewVersion):
    name: NewName
    title: Words = ""


class PromptChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: Annotated[Words, Field(min_length=1)]


class Restored(BaseModel):
    version: int = Field(ge=1, le=2**31 - 1)


class Previewed(BaseModel):
    language: Language = "zh"
    text: Text


async def prompts_of(ports: PortsOf) -> Prompts:
    return ports.prompts


PromptsOf = Annotated[Prompts, Depends(prompts_of)]


def _body(model: type[BaseModel]) -> dict[str, Any]:
    """How a body that is text in JSON, or a file in a form, is described."""
    schema = model.model_json_schema()
    form = {name: field for name, field in schema["properties"].items() if name != "text"}
    form["file"] = {"type": "string", "format": "binary", "description": "wav or mp3, up to 10 MiB and 10 minutes"}
    needed = [*schema.get("required", []), "file"]
    content = {
        "application/json": {"schema": schema},
        "multipart/form-data": {"schema": {"type": "object", "properties": form, "required": needed}},
    }
    return {"requestBody": {"required": True, "content": content}}


async def _asked(request: Request, model: type[A]) -> tuple[A, bytes | None]:
    """The fields, and the upload of a form. What the file is called is not looked at."""
    try:
        if not request.headers.get("content-type", "").startswith("multipart/form-data"):
            return model.model_validate_json(await request.body()), None
        async with request.form(max_files=1, max_fields=8, max_part_size=8192) as form:
            fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise BadRequest("there is no file in this form; it is sent as the field `file`")
            if fields.get("text"):
                raise BadRequest("a prompt is made of a text or of a file, not of both")
            return model.model_validate(fields), await file.read()
    except ValidationError as wrong:
        raise RequestValidationError(wrong.errors()) from None


@router.get("", response_model=Listing[PromptBrief], dependencies=[permitted(PROMPTS_SEE)])
async def list_prompts(
    me: Me, prompts: PromptsOf, asked: Listed, built_in: Annotated[bool | None, Query()] = None
) -> Json:
    """Own prompts and built-in ones, by name; `search` looks at names, titles and texts."""
    found = [one for one in prompts.list(me.tenant) if built_in is None or one["built_in"] == built_in]
    return page(found, lambda one: str(one["name"]), lambda one: (one["name"], one["title"], one["texts"]), asked)


@router.post(
    "",
    status_code=201,
    response_model=Prompt,
    dependencies=[permitted(PROMPTS_EDIT)],
    openapi_extra=_body(NewPrompt),
)
async def add_prompt(request: Request, me: Me, prompts: PromptsOf) -> Json:
    """Make a prompt: JSON with a text to be spoken, or a form with a file."""
    new, upload = await _asked(request, NewPrompt)
    made = Made(language=new.language, text=new.text, upload=upload)
    return Json(await prompts.create(me.tenant, new.name, new.title, made, me.username), 201)


@router.post(
    "/preview",
    response_class=Response,
    responses={200: {"content": {WAV: {}}}},
    dependencies=[permitted(PROMPTS_EDIT)],
)
async def preview(asked: Previewed, me: Me, prompts: PromptsOf) -> Response:
    """How a text sounds; nothing is kept."""
    return Response(await prompts.preview(asked.language, asked.text), media_type=WAV)


@router.get("/{name}", response_model=Prompt, dependencies=[permitted(PROMPTS_SEE)])
async def one_prompt(name: Name, me: Me, prompts: PromptsOf) -> Json:
    """One prompt with all its versions, newest first."""
    return Json(await prompts.get(me.tenant, name))


@router.patch("/{name}", response_model=Prompt, dependencies=[permitted(PROMPTS_EDIT)])
async def change_prompt(name: Name, asked: PromptChange, me: Me, prompts: PromptsOf) -> Json:
    """Give it another title; flows know it by its name, which stays."""
    return Json(await prompts.rename(me.tenant, name, asked.title))


@router.delete("/{name}", status_code=204, dependencies=[permitted(PROMPTS_EDIT)])
async def remove_prompt(name: Name, me: Me, prompts: PromptsOf) -> Response:
    """Remove it with its versions; 409 while a flow or a queue plays it, unless a built-in one takes its place."""
    await prompts.remove(me.tenant, name)
    return Response(status_code=204)


@router.get(
    "/{name}/audio",
    response_class=FileResponse,
    responses={200: {"content": {WAV: {}}}},
    dependencies=[permitted(PROMPTS_SEE)],
)
async def audio(
    name: Name, me: Me, prompts: PromptsOf, language: Language = "zh", version: Number | None = None
) -> FileResponse:
    """What callers hear in a language, or a version of it: 8,000 samples a second, 16 bits, one channel."""
    return FileResponse(await prompts.audio(me.tenant, name, language, version), media_type=WAV)


@router.post(
    "/{name}/versions",
    status_code=201,
    response_model=Prompt,
    dependencies=[permitted(PROMPTS_EDIT)],
    openapi_extra=_body(NewVersion),
)
async def add_version(name: Name, request: Request, me: Me, prompts: PromptsOf) -> Json:
    """A new version, which the next callers hear: JSON with a text, or a form with a file."""
    new, upload = await _asked(request, NewVersion)
    made = Made(language=new.language, text=new.text, upload=upload)
    return Json(await prompts.add(me.tenant, name, made, me.username), 201)


@router.post("/{name}/restore", response_model=Prompt, dependencies=[permitted(PROMPTS_EDIT)])
async def restore_version(name: Name, asked: Restored, me: Me, prompts: PromptsOf) -> Json:
    """Let the next callers hear an older version again; it becomes the newest."""
    return Json(await prompts.restore(me.tenant, name, asked.version, me.username))
