"""Dockerfile and compose.yaml stay in step with the settings, the locks and the launcher."""

import re
from pathlib import Path

import pytest
import yaml

from config.env import VARIABLES
from config.launch import run
from config.launch.keys import make_secrets
from config.launch.paths import UNPUBLISHED

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
OURS = ("prepare", "web", "worker", "opener", "scheduler")
# Variables of Python, pip and the PostgreSQL image, not of ours.
FOREIGN = re.compile(r"^(PYTHON|PIP_|POSTGRES_)")


def declared(name: str) -> bool:
    return name in VARIABLES or name.removesuffix("_FILE") in VARIABLES


@pytest.mark.parametrize("service", OURS)
def test_compose_sets_only_declared_variables(service):
    environment = COMPOSE["services"][service]["environment"]

    assert [name for name in environment if not declared(name)] == []


def test_dockerfile_sets_only_declared_variables():
    text = (ROOT / "Dockerfile").read_text("utf-8")
    names = [name for line in re.findall(r"^ENV (.+)$", text, re.MULTILINE) for name in re.findall(r"(\w+)=", line)]

    assert names
    assert [name for name in names if not FOREIGN.match(name) and not declared(name)] == []


@pytest.mark.parametrize("service", OURS)
def test_compose_sets_all_that_production_demands(service):
    environment = COMPOSE["services"][service]["environment"]
    demanded = [name for name, variable in VARIABLES.items() if variable.required_in_production]

    assert demanded
    assert [name for name in demanded if name not in environment and f"{name}_FILE" not in environment] == []


@pytest.mark.parametrize("service", OURS)
def test_each_secret_that_is_named_is_mounted(service):
    parts = COMPOSE["services"][service]
    named = {
        value.removeprefix("/run/secrets/") for value in parts["environment"].values() if "/run/secrets/" in str(value)
    }

    assert named == set(parts["secrets"])


def test_only_the_opener_holds_its_key_and_each_login_its_own_password():
    holders = [name for name in OURS if "opener_key" in COMPOSE["services"][name]["secrets"]]
    passwords = {
        name: [secret for secret in COMPOSE["services"][name]["secrets"] if secret.startswith("database_password")]
        for name in OURS
    }

    assert holders == ["opener"]
    assert passwords == {
        "prepare": ["database_password_owner"],
        "web": ["database_password_web"],
        "worker": ["database_password_worker"],
        "opener": ["database_password_opener"],
        "scheduler": ["database_password_worker"],
    }


def test_secrets_are_what_the_key_command_makes(tmp_path):
    make_secrets(tmp_path / "secrets")

    made = {f"secrets/{file.name}" for file in (tmp_path / "secrets").iterdir()}
    assert {secret["file"] for secret in COMPOSE["secrets"].values()} == made


def test_containers_run_the_same_roles_and_queues_as_make_run():
    programs = {program.name: program for program in run._programs()}
    for name, program in programs.items():
        service = COMPOSE["services"][name]
        assert service["environment"]["PROCESS_ROLE"] == program.environment["PROCESS_ROLE"]
        queues = [part for part in program.command if part.startswith("--queues=")]
        assert [part for part in service.get("command", []) if part.startswith("--queues=")] == queues


def test_prepare_publishes_what_make_run_publishes():
    assert " ".join(UNPUBLISHED) in COMPOSE["services"]["prepare"]["command"][-1]


def test_postgres_is_18_and_made_by_the_same_roles_file():
    database = COMPOSE["services"]["database"]

    assert database["image"] == "postgres:18"
    assert any(volume.startswith("./config/launch/roles.sql:") for volume in database["volumes"])
