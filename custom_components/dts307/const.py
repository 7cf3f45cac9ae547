"""Names and defaults that several modules of the integration share."""

from typing import Final

DOMAIN: Final = "dts307"
MANUFACTURER: Final = "Measurlogic"
DEFAULT_NAME: Final = "DTS 307"

CONF_ADD_TO_ENERGY: Final = "add_to_energy"
"""Set while the owner wants the meter in the Energy dashboard and it has not been added."""

UNEXPECTED_ERROR: Final = "unexpected_error"
"""The reason of a failure that only a defect of this integration can cause."""
