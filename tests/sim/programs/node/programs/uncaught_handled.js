process.on('uncaughtException', e => { console.log('caught', e.message); process.exitCode = 3; });
foo.bar();
