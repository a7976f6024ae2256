"""docker-compose.yml: valid by the compose specification, hardened, and equal to what the demo starts.

It cannot be started where there is no engine; what can be checked without one is checked here.
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema.validators import validator_for

from codestroke.cli import app
from codestroke.fleet.plan import ROLES
from codestroke.services.kafka import properties as kafka_properties
from codestroke.services.parts import Ports
from codestroke.services.postgres import binaries
from codestroke.services.stack import Part
from codestroke.services.triton import options as triton_options
from codestroke.settings import load_settings
from simulator.carrier.settings import CarrierSettings

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docker-compose.yml"
LOCKS = ROOT / "codestroke" / "services" / "locks"
ONE_SHOT = {"migrate", "topics", "shift"}
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]

KAFKA: dict[str, Any] = SERVICES["kafka"]["environment"]
ADDRESSES = re.compile(r"listener|advertised|controller\.|log\.dirs")


def test_it_is_valid_by_the_compose_specification() -> None:
    # The package brings the compose specification's schema along; its command line is not needed.
    found = importlib.util.find_spec("check_jsonschema")
    assert found is not None
    assert found.origin is not None
    schema = Path(found.origin).parent / "builtin_schemas" / "vendor" / "compose-spec.json"
    specification = json.loads(schema.read_text())
    problems = validator_for(specification)(specification).iter_errors(COMPOSE)
    assert [problem.message for problem in problems] == []


def test_its_roles_are_those_that_the_demo_starts() -> None:
    roles = {name: tuple(SERVICES[name]["command"]) for name in ROLES}
    assert roles == dict(ROLES)


@pytest.mark.parametrize("name", [name for name, service in SERVICES.items() if "build" in service])
def test_the_command_line_knows_every_command_and_option(name: str) -> None:
    command, bound, _ = app.parse_args(SERVICES[name]["command"], print_error=False, exit_on_error=False)
    assert callable(command)
    assert bound.arguments or len(SERVICES[name]["command"]) <= len(("topics", "apply"))


def test_its_parts_are_those_of_codestroke_services_and_a_pacs() -> None:
    others = set(SERVICES) - set(ROLES) - ONE_SHOT - {"carrier"}
    assert others == {part.value for part in Part} | {"orthanc"}


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_hardened_and_pinned(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.search(r":[0-9][\w.-]*$", service["image"])
    assert service.get("user") not in ("root", "0")
    assert "user" in service or name == "orthanc"
    assert service["healthcheck"].get("disable") if name in ONE_SHOT else service["healthcheck"]["test"]


def test_parts_are_of_the_releases_that_the_other_tests_run_against() -> None:
    jars = (LOCKS / "jgo.toml").read_text()
    kafka = re.search(r"kafka_2\.13:([0-9.]+)", jars)
    assert kafka is not None
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{kafka[1]}"
    # NVIDIA's release 24.10 is Triton 2.51.0, which the wheel named here carries.
    assert "nvidia-pytriton==0.7.0" in (LOCKS / "triton.txt").read_text()
    assert SERVICES["triton"]["image"] == "nvcr.io/nvidia/tritonserver:24.10-py3"


def test_the_broker_has_the_settings_that_the_other_tests_run_against() -> None:
    lines = kafka_properties(Ports(), Path("log")).splitlines()
    ours = dict(line.split("=", 1) for line in lines if "=" in line and not ADDRESSES.match(line))
    theirs = {key[6:].lower().replace("_", "."): str(value) for key, value in KAFKA.items()}
    shared = ours.keys() & theirs.keys()
    assert {"auto.create.topics.enable", "group.min.session.timeout.ms", "broker.session.timeout.ms"} <= shared
    assert {key: theirs[key] for key in shared} == {key: ours[key] for key in shared}


def test_the_model_server_has_the_options_that_the_other_tests_run_against() -> None:
    ours = triton_options(Path("/models"), Ports(), Path("backends"), prefix="p")
    program, *theirs = SERVICES["triton"]["command"]
    assert program == "tritonserver"
    assert set(theirs) == {option for option in ours if not re.search(r"address|port|backend", option)}


def test_postgres_is_of_the_release_that_the_other_tests_run_against() -> None:
    said = subprocess.run([binaries(None) / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    assert SERVICES["postgres"]["image"].startswith(f"postgres:{said.split()[2]}-")


def test_every_folder_that_a_role_writes_to_belongs_to_its_user() -> None:
    mounted = {volume.split(":")[1] for name in ROLES for volume in SERVICES[name]["volumes"]}
    made = (ROOT / "Dockerfile").read_text()
    assert all(f"install -d -o codestroke -m 0700 {folder}" in made for folder in mounted)


def test_the_image_has_what_the_roles_are_made_of() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    copied = set(re.findall(r"^COPY (\w+) \1$", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    allowed = set(re.findall(r"^!(\w+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    assert copied == packages
    assert packages <= allowed


def test_no_variable_is_needed_and_every_mounted_file_is_there() -> None:
    variables = re.findall(r"\$\{(\w+)(:-[^}]*)?\}", FILE.read_text())
    assert all(default for _, default in variables)
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", FILE.read_text())
    files = [ROOT / item["file"] for kind in ("configs", "secrets") for item in yaml.safe_load(text)[kind].values()]
    assert all(path.is_file() for path in files)


def test_only_loopback_is_published() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


@pytest.mark.parametrize("name", list(ROLES))
def test_the_roles_accept_their_settings(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in SERVICES[name]["environment"].items():
        monkeypatch.setenv(key, value)
    for secret in SERVICES[name]["secrets"]:
        (tmp_path / secret).write_bytes((ROOT / "deploy" / "demo" / secret).read_bytes())
    mounted = {"CODESTROKE_CONFIG": str(ROOT / "deploy" / "codestroke.toml"), "CODESTROKE_SECRETS": str(tmp_path)}
    settings = load_settings(mounted)
    assert (settings.twilio is not None) == (name in {"pager", "board"})
    assert settings.gateway_settings().orthanc[0].alias in settings.worker.sources


def test_the_carrier_accepts_its_file_and_answers_on_the_account_of_the_settings() -> None:
    carrier = CarrierSettings.model_validate_json((ROOT / "deploy" / "carrier.json").read_bytes())
    token = (ROOT / "deploy" / "demo" / "TWILIO__AUTH_TOKEN").read_text()
    assert carrier.auth_token.get_secret_value() == token
