"""Every repair, provoked by the simulated meters and clicked through in a browser."""
