"""What carries a letter out of orgsync other than its outbox: mail, group robots, and webhooks that take JSON."""
