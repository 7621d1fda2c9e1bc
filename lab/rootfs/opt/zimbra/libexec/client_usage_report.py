#!/usr/bin/python3
"""Counts the clients of the mailbox server; the lab has nothing for it to do."""
