"""The manifest claims no more than what quality_scale.yaml says is done."""

import json
from pathlib import Path
from typing import Any

import homeassistant.components
from homeassistant.util.yaml import load_yaml_dict
import pytest

from tests.integration.home import INTEGRATION

TIERS = ("bronze", "silver", "gold", "platinum")

# An integration of Home Assistant's own, whose file its maintainers hold complete.
EXEMPLAR = Path(homeassistant.components.__path__[0]) / "solaredge_modbus/quality_scale.yaml"


def rules_by_tier() -> dict[str, set[str]]:
    """Return Home Assistant's rules; the tiers stand in the comments of the exemplar."""
    rules: dict[str, set[str]] = {}
    tier = ""
    for line in EXEMPLAR.read_text().splitlines():
        text = line.strip()
        if text.startswith("# ") and text[2:].lower() in TIERS:
            tier = text[2:].lower()
            rules[tier] = set()
        elif line.startswith("  ") and not line.startswith("   ") and tier and ":" in text:
            rules[tier].add(text.partition(":")[0])
    return rules


@pytest.fixture
def verdicts() -> dict[str, Any]:
    """What our own file says, by rule."""
    path = INTEGRATION / "quality_scale.yaml"
    loaded: dict[str, Any] = load_yaml_dict(str(path))["rules"]
    return loaded


def status(verdict: str | dict[str, str]) -> str:
    """Return the status of a rule, whether it has a comment or not."""
    return verdict if isinstance(verdict, str) else verdict["status"]


def test_every_rule_is_answered(verdicts: dict[str, Any]) -> None:
    rules = rules_by_tier()
    assert tuple(rules) == TIERS
    assert set(verdicts) == set().union(*rules.values())
    assert len(verdicts) > 50
    for rule, verdict in verdicts.items():
        assert status(verdict) in {"done", "exempt", "todo"}, rule
        if status(verdict) != "done":
            assert verdict["comment"].strip(), f"{rule} has no reason"


def test_the_claim_is_kept(verdicts: dict[str, Any]) -> None:
    manifest = json.loads((INTEGRATION / "manifest.json").read_text())
    claimed = TIERS.index(manifest["quality_scale"]) + 1 if "quality_scale" in manifest else 0
    rules = rules_by_tier()
    owed = {rule for tier in TIERS[:claimed] for rule in rules[tier]}
    assert {rule for rule in owed if status(verdicts[rule]) == "todo"} == set()


def test_the_manifest() -> None:
    manifest = json.loads((INTEGRATION / "manifest.json").read_text())
    assert manifest["domain"] == INTEGRATION.name
    assert manifest["iot_class"] == "local_polling"
    # The Modbus library comes with Home Assistant's own integration; a pin would fight with its.
    assert "modbus" in manifest["dependencies"]
    assert manifest["requirements"] == []
