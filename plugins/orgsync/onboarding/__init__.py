"""The first hour with a company: what it has configured elsewhere is read, its stanza written, its connection made."""
