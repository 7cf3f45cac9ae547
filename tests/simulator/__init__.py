"""The simulator, checked against SunSpec's own models and independent clients."""
