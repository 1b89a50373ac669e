setTimeout(function tick() { null.x; }, 5);
