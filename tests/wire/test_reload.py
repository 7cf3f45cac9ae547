"""A reload makes anew all that stands above the connection; an answer that is due does not know."""

import gc

from modbus_connection import ModbusTimeoutError
import pytest

from custom_components.dts307.connection.link import link_state
from custom_components.dts307.meter import Meter
from tests.wire.faults import Sooner
from tests.wire.rig import TIMEOUT
from tests.wire.scene import Scene


async def test_a_late_answer_to_whoever_asked_before(scene: Scene) -> None:
    """On RTU the library takes it for the answer to the first question after the reload.

    That one is of the same length here, and would be told that there is no SunSpec map. So whoever
    comes anew to a connection first waits until an answer to whoever asked last must have come.
    """
    meter, device = scene.ours.meter, scene.ours.device
    scene.put(Sooner(1.5 * TIMEOUT))
    with pytest.raises(ModbusTimeoutError):
        await scene.rig.unit(device).read_holding_registers(meter.model.address, 2)
    found = await Meter.identify(scene.rig.unit(device))
    assert found.identity == meter.identity
    assert found.model == meter.model


async def test_what_is_known_of_a_connection_outlives_all_who_use_it() -> None:
    """The only meter on a link leaves nothing behind that would remember for it."""
    data = {"transport": "network", "host": "meter.example", "port": 502, "framing": "tcp"}
    link_state(data).responses = 307
    gc.collect()
    assert link_state(data).responses == 307
