"""What orgsync is measured beside, in an environment of its own."""
