"""Networks and how containers are on them (moby, daemon/network.go and libnetwork).

`controller.Networks` is `engine.networks`: it has the networks, makes and removes them. `joining` brings containers on
them and takes them off; `attachments` knows which ones a container is to be on; `endpoint` is a place on one. Addresses
come from `ipam` and `addresses`. The host's driver lays the cables (`engine.host.NetworkDriver`).
"""
