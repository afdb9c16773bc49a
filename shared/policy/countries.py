"""[pure] The ISO 3166-1 countries that a policy may name."""

from phonenumbers import SUPPORTED_REGIONS

# Everything with a numbering plan, and the seven that have none of their own.
COUNTRIES: frozenset[str] = frozenset(SUPPORTED_REGIONS) | {"AQ", "BV", "GS", "HM", "PN", "TF", "UM"}
