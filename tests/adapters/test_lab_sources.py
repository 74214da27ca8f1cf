"""Finding the Debian mirror in what this machine's apt reads."""

from pathlib import Path

import pytest

from adapters.lab import apt, sources
from adapters.lab.failures import NotFetched
from adapters.lab.fetch import fetch

DEB822 = """\
Types: deb
URIs: http://other.example/linux/debian
Suites: bookworm
Components: stable

# The distribution
Types: deb deb-src
URIs: http://mirror.example/debian/
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""


@pytest.mark.parametrize(
    ("name", "text", "address"),
    [
        ("sources.list.d/debian.sources", DEB822, "http://mirror.example/debian"),
        ("sources.list", "deb http://mirror.example/debian bookworm main contrib # theirs\n", "http://mirror.example/debian"),
        ("sources.list", "deb [arch=amd64 signed-by=/k.gpg] https://m.example/debian/ trixie main\n", "https://m.example/debian"),
        (
            "sources.list.d/debian.sources",
            "Types: deb\nURIs:\n mirror+file:///etc/apt/mirrors/debian.list\nSuites: bookworm\nComponents: main\n",
            "mirror+file:///etc/apt/mirrors/debian.list",
        ),
        ("sources.list", "# deb http://old.example/debian bookworm main\n", None),
        ("sources.list", "deb http://mirror.example/debian-security bookworm-security main\n", None),
        ("sources.list", "deb http://mirror.example/debian bookworm-updates main\n", None),
        ("sources.list", "deb http://mirror.example/ubuntu noble main\n", None),
        ("sources.list.d/docker.list", "deb https://docker.example/linux/debian bookworm stable\n", None),
        ("sources.list.d/debian.sources", "Enabled: no\n" + DEB822.split("\n\n")[1].partition("\n")[2], None),
        ("sources.list.d/debian.sources.off", DEB822, None),
    ],
)  # fmt: skip
def test_the_distribution_is_told_from_everything_else(
    tmp_path: Path, name: str, text: str, address: str | None
) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / name).write_text(text)

    found = sources.debian(tmp_path)

    assert (found.address if found else None) == address


def test_a_chosen_mirror_wins() -> None:
    assert apt.mirror({"CTI_DEB_MIRROR": "http://near.example/debian/"}) == "http://near.example/debian"


def test_a_mirror_that_is_away_is_said_in_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    nowhere = {"CTI_DEB_MIRROR": "http://127.0.0.1:9/debian"}

    with pytest.raises(NotFetched) as failure:
        fetch(tmp_path / "root", nowhere, lambda line: None)

    assert "\n" not in str(failure.value)
    assert "apt-get failed" in str(failure.value)
    assert [file.name for file in tmp_path.iterdir()] == ["fetch.lock"]
