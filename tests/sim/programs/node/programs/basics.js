const users = [{name:'Ann', age: 31}, {name:"O'Neil", age: 22}];
console.log(users.map(u => u.name).sort(), users);
class A { #x = 1; static n = 0; get x() { return this.#x } set x(v) { this.#x = v } inc() { this.#x++; A.n++; return this } toString() { return `A(${this.#x})` } }
class B extends A { constructor(y) { super(); this.y = y } inc() { super.inc(); return this } }
const b = new B(5); b.inc().inc(); console.log(`${b}`, b, A.n, b instanceof A);
function* gen() { let i = 0; try { while (true) { const r = yield i++; if (r) console.log('got', r) } } finally { console.log('done') } }
for (const v of gen()) { if (v > 2) break; console.log(v) }
const sleep = ms => new Promise(r => setTimeout(r, ms));
(async () => { console.log('a'); await sleep(400); console.log('b'); try { await Promise.reject(new Error('no')) } catch (e) { console.log(e.message) } })();
console.log([..."héllo"].length, {...{a:1}, b:[1,,3]}, new Map([[1,{a:2}]]), new Set([1,'x']));
label: for (let i = 0; i < 3; i++) { for (let j = 0; j < 3; j++) { if (j == 1) continue label; if (i == 2) break label; console.log(i, j) } }
const fns = []; for (let i = 0; i < 3; i++) fns.push(() => i); console.log(fns.map(f => f()));
const {a, b: {c = 5, ...rest} = {}, ...others} = {a: 1, b: {d: 4, e: 5}, f: 6}; console.log(a, c, rest, others);
let n = null; console.log(n?.x?.y, n ?? 'def', typeof zzz, 0.1+0.2, 1/3, -0, [1.5, -0]);
switch (3) { case 1: console.log('one'); case 3: console.log('three'); case 4: console.log('four'); break; default: console.log('def') }
console.log(JSON.stringify({a:[1,{b:2}],c:undefined,d:()=>1,e:new Date(0)}, null, 2));
try { null.foo } catch (e) { console.log(e instanceof TypeError, e.message) }
setTimeout(() => console.log('timeout'), 0); setImmediate(() => console.log('immediate')); process.nextTick(() => console.log('tick')); Promise.resolve().then(() => console.log('micro'));
console.log(parseInt('42px'), Number(''), [1,2,3].includes(2), 'abc'.padStart(5,'*'), [3,1,2].sort((a,b)=>b-a), [1,[2,[3]]].flat(Infinity));
