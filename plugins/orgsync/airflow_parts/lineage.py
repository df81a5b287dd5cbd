"""Where data comes from and goes to: told to Airflow by the tasks, translated for OpenLineage where its provider is.

An asset of ours is `orgsync://<kind>/<what>`. A task's own inlets and outlets are fixed when its DAG is parsed, and one asset is one data
set; so what is read and written (the platform at its host, each table of the warehouse at its server) is told by the running task, as
Airflow's own hooks tell it. Without a plugin that reads lineage, Airflow keeps none of it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from orgsync.errors import OrgsyncError

if TYPE_CHECKING:
    from orgsync.sync.run import Run

log = logging.getLogger(__name__)

PLATFORM, TABLE = "platform", "table"
"""Kinds of assets that exist in lineage alone; the others (warehouse, notify) are those of the DAGs."""

COLUMNS = "columns"
"""Of an asset's extra: their names, in order."""


@dataclass(frozen=True)
class DataSet:
    """As OpenLineage names one: https://openlineage.io/docs/spec/naming. `columns` are names; none: not known."""

    namespace: str
    name: str
    columns: tuple[str, ...] = ()


def tell_read(run: Run, collector: Any = None) -> None:
    """That the task read the tenant's platform."""
    if collector := collector or _find_collector():
        _add_platform(collector, run)


def tell_load(run: Run, collector: Any = None) -> None:
    """That the task loaded what the tenant's platform said into the tables of org."""
    if not (collector := collector or _find_collector()):
        return
    from orgsync.frames import FRAMES

    address = run.address
    _add_platform(collector, run)
    collector.add_output_asset(run, uri=f"orgsync://warehouse/{run.tenant.id}")
    tables = {f"{frame.name}s": ("tenant_id", *frame.columns, "valid_from") for frame in FRAMES} | {"change": ()}
    for name, columns in tables.items():
        uri = name_table(address.host, address.port, address.database, "org", name)
        collector.add_output_asset(run, uri=uri, asset_extra={COLUMNS: list(columns)} if columns else None)


def name_platform(platform: str, host: str, tenant_id: str) -> str:
    return f"orgsync://{PLATFORM}/{platform}/{quote(host, safe='')}/{quote(tenant_id, safe='')}"


def name_table(host: str, port: int, database: str, schema: str, table: str) -> str:
    place = "/".join(quote(part, safe="") for part in (f"{host}:{port}", database, schema, table))
    return f"orgsync://{TABLE}/{place}"


def describe(uri: str, columns: Sequence[str] = ()) -> DataSet:
    """The data set that an asset of ours is. Raises ValueError for what is none."""
    parts = urlsplit(uri)
    kind, path = parts.netloc, [unquote(part) for part in parts.path.strip("/").split("/")]
    if parts.scheme != "orgsync" or not all(path):
        raise ValueError(f"{uri} is no asset of orgsync")
    if kind == PLATFORM:
        platform, host, tenant_id = path
        return DataSet(f"{platform}://{host}", tenant_id, tuple(columns))
    if kind == TABLE:
        server, *names = path
        return DataSet(f"postgres://{server}", ".".join(names), tuple(columns))
    return DataSet(f"orgsync://{kind}", "/".join(path), tuple(columns))


def to_openlineage(asset: Any, _context: Any) -> Any:
    """What OpenLineage's provider calls for each asset of ours; imported only there."""
    from openlineage.client.event_v2 import Dataset
    from openlineage.client.facet_v2 import schema_dataset

    found = describe(asset.uri, (asset.extra or {}).get(COLUMNS, ()))
    fields = [schema_dataset.SchemaDatasetFacetFields(name=column) for column in found.columns]
    facets = {"schema": schema_dataset.SchemaDatasetFacet(fields=fields)} if fields else {}
    return Dataset(namespace=found.namespace, name=found.name, facets=facets)


def _add_platform(collector: Any, run: Run) -> None:
    """Under the host of its connection, which a task that only loads may do without."""
    from orgsync.platforms import load_platform

    try:
        company = load_platform(run.tenant.platform).identify(run.tenant.conn_id)
    except OrgsyncError as error:
        log.info("lineage names no platform: %s", error)
        return
    collector.add_input_asset(run, uri=name_platform(run.tenant.platform, company.host, run.tenant.id))


def _find_collector() -> Any:
    """None where no plugin reads what it keeps."""
    from airflow.sdk.lineage import NoOpCollector, get_hook_lineage_collector

    collector = get_hook_lineage_collector()
    return None if isinstance(collector, NoOpCollector) else collector
