"""Checks: sightings to findings, by what the catalogue, the providers' rooms and the table of packages know. Pure."""
