"""What a meter's options say about recording, for tests and for scripts/bench."""

from typing import Final

OPTION: Final = "recording"
EVERY_READING: Final = "every_reading"
