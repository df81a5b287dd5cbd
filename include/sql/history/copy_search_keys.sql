-- Adds under what names, titles and departments are found.
copy org.search_key (
    tenant_id,
    kind,
    key,
    value
) from stdin
