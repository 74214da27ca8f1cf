"""Name -> plug-in, filled by the files of a folder as they are imported; two of one name is an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Generic, TypeVar

P = TypeVar("P")


class Registry(Generic[P]):
    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._plugins: dict[str, P] = {}

    def add(self, name: str) -> Callable[[P], P]:
        """Register what is decorated under `name`."""

        def register(plugin: P) -> P:
            if name in self._plugins:
                raise ValueError(f"two of one name: {self.kind} {name!r}")
            self._plugins[name] = plugin
            return plugin

        return register

    def __getitem__(self, name: str) -> P:
        return self._plugins[name]

    def __contains__(self, name: object) -> bool:
        return name in self._plugins

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._plugins))


def load_folder(package: str, path: list[str]) -> None:
    """Import every module of a package, so that each can register itself."""
    for module in iter_modules(path):
        if not module.name.startswith("_"):
            import_module(f"{package}.{module.name}")
