"""[pure] The ISO 3166-1 countries that a policy may name, from the pinned tz database."""

from importlib.resources import files

COUNTRIES: frozenset[str] = frozenset(
    line.split("\t")[0]
    for line in (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
)
