"""The outbox: what is to be sent, planned into the fewest calls, sent at the platform's pace, and remembered per recipient."""
