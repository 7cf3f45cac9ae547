"""Which release of the program this is."""

from importlib.metadata import PackageNotFoundError, version


def own_version() -> str:
    """Return the version; that of a checkout, which is not installed, is not known."""
    try:
        return version("dts307")
    except PackageNotFoundError:
        return "development"
