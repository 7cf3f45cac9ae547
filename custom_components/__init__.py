"""Makes the folder importable, so that tests find the integration in it."""
