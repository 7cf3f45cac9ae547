"""The prices that a price entity shows per kWh, and those that it has shown."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from functools import partial
import logging

from homeassistant.components.recorder import DOMAIN as RECORDER, get_instance
from homeassistant.components.recorder.history import state_changes_during_period
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfEnergy
from homeassistant.core import HomeAssistant, State
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import EnergyConverter
from sqlalchemy.exc import SQLAlchemyError

from ..meter.intervals import as_price

_LOGGER = logging.getLogger(__name__)


def price_of(state: State) -> Decimal | None:
    """Return the price per kWh that a state shows; None if it shows none.

    As for Home Assistant's Energy dashboard, a price without a unit of energy is one per kWh.
    """
    unit = str(state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)).partition("/")[2]
    try:
        price = as_price(Decimal(state.state))
    except InvalidOperation:
        return None
    if price is None or unit not in EnergyConverter.VALID_UNITS:
        return price
    in_unit = EnergyConverter.convert(1, UnitOfEnergy.KILO_WATT_HOUR, unit)
    return as_price(price * Decimal(str(in_unit)))


async def async_past_prices(
    hass: HomeAssistant, entity_id: str, start: float, end: float
) -> Sequence[tuple[float, Decimal]]:
    """Return since when which price held between two instants in s, as far as it is recorded."""
    if RECORDER not in hass.config.components:
        return []
    begin, finish = (dt_util.utc_from_timestamp(at) for at in (start, end))
    read = partial(state_changes_during_period, hass, begin, finish, entity_id)
    try:
        states = await get_instance(hass).async_add_executor_job(read)
    except SQLAlchemyError as err:
        _LOGGER.warning(
            "The recorder cannot say what %s was since %s (%s). The price before that is used",
            entity_id,
            begin,
            err,
        )
        return []
    return [
        (max(start, state.last_changed_timestamp), price)
        for state in states.get(entity_id, [])
        if (price := price_of(state)) is not None
    ]
