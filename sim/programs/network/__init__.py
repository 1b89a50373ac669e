"""Network tools: ping, ip, ifconfig, route, netstat, nslookup, nc, wget, curl."""
