class Animal {
  static count = 0; static #secret = 'hidden'; #age = 1; name;
  static { Animal.made = []; }
  constructor(name) { this.name = name; Animal.count += 1; Animal.made.push(name); }
  get age() { return this.#age; } set age(v) { if (v < 0) throw new RangeError('negative'); this.#age = v; }
  speak() { return `${this.name} makes a sound`; }
  #private() { return `private ${this.name}`; } callPrivate() { return this.#private(); }
  static reveal() { return Animal.#secret; } static create(...args) { return new this(...args); }
  has(o) { return #age in o; }
  *[Symbol.iterator]() { yield* this.name; }
  get [Symbol.toStringTag]() { return 'Beast'; }
}
class Dog extends Animal {
  tricks = ['sit']; bark = () => `${this.name} barks`;
  constructor(name) { super(name); }
  speak() { return super.speak() + ' - woof'; }
  static create(name) { const made = super.create(name); made.created = true; return made; }
}
const d = Dog.create('Rex');
console.log(d, d.speak(), d.bark(), [...d], String(d), Animal.count, Animal.made, Animal.reveal(), d.callPrivate(), d.has(d), d.has({}));
try { d.age = -1 } catch (e) { console.log(e.name, e.message) } d.age = 5; console.log(d.age, Object.keys(d), Dog.name, Dog.length, typeof Dog);
const { speak } = d; try { speak() } catch (e) { console.log(e.message) }
console.log(Object.getOwnPropertyNames(Dog.prototype), Dog.__proto__ === Animal, d.constructor.name, d instanceof Animal, Animal.prototype.isPrototypeOf(d));
function Old(x) { if (!new.target) return new Old(x); this.x = x; } Old.prototype.get = function () { return this.x; };
console.log(Old(3).get(), new Old(4), Old.prototype.constructor === Old);
const proto = { hello() { return `hi ${this.who}`; } }; const child = Object.create(proto, { who: { value: 'kim', enumerable: true } });
console.log(child.hello(), child, Object.getPrototypeOf(child) === proto);
const o = { a: 1, get b() { return this.a + 1; }, set b(v) { this.a = v; }, ['c' + 1]: 3, 'd-e': 4, 5: 'five', method() { return super.toString === Object.prototype.toString; }, async am() {}, *gm() {}, arrow: () => {} };
o.b = 10; console.log(o, o.b, o.method(), JSON.stringify(o));
console.log(Object.entries({ x: 1, y: [2] }).map(([k, v]) => `${k}=${v}`).join('&'), Object.fromEntries(new Map([['k', 'v']])), Object.assign({}, { a: 1 }, null, { b: 2 }));
const frozen = Object.freeze({ a: { b: 1 } }); frozen.a.b = 2; frozen.c = 1; console.log(frozen, Object.isFrozen(frozen), delete frozen.a);
const copy = structuredClone({ d: new Date(0), m: new Map([[1, { a: [1] }]]), s: new Set([1]) }); console.log(copy);
const p = new Proxy({ x: 1 }, { get: (t, k) => k in t ? t[k] : `no ${String(k)}`, set(t, k, v) { t[k] = v * 2; return true; }, has: () => true, deleteProperty(t, k) { console.log('del', k); delete t[k]; return true; } });
p.y = 5; console.log(p.x, p.y, p.zzz, 'q' in p, delete p.x);
console.log(Reflect.ownKeys({ b: 1, a: 2, 1: 0, [Symbol('s')]: 3 }), Reflect.has({ a: 1 }, 'a'), Reflect.construct(Date, [0]).getTime());
for (const k in { a: 1, __proto__: { inherited: 2 } }) console.log(k);
const sym = Symbol('id'); console.log({ [sym]: 1 }, sym.toString(), sym.description, Symbol.for('a') === Symbol.for('a'));
const it = { from: 1, to: 3, [Symbol.iterator]() { let c = this.from, t = this.to; return { next: () => c <= t ? { done: false, value: c++ } : { done: true, value: undefined }, return() { console.log('closed'); return {}; } }; } };
console.log([...it], Math.max(...it), Array.from(it, (x) => x * 2)); for (const x of it) { if (x === 2) break; } const [first] = it; console.log(first);
function* fib() { let [a, b] = [0, 1]; for (;;) { yield a; [a, b] = [b, a + b]; } } const g = fib(); console.log(Array.from({ length: 10 }, () => g.next().value), g.return(5), g.next());
function* inner() { const got = yield 'a'; console.log('got', got); return 'ret'; } function* outer() { const r = yield* inner(); console.log(r); yield 'b'; } const og = outer(); console.log(og.next(), og.next('sent'), og.next(), og[Symbol.toStringTag]);
console.log(((a, { b = 2, c: { d = 3, ...r } = {} } = {}, [e, , f = 6, ...h] = [], ...rest) => [a, b, d, r, e, f, h, rest])(1, { c: { z: 9 } }, [5, 0, undefined, 7, 8], 'x', 'y'));
var self = this; console.log(this === module.exports, (function () { return typeof this })(), (() => this === self)(), (function () { 'use strict'; return this })());
const tag = (s, ...v) => s.raw.join('|') + v.join(','); console.log(tag`a${1}\n${2}c`, `line1
line2`, String.raw`\n${1}`);
const counter = (() => { let c = 0; return { inc: () => ++c, get value() { return c; } }; })(); counter.inc(); counter.inc(); console.log(counter.value, counter);
var fnsA = []; for (var i = 0; i < 3; i++) fnsA.push(() => i); console.log(fnsA.map((f) => f())); const fnsB = []; for (const x of [1, 2]) { let y = x * 2; fnsB.push(() => x + y); } console.log(fnsB.map((f) => f()));
console.log(function named() {}.name, (() => {}).name, (class { static m() {} }).m.name, hoisted(), typeof notYet); function hoisted() { return 'hoisted'; } var notYet = 1;
let a1 = null; a1 ??= 5; a1 ||= 6; a1 &&= 7; const ob = { n: 1 }; ob.n += 2; ob['n'] **= 2; ob.list ??= []; ob.list.push(ob.n++ + ++ob.n); console.log(a1, ob, void 0, (1, 2), !!'' + 1, +[], +{}, [] == false, null >= 0);
outer: for (const x of [1, 2, 3]) { switch (x) { case 1: continue outer; case 2: console.log('two'); break; default: break outer; } console.log('after', x); }
const m = new Map([[NaN, 'nan'], [0, 'zero']]); m.set(m, 1); console.log(m.get(NaN), m.get(-0), m.size, [...new Set([3, 1, 3, '3'])], new Map(Object.entries({ q: 1 })));
console.log([..."añ😀"].length, "😀".length, "abc".at(-1), 'a,b,,c'.split(','), 'abc'.split(''), ' x '.trim() + '|', 'ab'.localeCompare('ac'), 'x'.codePointAt(0), 'Ünï'.normalize('NFD').length);
console.log([3, 20, 100].sort(), [1, 2, 3, 4, 5].copyWithin ? 1 : 1, [1, [2, [3]]].toString(), Array(3).fill().map((_, i) => i), [1, 2, 3].indexOf(4), [5, 1].concat(2, [3]), [1, 2, 3, 4].splice(1, 2), ['b', 'a'].toSorted(), [1, 2, 3].findLast((x) => x < 3));
console.log(new Date(2024, 0, 31, 12).toISOString(), new Date('2024-02-30').getTime(), new Date('2024-03-10T10:00:00+02:00').toJSON(), new Date(NaN), typeof Date.now(), new Date(0).toString(), new Date(0).toLocaleDateString('en-US'), Date.UTC(2000, 1));
console.log(0.1 * 3, 1e300 * 1e10, -1 / 0, 0 / 0, (1.005).toFixed(2), 1_000_000, 0b101, 0o17, 0xff, 2 ** 53 + 1, (123.456).toPrecision(4), (0.00001).toString(), 1e-7, 100..toExponential(2), 12345.6789.toLocaleString(), 9007199254740993n * 2n, BigInt('12') ** 3n, typeof 1n, -7n / 2n);
