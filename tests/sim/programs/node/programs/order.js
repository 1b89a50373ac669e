console.log('1 script');
setTimeout(() => { console.log('timeout 1'); Promise.resolve().then(() => console.log('micro in timeout')); process.nextTick(() => console.log('tick in timeout')); }, 0);
setTimeout(() => console.log('timeout 2'), 0);
setImmediate(() => console.log('immediate'));
process.nextTick(() => { console.log('tick'); Promise.resolve().then(() => console.log('micro of tick')); process.nextTick(() => console.log('tick of tick')); });
Promise.resolve().then(() => { console.log('micro 1'); process.nextTick(() => console.log('tick of micro')); }).then(() => console.log('micro 2'));
queueMicrotask(() => console.log('queued'));
(async () => {
  console.log('2 async starts');
  await null;
  console.log('after await');
  for (const ms of [20, 10]) await new Promise((resolve) => setTimeout(resolve, ms));
  console.log('slept');
  const found = await Promise.all([1, Promise.resolve(2), new Promise((r) => setTimeout(r, 5, 3))]);
  console.log(found);
  try { await Promise.any([Promise.reject(new Error('a')), Promise.reject(new Error('b'))]); } catch (e) { console.log(e.constructor.name, e.errors.map((one) => one.message)); }
  const thenable = { then(resolve) { resolve('thenable'); } };
  console.log(await thenable);
  try { await (async () => { throw new Error('inner'); })(); } catch (e) { console.log(e.message); } finally { console.log('finally'); }
  const order = [];
  await Promise.all(['a', 'b', 'c'].map(async (x, i) => { await new Promise((r) => setTimeout(r, 30 - i * 10)); order.push(x); }));
  console.log(order.join());
  return 'result';
})().then(console.log).finally(() => console.log('end of async'));
async function f1() { return await Promise.resolve('f1'); }
async function f2() { return Promise.resolve('f2'); }
async function f3() { return 'f3'; }
f1().then(console.log); f2().then(console.log); f3().then(console.log);
let count = 0;
const timer = setInterval(() => { console.log('tick', ++count); if (count === 3) clearInterval(timer); }, 1000);
const gone = setTimeout(() => console.log('never'), 50); clearTimeout(gone);
process.on('exit', (code) => console.log('exit', code));
console.log('3 script ends');
async function* numbers() { for (let i = 0; i < 3; i++) { await null; yield i; } }
(async () => { for await (const n of numbers()) console.log('async gen', n); const it = numbers(); console.log(await it.next(), await it.return(7), await it.next()); })();
new Promise((resolve, reject) => { resolve(1); reject(new Error('ignored')); }).then((v) => { throw new Error(`from then ${v}`); }).catch((e) => e.message).then((v) => console.log(v));
