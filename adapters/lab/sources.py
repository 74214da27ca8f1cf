"""Where this machine's own apt gets Debian from, read from its sources in either file format.

`apt-get indextargets` would tell, but on a machine that never ran `apt-get update` it tells nothing.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ETC_APT: Final = Path("/etc/apt")
ONE_LINE: Final = re.compile(r"^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+(.+)$")
DEBIAN: Final = re.compile(r"(^|/)debian(\.list)?(/|$)")
EXTRAS: Final = ("-security", "-updates", "-backports", "/updates")


@dataclass(frozen=True, slots=True)
class Source:
    """One address and one release."""

    address: str
    suite: str
    components: tuple[str, ...]

    @property
    def is_debian_itself(self) -> bool:
        """Tell the distribution from its updates and from other people's packages."""
        extra = any(word in self.suite for word in EXTRAS) or "security" in self.address
        return "main" in self.components and DEBIAN.search(self.address) is not None and not extra


def debian(etc: Path = ETC_APT) -> Source | None:
    """Return the source of Debian itself, or None where this is another system."""
    return next((source for source in sources(etc) if source.is_debian_itself), None)


def sources(etc: Path) -> Iterator[Source]:
    """Read every source that is switched on."""
    for file in (etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))):
        if file.suffix == ".list" and file.is_file():
            yield from _one_line(file.read_text(encoding="utf-8", errors="replace").splitlines())
        elif file.suffix == ".sources" and file.is_file():
            yield from _paragraphs(file.read_text(encoding="utf-8", errors="replace"))


def _one_line(lines: Iterable[str]) -> Iterator[Source]:
    for line in lines:
        if found := ONE_LINE.match(line.partition("#")[0].strip()):
            yield Source(found[1].rstrip("/"), found[2], tuple(found[3].split()))


def _paragraphs(text: str) -> Iterator[Source]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for paragraph in re.split(r"\n\s*\n", "\n".join(lines)):
        fields: dict[str, list[str]] = {}
        name = ""
        for line in paragraph.splitlines():
            if not line.startswith((" ", "\t")):
                name, _, line = line.partition(":")
            fields.setdefault(name.strip().lower(), []).extend(line.split())
        if "deb" not in fields.get("types", []) or fields.get("enabled", ["yes"])[0].lower() in ("no", "false"):
            continue
        for address in fields.get("uris", []):
            for suite in fields.get("suites", []):
                yield Source(address.rstrip("/"), suite, tuple(fields.get("components", [])))
