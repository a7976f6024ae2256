"""A synthetic hospital: patients, studies, a shift and a phone carrier. No real data."""
