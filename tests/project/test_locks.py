"""The lock files hold every pinned package, hashed, and no address of any registry."""

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
RUNTIME = [*PROJECT["project"]["dependencies"]]
DEV = [*RUNTIME, *PROJECT["dependency-groups"]["dev"]]
NPM = json.loads((ROOT / "package-lock.json").read_text("utf-8"))


def locked(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text("utf-8")
    return {found[1]: found[2] for found in re.finditer(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)}


@pytest.mark.parametrize(("name", "pins"), [("requirements.lock", RUNTIME), ("requirements-dev.lock", DEV)])
def test_locks_follow_the_pins(name, pins):
    versions = locked(name)

    assert all("==" in pin for pin in pins)
    assert {pin: versions.get(pin.split("==")[0].split("[")[0]) for pin in pins} == {
        pin: pin.split("==")[1] for pin in pins
    }


def test_tests_run_on_the_versions_that_are_shipped():
    shipped, tested = locked("requirements.lock"), locked("requirements-dev.lock")

    assert {name: tested.get(name) for name in shipped} == shipped


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", "config/launch/node.lock"])
def test_every_package_is_hashed_and_no_address_is_named(name):
    text = (ROOT / name).read_text("utf-8")

    assert not re.search(r"https?://|file:|--index|--find-links|--extra-index", text)
    blocks = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert blocks
    assert all("--hash=sha256:" in block for block in blocks)


def test_npm_lock_is_pinned_hashed_and_names_no_registry():
    packages = {name: package for name, package in NPM["packages"].items() if name}

    assert all("resolved" not in package for package in packages.values())
    assert all("integrity" in package for package in packages.values())
    root = NPM["packages"][""]
    assert all(
        version[0].isdigit() for group in ("dependencies", "devDependencies") for version in root[group].values()
    )
    assert root["dependencies"]["htmx.org"].startswith("2.")
