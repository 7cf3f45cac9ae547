"""One simulated meter: its site, its counters, and its current registers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
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
    events,
    measure,
    see,
    see_inexactly,
)
from .meter_config import MeterConfig
from .registers import (
    Identity,
    Image,
    Truth,
    build,
    is_float,
    layout,
)

_ADDRESS_OFFSET = 68
"""Registers from the marker to DA: the marker, the header of model 1, and its texts."""
_AGE_STEP = 2 * 3600


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
