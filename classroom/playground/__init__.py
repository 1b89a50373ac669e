"""The playground: a terminal beside glass walls, on one page, for who has nothing installed.

`session.py` is the whole of it: messages in, messages out, on one simulated engine. It knows neither the page nor the
way to it. `worker.py` and `server.py` carry the messages over a pipe and a websocket (`glassdock playground`); the page
is in static/. A session starts no program, asks no network and reaches no file outside of its own folder.
"""
