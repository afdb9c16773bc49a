"""`python -m shared.observability.probe URL`: exit 0 if URL answers 200, else 1 with one line why.

For container health checks: the image needs no curl.
"""

import sys
import urllib.error
import urllib.request


def main() -> int:
    """Ask once, with a short limit; a readiness answer that takes longer is not ready."""
    url = sys.argv[1]
    if not url.startswith("http://"):
        print(f"only http:// is probed, not {url}", file=sys.stderr)
        return 2
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - the scheme is checked above
            return 0
    except (OSError, urllib.error.URLError) as error:
        print(f"{url}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
