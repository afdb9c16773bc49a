"""How many examples hypothesis tries: a share in `make test`, many times as many in `make properties`."""

import os

SETTING = "FRONTLINE_TEST_EXAMPLES"


def examples(share: int) -> int:
    """`share` of them, times what the environment says."""
    return share * int(os.environ.get(SETTING, "1"))
