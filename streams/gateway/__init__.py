"""The gateway: studies come in over DICOM, or are seen in a PACS, and leave as one event each."""
