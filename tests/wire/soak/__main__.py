"""scripts/soak: poll, and print the table."""

import sys

from tests.wire.soak.command import main

if __name__ == "__main__":
    sys.exit(main())
