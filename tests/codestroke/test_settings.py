"""Settings: the environment before secrets before the file; what is unknown or bad is refused by its name."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

import pytest

from codestroke.settings import Settings, load_settings
from schemas.errors import BadSettings

KEY = "a site key of the settings tests"
CANARY = "canary-4711-canary"
ENV = {"CODESTROKE_SITE_KEY": KEY}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test may see a file or a variable of this machine."""
    monkeypatch.chdir(tmp_path)
    _environment(monkeypatch, {})


def _environment(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name in [name for name in os.environ if name.startswith("CODESTROKE_")]:
        monkeypatch.delenv(name)
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def _loaded(monkeypatch: pytest.MonkeyPatch, **changes: str) -> Settings:
    _environment(monkeypatch, {**ENV, **{f"CODESTROKE_{name}": value for name, value in changes.items()}})
    return load_settings()


def _file(folder: Path, text: str) -> str:
    path = folder / "site.toml"
    path.write_text(text)
    return str(path)


def _secrets(folder: Path, **files: str) -> str:
    secrets = folder / "secrets"
    secrets.mkdir()
    for name, text in files.items():
        (secrets / name).write_text(text)
    return str(secrets)


def test_without_a_site_key_nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    _environment(monkeypatch, {})
    with pytest.raises(BadSettings, match="CODESTROKE_SITE_KEY"):
        load_settings()


def test_a_default_stands_where_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _loaded(monkeypatch).kafka.bootstrap == "127.0.0.1:9092"


def test_the_environment_wins_over_the_secret_and_the_secret_over_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = _file(
        tmp_path,
        'site = "FILE"\n[kafka]\nbootstrap = "file:1"\nsasl_username = "file"\nsasl_password = "file"\ntls = true\n',
    )
    secrets = _secrets(tmp_path, KAFKA__SASL_PASSWORD="secret", KAFKA__SASL_USERNAME="secret")
    settings = _loaded(monkeypatch, CONFIG=file, SECRETS=secrets, KAFKA__SASL_USERNAME="env")
    assert settings.kafka.sasl_username == "env"
    assert settings.kafka.sasl_password.get_secret_value() == "secret"
    assert (settings.kafka.bootstrap, settings.site) == ("file:1", "FILE")


def test_a_secret_file_gives_the_site_key_without_its_line_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _environment(monkeypatch, {"CODESTROKE_SECRETS": _secrets(tmp_path, SITE_KEY=KEY + "\n")})
    assert load_settings().key() == KEY.encode()


def test_the_file_of_the_working_directory_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "codestroke.toml").write_text('site = "HERE"\n')
    assert _loaded(monkeypatch).site == "HERE"


def test_lists_and_tables_are_json_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = '{"pacs": {"kind": "orthanc", "url": "http://pacs.example:8042"}}'
    settings = _loaded(monkeypatch, WORKER__SOURCES=sources, GATEWAY__ALLOWED_AE_TITLES='["CT1", "CT2"]')
    assert settings.worker.sources["pacs"].url == "http://pacs.example:8042"
    assert settings.gateway_settings().allowed_ae_titles == ("CT1", "CT2")


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("KAFFKA__BOOTSTRAP", "x:1", "CODESTROKE_KAFFKA__BOOTSTRAP"),
        ("KAFKA__BOOTSTRAPP", "x:1", "kafka.bootstrapp"),
        ("KAFKA__PARTITIONS", "0", "kafka.partitions"),
        ("KAFKA__PARTITIONS", "many", "kafka.partitions"),
        ("KAFKA__SASL_USERNAME", "me", "kafka.tls"),
        ("SITE", "a site with spaces", "site"),
        ("SITE_KEY", "short", "site_key"),
        ("TRITON__SHARED_MEMORY", "perhaps", "triton.shared_memory"),
        ("GATEWAY__ALLOWED_AE_TITLES", "CT1", "gateway"),
        ("GATEWAY__TIME_ZONE", "Mars/Olympus", "gateway.time_zone"),
        ("LOG__LEVEL", "LOUD", "log.level"),
        ("CONFIG", "absent.toml", "CODESTROKE_CONFIG"),
        ("SECRETS", "absent", "CODESTROKE_SECRETS"),
        ("TWILIO__AUTH_TOKEN", "x", "twilio.account_sid"),
    ],
)
def test_what_is_unknown_or_bad_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, named: str
) -> None:
    with pytest.raises(BadSettings) as caught:
        _loaded(monkeypatch, **{name: value})
    assert named in str(caught.value)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[kafka]\nbootstrapp = "x"\n', "kafka.bootstrapp"),
        ('[kafka]\npartitions = "many"\n', "kafka.partitions"),
        ("nonsense = 1\n", "nonsense"),
        ("[kafka\n", "site.toml"),
        ('[[gateway.orthanc]]\nalias = "P A C S"\nurl = "http://pacs"\n', "gateway.orthanc.0.alias"),
    ],
)
def test_a_bad_file_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(BadSettings) as caught:
        _loaded(monkeypatch, CONFIG=_file(tmp_path, text))
    assert named in str(caught.value)


def test_an_unknown_secret_file_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(BadSettings) as caught:
        _loaded(monkeypatch, SECRETS=_secrets(tmp_path, KAFKA__PASSWORT=CANARY))
    assert "passwort" in str(caught.value).lower()
    assert CANARY not in str(caught.value)


def test_a_secret_is_in_no_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    twilio = {"account_sid": "AC" + "0" * 32, "auth_token": CANARY, "from_number": "+12025550100"}
    settings = _loaded(
        monkeypatch,
        SITE_KEY=CANARY,
        STORE__URL=f"postgresql+psycopg://u:{CANARY}@127.0.0.1/db",
        TWILIO__AUTH_TOKEN=twilio["auth_token"],
        TWILIO__ACCOUNT_SID=twilio["account_sid"],
        TWILIO__FROM_NUMBER=twilio["from_number"],
    )
    told = f"{settings!r} {settings} {settings.model_dump()} {settings.gateway_settings()!r}"
    assert CANARY not in told


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KAFKA__SASL_PASSWORD", f'{{"{CANARY}": 1}}'),
        ("KAFKA", f'{{"sasl_password": ["{CANARY}"]}}'),
        ("KAFKA", f'{{"sasl_password": "{CANARY}"'),
        ("PAGING__CONTACTS", f'[{{"code": "{CANARY} X", "number": "{CANARY}"}}]'),
        ("TWILIO__AUTH_TOKEN", CANARY),
    ],
)
def test_a_refusal_quotes_no_value(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(BadSettings) as caught:
        _loaded(monkeypatch, KAFKA__PARTITIONS="0", **{name: value})
    assert CANARY not in "".join(traceback.format_exception(caught.value))
