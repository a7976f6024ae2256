"""Judging a pathway on a folder of DICOM studies, through the code of the running pipeline."""
