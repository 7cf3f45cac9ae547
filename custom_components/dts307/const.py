"""Names and defaults that several modules of the integration share."""

from typing import Final

DOMAIN: Final = "dts307"
MANUFACTURER: Final = "Measurlogic"
DEFAULT_NAME: Final = "DTS 307"

CONF_ADD_TO_ENERGY: Final = "add_to_energy"
"""The owner wants the meter in the Energy dashboard, and it is not there yet."""

UNEXPECTED_ERROR: Final = "unexpected_error"
"""The reason of a failure that only a defect of ours can cause."""
