"""[pure] The API key that is the same everywhere: of `frontline up`, of the compose stack and of the documentation."""

import hashlib
import ipaddress

# Well known, so that the examples of the documentation run as they are printed. It is for a system on this machine that
# answers for the names of this machine alone.
DEVELOPMENT_KEY = "local-development-only"
DEVELOPMENT_SHA256 = hashlib.sha256(DEVELOPMENT_KEY.encode()).hexdigest()

THIS_MACHINE = ("localhost", "127.0.0.1", "::1")  # how browsers and programs here call it


def is_loopback(host: str) -> bool:
    """Whether nobody but programs on this machine reaches what listens on that name or address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
