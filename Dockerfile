# One image for every service; the command says which. Built from the hashed lock file and nothing else.
ARG PYTHON=3.12
FROM python:${PYTHON}-slim
LABEL org.opencontainers.image.title="Frontline" org.opencontainers.image.licenses="Apache-2.0"

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
COPY requirements.lock ./
RUN pip install --require-hashes --no-deps --root-user-action=ignore -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY policies policies
COPY help_topics help_topics
COPY shared shared
COPY services services
# The packages run from here; nothing is built, so nothing beyond the lock file is needed.
RUN printf '#!/bin/sh\nexec python -m services.cli "$@"\n' > /usr/local/bin/frontline && chmod 755 /usr/local/bin/frontline \
    && python -m compileall -q services shared && useradd --system --uid 10001 --no-create-home frontline \
    && mkdir /var/lib/frontline /var/lib/frontline-stack && chown 10001 /var/lib/frontline*  # where volumes are mounted
# `git describe` of what is built: the repository itself is not here. Last, since it changes with every commit.
ARG VERSION=
LABEL org.opencontainers.image.version="${VERSION}"
ENV FRONTLINE_VERSION=${VERSION}
USER 10001
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 \
    CMD ["python", "-m", "shared.observability.probe", "http://127.0.0.1:8080/readyz"]
