"""How a PACS is reached over DICOMweb; built once in the composition root.

``setting`` names the place in the configuration that messages point to. The token hides itself from logs.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DicomwebSettings:
    """One PACS. ``url`` is the DICOMweb root; ``orthanc_url`` switches on Orthanc's faster own interface."""

    alias: str
    url: str
    setting: str
    orthanc_url: str | None = None
    authorization: str | None = field(default=None, repr=False)
    """Value of the Authorization header."""
    connections: int = 4
    max_bytes: int = 8 * 1024**3
    max_instances: int = 5000
    connect_s: float = 5.0
    stall_s: float = 10.0
    """Longest silence within an answer."""
    attempts: int = 4
