"""The JSON Schema of the tenants file, for editors: what they suggest and underline is what the models say.

An editor sees one file at a time: what a folder's `defaults.yaml` gives, it does not know of in the others.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from orgsync.tenants.stanza import Tenant


class _Schema(GenerateJsonSchema):
    """A text may be written without quotes, whatever YAML takes it for: the department 33."""

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        return super().str_schema(schema) | {"type": ["string", "number"]}


def build_schema() -> dict[str, Any]:
    stanza = TypeAdapter(Tenant).json_schema(schema_generator=_Schema, ref_template="#/$defs/{model}")
    parts = stanza.pop("$defs")
    given = {key: {"$ref": f"#/$defs/Tenant/properties/{key}"} for key in stanza["properties"] if key != "id"}
    needed = [key for key in stanza["required"] if key != "id"]
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "The tenants file of orgsync, or one of a folder of them",
        "type": "object",
        "anyOf": [{"required": ["tenants"]}, {"required": ["defaults"]}],
        "allOf": [_need_where_no_default_is(key) for key in needed],
        "additionalProperties": False,
        "properties": {
            "tenants": {"type": "array", "description": "One stanza per organization", "items": {"$ref": "#/$defs/Tenant"}},
            "defaults": {
                "type": ["object", "null"],
                "description": "What stanzas say that do not say it themselves; in a folder's defaults.yaml, those of all its files",
                "properties": given,
                "additionalProperties": False,
            },
        },
        "$defs": {**parts, "Tenant": stanza | {"required": ["id"]}},
    }


def _need_where_no_default_is(key: str) -> dict[str, Any]:
    return {
        "if": {"required": ["defaults"], "properties": {"defaults": {"type": "object", "required": [key]}}},
        "else": {"properties": {"tenants": {"items": {"required": [key]}}}},
    }


def write_schema() -> str:
    """As `include/tenants.schema.json` holds it."""
    return json.dumps(build_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(write_schema(), end="")
