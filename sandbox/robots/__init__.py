"""Robots of groups, which whoever has their URL may write through; they know no organization, and no token of an app."""
