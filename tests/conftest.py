"""What every test process does first: it leaves for a network of its own."""

import os

import pytest

from tests.alone import go_alone, may_not


def pytest_configure(config: pytest.Config) -> None:
    """Go alone, in the process that runs tests: an xdist worker, or the only one."""
    starts_workers = bool(getattr(config.option, "numprocesses", None)) and "PYTEST_XDIST_WORKER" not in os.environ
    if starts_workers or config.option.collectonly:
        return
    try:
        go_alone()
    except OSError as failure:
        if may_not(failure):
            pytest.exit("tests need a network of their own: run `make test`, or pytest as root", returncode=3)
        raise


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take long first, or one process has them all to itself at the end."""
    items.sort(key=lambda item: "live" not in item.path.parts)
