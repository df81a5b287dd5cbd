"""To which company a tenant belongs: whether two reads are of one, and what is kept from being mixed."""
