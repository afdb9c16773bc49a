"""`python -m shared.embedded_kafka.lock_jars`: resolves Kafka's jars with jgo and writes `kafka-jars.lock`.

Run it when Kafka's version changes. It downloads each jar once and compares it with the SHA-1 that the repository
publishes; the lock file then pins its SHA-256.
"""

import hashlib
import sys

import httpx
import jgo

from shared.embedded_kafka.jar_download import http_client, repository_url
from shared.embedded_kafka.jars import KAFKA_VERSION, LOCK_FILE, Jar, ShowStep

LOG4J_VERSION = "2.25.5"  # the version that Kafka requires
# Kafka's POM leaves the choice of a log writer to the distribution; without one the broker logs nothing.
ROOTS = (f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}", f"org.apache.logging.log4j:log4j-slf4j-impl:{LOG4J_VERSION}")
HEADER = f"""\
# The jars of the embedded Kafka {KAFKA_VERSION}: group:artifact:version, SHA-256, size in bytes; class path order.
# Made by `python -m shared.embedded_kafka.lock_jars`; installed by shared/embedded_kafka/jars.py exactly as listed.
"""


def resolve() -> list[Jar]:
    """The jars that the roots need, without hashes yet, each once, in class path order."""
    found: dict[tuple[str, str], Jar] = {}
    for root in ROOTS:
        for artifact in jgo.resolve(root, repositories={"central": repository_url()}):
            jar = Jar(artifact.groupId, artifact.artifactId, artifact.version, "", 0)
            known = found.setdefault((jar.group, jar.artifact), jar)
            if known.version != jar.version:
                raise SystemExit(f"{root} requires {jar.file_name}, another root for {known.file_name}")
    return list(found.values())


def hashed(client: httpx.Client, jar: Jar) -> Jar:
    """`jar` with the SHA-256 and size of the repository's file, whose SHA-1 is checked first."""
    url = f"{repository_url()}/{jar.repository_path}"
    content = client.get(url).raise_for_status().content
    published = client.get(f"{url}.sha1").raise_for_status().text.split()[0]
    if hashlib.sha1(content, usedforsecurity=False).hexdigest() != published:
        raise SystemExit(f"{jar.file_name}: the repository's file and its SHA-1 do not agree")
    return Jar(jar.group, jar.artifact, jar.version, hashlib.sha256(content).hexdigest(), len(content))


def lock_text(show_step: ShowStep) -> str:
    """The content of the lock file, from the repository."""
    lines = []
    with http_client() as client:
        for jar in resolve():
            show_step(jar.file_name)
            done = hashed(client, jar)
            lines.append(f"{done.group}:{done.artifact}:{done.version} sha256:{done.sha256} {done.size}\n")
    return HEADER + "".join(lines)


if __name__ == "__main__":
    LOCK_FILE.write_text(lock_text(lambda sentence: print(sentence, file=sys.stderr)), encoding="utf-8")
