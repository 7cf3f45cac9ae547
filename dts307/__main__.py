"""The entry point, also of ``python -m dts307``."""

import sys


def main() -> None:
    """Run the program; Ctrl-C ends it without a trace, also while its modules are loaded."""
    try:
        from .main import app  # noqa: PLC0415

        app(prog_name="dts307")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
