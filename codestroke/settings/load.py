"""Loading the settings: environment before secrets before the TOML file; an unknown key or a bad value is refused.

``CODESTROKE_CONFIG`` names the TOML file (default ``codestroke.toml`` in the working directory, which may be absent),
``CODESTROKE_SECRETS`` a directory with one file per secret, named like the environment variable without the prefix.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from codestroke.settings.model import PREFIX, Settings
from schemas.errors import BadSettings

# Read by the parts, the tests and this module; not settings of a process.
_NOT_SETTINGS = {"CONFIG", "SECRETS", "DATA", "HOME", "CACHE"}
_TEST_PREFIX = "TEST_"


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Build the settings of this process.

    Raises:
        BadSettings: a key is unknown or a value is bad; the message names each.
    """
    env = os.environ if environ is None else environ
    _refuse_unknown(env)
    file, secrets = _toml_file(env), _secrets_folder(env)
    try:
        return _bound(file, secrets)()
    except ValidationError as error:
        raise BadSettings(_in_words(error)) from None  # the cause would quote the values, secrets among them
    except (SettingsError, OSError, ValueError) as error:
        raise BadSettings(f"settings cannot be read{_place(error, file)}: {error}") from None


def _bound(file: Path | None, secrets: str | None) -> type[Settings]:
    class Bound(Settings):
        model_config = SettingsConfigDict(toml_file=file, **_secret_keys(secrets))

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            sources: list[PydanticBaseSettingsSource] = [init_settings, env_settings]
            if secrets:
                sources.append(NestedSecretsSettingsSource(file_secret_settings))
            if file is not None:
                sources.append(TomlConfigSettingsSource(settings_cls))
            return tuple(sources)

    return Bound


def _secret_keys(secrets: str | None) -> SettingsConfigDict:
    if not secrets:
        return SettingsConfigDict()
    return SettingsConfigDict(secrets_dir=secrets, secrets_prefix="", secrets_nested_delimiter="__")


def _toml_file(env: Mapping[str, str]) -> Path | None:
    named = env.get(f"{PREFIX}CONFIG")
    if named:
        if not Path(named).is_file():
            raise BadSettings(f"{PREFIX}CONFIG names a file that does not exist: {named}")
        return Path(named)
    default = Path("codestroke.toml")
    return default if default.is_file() else None


def _secrets_folder(env: Mapping[str, str]) -> str | None:
    named = env.get(f"{PREFIX}SECRETS")
    if named and not Path(named).is_dir():
        raise BadSettings(f"{PREFIX}SECRETS names a directory that does not exist: {named}")
    return named or None


def _place(error: Exception, file: Path | None) -> str:
    return f" from {file}" if isinstance(error, tomllib.TOMLDecodeError | UnicodeDecodeError) else ""


def _refuse_unknown(env: Mapping[str, str]) -> None:
    known = {name.upper() for name in Settings.model_fields} | _NOT_SETTINGS
    for name in env:
        if not name.startswith(PREFIX):
            continue
        top = name.removeprefix(PREFIX).split("__")[0]
        if top.upper() not in known and not top.startswith(_TEST_PREFIX):
            raise BadSettings(f"unknown setting {name}; known are {PREFIX}" + f", {PREFIX}".join(sorted(known)))


def _in_words(error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        lines.append(f"setting {_dotted(problem['loc']) or 'settings'}: {problem['msg']}")
    return "; ".join(lines)


def _dotted(location: tuple[Any, ...]) -> str:
    return ".".join(str(part) for part in location)
