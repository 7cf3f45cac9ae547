"""A simulated year of one meter, against a model of its own."""
