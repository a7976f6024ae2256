"""Tests of judging a folder of DICOM studies."""
