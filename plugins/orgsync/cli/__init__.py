"""The command `orgsync`: what it is told, what it prints. What it does is in the rooms below it."""
