"""Keeps copies of a database, and puts one in its place again: what a run did is gone before the next."""

from __future__ import annotations

import psycopg2
from psycopg2 import sql

from stack.postgres import PostgresServer


def save_database(server: PostgresServer, name: str, *, copy: str) -> None:
    _copy(server, name, to=copy)


def restore_database(server: PostgresServer, name: str, *, copy: str) -> None:
    _copy(server, copy, to=name)


def create_database(server: PostgresServer, name: str) -> None:
    _copy(server, "template1", to=name)


def _copy(server: PostgresServer, name: str, *, to: str) -> None:
    """Nobody may be connected to either."""
    connection = psycopg2.connect(server.dsn())
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(to)))
            statement = "create database {} template {} strategy file_copy"
            cursor.execute(sql.SQL(statement).format(sql.Identifier(to), sql.Identifier(name)))
            cursor.execute("checkpoint")  # what the copying left to write is not the next one's
    finally:
        connection.close()
