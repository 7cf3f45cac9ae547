"""Replay the registers of a real meter, as a dump or the integration's diagnostics have them."""

from collections.abc import Mapping
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

from pymodbus.constants import ExcCodes
from pymodbus.simulator import DataType, SimAction, SimData, SimDevice

_MARKER = (0x5375, 0x6E53)
_END = (0xFFFF, 0)
_ADDRESSES = 0x10000
_DEFAULT_UNIT = 100


@dataclass(frozen=True, kw_only=True)
class Replay:
    """Registers that stand still, by address."""

    unit: int
    registers: Mapping[int, int]

    @classmethod
    def load(cls, path: Path) -> Replay:
        """Return the registers in a file: a dump, or diagnostics as they are downloaded.

        Raises:
            OSError: the file cannot be read.
            ValueError: it has no registers.
        """
        try:
            data = json.loads(path.read_text("utf-8"))
            return cls._parse(data.get("data", data))
        except (AttributeError, KeyError, TypeError, ValueError) as err:
            raise ValueError(f"{path} has no registers of a meter: {err!r}") from err

    @classmethod
    def _parse(cls, data: Mapping[str, Any]) -> Replay:
        base = int(data["chain"]["base_address"])
        blocks = {int(address): list(words) for address, words in data["registers"].items()}
        end = max(address + len(words) for address, words in blocks.items())
        registers = {
            address + offset: int(word)
            for address, words in {base: _MARKER, **blocks, end: _END}.items()
            for offset, word in enumerate(words)
        }
        entry = data.get("entry", {}).get("data", {})
        unit = int(data.get("unit_id", entry.get("unit_id", _DEFAULT_UNIT)))
        return cls(unit=unit, registers=registers)

    def device(self) -> SimDevice:
        """Return a pymodbus device with these registers."""
        everything = SimData(0, count=_ADDRESSES, datatype=DataType.UINT16, readonly=True)
        return SimDevice(self.unit, simdata=[everything], action=self._show())

    def _show(self) -> SimAction:
        async def show(
            _function: int,
            _start: int,
            address: int,
            count: int,
            registers: list[int],
            _values: list[int] | list[bool] | None,
        ) -> ExcCodes | None:
            wanted = range(address, address + count)
            if any(at not in self.registers for at in wanted):
                return ExcCodes.ILLEGAL_ADDRESS
            registers[address : address + count] = [self.registers[at] for at in wanted]
            return None

        return show
