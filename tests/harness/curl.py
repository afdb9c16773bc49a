"""A stand-in for curl with the options that docs/api.md uses, for machines that have none.

python tests/harness/curl.py -s -X PUT URL -H "Name: value" -d BODY
"""

import argparse
import http.client
import sys
import time
from urllib.parse import urlsplit

TIMED_OUT = 28  # curl's own exit code for --max-time


def main() -> int:
    """One call; the body of the answer goes to standard output as it comes."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("-s", action="store_true", help="silent; this one always is")
    parser.add_argument("-N", action="store_true", help="unbuffered; this one always is")
    parser.add_argument("-X", dest="method")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", dest="data")
    parser.add_argument("--max-time", type=float, default=60.0)
    parser.add_argument("url")
    given = parser.parse_args()
    url = urlsplit(given.url)
    method = given.method or ("GET" if given.data is None else "POST")
    deadline = time.monotonic() + given.max_time
    connection = http.client.HTTPConnection(url.netloc, timeout=given.max_time)
    try:
        body = None if given.data is None else given.data.encode()
        connection.request(method, url.path, body, dict(header.split(": ", 1) for header in given.headers))
        answer = connection.getresponse()
        while chunk := answer.read1():
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
            if time.monotonic() > deadline:
                return TIMED_OUT
    except TimeoutError:
        return TIMED_OUT
    finally:
        connection.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
