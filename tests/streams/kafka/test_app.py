"""The Faust app: its four safety rules are set, and TLS that was asked for is never weakened."""

from __future__ import annotations

import ssl
from pathlib import Path

import faust
import pytest

from schemas.errors import BadSettings
from schemas.topics import STUDY_ARRIVED
from streams.kafka.app import make_app, raw_topic
from streams.kafka.settings import KafkaSettings

# Faust imports modules of the standard library that are deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_records_are_raw_and_a_stopping_worker_waits_for_the_one_in_hand(tmp_path: Path) -> None:
    app = make_app("router", KafkaSettings(), folder=tmp_path)
    topic = raw_topic(app, STUDY_ARRIVED)
    assert (topic.key_serializer, topic.value_serializer) == ("raw", "raw")
    assert app.conf.stream_wait_empty is True
    assert app.conf.processing_guarantee == faust.types.enums.ProcessingGuarantee.AT_LEAST_ONCE
    assert (app.conf.topic_allow_declare, app.conf.web_enabled) == (False, False)


def test_the_group_is_the_role_so_that_hosting_together_changes_no_offsets(tmp_path: Path) -> None:
    assert make_app("router", KafkaSettings(), folder=tmp_path).conf.id == "codestroke-router"


def test_without_tls_there_are_no_credentials(tmp_path: Path) -> None:
    assert make_app("router", KafkaSettings(), folder=tmp_path).conf.broker_credentials is None


@pytest.mark.parametrize("user", ["", "codestroke"])
def test_tls_that_is_asked_for_is_used(tmp_path: Path, user: str) -> None:
    settings = KafkaSettings.model_validate({"tls": True, "sasl_username": user, "sasl_password": "p"})
    credentials = make_app("router", settings, folder=tmp_path).conf.broker_credentials
    context = credentials.ssl_context if user else credentials.context
    assert isinstance(context, ssl.SSLContext)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert str(credentials.protocol.value) == ("SASL_SSL" if user else "SSL")


def test_tls_without_a_context_refuses_to_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KafkaSettings, "ssl_context", lambda _self: None)
    with pytest.raises(BadSettings, match=r"kafka\.tls"):
        make_app("router", KafkaSettings(tls=True), folder=tmp_path)


def test_a_password_that_would_travel_in_clear_is_refused() -> None:
    with pytest.raises(ValueError, match=r"kafka\.tls"):
        KafkaSettings(sasl_username="codestroke")
