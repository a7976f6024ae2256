"""The reference page of all settings, made from the settings themselves; CI fails when the page is stale."""

from __future__ import annotations

import enum
import inspect
from collections.abc import Iterator
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretBytes, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from codestroke.settings.model import PREFIX, Settings

_HEAD = """# Settings

Made from the code by `codestroke doctor --settings`; do not edit. Every setting may stand in the environment (the name
below), in a TOML file (`CODESTROKE_CONFIG`, default `codestroke.toml`; nested names become tables), or, for secrets, in
a file of the same name without `CODESTROKE_` in the directory that `CODESTROKE_SECRETS` names. The environment wins
over secrets, secrets over the file. Lists and tables are JSON in the environment. An unknown name or a bad value is
refused.
`CODESTROKE_SITE_KEY` is always needed. Research software, not a medical device.
"""


def render() -> str:
    """The page as Markdown."""
    return _HEAD + "\n" + "\n".join(_section("", Settings)) + "\n"


def _section(path: str, model: type[BaseModel]) -> Iterator[str]:
    title = path.rstrip("_").replace("__", ".").lower() or "top level"
    yield f"## {title}"
    yield ""
    yield inspect.cleandoc(model.__doc__ or "").split("\n\n")[0].replace("\n", " ").replace("``", "`")
    yield ""
    plain = [(name, field) for name, field in model.model_fields.items() if _model_of(field.annotation) is None]
    if plain:
        yield "| setting | type | default |"
        yield "|---|---|---|"
        for name, field in plain:
            yield f"| `{PREFIX}{path}{name.upper()}` | {_type(field.annotation)} | {_default(field)} |"
        yield ""
    for name, field in model.model_fields.items():
        nested = _model_of(field.annotation)
        if nested is not None:
            yield from _section(f"{path}{name.upper()}__", nested)


def _model_of(annotation: Any) -> type[BaseModel] | None:
    options = [item for item in get_args(annotation) if item is not type(None)] or [annotation]
    if get_origin(annotation) in (Union, UnionType, None) and len(options) == 1:
        only = options[0]
        return only if isinstance(only, type) and issubclass(only, BaseModel) else None
    return None


def _type(annotation: Any) -> str:
    if annotation in (SecretStr, SecretBytes):
        return "secret"
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return " or ".join(f"`{item.value}`" for item in annotation)
    if get_origin(annotation) in (Union, UnionType):
        return " or ".join(_type(item) for item in get_args(annotation) if item is not type(None)) + ", optional"
    if get_origin(annotation) in (tuple, list, dict):
        return "JSON list" if get_origin(annotation) is not dict else "JSON table"
    return str(getattr(annotation, "__name__", annotation)).lower()


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "empty"
    value = field.default
    if value is PydanticUndefined:
        return "**needed**"
    if isinstance(value, SecretStr | SecretBytes):
        return "set" if value.get_secret_value() else "none"
    if value in (None, "", ()):
        return "none"
    return f"`{value.value if isinstance(value, enum.Enum) else value}`"
