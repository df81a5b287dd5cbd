"""Decides which rows may enter history: expectations for columns, rules across rows, gates for the whole set."""
