"""[pure] The API key that is the same everywhere: of `frontline up`, of the compose stack and of the documentation.

Beside it the secret of ids that everybody knows.
"""

import hashlib

# Well known, so that the examples of the documentation run as they are printed. It is for a system on this machine that
# answers for the names of this machine alone.
DEVELOPMENT_KEY = "local-development-only"
DEVELOPMENT_SHA256 = hashlib.sha256(DEVELOPMENT_KEY.encode()).hexdigest()

# The secret of ids in `.env.example`: whoever knows it can make the ids of anybody.
DEVELOPMENT_ID_SECRET = "local-development-only-no-secret-at-all"  # noqa: S105 - it is none

THIS_MACHINE = ("localhost", "127.0.0.1", "::1")  # how browsers and programs here call it
