"""Networks and how containers are on them (moby, daemon/network.go and libnetwork).

`controller.Networks` is `engine.networks`: it has the networks, makes and removes them; `request` and `making` say what
may be asked for, `ipam` and `addresses` give subnets and addresses. `attachments` knows which networks a container is
to be on, `endpoint` is its place on one; `joining` brings it there at its start, `connecting` while it runs. `views` is
what the API shows. The host's driver lays the cables (`engine.host.NetworkDriver`).
"""
