"""Patients who do not exist."""

from __future__ import annotations

from simulator.patients import make_patient


def test_same_seed_same_patient() -> None:
    assert make_patient(3, 4) == make_patient(3, 4)


def test_patients_of_a_shift_differ() -> None:
    assert len({make_patient(1, number).patient_id for number in range(40)}) == 40


def test_every_patient_is_recognised_as_synthetic() -> None:
    for number in range(40):
        patient = make_patient(2, number)
        assert patient.name.startswith("SYNTHETIC-")
        assert patient.patient_id.startswith("SYN")
        assert patient.accession.startswith("SYN")


def test_canaries_name_everything_that_identifies() -> None:
    patient = make_patient(1, 1)
    wanted = {patient.name, patient.patient_id, f"{patient.birth_date:%Y%m%d}", patient.accession}
    assert wanted <= set(patient.canaries)
