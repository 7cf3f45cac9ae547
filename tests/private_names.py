"""Private names of Home Assistant that the integration depends on, and what each is needed for.

The unit tests and the browser tests look for them, each on its own version of Home Assistant.
"""

from collections.abc import Iterator
from dataclasses import dataclass
import inspect
from pkgutil import resolve_name

_CONDITION = "helpers.condition:EntityConditionBase"
_MODBUS = "components.modbus"


@dataclass(frozen=True)
class PrivateName:
    """A name in a module, or an attribute of a class: its own, or one that ``__init__`` sets."""

    owner: str
    name: str
    purpose: str

    def __str__(self) -> str:
        """Say that it is missing."""
        owner = self.owner.replace(":", ".")
        return f"Home Assistant no longer has {owner}.{self.name}, {self.purpose}."

    @property
    def exists(self) -> bool:
        """Whether this Home Assistant has it."""
        try:
            owner = resolve_name(f"homeassistant.{self.owner}")
        except ImportError, AttributeError:
            return False
        return has(owner, self.name)


def has(owner: object, name: str) -> bool:
    """Return whether a module or class has a name, or declares it, or sets it in ``__init__``."""
    if hasattr(owner, name):
        return True
    if not inspect.isclass(owner):
        return False
    sets = getattr(owner.__init__, "__code__", None)
    return name in owner.__annotations__ or (sets is not None and name in sets.co_names)


OF_CONDITIONS = (
    PrivateName(
        _CONDITION,
        "_check_all_match_state",
        "which conditions override so that nothing holds while no meter answers",
    ),
    PrivateName(
        _CONDITION,
        "_domain_specs",
        "which conditions set so that sensors and binary sensors are followed",
    ),
    PrivateName(
        _CONDITION,
        "_primary_entities_only",
        "which conditions set so that diagnostic entities of a device count",
    ),
    PrivateName(
        _CONDITION,
        "_should_include",
        "which conditions override so that a missing value can be what they ask for",
    ),
    PrivateName(
        _CONDITION,
        "_update_valid_since",
        "which conditions override to pause the time they have held while a meter does not answer",
    ),
    PrivateName(
        _CONDITION,
        "_valid_since",
        "which is the time since when a condition holds, and is moved by the length of a pause",
    ),
)

OF_ENTITIES = (
    PrivateName(
        "helpers.entity:Entity",
        "_async_write_ha_state",
        "which sensors of a billing period override to show its end before the next one begins",
    ),
)

OF_MODBUS = (
    PrivateName(
        f"{_MODBUS}.connection",
        "DATA_MODBUS_CONNECTIONS",
        "which has the settings of a serial port that is already open",
    ),
    PrivateName(
        f"{_MODBUS}.connection:_SharedConnection",
        "params",
        "which are the settings of a serial port that is already open",
    ),
    PrivateName(
        f"{_MODBUS}.const",
        "DATA_MODBUS_HUBS",
        "which lists the Modbus hubs in configuration.yaml that may hold a serial port",
    ),
    PrivateName(
        f"{_MODBUS}.modbus:ModbusHub", "endpoint", "which names the serial port of a Modbus hub"
    ),
    PrivateName(
        f"{_MODBUS}.modbus:ModbusHub", "name", "which is how a Modbus hub is called in messages"
    ),
)


def missing() -> Iterator[str]:
    """Say, in a sentence each, which names this Home Assistant does not have."""
    return (str(name) for name in (*OF_CONDITIONS, *OF_ENTITIES, *OF_MODBUS) if not name.exists)
