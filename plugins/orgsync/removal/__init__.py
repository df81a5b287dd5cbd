"""What must go can go: people and tenants who are forgotten, tenants that left the file; and what is held of somebody can be given out."""
