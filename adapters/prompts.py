"""Prompts for everybody: which file says a name, from memory, so that no call waits for the database; and edits.

A file is in its place before its row is written, so that whoever reads the row finds the file.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from adapters.store.database import Database
from adapters.store.directory import now
from adapters.store.failures import StoreAway
from adapters.store.prompts import Prompt, PromptStore, Version, checked_name, new_id
from adapters.voice.build import MADE, place
from adapters.voice.builtin import names, texts
from adapters.voice.shelf import Shelf
from adapters.voice.sound import Sound
from adapters.voice.studio import Studio
from adapters.voice.texts import plain
from adapters.web.ports import Made, Shape
from cti.errors import BadRequest, Conflict, NotFound
from cti.ids import TenantId
from cti.ivr.settings import in_language
from cti.shapes import stamp
from cti.speech import LANGUAGES

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A finished sound that is no version yet."""

    file: Path
    sound: Sound
    language: str
    source: str
    text: str

    def version(self, number: int, by: str) -> Version:
        return Version(
            version=number,
            language=self.language,
            source=self.source,
            text=self.text,
            milliseconds=self.sound.milliseconds,
            size=self.sound.size,
            sha256=self.sound.sha256,
            made_at=now(),
            made_by=by,
        )


async def is_prompt(database: Database, tenant: TenantId, name: str) -> bool:
    """Whether callers of this tenant would hear something of that name: a prompt of its own or a built-in one."""
    return name in names() or await PromptStore(database).has(tenant, name)


async def refuse_silence(database: Database, tenant: TenantId, names: Iterable[str]) -> None:
    """Raises `BadRequest` for the first of these that is no prompt."""
    for name in names:
        if not await is_prompt(database, tenant, name):
            raise BadRequest(f"there is no prompt {name[:40]}: nothing would be heard")


class Prompts:
    """The web's `Prompts`, and the files of live calls. `own` and `voice` are the folders of the settings."""

    def __init__(self, store: PromptStore, own: Path, voice: Path) -> None:
        self._store = store
        self._shelf = Shelf(own)
        self._voice = voice.absolute()
        self._studio = Studio(voice, at_once=2)
        self._known: Mapping[tuple[TenantId, str], Prompt] = {}
        self._files: Mapping[tuple[TenantId, str, str], str] = {}
        self._built: Mapping[tuple[str, str], str] = {}
        self._built_at = -1
        self._version = -1
        self._reading = asyncio.Lock()
        self._changing = asyncio.Lock()
        self.on_change: Callable[[], None] = lambda: None
        """Files may be others from now on."""

    # --- what callers hear ---

    def path(self, tenant: TenantId, name: str, language: str) -> str | None:
        """The file that says `name`, absolute and without its ending, as Asterisk wants it; None when there is none.

        The tenant's own goes before the built-in one, and either before another language: better in a foreign
        language than not at all. A name may bring its language along: `en:welcome`.
        """
        asked, name = in_language(name)
        language = asked or language
        for tongue in (language, *(other for other in LANGUAGES if other != language)):
            if found := self._files.get((tenant, name, tongue)) or self._built.get((name, tongue)):
                return found
        return None

    async def refresh(self) -> None:
        """Read anew what has changed since the last look. Raises `StoreAway`."""
        self._look_at_built()
        async with self._reading:
            version = await self._store.version()
            if version == self._version:
                return
            everything = await self._store.everything()
            self._known = {(one.tenant, one.name): one for one in everything}
            self._files = {
                (one.tenant, one.name, language): self._file(one, heard).removesuffix(".wav")
                for one in everything
                for language, heard in one.heard.items()
            }
            self._version = version
        self.on_change()

    def _look_at_built(self) -> None:
        """The built-in files change when they are made anew, which the builder tells last."""
        made = self._voice / "builtin" / MADE
        built_at = made.stat().st_mtime_ns if made.is_file() else 0
        if built_at == self._built_at:
            return
        if not built_at:
            log.warning("there are no built-in prompts in %s: run `cti prompt build`", self._voice)
        self._built = {
            (name, language): str(file).removesuffix(".wav")
            for language, of_language in texts().items()
            for name in of_language
            if (file := place(self._voice, language, name)).is_file()
        }
        self._built_at = built_at
        self.on_change()

    async def watch(self) -> None:
        """Notice within a second what the command line or another server changes."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.refresh()
            except StoreAway:
                pass  # the store says so itself; callers go on hearing the prompts that are known

    # --- the web's port: looking ---

    def list(self, tenant: TenantId) -> Sequence[Shape]:
        """The tenant's own prompts, and the built-in ones they do not replace."""
        own = [_brief(prompt) for (of, _), prompt in self._known.items() if of == tenant]
        replaced = {one["name"] for one in own}
        return [*own, *(_built_in(name) for name in names() if name not in replaced)]

    async def get(self, tenant: TenantId, name: str) -> Shape:
        """One prompt with all versions of it, newest first; a built-in one has none."""
        found = self._known.get((tenant, name))
        if found is None:
            if name not in names():
                raise NotFound(f"there is no prompt {name[:40]}")
            return {**_built_in(name), "versions": []}
        versions = await self._store.versions(tenant, name)
        return {**_brief(found), "versions": [_shape(one) for one in versions]}

    async def audio(self, tenant: TenantId, name: str, language: str, version: int | None) -> Path:
        """The file of a version, else what callers hear in that language."""
        if version is None:
            found = self.path(tenant, name, language)
            if found is None:
                raise NotFound(f"there is no prompt {name[:40]}")
            return Path(f"{found}.wav")
        id, _ = await self._store.next_version(tenant, name)
        for one in await self._store.versions(tenant, name):
            if one.version == version:
                return self._shelf.place(tenant, id, version, one.language)
        raise NotFound(f"the prompt {name[:40]} has no version {version}")

    async def preview(self, language: str, text: str) -> bytes:
        """How a text sounds; nothing is kept."""
        async with self._draft(Made(language=language, text=text)) as draft:
            return await asyncio.to_thread(draft.file.read_bytes)

    # --- the web's port: changing ---

    async def create(self, tenant: TenantId, name: str, title: str, made: Made, by: str) -> Shape:
        """A new prompt. Raises `Conflict` when the tenant has one of that name."""
        checked_name(name)
        if (tenant, name) in self._known:
            raise Conflict(f"the prompt {name} exists")
        id = new_id()
        async with self._draft(made) as draft:
            try:
                number = await asyncio.to_thread(self._put, draft.file, tenant, id, 1, made.language)
                await self._store.create(tenant, name, id, title, draft.version(number, by))
            except BaseException:
                await asyncio.to_thread(self._shelf.remove, tenant, id)
                raise
        return await self._changed(tenant, name)

    async def add(self, tenant: TenantId, name: str, made: Made, by: str) -> Shape:
        """A new version, which the next callers hear."""
        await self._store.next_version(tenant, name)  # who asks for what is not there need not wait for a voice
        async with self._draft(made) as draft:
            await self._keep(tenant, name, draft, by)
        return await self._changed(tenant, name)

    async def restore(self, tenant: TenantId, name: str, version: int, by: str) -> Shape:
        """Let the next callers hear an older version again, as a new one."""
        id, _ = await self._store.next_version(tenant, name)
        for old in await self._store.versions(tenant, name):
            if old.version == version:
                file = self._shelf.place(tenant, id, version, old.language)
                sound = Sound(milliseconds=old.milliseconds, size=old.size, sha256=old.sha256)
                draft = Draft(file=file, sound=sound, language=old.language, source=old.source, text=old.text)
                await self._keep(tenant, name, draft, by)
                return await self._changed(tenant, name)
        raise NotFound(f"the prompt {name[:40]} has no version {version}")

    async def rename(self, tenant: TenantId, name: str, title: str) -> Shape:
        await self._store.rename(tenant, name, title)
        return await self._changed(tenant, name)

    async def remove(self, tenant: TenantId, name: str) -> None:
        """Refused while something plays it and no built-in prompt takes its place."""
        id = await self._store.delete(tenant, name, replaced=name in names())
        await self.refresh()
        await asyncio.to_thread(self._shelf.remove, tenant, id)

    @asynccontextmanager
    async def _draft(self, made: Made) -> AsyncIterator[Draft]:
        """A finished sound that is no version yet, and is gone afterwards unless it has become one."""
        if made.language not in LANGUAGES:
            raise BadRequest(f"{made.language[:20]!r} is no language of prompts; there are {', '.join(LANGUAGES)}")
        file = self._shelf.draft()
        try:
            if made.upload is not None:
                sound = await self._studio.convert(made.upload, file)
                yield Draft(file=file, sound=sound, language=made.language, source="upload", text="")
            else:
                text = plain(made.text)
                sound = await self._studio.speak(text, made.language, file)
                yield Draft(file=file, sound=sound, language=made.language, source="text", text=text)
        finally:
            await asyncio.to_thread(file.unlink, missing_ok=True)

    async def _keep(self, tenant: TenantId, name: str, draft: Draft, by: str) -> None:
        """Make the draft a version: first the file in its place, then the row, and the file away again without it."""
        async with self._changing:
            id, number = await self._store.next_version(tenant, name)
            number = await asyncio.to_thread(self._put, draft.file, tenant, id, number, draft.language)
            try:
                await self._store.add(tenant, name, id, draft.version(number, by))
            except BaseException:
                file = self._shelf.place(tenant, id, number, draft.language)
                await asyncio.to_thread(file.unlink, missing_ok=True)
                raise

    def _put(self, source: Path, tenant: TenantId, id: str, number: int, language: str) -> int:
        """Put a file in the place of the next version and return its number; an orphan there is passed over."""
        number = max(number, self._shelf.newest(tenant, id) + 1)
        try:
            self._shelf.link(source, self._shelf.place(tenant, id, number, language))
        except FileExistsError:
            raise Conflict("somebody else is changing this prompt") from None
        return number

    async def _changed(self, tenant: TenantId, name: str) -> Shape:
        await self.refresh()
        return await self.get(tenant, name)

    def _file(self, prompt: Prompt, version: Version) -> str:
        return str(self._shelf.place(prompt.tenant, prompt.id, version.version, version.language))


def _shape(version: Version) -> dict[str, Any]:
    return {
        "version": version.version,
        "language": version.language,
        "source": version.source,
        "text": version.text,
        "seconds": version.milliseconds / 1000,
        "size": version.size,
        "sha256": version.sha256,
        "made_at": stamp(version.made_at),
        "made_by": version.made_by,
    }


def _brief(prompt: Prompt) -> dict[str, Any]:
    return {
        "name": prompt.name,
        "title": prompt.title,
        "built_in": False,
        "languages": sorted(prompt.heard),
        "heard": [_shape(one) for _, one in sorted(prompt.heard.items())],
        "texts": {language: one.text for language, one in sorted(prompt.heard.items()) if one.text},
    }


def _built_in(name: str) -> dict[str, Any]:
    spoken = {language: of_language[name] for language, of_language in texts().items()}
    return {
        "name": name,
        "title": spoken["zh"],
        "built_in": True,
        "languages": sorted(spoken),
        "heard": [],
        "texts": spoken,
    }
