"""include/access.yaml: what people may who sign in by their organization, and whose personal data is shown to whom."""
