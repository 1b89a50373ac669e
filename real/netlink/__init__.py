"""Netlink: how programs speak with the kernel about links, addresses, routes and packet filters (netlink(7)).

From the wire up: `attributes` (struct nlattr), `channel` (messages over a socket, and what the kernel answers),
`rtnetlink` and `nf_tables` (the two vocabularies, in the kernel's own words), `expressions` (what a rule is made of).
The verbs that the rest of `real` uses are in `links` and `rules`; a library such as pyroute2 could stand behind these.
"""
