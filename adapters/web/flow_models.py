"""The shapes of flows over HTTP. A flow's own document is `cti.ivr.flow`'s to check, which names the node."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from adapters.web.models import Words

Document = Annotated[dict[str, Any], Field(description="name, title, language, start, nodes; see docs/flows.md")]
Revision = Annotated[int, Field(ge=0, le=2**31 - 1)]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9*#]{0,32}$")]


class FlowBrief(BaseModel):
    """`version` is the one that callers hear; `revision` rises with every change of the draft."""

    name: str
    title: str
    revision: int
    version: int | None
    changed_at: datetime
    changed_by: str


class FlowVersion(BaseModel):
    version: int
    published_at: datetime
    published_by: str
    note: str


class Flow(FlowBrief):
    draft: Document
    published: Document | None
    versions: list[FlowVersion] = Field(description="newest first")


class FlowDraft(BaseModel):
    """`revision` is the draft that was changed, 0 or left out for a new flow; the header If-Match says the same."""

    model_config = ConfigDict(extra="forbid")

    flow: Document
    revision: Revision | None = None


class FlowAsked(BaseModel):
    """Without a flow, the draft is meant."""

    model_config = ConfigDict(extra="forbid")

    flow: Document | None = None


class FlowProblem(BaseModel):
    node: str = Field(description="empty when the flow as a whole is meant")
    code: str
    message: str


class FlowChecked(BaseModel):
    ok: bool
    errors: list[FlowProblem]


class FlowPublish(BaseModel):
    """With a `revision`, only if the draft is still that one."""

    model_config = ConfigDict(extra="forbid")

    note: Words = ""
    revision: Revision | None = None


class FlowRollback(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Number


class FlowTrial(BaseModel):
    """A caller by script: what the draft (or `version`, or `flow`) does with them.

    Each of `events` answers one question: digits, "" for silence, "hangup"; after a "!" it comes into the prompt before
    the question. `digits` are events between commas.
    """

    model_config = ConfigDict(extra="forbid")

    number: Phone = "+8613800001234"
    dialled: Phone = "4000"
    language: Literal["", "zh", "en"] = ""
    at: datetime | None = None
    events: list[str] = Field(default=[], max_length=500)
    digits: str | None = Field(default=None, max_length=2000)
    leaves: int | None = Field(default=None, ge=0, le=10_000, description="hangs up at that thing on the line")
    customer: dict[str, Any] | None = Field(default=None, description="whom the look-up of the number finds")
    fetched: dict[str, Any] | None = Field(default=None, description="what the CRM answers")
    version: Number | None = None
    flow: Document | None = None


class Heard(BaseModel):
    at: datetime
    kind: str
    text: str


class FlowStep(BaseModel):
    flow: str
    version: int
    node: str
    type: str
    at: datetime
    exit: str
    digits: str


class FlowEnd(BaseModel):
    """How the walk ended; the other fields depend on the kind."""

    model_config = ConfigDict(extra="allow")

    kind: str


class FlowTried(BaseModel):
    lines: list[Heard]
    end: FlowEnd
    flow: str
    node: str
    otherwise: str | None
    language: str
    variables: dict[str, str]
    path: list[FlowStep]
    answers: list[dict[str, Any]]
    messages: list[dict[str, Any]]
