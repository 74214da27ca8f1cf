"""`cti prompt`: what callers hear. A running server follows within a second."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer

from adapters.cli.common import Json, Tenant, fail, settings, show, with_store
from adapters.prompts import Prompts
from adapters.store.database import Database
from adapters.store.prompts import PromptStore
from adapters.store.seed import DEMO
from adapters.voice.build import build
from adapters.voice.builtin import texts
from adapters.voice.studio import MOST_BYTES, Studio
from adapters.web.ports import Made
from cti.errors import BadRequest, Refused
from cti.ids import TenantId
from cti.speech import KINDS, LANGUAGES, say
from cti.speech.words import WORDS

BY: Final = "cti prompt"

T = TypeVar("T")

prompt_app = typer.Typer(help="Prompts: what callers hear.", no_args_is_help=True)

Language = Annotated[str, typer.Option(help=", ".join(LANGUAGES))]


@prompt_app.command("list")
def prompt_list(
    search: Annotated[str, typer.Argument(help="A part of a name, title or text.")] = "",
    own: Annotated[bool, typer.Option("--own", help="Without the built-in ones.")] = False,
    tenant: Tenant = DEMO,
    as_json: Json = False,
) -> None:
    """Own prompts and built-in ones, with what they say."""
    found = _with_prompts(lambda prompts: _listed(prompts, TenantId(tenant)))
    wanted = search.casefold()
    rows = [
        _row(one)
        for one in sorted(found, key=lambda one: str(one["name"]))
        if not (own and one["built_in"]) and wanted in f"{one['name']} {one['title']} {one['texts']}".casefold()
    ]
    show(rows, as_json)


@prompt_app.command("add")
def prompt_add(
    name: str,
    text: Annotated[str, typer.Option(help="What espeak-ng is to say.")] = "",
    file: Annotated[Path | None, typer.Option(help="A wav or mp3 file.")] = None,
    language: Language = "zh",
    title: str = "",
    tenant: Tenant = DEMO,
    as_json: Json = False,
) -> None:
    """Make a prompt, or the next version of one, of a text or of a file."""
    if (file is None) == (not text):
        fail("give either --text or --file")
    made = Made(language=language, text=text, upload=None if file is None else _content(file))

    async def work(prompts: Prompts) -> Any:
        own = {str(one["name"]) for one in prompts.list(TenantId(tenant)) if not one["built_in"]}
        if name in own:
            return await prompts.add(TenantId(tenant), name, made, BY)
        return await prompts.create(TenantId(tenant), name, title, made, BY)

    show([_row(_with_prompts(work))], as_json)


@prompt_app.command("remove")
def prompt_remove(name: str, tenant: Tenant = DEMO) -> None:
    """Remove a prompt and its versions; refused while a flow or a queue plays it."""
    _with_prompts(lambda prompts: prompts.remove(TenantId(tenant), name))


@prompt_app.command("speak")
def prompt_speak(
    text: str, to: Annotated[Path, typer.Option("--to", help="A wav file.")], language: Language = "zh"
) -> None:
    """Hear how a text sounds; nothing is kept but the file."""

    async def work() -> None:
        await Studio(settings().voice_dir).speak(text, language, to.absolute())

    _refusable(work())


@prompt_app.command("say")
def prompt_say(
    kind: Annotated[str, typer.Argument(help=", ".join(KINDS))],
    value: str,
    language: Language = "zh",
    as_json: Json = False,
) -> None:
    """Tell which prompts say a value, and what they say together."""
    try:
        names = say(kind, value, language)
    except BadRequest as wrong:
        fail(str(wrong))
    spoken = ("" if language == "zh" else " ").join(WORDS[language][name] for name in names)
    show([{"says": spoken, "prompts": names if as_json else " ".join(names)}], as_json)


@prompt_app.command("build")
def prompt_build() -> None:
    """Make the built-in prompts that are missing, in CTI_VOICE_DIR; once after each upgrade."""
    made = _refusable(build(settings().voice_dir.absolute(), lambda line: typer.echo(line, err=True)))
    print(f"{made} made, {sum(map(len, texts().values()))} there")


# --- what the commands share ---------------------------------------------------------------------------------------


async def _listed(prompts: Prompts, tenant: TenantId) -> Any:
    return prompts.list(tenant)


def _with_prompts(work: Callable[[Prompts], Awaitable[T]]) -> T:
    """Do something with the prompts of the database and their files."""
    found = settings()

    async def go(database: Database) -> T:
        prompts = Prompts(PromptStore(database), found.prompts_dir.absolute(), found.voice_dir)
        await prompts.refresh()
        return await work(prompts)

    return with_store(go)


def _refusable(work: Any) -> Any:
    try:
        return asyncio.run(work)
    except Refused as refused:
        fail(str(refused))


def _content(file: Path) -> bytes:
    try:
        if file.stat().st_size > MOST_BYTES:
            fail(f"{file}: a prompt has at most {MOST_BYTES >> 20} MiB")
        return file.read_bytes()
    except OSError as failure:
        fail(f"{file}: {failure.strerror}")


def _row(prompt: Any) -> dict[str, Any]:
    versions = {one["language"]: one["version"] for one in prompt["heard"]}
    return {
        "name": prompt["name"],
        "title": prompt["title"],
        "built_in": prompt["built_in"],
        "version": " ".join(f"{language} {version}" for language, version in versions.items()),
        **{language: prompt["texts"].get(language, "") for language in LANGUAGES},
    }
