# Airflow with orgsync, for docker-compose.yaml. Nothing of the local stack or the sandbox is in it.
FROM python:3.12-slim-bookworm AS build

# What is installed: requirements-celery.lock for an image whose tasks run on several machines (docs/several-machines.md).
ARG LOCK=requirements.lock

WORKDIR /opt/orgsync
RUN pip install --no-cache-dir uv==0.13.9
COPY requirements.lock requirements-celery.lock requirements-dev.lock ./

# Exactly the lock, each file checked against its hash; compiled now, since the image's user cannot write there later.
RUN python -m venv --without-pip /opt/venv \
    && uv pip install --no-cache --python /opt/venv/bin/python --require-hashes --compile-bytecode -r $LOCK

# orgsync's own metadata (the command, the connection types), built by a backend that stays out of the image.
RUN python -m venv --without-pip /opt/backend \
    && uv pip install --no-cache --python /opt/backend/bin/python --require-hashes -c requirements-dev.lock hatchling==1.28.0 editables==0.5
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY plugins ./plugins
RUN /opt/backend/bin/python -c "import hatchling.build; hatchling.build.build_editable('/opt/wheels')" \
    && uv pip install --no-cache --python /opt/venv/bin/python --no-index --no-deps /opt/wheels/orgsync-*.whl


FROM python:3.12-slim-bookworm

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    AIRFLOW_HOME=/opt/airflow \
    ORGSYNC_STATE=/var/lib/orgsync \
    GX_ANALYTICS_ENABLED=false

# A new named volume takes over the owner of the folder that it covers; memory that is mounted over one may take over its mode, and is root's.
RUN groupadd --gid 50000 orgsync \
    && useradd --uid 50000 --gid orgsync --home-dir /opt/airflow --no-create-home --shell /usr/sbin/nologin orgsync \
    && install -d -m 1777 /opt/airflow \
    && install -d -m 0750 -o orgsync -g orgsync /opt/airflow/logs /var/lib/orgsync

COPY --from=build /opt/venv /opt/venv
WORKDIR /opt/orgsync
COPY plugins ./plugins
COPY dags ./dags
COPY include ./include
COPY bin/clean-airflow bin/component-health bin/write-password ./bin/
# Compiled now too: else each process would compile all of it anew.
RUN python -m compileall -q dags plugins

USER orgsync
CMD ["airflow", "api-server"]
