"""The live screen of one or more meters."""

from .command import watch

__all__ = ["watch"]
