"""Home Assistant's private names are few, known, and missed as soon as one is gone."""

from collections.abc import Iterable

from homeassistant.core import HomeAssistant
from homeassistant.helpers.condition import EntityConditionBase
from homeassistant.helpers.entity import Entity
from homeassistant.setup import async_setup_component
from modbus_connection import ModbusTcpParams
import pytest

from custom_components.dts307 import binary_sensor, entity, event, sensor
from custom_components.dts307.condition import CONDITIONS
from custom_components.dts307.connection.modbus_internals import params_in_use, yaml_hubs
from custom_components.dts307.trigger import TRIGGERS
from tests.device import Device
from tests.integration.home import entry_for, let_pass, load
from tests.lines import network, network_data
from tests.private_names import OF_CONDITIONS, OF_ENTITIES, PrivateName, has, missing


def test_this_home_assistant_has_them_all() -> None:
    assert list(missing()) == []


def test_one_that_is_gone_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(EntityConditionBase, "_update_valid_since")
    (sentence,) = missing()
    assert sentence == (
        "Home Assistant no longer has helpers.condition.EntityConditionBase._update_valid_since,"
        " which conditions override to pause the time they have held while a meter does not answer."
    )


@pytest.mark.parametrize(
    ("owner", "exists"),
    [
        ("helpers.condition:EntityConditionBase", True),
        ("helpers.condition:GoneBase", False),
        ("helpers.gone:EntityConditionBase", False),
        ("helpers.condition", False),
    ],
)
def test_a_name_may_be_gone_with_all_around_it(owner: str, *, exists: bool) -> None:
    assert PrivateName(owner, "_valid_since", "which is needed").exists is exists


def overridden(kinds: Iterable[type]) -> set[str]:
    """Return the names with an underscore of Home Assistant's classes that ours override."""
    return {
        name
        for kind in kinds
        for ours in kind.__mro__
        if ours.__module__.startswith("custom_components.")
        for name in vars(ours)
        if name.startswith("_") and not name.startswith(("__", "_abc_"))
        for theirs in kind.__mro__
        if theirs.__module__.startswith("homeassistant.") and has(theirs, name)
    }


def test_triggers_and_conditions_override_no_others() -> None:
    """Those with an underscore are Home Assistant's own, however convenient."""
    kinds = (*TRIGGERS.values(), *CONDITIONS.values())
    assert overridden(kinds) <= {private.name for private in OF_CONDITIONS}


def test_entities_override_no_others() -> None:
    """Beside those that Home Assistant's documents offer for it."""
    kinds = {
        kind
        for module in (binary_sensor, entity, event, sensor)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Entity)
    }
    offered = {"_handle_coordinator_update", "_unrecorded_attributes"}
    private = {
        name
        for name in overridden(kinds) - offered
        if not name.startswith("_attr_") and "__" not in name
    }
    assert private == {private.name for private in OF_ENTITIES}


async def test_params_of_an_open_connection(hass: HomeAssistant) -> None:
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        params = ModbusTcpParams(host=entry.data["host"], port=entry.data["port"])
        assert params_in_use(hass, params.endpoint) is None
        await load(hass, entry)
        shared = params_in_use(hass, params.endpoint)
        assert shared is not None
        assert shared.endpoint == params.endpoint


async def test_hubs_of_the_yaml_kind(hass: HomeAssistant) -> None:
    assert yaml_hubs(hass) == {}
    device = Device()
    async with network(device) as line:
        data = network_data(line)
        hub = {
            "name": "cellar",
            "type": "tcp",
            "host": data["host"],
            "port": data["port"],
            "sensors": [{"name": "SunSpec", "address": 40000, "slave": 100, "scan_interval": 0}],
        }
        assert await async_setup_component(hass, "modbus", {"modbus": [hub]})
        endpoint = ModbusTcpParams(host=data["host"], port=data["port"]).endpoint
        assert yaml_hubs(hass) == {"cellar": endpoint}
        running = hass.data["modbus"]["cellar"]
        await running.event_connected.wait()
        await hass.async_block_till_done(wait_background_tasks=True)
        await let_pass(hass, 1)
        await running.async_close()
