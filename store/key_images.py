"""Key images of findings: at most one per case and pathway, of the newest revision. Pixels carry no patient data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from store.listen import Channel, notify
from store.tables import cases, key_images


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKeyImage:
    """A key image as the store holds it; ``arrays`` is an ``.npz``."""

    case_id: str
    pathway: str
    revision: int
    caption: str
    png: bytes
    arrays: bytes
    made_at: datetime


async def record(connection: AsyncConnection, image: StoredKeyImage) -> None:
    """Write a key image and wake the board; one of an older revision never replaces a newer one."""
    values = {name: getattr(image, name) for name in StoredKeyImage.__dataclass_fields__}
    statement = insert(key_images).values(**values)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["case_id", "pathway"], set_=values, where=key_images.c.revision <= image.revision
        )
    )
    await notify(connection, Channel.WORKLIST, image.case_id)


async def of_reference(connection: AsyncConnection, reference: str, pathway: str) -> StoredKeyImage | None:
    """Read the key image of a case, by its short code."""
    columns = [getattr(key_images.c, name) for name in StoredKeyImage.__dataclass_fields__]
    statement = (
        select(*columns)
        .join(cases, cases.c.case_id == key_images.c.case_id)
        .where(cases.c.reference == reference, key_images.c.pathway == pathway)
    )
    row = (await connection.execute(statement)).first()
    return StoredKeyImage(**row._mapping) if row else None  # noqa: SLF001 - public in SQLAlchemy
