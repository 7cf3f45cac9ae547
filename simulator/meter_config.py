"""The hardware and the settings of one simulated meter."""

from collections.abc import Mapping, Set as AbstractSet
from dataclasses import dataclass, field

from .measure import Role, Wiring
from .registers import MODELS, NOT_ACCUMULATED, value_points

BASES = (40000, 50000, 0)
FIRST_UNIT, LAST_UNIT = 1, 247
_LONGEST_SERIAL = 32
_WORST_CLASS = 5


@dataclass(frozen=True, kw_only=True)
class MeterConfig:
    """The hardware and the settings of a meter.

    Args:
        model: SunSpec meter model, 201-204 or 211-214.
        unit: Modbus address, 1 to 247.
        role: at the grid connection, or at the solar inverter.
        site: meters of one site share a house and its weather.
        serial: serial number; None to derive it from the unit.
        product: the model's name; None for DTS 307/1 on single phase and DTS 307 otherwise.
        version: firmware version.
        ct_rating: CT primary rating in A.
        ct_sets: parallel CT sets, 1 to 3; rating times sets is the service current (guide 3.4).
        accuracy: accuracy class in percent, by which the shown values scatter; the counters count
            the true energy. With 0 the meter measures exactly.
        counters: start values in Wh, VAh or varh by the name of the SunSpec point.
        days_in_service: add the energy of that many days before the start.
        missing: names of points to report as not implemented.
        empty_counter: register content of integer counters that are not implemented.
        base: register address of the SunS marker: 40000, 50000 or 0.
        identity_length: length of model 1, 66 or 65.
        settable: whether the Modbus address can be written to register DA of model 1.

    Raises:
        ValueError: a value is out of its range.
    """

    model: int = 203
    unit: int = 100
    role: Role = Role.GRID
    site: str = "home"
    serial: str | None = None
    product: str | None = None
    version: str = "1.00"
    ct_rating: float = 200.0
    ct_sets: int = 1
    accuracy: float = 0.0
    counters: Mapping[str, int] = field(default_factory=dict)
    days_in_service: int = 0
    missing: AbstractSet[str] = frozenset()
    empty_counter: int = NOT_ACCUMULATED
    base: int = 40000
    identity_length: int = 66
    settable: bool = False

    def __post_init__(self) -> None:
        """Validate the values."""
        checks = {
            f"model {self.model} is not one of {sorted(MODELS)}": self.model in MODELS,
            f"unit {self.unit} is not from 1 to 247": FIRST_UNIT <= self.unit <= LAST_UNIT,
            f"base {self.base} is not one of {BASES}": self.base in BASES,
            "identity_length must be 65 or 66": self.identity_length in {65, 66},
            "ct_rating must be positive": self.ct_rating > 0,
            "ct_sets must be 1, 2 or 3": self.ct_sets in {1, 2, 3},
            f"accuracy must be from 0 to {_WORST_CLASS} %": 0 <= self.accuracy <= _WORST_CLASS,
            "days_in_service must not be negative": self.days_in_service >= 0,
            "the serial number has more than 32 bytes": (
                len(self.serial_number.encode()) <= _LONGEST_SERIAL
            ),
        }
        for message, right in checks.items():
            if not right:
                raise ValueError(message)
        if unknown := self.missing - value_points(self.model):
            raise ValueError(f"model {self.model} has no point {min(unknown)!r}")

    @property
    def serial_number(self) -> str:
        """The serial number, given or derived."""
        return self.serial if self.serial is not None else f"S307{self.unit:05d}"

    @property
    def product_name(self) -> str:
        """The model's name, given or derived from the service."""
        if self.product is not None:
            return self.product
        return "DTS 307/1" if len(self.wiring.phases) == 1 else "DTS 307"

    @property
    def wiring(self) -> Wiring:
        """The service this meter measures."""
        return MODELS[self.model]

    @property
    def service_current(self) -> float:
        """CT rating times CT sets, in A (guide 3.4)."""
        return self.ct_rating * self.ct_sets
