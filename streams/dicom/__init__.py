"""DICOM in: receiving, choosing, checking and resampling series."""
