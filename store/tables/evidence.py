"""What a finding looked like: the key image, and the arrays behind it."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, Table, Text

from store.tables.meta import instant, metadata

key_images = Table(
    "key_images",
    metadata,
    Column("case_id", Text, ForeignKey("cases.case_id"), primary_key=True),
    Column("pathway", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("caption", Text, nullable=False, comment="no patient data"),
    Column("png", LargeBinary, nullable=False),
    Column("arrays", LargeBinary, nullable=False, comment="a compressed .npz without pickles"),
    instant("made_at"),
)
