"""Several machines: none of it is part of `make test`, whose environment has neither Celery nor what speaks to S3."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("s3fs") and find_spec("celery") else ["test_*.py"]

if not collect_ignore_glob:
    from tests.machines.s3 import store, store_server  # noqa: F401 - fixtures
