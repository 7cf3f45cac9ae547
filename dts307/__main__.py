"""Run the program: ``python -m dts307``."""

from .main import main

main()
