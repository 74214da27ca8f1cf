"""Settings come from where they should, and what is wrong is named."""

from pathlib import Path

import pytest

from adapters.settings import BadSettings, load


def test_the_environment_wins_over_the_file_and_the_file_over_the_lab(tmp_path: Path) -> None:
    (tmp_path / ".lab").mkdir()
    (tmp_path / ".lab" / "cti.toml").write_text("ami_port = 1\nhttp_port = 1\nagi_port = 1\n")
    (tmp_path / "cti.toml").write_text("ami_port = 2\nhttp_port = 2\n")
    loaded = load({"CTI_AMI_PORT": "3"}, tmp_path)
    assert (loaded.settings.ami_port, loaded.settings.http_port, loaded.settings.agi_port) == (3, 2, 1)
    assert loaded.origins["ami_port"] == "CTI_AMI_PORT"
    assert loaded.origins["http_port"].endswith("cti.toml")


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"CTI_AMI_PROT": "1"}, "CTI_AMI_PORT"),
        ({"CTI_X": "1"}, "there is no setting CTI_X; did you mean CTI_"),
        ({"CTI_AMI_PORT": "many"}, "ami_port"),
        ({"CTI_HTTP_PORT": "70000"}, "http_port"),
        ({"CTI_FALLBACK": "number:12;rm"}, "fallback"),
        ({"CTI_DATABASE_URL": "postgresql://cti:geheim@db/cti"}, "^database_url.*postgresql\\+asyncpg://(?!.*geheim)"),
        ({"CTI_DATABASE_URL": "/var/lib/cti.db"}, "sqlite\\+aiosqlite:///"),
        ({"CTI_AMI_SECRET_FILE": "does-not-exist"}, "CTI_AMI_SECRET_FILE"),
        ({"CTI_ARI_URL": "http://10.0.0.7:8088/ari"}, "ari_url"),
        ({"CTI_ARI_URL": "http://127.0.0.1.evil.example/ari"}, "ari_url"),
        ({"CTI_ARI_URL": "http://me:secret@127.0.0.1:8088/ari"}, "ari_url"),
        ({"CTI_ARI_URL": "file:///etc/passwd"}, "ari_url"),
        ({"CTI_TRUNK": "my_trunk"}, "trunk"),
        ({"CTI_PROMPTS_DIR": "/srv/cti:1/prompts"}, "prompts_dir"),
        ({"CTI_VOICE_DIR": "/opt/cti (new)/voice"}, "voice_dir"),
    ],
)
def test_a_wrong_variable_stops_the_start_and_is_named(environ: dict[str, str], said: str, tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=said):
        load(environ, tmp_path)


@pytest.mark.parametrize("key", ["htpp_port", "HTTP_PORT", "CTI_HTTP_PORT"])
def test_an_unknown_key_in_a_file_names_the_nearest_valid_one(key: str, tmp_path: Path) -> None:
    (tmp_path / "cti.toml").write_text(f"{key} = 1\n")
    with pytest.raises(BadSettings, match=r"cti\.toml: there is no setting .*; did you mean http_port\?"):
        load({}, tmp_path)


def test_the_lab_may_be_named_in_a_file_too(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "cti.toml").write_text("ami_port = 1\n")
    (tmp_path / "cti.toml").write_text('lab_dir = "other"\n')
    assert load({}, tmp_path).settings.ami_port == 1
    assert load({"CTI_LAB_DIR": "third"}, tmp_path).settings.ami_port == 5038


def test_a_secret_may_lie_in_a_file_and_is_never_shown(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    loaded = load({"CTI_AMI_SECRET_FILE": str(tmp_path / "secret")}, tmp_path)
    assert loaded.settings.ami_secret.get_secret_value() == "s3cret"
    assert "s3cret" not in repr(loaded)
    assert "s3cret" not in str(loaded.rows())
