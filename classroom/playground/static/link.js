// The way to a session: here a websocket. Another way (a web worker) has the same two functions.

const WORD = { 4001: "full", 4002: "asleep", 4003: "ended" };

/** Connect; `heard(message)` gets each message, `lost(word)` is called when the session is gone. */
export function connect(heard, lost) {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(`${scheme}//${location.host}/session`);
  const early = [];
  socket.onopen = () => early.splice(0).forEach((text) => socket.send(text));
  socket.onmessage = (event) => heard(JSON.parse(event.data));
  socket.onclose = (event) => lost(WORD[event.code] ?? "lost");
  return {
    send(message) {
      const text = JSON.stringify(message);
      if (socket.readyState === WebSocket.CONNECTING) early.push(text);
      else if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close() {
      socket.onclose = null;
      socket.close();
    },
  };
}
