"""Home Assistant as its user sees it: in a browser, with a simulated meter behind it."""
