"""Addresses of the pages in Airflow."""

from __future__ import annotations

import pytest

from orgsync.connections.site import address_page, find_site


def environ(tmp_path: object, **values: str) -> dict[str, str]:
    return {"AIRFLOW_HOME": str(tmp_path), **values}


@pytest.mark.parametrize(
    ("site", "address"),
    [
        ("https://airflow.example.com", "https://airflow.example.com/plugin/organization/organization/acme/plans/12"),
        ("https://example.com/airflow/", "https://example.com/airflow/plugin/organization/airflow/organization/acme/plans/12"),
    ],
)
def test_address_holds_the_path_of_the_frame(tmp_path: object, site: str, address: str) -> None:
    assert address_page("acme", "plans", 12, environ=environ(tmp_path, AIRFLOW__API__BASE_URL=site)) == address


def test_where_airflow_is_reached_may_be_unknown(tmp_path: object) -> None:
    assert find_site(environ(tmp_path)) is None
    assert address_page("acme", "a/b", environ=environ(tmp_path)) == "/plugin/organization/organization/acme/a%2Fb"
