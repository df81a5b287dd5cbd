"""The JSON Schema of the tenants file, for editors: what they suggest and underline is what the models say."""

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
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "The tenants file of orgsync",
        "type": "object",
        "required": ["tenants"],
        "additionalProperties": False,
        "properties": {"tenants": {"type": "array", "description": "One stanza per organization", "items": {"$ref": "#/$defs/Tenant"}}},
        "$defs": {**parts, "Tenant": stanza},
    }


def write_schema() -> str:
    """As `include/tenants.schema.json` holds it."""
    return json.dumps(build_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(write_schema(), end="")
