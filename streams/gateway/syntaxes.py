"""What the DICOM door takes: object classes and encodings that codestroke can really decode, and no others.

Who calls it: the SCP, when it builds its presentation contexts.
"""

from __future__ import annotations

from pydicom.uid import (
    ComputedRadiographyImageStorage,
    CTImageStorage,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
    EnhancedCTImageStorage,
)

from streams.dicom.syntaxes import DECODABLE, DEFLATED_LE

VERIFICATION = "1.2.840.10008.1.1"  # PS3.4 annex A

STORAGE_CLASSES: tuple[str, ...] = (
    CTImageStorage,
    EnhancedCTImageStorage,
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
)

# Deflated datasets are left to the PACS: a header would have to be inflated before it can be refused, and no
# modality sends them. Of the rest the sender's order decides; this is only the set of what is taken.
TRANSFER_SYNTAXES: tuple[str, ...] = tuple(syntax for syntax in DECODABLE if syntax != DEFLATED_LE)
