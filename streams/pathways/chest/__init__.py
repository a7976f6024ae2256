"""Pneumonia on chest X-ray: re-ranks, never pages."""
