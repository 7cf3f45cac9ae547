"""How hypothesis works here."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "meter",
    # One example fills a whole register map, and each runs in an event loop of its own.
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    print_blob=True,
)
settings.load_profile("meter")
