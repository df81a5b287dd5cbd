"""How an organization is read: the walk, its proof of wholeness, records and their columns."""
