"""scripts/bench: measure, and print the tables."""

import sys

try:
    from .command import main
except KeyboardInterrupt:
    # Home Assistant takes seconds to import, and there is nothing to clean up yet.
    sys.exit(130)

if __name__ == "__main__":
    sys.exit(main())
