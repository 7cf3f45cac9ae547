"""One simulated meter: its site, its counters, and its current registers."""

from collections.abc import Mapping, Sequence, Set as AbstractSet
from dataclasses import dataclass, field, replace
from zlib import crc32

from .accuracy import Accuracy, Seen
from .counters import Counters
from .faults import Faults
from .house import House, Sample
from .leds import SignalTimes, StatusLight, status_light
from .measure import (
    FLOAT32_RESOLUTION,
    INT16_RESOLUTION,
    Measurement,
    Role,
    Wiring,
    events,
    measure,
    see,
    see_inexactly,
)
from .registers import (
    MODELS,
    NOT_ACCUMULATED,
    Identity,
    Image,
    Truth,
    build,
    is_float,
    layout,
    value_points,
)

BASES = (40000, 50000, 0)
FIRST_UNIT, LAST_UNIT = 1, 247
_LONGEST_SERIAL = 32
_ADDRESS_OFFSET = 68
"""Registers from the marker to DA: the marker, the header of model 1, and its texts."""
_AGE_STEP = 2 * 3600
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


class Site:
    """The place where meters are installed; its house can be changed while time runs."""

    def __init__(self, house: House) -> None:
        """Start with a house."""
        self.house = house
        self._latest: tuple[House, int, Sample] | None = None

    def at(self, timestamp: int) -> Sample:
        """Return the house at a Unix time, cached because all meters of the site ask for it."""
        latest = self._latest
        if latest is not None and latest[0] is self.house and latest[1] == timestamp:
            return latest[2]
        house = self.house
        sample = house.at(timestamp)
        self._latest = (house, timestamp, sample)
        return sample


class Meter:
    """A running meter: between two steps it shows one measurement, and counts the true power.

    A meter without measuring noise shows exactly what it counts.
    """

    def __init__(self, config: MeterConfig, site: Site, timestamp: int) -> None:
        """Install the meter at a Unix time.

        Raises:
            ValueError: a start value for a counter that the meter does not have.
        """
        self.config = config
        self.site = site
        self.start = timestamp
        self.timestamp = timestamp
        self.plugged = True
        self.faults = Faults()
        self.signals = SignalTimes()
        self._resolution = FLOAT32_RESOLUTION if is_float(config.model) else INT16_RESOLUTION
        self._accuracy = Accuracy(
            seed=crc32(config.serial_number.encode()),
            percent=config.accuracy,
            full_current=config.service_current,
        )
        self.counters = Counters(config.wiring.phases, self._sources(config.counters))
        age = config.days_in_service * 86400
        for past in range(timestamp - age, timestamp, _AGE_STEP):
            self.counters.integrate(self.measurement_at(past), min(_AGE_STEP, timestamp - past))
        # Whole unit-hours, so that the history ends exactly at the registers' start values.
        self.start_counters = dict(self.counters)
        self.counters = Counters(config.wiring.phases, self.start_counters)
        self._identity = _identity(config)
        self._image: Image | None = None
        self.refresh()

    @property
    def serial(self) -> str:
        """Serial number."""
        return self.config.serial_number

    @property
    def unit(self) -> int:
        """Modbus address."""
        return self.config.unit

    def advance(self, seconds: int) -> None:
        """Count what has flowed for these seconds, then measure the house again."""
        self.counters.integrate(self._exact, seconds)
        self.timestamp += seconds
        self.refresh()

    def refresh(self) -> None:
        """Measure the house again, such as after a change of it."""
        sample = self.site.at(self.timestamp)
        phases = self.faults.seen(see(sample, self.config.role, self.config.wiring))
        self._exact = self._measured(phases, sample)
        measurement = self._exact
        if self.config.accuracy:
            phases = see_inexactly(phases, self._accuracy, self.timestamp)
            measurement = self._measured(phases, sample)
        self.measurement = self.faults.shown(measurement)
        self._events = events(
            sample,
            self.measurement,
            self.config.wiring,
            nominal_voltage=self.site.house.nominal_voltage,
            service_current=self.config.service_current,
        )
        self._forget_image()

    def become(self, serial: str, counters: Mapping[str, int]) -> None:
        """Become another meter of the same kind, with these counters, as if it were replaced.

        Raises:
            ValueError: see `set_counters`, or an invalid serial number.
        """
        sources = self._sources(counters)
        replaced = replace(self.config, serial=serial)
        self.counters = Counters(replaced.wiring.phases, sources)
        self.config, self._identity = replaced, _identity(replaced)
        self.refresh()

    @property
    def address_register(self) -> int:
        """The register of the Modbus address: DA of model 1."""
        return self.config.base + _ADDRESS_OFFSET

    def readdress(self, unit: int) -> None:
        """Have another Modbus address.

        Raises:
            ValueError: it is not from 1 to 247.
        """
        self.config = replace(self.config, unit=unit, serial=self.serial)
        self._identity = _identity(self.config)
        self.refresh()

    def set_faults(self, faults: Faults) -> None:
        """Make faults, or mend those that are no longer among them."""
        self.faults = faults
        if faults.held:
            self.image()
        self.refresh()

    def set_counters(self, values: Mapping[str, int]) -> None:
        """Set energy counters, by the name of the SunSpec point, in Wh, VAh or varh.

        Raises:
            ValueError: no such counter, or a value beyond 32 bits; nothing is changed then.
        """
        sources = self._sources(values)
        Counters(self.config.wiring.phases, sources)
        for name, value in sources.items():
            self.counters.set(name, value)
        self._forget_image()

    def measurement_at(self, timestamp: int) -> Measurement:
        """Return what the meter counts at any Unix time, past or future, without its noise."""
        sample = self.site.at(timestamp)
        return self._measured(see(sample, self.config.role, self.config.wiring), sample)

    def image(self) -> Image:
        """Return the registers at this instant, as one coherent image."""
        if self._image is None:
            self._image = build(
                self.config.model,
                self._identity,
                self.measurement,
                self.counters,
                self._events,
                identity_length=self.config.identity_length,
                missing=self.config.missing | self.faults.missing,
                empty_counter=self.config.empty_counter,
            )
        return self._image

    def truth(self) -> Truth:
        """Return the values of the registers, in SI units by SunSpec point name."""
        return self.image().truth

    def status_light(self) -> StatusLight:
        """Return the flashes that the STATUS LED repeats at this instant."""
        values = self.measurement.values
        return status_light(
            power=values["W"] / 1000,
            current=values["A"] / 1000,
            full_current=self.config.service_current * len(self.config.wiring.phases),
        )

    def _forget_image(self) -> None:
        """Let the next request see the registers of its instant, unless a cache holds them."""
        if not self.faults.held:
            self._image = None

    def _measured(self, phases: Sequence[Seen], sample: Sample) -> Measurement:
        """Measure in this model's resolution."""
        return measure(phases, sample.hertz, self.config.wiring, self._resolution)

    def _sources(self, values: Mapping[str, int]) -> dict[str, int]:
        """Translate this model's point names to the names of the counters."""
        names = {point.name: point.source for point in layout(self.config.model)}
        return {names.get(name, name): value for name, value in values.items()}


def _identity(config: MeterConfig) -> Identity:
    """Return what a meter says of itself."""
    return Identity(
        model=config.product_name,
        version=config.version,
        serial=config.serial_number,
        unit=config.unit,
    )
