"""The cards and the dashboard of meters, looked at in a browser; all in one Home Assistant."""
