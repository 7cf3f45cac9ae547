"""What is wrong with a line or an installation."""

from .command import doctor

__all__ = ["doctor"]
