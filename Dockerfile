# One recipe, two kinds of image:
#   docker build -t hongzhu .                                                       the core: every service
#   docker build -t hongzhu-legal-aid --build-arg PARTS=plugins/legal_aid .         an agency: hongzhu and its plugin, no more
# PARTS names folders of the workspace; `services/*` is every service. No secret is needed to build, and none is kept.
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS manifests
WORKDIR /app
COPY . .
# What is left here changes only when a dependency does, so that the layer with the dependencies is built once.
RUN find . -type f ! -name pyproject.toml ! -name uv.lock -delete && find . -type d -empty -delete

FROM ${PYTHON} AS build
ENV UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_HTTP_TIMEOUT=180
WORKDIR /app
COPY --from=manifests /app .
RUN pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore \
    "uv$(sed -n 's/^required-version = "\(.*\)"/\1/p' pyproject.toml)"
ARG PARTS=services/*
# Turns the folders into uv's names: plugins/legal_aid is --package hongzhu-legal_aid.
RUN for part in $PARTS; do echo "--package hongzhu-${part#*/}"; done > /packages \
 && uv sync --quiet --no-cache --frozen --no-dev --no-install-workspace $(cat /packages)
COPY . .
RUN uv sync --quiet --no-cache --frozen --no-dev --no-editable $(cat /packages)

FROM ${PYTHON}
# The core's image backs up with PostgreSQL's own programs; an agency's has no database to reach.
ARG PARTS=services/*
RUN case "$PARTS" in services/*) apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends postgresql-client >/dev/null && rm -rf /var/lib/apt/lists/* ;; esac
RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/hongzhu --shell /usr/sbin/nologin hongzhu \
 && install -d -o hongzhu -g hongzhu -m 700 /var/lib/hongzhu
COPY --from=build /app/.venv /app/.venv
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HONGZHU_HOME=/var/lib/hongzhu HONGZHU_LISTEN=0.0.0.0
USER hongzhu
WORKDIR /var/lib/hongzhu
ENTRYPOINT ["hongzhu"]
CMD ["--help"]
