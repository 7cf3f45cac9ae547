"""The entry point, also of ``python -m dts307``."""

import io
import os
import sys


def main() -> None:
    """Run the program; Ctrl-C ends it without a trace, also while its modules are loaded."""
    try:
        _tolerate_narrow_encodings()
        from .main import app  # noqa: PLC0415

        app(prog_name="dts307")
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as err:
        # Failures of a bus, a broker or a named file have their own texts. What is left is
        # standard output, such as a file on a full disk.
        _discard_output()
        sys.exit(f"dts307: The output cannot be written: {err.strerror or err}.")


def _tolerate_narrow_encodings() -> None:
    """Replace what the encoding of the output does not have, as in a pipe on Windows."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def _discard_output() -> None:
    """Let Python not try again, at its end, to write what could not be written."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.close(nothing)


if __name__ == "__main__":
    main()
