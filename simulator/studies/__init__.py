"""Synthetic studies as DICOM datasets: one kind of study a file."""
